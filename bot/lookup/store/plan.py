"""A scan of one index, newest first, with conditions on each row."""

from collections.abc import Sequence
from dataclasses import field, replace
from typing import Any, Final

from bot.archive.store.sort_key import NEWEST, OLDEST
from bot.core.database.database import Statements
from bot.core.domain.dataclass import dataclass
from bot.lookup.domain.match import Condition
from bot.lookup.store import windows

EVERY: Final = 1 << 62
"""The limit of a scan that has none."""
_COUNTED_WITH_PAGE: Final = 64
"""So many entries are read for a page, so that fewer need not be counted by another scan."""

_AT_ONCE: Final = 2_000
"""Sort keys that are read in one step; the event loop would wait too long for very many."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The index to scan (`origin`, by `column`), its bounds, and the conditions.

    `has_order`: the index is read newest first. `reads_whole`: an index without an order is read as a
    whole and sorted, since it finds few entries or the archive is small.
    `recent`: sort keys, the highest first; no entry found is newer than the first. For a page that the
    entries from one of the others on can fill, these are enough, and it remains unknown how many older
    ones there are.
    """

    origin: str = "entry AS d"
    column: str = "newness"
    low: int = OLDEST
    high: int = NEWEST
    conditions: tuple[str, ...] = ()
    values: dict[str, Any] = field(default_factory=dict)
    has_order: bool = True
    reads_whole: bool = False
    recent: tuple[int, ...] = ()

    def where(self, condition: Condition) -> "Plan":
        """The plan with one more condition."""
        names = [f"v{len(self.values) + place}" for place in range(len(condition.values))]
        sql = condition.sql.replace("[d]", f"d.{self.column}")
        for name in names:
            sql = sql.replace("{}", f":{name}", 1)
        # Not `replace`: look-ups make many plans, and it takes several times as long.
        return Plan(
            self.origin,
            self.column,
            self.low,
            self.high,
            (*self.conditions, sql),
            self.values | dict(zip(names, condition.values, strict=True)),
            self.has_order,
            self.reads_whole,
            self.recent,
        )

    def walk(self, statements: Statements, *, limit: int, offset: int = 0) -> list[int]:
        """The sort keys of the entries found, newest first."""
        if self.has_order or self.reads_whole or limit == EVERY:
            return self._newest(statements, limit, offset)
        wanted = limit + offset

        def find(window: Condition | None) -> list[int]:
            plan = self.where(window) if window is not None else self
            return plan._newest(statements, wanted, 0)  # noqa: SLF001  of this class

        bounds = self.low, self.high
        return windows.walk(statements, find, bounds=bounds, wanted=wanted)[offset:]

    def page(
        self, statements: Statements, *, limit: int, most: int, offset: int = 0
    ) -> tuple[list[int], int | None]:
        """What `walk` returns, and how many are found; counting may stop at `most`.

        The count is unknown, `None`, where the `recent` entries fill the page.
        """
        begins = self.recent[1:]
        # In order, the scan of the longest ends as soon as the page is full.
        for oldest in begins[-1:] if self.has_order else begins:
            recent = replace(self, low=oldest, high=self.recent[0])
            found = recent._newest_of_days(statements, offset + limit)  # noqa: SLF001  of this class
            if len(found) == offset + limit:
                return found[offset:], None
        if self.has_order:
            # `most` bounds the count only: a page has all that were asked for.
            read = max(limit, min(_COUNTED_WITH_PAGE - offset, most))
            found = self.walk(statements, limit=read, offset=offset)
            is_last = len(found) < read and (found or not offset)
            total = offset + len(found) if is_last else self.count(statements, most=most)
            return found[:limit], total
        # Without an order, the count reads again all that the page has read.
        found = self.walk(statements, limit=max(offset + limit, most))
        return found[offset : offset + limit], len(found)

    def count(self, statements: Statements, *, most: int) -> int:
        """How many are found; counting stops at `most`."""
        if not self.has_order:
            return len(self.walk(statements, limit=most))
        sql = f"SELECT count(*) FROM ({self._select('1')} LIMIT :l) AS found"  # noqa: S608  our text
        ((counted,),) = statements.tuples(sql, self._parameters(l=most))
        return int(counted)

    def among(self, statements: Statements, them: Sequence[int]) -> set[int]:
        """Those of `them` that are found."""
        only_them = Condition("[d] IN (SELECT value FROM numbers({}))", (list(them),))
        return set(self.where(only_them).walk(statements, limit=len(them)))

    def _newest_of_days(self, statements: Statements, limit: int) -> list[int]:
        plan = self if self.has_order else self.where(windows.of_days(self.low, self.high))
        return plan._newest(statements, limit, 0)  # noqa: SLF001  of this class

    def _newest(self, statements: Statements, limit: int, offset: int) -> list[int]:
        key = f"d.{self.column}"
        sql = self._select(key)
        if not self.has_order:
            # All that is found is sorted: PostgreSQL must not read by age what it then leaves out.
            sql, key = f"SELECT * FROM ({sql} OFFSET 0) AS found", self.column  # noqa: S608
        sql = f"{sql} ORDER BY {key} DESC LIMIT :l OFFSET :o"
        parameters = self._parameters(l=limit, o=offset)
        if limit <= _AT_ONCE:
            return statements.numbers(sql, parameters)
        return [newness for (newness,) in statements.tuples(sql, parameters)]

    def _select(self, what: str) -> str:
        where = " AND ".join((f"d.{self.column} BETWEEN :low AND :high", *self.conditions))
        return f"SELECT {what} FROM {self.origin} WHERE {where}"  # noqa: S608  our own text

    def _parameters(self, **more: int) -> dict[str, Any]:
        return {"low": self.low, "high": self.high} | self.values | more
