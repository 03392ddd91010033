"""Where a test's database is, also on a command line; imported by processes that are started often."""

from pathlib import Path
from typing import TypeAlias

from pydantic import SecretStr

from bot.core.database.address import PostgresAddress

Location: TypeAlias = Path | PostgresAddress


def as_argument(location: Location) -> str:
    """The database's place for a child process; `as_location` reads it."""
    return str(location) if isinstance(location, Path) else location.secret.get_secret_value()


def as_location(argument: str) -> Location:
    """A database's place on a command line."""
    if argument.startswith("postgresql://"):
        return PostgresAddress(SecretStr(argument))
    return Path(argument)
