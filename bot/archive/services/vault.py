"""Keeping the archive in step with the curator's folder while the bot runs."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

from bot.archive.domain.entry import Problem
from bot.archive.domain.files.stable_files import Signature, StableFiles, settle
from bot.archive.services.find_files import FoundFiles, take_snapshot
from bot.archive.services.import_files import import_files
from bot.archive.services.import_report import ImportReport
from bot.archive.services.vault_watch import WatchEvent
from bot.core.database.database import Database
from bot.core.ports import Condition

log = logging.getLogger(__name__)

LOOK_AGAIN = timedelta(seconds=1.5)
LOOKS_ALIKE = 2
"""A change is taken in once so many further looks, `LOOK_AGAIN` apart, saw the file unchanged."""
_PROBLEMS_SHOWN = 20


class Vault:
    """The folder of `PAPERBOT_VAULT`: imported at start, and again whenever it changes.

    An import of what is unchanged costs a look at each file, so the whole folder is imported
    each time: nothing is missed, whatever the system said of the change. A file that is being
    written is left as it was until it has come to rest. `changed` is called after an import that
    made a difference.
    """

    def __init__(
        self,
        db: Database,
        folder: Path,
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
        changed: Callable[[], None],
    ) -> None:
        self._db = db
        self._folder = folder
        self._clock = clock
        self._sleep = sleep
        self._changed = changed
        self._condition = Condition("vault", ok=True)
        self._imported: tuple[FoundFiles, dict[str, Signature]] | None = None
        self._told: tuple[Problem, ...] = ()

    @property
    def condition(self) -> Condition:
        """For `/healthz`: not well while the folder is gone."""
        return self._condition

    async def follow(self, signs: AsyncIterator[WatchEvent]) -> None:
        """Look at each sign, and import what came to rest."""
        async for sign in signs:
            if sign is WatchEvent.GONE:
                self._note_gone()
            else:
                await self._look(is_told=sign is WatchEvent.CHANGED)

    def _note_gone(self) -> None:
        # Gone as a whole is an unmounted disk, not a curator who took everything back.
        detail = f"the folder {self._folder} is not there; nothing is withdrawn"
        log.warning("vault: %s", detail)
        self._condition = Condition("vault", ok=False, detail=detail)
        self._imported = None

    async def _look(self, *, is_told: bool) -> None:
        looks = [await asyncio.to_thread(take_snapshot, self._folder)]
        if not is_told and looks[0] == self._imported:
            return
        for _ in range(LOOKS_ALIKE):
            await self._sleep(LOOK_AGAIN.total_seconds())
            looks.append(await asyncio.to_thread(take_snapshot, self._folder))
        settled = settle([signatures for _, signatures in looks])
        await self._import(settled)
        # What is still changing is looked at again with the next sign, which time brings.
        self._imported = looks[-1] if not settled.changing else None

    async def _import(self, settled: StableFiles) -> None:
        now = self._clock()
        report = await import_files(
            self._db, [self._folder], now=now, withdraw_missing=True, settled=settled
        )
        self._tell(report)
        detail = f"{report.files} files, {len(report.problems)} with something to look at"
        if settled.changing:
            detail += f", {len(settled.changing)} being written"
        self._condition = Condition("vault", ok=True, detail=detail, last_ok_at=now)
        if report.new or report.changed:
            self._changed()

    def _tell(self, report: ImportReport) -> None:
        if report.new or report.changed:
            log.info(
                "vault: %d new entries, %d changed, %d withdrawn, %d unchanged",
                report.new,
                report.updated,
                report.withdrawn,
                report.unchanged,
            )
        if report.problems == self._told:
            return
        new = [problem for problem in report.problems if problem not in self._told]
        self._told = report.problems
        for problem in new[:_PROBLEMS_SHOWN]:
            where = problem.path if problem.line is None else f"{problem.path}:{problem.line}"
            log.warning("vault: %s: %s", where, problem.message)
        if len(new) > _PROBLEMS_SHOWN:
            log.warning("vault: … and %d more", len(new) - _PROBLEMS_SHOWN)
