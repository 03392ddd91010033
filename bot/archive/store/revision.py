"""The number of the last committed change of what look-ups read."""

from bot.core.database.database import Statements


def find(statements: Statements) -> int:
    """A number that grows with each change; the database counts where it commits."""
    [(number,)] = statements.tuples("SELECT number FROM archive_revision")
    return int(number)
