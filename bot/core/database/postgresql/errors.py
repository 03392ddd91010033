"""PostgreSQL's errors as errors that a person can act on."""

import re

import psycopg
import psycopg_pool
from psycopg import errors

from bot.core.domain.errors import StorageBusyError, StorageError
from bot.core.domain.i18n import translatable
from bot.core.domain.late import late_pattern

_UNREACHABLE = translatable(
    "The PostgreSQL server cannot be reached, or ended the connection ({reason}): check the server "
    "and PAPERBOT_DATABASE"
)
_REFUSED = translatable(
    "The PostgreSQL server refuses the user or the password ({reason}): correct PAPERBOT_DATABASE, "
    "PGPASSWORD in the environment (it is not read from .env), or the file of PGPASSFILE"
)
_NOT_LET_IN = translatable(
    "The PostgreSQL server does not let this user or machine in ({reason}): allow it in pg_hba.conf"
)
_NO_DATABASE = translatable(
    "There is no such database on the PostgreSQL server: create it, or correct PAPERBOT_DATABASE"
)
_NOT_UNDERSTOOD = translatable("PAPERBOT_DATABASE is not an address that PostgreSQL understands")
_WRONG_OPTION = translatable("PAPERBOT_DATABASE has an option that is wrong ({reason})")
_NO_RIGHT = translatable(
    "The PostgreSQL user lacks a right ({reason}): make it the owner of the database"
)

# Appendix A of PostgreSQL's manual; a class of codes is its first two characters.
_LASTING = {
    "28": _REFUSED,
    "3D": _NO_DATABASE,
    "25006": translatable(
        "This PostgreSQL server is read-only (a standby?): name the primary in PAPERBOT_DATABASE"
    ),
    "3F": _NO_RIGHT,  # no schema in which it may look
    "42501": _NO_RIGHT,
    "54": translatable("A text is too long for PostgreSQL ({reason})"),
    "XX001": translatable("The database is damaged ({reason}): restore a backup"),
    "XX002": translatable("The database is damaged ({reason}): restore a backup"),
}
_PASSING = {
    "40": translatable("Another transaction was in the way: nothing was changed, try again"),
    "55P03": translatable("Another process keeps the database locked: try again when it is done"),
    "57014": translatable("The PostgreSQL server ended a statement that took too long: try again"),
    "53100": translatable("The disk is full. Nothing was changed: free some space, then try again"),
    "25P03": _UNREACHABLE,  # it ends transactions that pause for longer than it is set to allow
    "25P04": _UNREACHABLE,  # or that take longer in all
    "53": _UNREACHABLE,
    "57": _UNREACHABLE,
    "08": _UNREACHABLE,
}


def not_understood(error: Exception, path: str) -> StorageError:
    """The error where libpq does not take the address; only some of its words hold no password."""
    option = re.match(r'invalid URI query parameter: "\w*"', str(error))
    if option is not None:
        return StorageError(_WRONG_OPTION, path=path, reason=option[0])
    return StorageError(_NOT_UNDERSTOOD, path=path)


def explained(error: psycopg.Error, path: str) -> Exception:
    """The error in words if it is about the server or the connection, else the error itself."""
    code = error.sqlstate  # `PoolTimeout` is an `OperationalError` without one
    reason = _first_line(error)
    if code is None:
        is_connection = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
        return _without_code(error, reason, path) if is_connection else error
    for known, kind in ((_LASTING, StorageError), (_PASSING, StorageBusyError)):
        message = known.get(code) or known.get(code[:2])
        if message is not None:
            return kind(message, path=path, reason=reason)
    return error


def _without_code(error: Exception, reason: str, path: str) -> Exception:
    """What libpq says while connecting has no code, only words."""
    if isinstance(error, errors.ConnectionTimeout | psycopg_pool.PoolTimeout):
        return StorageBusyError(_UNREACHABLE, path=path, reason="no answer in time")
    for words, message in _WORDS.items():
        if words.search(reason):
            return StorageError(message, path=path, reason=reason)
    return StorageBusyError(_UNREACHABLE, path=path, reason=reason)


# In English; a server that speaks otherwise is told of as one that cannot be reached.
_WORDS = {
    late_pattern(r"pg_hba\.conf"): _NOT_LET_IN,
    late_pattern(r"authentication failed|no password supplied|no such user"): _REFUSED,
    late_pattern(r'role ".*" (does not exist|is not permitted)'): _REFUSED,
    late_pattern(r'database ".*" does not exist|no such database'): _NO_DATABASE,
    late_pattern(r"permission denied for database"): _NO_RIGHT,
    late_pattern(
        r"^invalid (\w+ value|value for parameter)|^unrecognized configuration parameter"
    ): _WRONG_OPTION,
}
_PREFIXES = late_pattern(r"^connection (failed|is bad): ")


def _first_line(error: Exception) -> str:
    """Its first line, which names host and user, but never the password."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    line = lines[0].rpartition("FATAL:  ")[2] if lines else type(error).__name__
    return _PREFIXES.sub("", line)
