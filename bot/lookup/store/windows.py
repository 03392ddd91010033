"""Newest first on PostgreSQL, whose full-text index has no order.

To read all that a frequent word finds, for the newest ten of them, would take time with the size of
the archive; so would reading entries from the newest on until a rare word was found ten times. So
first only the newest entries are asked, by the marks of their days. If they have too few, a larger
window is, as large as their share makes likely; what is rarer than that, is found without one. In a
small archive all is read at once (`query_plan.WHOLE`).
"""

from collections.abc import Callable

from bot.archive.domain.search.search_vector import day_marks, quoted
from bot.archive.store.sort_key import day_of
from bot.core.database.database import Statements
from bot.lookup.domain.match import Condition

_LEAST = 500
"""Entries of the first window."""
_MOST = 200_000
"""Entries of the largest one: to count them takes longer than to find what is rarer."""

_MARGIN = 130
"""Percent of the entries that are likely to be enough: each one asked beyond these is read."""

Find = Callable[[Condition | None], list[int]]
"""Finds the newest entries within a condition, by sort key; as many as are wanted."""


def walk(statements: Statements, find: Find, *, bounds: tuple[int, int], wanted: int) -> list[int]:
    """What `find` finds without a condition, between two sort keys."""
    size = max(_LEAST, 2 * wanted)
    while size <= _MOST:
        window = _window(statements, bounds, size)
        if window is None:
            break
        found = find(window)
        if len(found) >= wanted:
            return found
        if not found:
            break
        size = max(2 * size, _MARGIN * size * wanted // (100 * len(found)))
    return find(None)


def _window(statements: Statements, bounds: tuple[int, int], size: int) -> Condition | None:
    """The days of the newest `size` entries; `None` if there are no more than these."""
    [(newest, oldest)] = statements.tuples(
        _BOUNDS, {"low": bounds[0], "high": bounds[1], "last": size - 1}
    )
    return of_days(oldest, newest) if oldest is not None else None


def of_days(oldest: int, newest: int) -> Condition:
    """The days from that of one sort key to that of another."""
    marks = " | ".join(map(quoted, day_marks(day_of(oldest), day_of(newest))))
    return Condition("d.words @@ CAST({} AS TSQUERY)", (marks,))


_BOUNDS = """
    SELECT (SELECT max(newness) FROM entry WHERE newness BETWEEN :low AND :high),
           (SELECT newness FROM entry WHERE newness BETWEEN :low AND :high
             ORDER BY newness DESC LIMIT 1 OFFSET :last)
"""
