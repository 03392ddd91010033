"""Health and metrics of the running bot: what `/healthz` and `/metrics` answer.

Parts report their conditions; what only the database knows is read by `look`, which a pump calls.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from bot.core.database.database import Database
from bot.core.ports import Condition, Health, Measure
from bot.operations.services.metrics import measure
from bot.outbox.services import operator_actions


class HealthMonitor:
    """The conditions of the outbox and the posting lease, and the numbers for `/metrics`.

    `clock` gives the aware instant.
    """

    def __init__(self, db: Database, *, clock: Callable[[], datetime]) -> None:
        self._db = db
        self._clock = clock
        self._outbox = Condition("outbox", ok=True)
        self._lease = Condition("lease", ok=True)
        self._measures: tuple[Measure, ...] = ()
        self._reported: frozenset[operator_actions.Told] = frozenset()

    async def look(self) -> None:
        """Read the outbox's condition and the numbers; log messages that have been late for hours."""
        self._outbox = await operator_actions.condition(self._db, now=self._clock())
        late = await operator_actions.list_late(self._db, now=self._clock())
        self._reported = operator_actions.tell_late(late, self._reported)
        numbers = await measure(self._db, now=self._clock())
        self._measures = (*numbers, *operator_actions.measure_late(late))

    def note_lease(self, problem: str) -> None:
        """Record whether the posting lease could be renewed; the empty string is success."""
        last_ok_at = self._lease.last_ok_at if problem else self._clock()
        self._lease = Condition("lease", not problem, problem, last_ok_at)

    def health(
        self,
        platforms: Iterable[Condition],
        pumps: Iterable[Condition],
        *,
        minor: Iterable[Condition] = (),
        arxiv: Condition | None,
        workspaces: Sequence[Condition] = (),
    ) -> Health:
        """The state of the whole bot.

        arXiv and the `minor` conditions never make it unwell, since nothing that posts needs them, and
        one of several workspaces does not: a restart would stop the others.
        """
        platforms = tuple(platforms)
        parts = (*pumps, self._lease, self._outbox)
        return Health(
            ok=all(part.ok for part in (*platforms, *parts)),
            platforms=platforms,
            pumps=(*parts, *minor),
            arxiv=arxiv,
            workspaces=tuple(workspaces),
        )

    def measures(self, pump_failures: Iterable[tuple[str, int]]) -> tuple[Measure, ...]:
        """The numbers as `look` found them, and how often each pump failed since the start."""
        failures = (
            Measure(
                "pump_failures",
                "Ticks of a pump that failed since the start.",
                count,
                (("pump", name),),
                only_grows=True,
            )
            for name, count in pump_failures
        )
        return (*self._measures, *failures)
