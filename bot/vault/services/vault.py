"""Imports the vault of `PAPERBOT_VAULT` at start, and again whenever it changes."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from operator import eq
from pathlib import Path

from bot.archive.domain.entry import Problem
from bot.archive.domain.files.stable_files import Snapshot, StableFiles, find_stable
from bot.archive.services.files.find_files import take_snapshot
from bot.archive.services.import_files import import_files
from bot.archive.services.import_report import ImportReport
from bot.core.database.database import Database
from bot.core.ports import Condition
from bot.vault.services import note_file
from bot.vault.services.own_writes import OwnWrites
from bot.vault.services.vault_watch import WatchEvent

log = logging.getLogger(__name__)

SNAPSHOT_EVERY = timedelta(seconds=1.5)
SNAPSHOTS_ALIKE = 2
"""A changed file is imported after this many further snapshots without another change."""
_PROBLEMS_SHOWN = 20


class Vault:
    """Keeps the archive up to date with the vault.

    Each change imports the whole folder: unchanged files cost little, and no change is missed if
    the file system reports only some of them. A file that is being written is imported when it is
    stable. `changed` is called after an import that changed an entry.
    """

    def __init__(
        self,
        db: Database,
        folder: Path,
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
        changed: Callable[[], None],
        own: OwnWrites | None = None,
    ) -> None:
        self._db = db
        self._folder = folder
        self._clock = clock
        self._sleep = sleep
        self._changed = changed
        self._own = own if own is not None else OwnWrites()
        self._condition = Condition("vault", ok=True)
        self._imported: Snapshot | None = None
        self._logged: tuple[Problem, ...] = ()

    @property
    def condition(self) -> Condition:
        """For `/healthz`: not ok while the folder is missing."""
        return self._condition

    async def follow(self, events: AsyncIterator[WatchEvent]) -> None:
        """At each event, import the files that are stable; runs until `events` ends.

        Before, what a kill left of a write is tidied up.
        """
        for kept in await asyncio.to_thread(note_file.clean, self._folder, below=True):
            log.warning("vault: %s is a version of a note that a kill had left hidden", kept)
        async for event in events:
            if event is WatchEvent.GONE:
                self._note_gone()
            else:
                await self._import_changes(is_reported=event is WatchEvent.CHANGED)

    def _note_gone(self) -> None:
        # A missing folder is most often an unmounted disk, not a curator who deleted everything.
        detail = f"the folder {self._folder} is not there; nothing is withdrawn"
        log.warning("vault: %s", detail)
        self._condition = Condition("vault", ok=False, detail=detail)
        self._imported = None

    async def _import_changes(self, *, is_reported: bool) -> None:
        async with self._own.lock:  # the bot writes, and imports that itself
            snapshots = [await asyncio.to_thread(take_snapshot, self._folder)]
        if await asyncio.to_thread(self._own.explain, self._imported, snapshots[0]):
            return
        # Comparing the snapshots of a large vault would block the event loop.
        if not is_reported and await asyncio.to_thread(eq, snapshots[0], self._imported):
            return
        for _ in range(SNAPSHOTS_ALIKE):
            await self._sleep(SNAPSHOT_EVERY.total_seconds())
            snapshots.append(await asyncio.to_thread(take_snapshot, self._folder))
        stable = await asyncio.to_thread(find_stable, snapshots)
        self._own.forget()
        await self._import(stable)
        # A file that is still changing is checked again at the next interval. So is everything if the bot
        # wrote during the import: its file may have been read before that, and stored after it.
        async with self._own.lock:  # what it is writing is noted at the end
            is_whole = not stable.changing and self._own.is_empty
        self._imported = snapshots[-1] if is_whole else None

    async def _import(self, stable: StableFiles) -> None:
        now = self._clock()
        report = await import_files(
            self._db, [self._folder], now=now, withdraw_missing=True, stable=stable
        )
        self._log(report)
        detail = f"files: {report.files}, problems: {len(report.problems)}"
        if stable.changing:
            detail += f", {len(stable.changing)} being written"
        self._condition = Condition("vault", ok=True, detail=detail, last_ok_at=now)
        if report.new or report.changed:
            self._changed()

    def _log(self, report: ImportReport) -> None:
        if report.new or report.changed:
            log.info(
                "vault: entries: %d new, %d changed, %d withdrawn, %d unchanged",
                report.new,
                report.updated,
                report.withdrawn,
                report.unchanged,
            )
        for remark in report.remarks[:_PROBLEMS_SHOWN]:
            log.info("vault: %s: %s", remark.path, remark.message)
        if len(report.remarks) > _PROBLEMS_SHOWN:
            log.info("vault: … and %d more", len(report.remarks) - _PROBLEMS_SHOWN)
        if report.problems == self._logged:
            return
        new = [problem for problem in report.problems if problem not in self._logged]
        self._logged = report.problems
        for problem in new[:_PROBLEMS_SHOWN]:
            where = problem.path if problem.line is None else f"{problem.path}:{problem.line}"
            log.warning("vault: %s: %s", where, problem.message)
        if len(new) > _PROBLEMS_SHOWN:
            log.warning("vault: … and %d more", len(new) - _PROBLEMS_SHOWN)
