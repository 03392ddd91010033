"""arXiv polling and ranking, built from the settings."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from importlib import import_module
from importlib.metadata import metadata, version
from pathlib import Path

from bot.app.posting_lease import is_gone, this_process
from bot.arxiv.ports import PaperSource
from bot.arxiv.ranking.worker import ProcessRanker, is_installed
from bot.arxiv.services.request_gate import DatabaseRequestGate
from bot.core.database.address import PostgresAddress
from bot.core.database.database import Database
from bot.core.domain.errors import RankerError
from bot.core.ports import Condition, Measure
from bot.core.services.leases import Leases
from bot.operations.services.supervise import Supervised
from bot.settings import DEFAULT_DATABASE, Settings

_PATIENCE = timedelta(seconds=10)
_PROJECT = "paper-digest-bot"


def project_address() -> str | None:
    """The project's address, as `[project.urls]` in pyproject.toml has it; `None` where it has none."""
    urls = metadata(_PROJECT).get_all("Project-URL", ())
    return next((url.partition(", ")[2] for url in urls), None)


@asynccontextmanager
async def open_arxiv(
    db: Database,
    settings: Settings,
    *,
    clock: Callable[[], datetime],
    jitter: Callable[[], float],
    patience: timedelta = _PATIENCE,
) -> AsyncIterator[PaperSource]:
    """An arXiv client; `patience` is the longest wait of a request for the gate."""
    # Imported here: feedparser is slow to import, and neither the demo nor most commands need it. In a
    # thread, since the event loop would wait for it.
    await asyncio.to_thread(import_module, "bot.arxiv.client.client")
    from bot.arxiv.client.client import open_client, user_agent  # noqa: PLC0415

    gate = DatabaseRequestGate(
        db,
        clock=clock,
        sleep=asyncio.sleep,
        jitter=jitter,
        patience=patience,
        process=this_process(),
        is_gone=is_gone,
    )
    async with open_client(
        gate,
        api_url=settings.arxiv_api_url,
        feed_url=settings.arxiv_feed_url,
        agent=user_agent(
            version(_PROJECT), address=project_address(), contact=settings.arxiv_contact
        ),
        clock=clock,
    ) as client:
        yield client


def arxiv_leases(
    db: Database, *, clock: Callable[[], datetime], patience: timedelta = _PATIENCE
) -> Leases:
    """This process's leases; `patience` is how long it waits for another process."""
    return Leases(
        db,
        this_process(),
        clock=clock,
        sleep=asyncio.sleep,
        is_gone=is_gone,
        patience=patience,
    )


def ranker_of(location: Path | PostgresAddress) -> ProcessRanker | None:
    """Ranking, if it is installed. Its model needs no backup: it lies beside an SQLite database.

    For a PostgreSQL database it lies in the folder of the default one, named for the address.
    """
    if not is_installed():
        return None
    if isinstance(location, PostgresAddress):
        name = hashlib.sha256(str(location).encode()).hexdigest()[:16]
        folder = DEFAULT_DATABASE.parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return ProcessRanker(folder / f"{name}.taste")
    return ProcessRanker(location.with_name(f"{location.name}.taste"))


def condition_of(state: Condition | None, parts: Sequence[Condition]) -> Condition | None:
    """The condition of arXiv: of its responses (`state`) and of what polls it."""
    broken = not all(part.ok for part in parts)
    if state is None and not broken:
        return None
    known = state if state is not None else Condition("arxiv", ok=False)
    told = (*(f"{part.name}: {part.detail}" for part in parts if part.detail), known.detail)
    return replace(known, ok=known.ok and not broken, detail="; ".join(filter(None, told)))


class ArxivPart:
    """arXiv's part of a running bot; nothing at all where ARXIV_POLL is off."""

    def __init__(
        self,
        db: Database,
        settings: Settings,
        *,
        clock: Callable[[], datetime],
        jitter: Callable[[], float],
    ) -> None:
        self._db = db
        self._settings = settings
        self._clock = clock
        self._jitter = jitter
        self._concerns: tuple[Supervised, ...] = ()
        if settings.arxiv_poll:
            self._concerns = (
                Supervised("arxiv", self._follow, clock=clock, sleep=asyncio.sleep),
                Supervised("ranking", self._rank, clock=clock, sleep=asyncio.sleep),
            )
        self._state: Condition | None = None
        self._unranked: RankerError | None = None
        self._measures: tuple[Measure, ...] = ()

    async def run(self) -> None:
        """Run until cancelled; each part that fails is started again on its own."""
        async with asyncio.TaskGroup() as tasks:
            for concern in self._concerns:
                tasks.create_task(concern.run())

    async def _follow(self) -> None:
        from bot.arxiv.services import polling  # noqa: PLC0415 - the demo needs none

        categories = self._settings.arxiv_categories
        async with open_arxiv(
            self._db, self._settings, clock=self._clock, jitter=self._jitter
        ) as source:
            await polling.follow(
                self._db,
                source,
                categories,
                leases=arxiv_leases(self._db, clock=self._clock),
                clock=self._clock,
                jitter=self._jitter,
                sleep=asyncio.sleep,
            )

    async def _rank(self) -> None:
        ranker = ranker_of(self._db.location)
        if ranker is not None:
            from bot.arxiv.services import candidates  # noqa: PLC0415 - the demo needs none

            await candidates.follow(
                self._db,
                ranker,
                clock=self._clock,
                sleep=asyncio.sleep,
                tell=self._note_ranking,
            )

    def _note_ranking(self, trouble: RankerError | None) -> None:
        self._unranked = trouble

    async def end_waits(self) -> None:
        """After the clock was set back, arXiv is asked again at once."""
        if self._concerns:
            from bot.arxiv.services import polling  # noqa: PLC0415 - the demo needs none

            await polling.end_waits(self._db, now=self._clock())

    async def look(self) -> None:
        """Read the status for `condition` and `measures` again."""
        if not self._concerns:
            return
        from bot.arxiv.services import polling  # noqa: PLC0415 - the demo needs none

        categories = self._settings.arxiv_categories
        self._state = await polling.get_condition(self._db, categories, self._clock())
        self._measures = await polling.measure_arxiv(self._db)

    @property
    def condition(self) -> Condition | None:
        """For `/healthz`; `None` where polling is off, or the status was not read yet."""
        parts = [part.condition for part in self._concerns]
        if self._unranked is not None:
            parts.append(Condition("ranking", ok=True, detail=str(self._unranked)))
        return condition_of(self._state, parts)

    @property
    def measures(self) -> tuple[Measure, ...]:
        """For `/metrics`."""
        return self._measures
