"""A bot's arXiv side whole: database, request gate, client and a server, on one clock of our own."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from bot.archive.domain.arxiv_record import ArxivRecord
from bot.archive.services.import_files import import_files
from bot.arxiv.client.client import Limits, open_client
from bot.arxiv.domain.announcements import Feed
from bot.arxiv.ports import PaperSource, Submissions
from bot.arxiv.services.polling import ArxivStatus, Round, get_status, run_round
from bot.arxiv.services.request_gate import DatabaseRequestGate
from bot.core.database.database import Database
from bot.core.store.leases import Process
from tests.databases import throw_away
from tests.fakes.arxiv import FakeArxiv, World
from tests.waiting import HANGING

CATEGORIES = ("cs.CL", "cs.LG")


@dataclass(slots=True)
class Time:
    """A clock that moves when somebody sleeps, and when told to."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Nobody waits: the clock does."""
        self.now += timedelta(seconds=seconds)
        await asyncio.sleep(0)

    def pass_by(self, **duration: float) -> None:
        """Let some time go by."""
        self.now += timedelta(**duration)


class Together(PaperSource):
    """arXiv, as processes see it that have all been answered before one of them stores anything."""

    def __init__(self, source: PaperSource, processes: int) -> None:
        self._source = source
        self._barrier = asyncio.Barrier(processes)

    async def _answered(self) -> None:
        async with asyncio.timeout(HANGING):
            await self._barrier.wait()

    async def fetch_feed(self, category: str, *, etag: str | None = None) -> Feed | None:
        feed = await self._source.fetch_feed(category, etag=etag)
        await self._answered()
        return feed

    async def fetch_records(self, numbers: Sequence[str]) -> tuple[ArxivRecord, ...]:
        records = await self._source.fetch_records(numbers)
        await self._answered()
        return records

    async def search_titles(self, titles: Sequence[str]) -> tuple[ArxivRecord, ...]:
        records = await self._source.search_titles(titles)
        await self._answered()
        return records

    async def list_submitted(
        self, category: str, since: datetime, until: datetime, *, start: int, limit: int
    ) -> Submissions:
        page = await self._source.list_submitted(category, since, until, start=start, limit=limit)
        await self._answered()
        return page


@dataclass(slots=True)
class Stage:
    """Everything a test of the arXiv services needs."""

    db: Database
    time: Time
    arxiv: FakeArxiv
    client: PaperSource
    folder: Path
    categories: tuple[str, ...] = CATEGORIES

    @property
    def world(self) -> World:
        """What arXiv holds."""
        return self.arxiv.world

    async def write(self, name: str, text: str) -> None:
        """The curator writes, or changes, a note."""
        (self.folder / f"{name}.md").write_text(text, encoding="utf-8")
        report = await import_files(self.db, [self.folder], now=self.time())
        assert not report.problems

    async def round(self) -> Round:
        """The bot does what is due."""
        return await run_round(
            self.db, self.client, self.categories, clock=self.time, jitter=lambda: 0.5
        )

    async def status(self) -> ArxivStatus:
        """How things stand."""
        return await get_status(self.db, self.categories, self.time())

    def asked(self, path: str = "/api/query", parameter: str = "id_list") -> list[str]:
        """What the server was asked for, request by request."""
        return [
            request.query.get(parameter, "") for request in self.arxiv.log if path in request.path
        ]


@asynccontextmanager
async def staged(
    folder: Path,
    now: datetime,
    *,
    patience: timedelta = timedelta(seconds=10),
    categories: tuple[str, ...] = CATEGORIES,
    database: Path | None = None,
    read: timedelta = timedelta(seconds=2),
) -> AsyncIterator[Stage]:
    """A stage at that instant; the vault is `folder`. A feed that hangs for `read` is given up."""
    time = Time(now)
    folder.mkdir(exist_ok=True)  # noqa: ASYNC240 - a moment of the test's own
    server = FakeArxiv(World(), clock=time, ticks=lambda: time.now.timestamp())  # noqa: PLW0108 - it moves on
    async with throw_away(database) as db, server:
        gate = DatabaseRequestGate(
            db,
            clock=time,
            sleep=time.sleep,
            jitter=lambda: 0.0,
            patience=patience,
            process=Process("me", "machine", 1),
        )
        async with open_client(
            gate,
            api_url=server.api_url,
            feed_url=server.feed_url,
            agent="paper-digest-bot/0.1 (ops@example.org)",
            clock=time,
            limits=Limits(read=read),
        ) as client:
            yield Stage(db, time, server, client, folder, categories)
