"""The archive's revision: transactions that change the archive are counted in a table of one row.

Triggers would count whatever writes to the file, but they take seven microseconds a row, a sixth of
the time of an import.
"""

import re
from functools import lru_cache
from typing import Final

from bot.core.database.database import Statements
from bot.core.domain.late import late_pattern

TABLES: Final = frozenset(
    {
        *("arxiv_record", "entry", "entry_tag", "link", "paper", "reference", "search_text"),
        *("source", "tag", "tag_alias", "tag_merge"),
    }
)
"""What look-ups read, but replies and reactions."""

COUNT: Final = "UPDATE archive_revision SET number = number + 1"
"""The last statement of a transaction that changed one of `TABLES`."""

_WRITTEN = late_pattern(
    r"\b(?:(?:INSERT|REPLACE)(?:\s+OR\s+\w+)?\s+INTO|UPDATE(?:\s+OR\s+\w+)?|DELETE\s+FROM)\s+(\w+)",
    re.IGNORECASE,
)


@lru_cache(maxsize=1024)
def changes_archive(sql: str) -> bool:
    """Whether a statement writes to one of `TABLES`."""
    return not TABLES.isdisjoint(_WRITTEN.findall(sql))


def find(statements: Statements) -> int:
    """A number that grows with each committed change of what look-ups read."""
    [(number,)] = statements.tuples("SELECT number FROM archive_revision")
    return int(number)
