"""The number of the last committed change of what look-ups read."""

from bot.core.database.database import Engine, Statements


def find(statements: Statements) -> int | None:
    """A number that another one follows with each change; `None` on PostgreSQL.

    The database counts where it commits, so that no writer can forget it. PostgreSQL's writers would
    wait for each other at such a row, and to ask its server takes as long as many a look-up.
    """
    if statements.engine is not Engine.SQLITE:
        return None
    [(number,)] = statements.tuples("SELECT number FROM archive_revision")
    return int(number)
