"""Keeping the archive in step with the curator's folder while the bot runs."""

import logging
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path

from bot.archive.services.import_report import Report
from bot.archive.services.ingest import ingest
from bot.core.database.database import Database
from bot.core.ports import Condition

log = logging.getLogger(__name__)

_PROBLEMS_SHOWN = 20


class Vault:
    """The folder of `PAPERBOT_VAULT`: imported at start, and again whenever it changes.

    An import of what is unchanged costs a look at each file, so the whole folder is imported
    each time: nothing is missed, whatever the system said of the change. `changed` is called
    after an import that made a difference.
    """

    def __init__(
        self,
        db: Database,
        folder: Path,
        *,
        clock: Callable[[], datetime],
        changed: Callable[[], None],
    ) -> None:
        self._db = db
        self._folder = folder
        self._clock = clock
        self._changed = changed
        self._condition = Condition("vault", ok=True)

    @property
    def condition(self) -> Condition:
        """For `/healthz`: not well while the folder is gone."""
        return self._condition

    async def follow(self, changes: AsyncIterator[bool]) -> None:
        """Import at each change; `changes` yields whether the folder is there."""
        async for there in changes:
            if there:
                await self._import()
                continue
            # Gone as a whole is an unmounted disk, not a curator who took everything back.
            detail = f"the folder {self._folder} is not there; nothing is withdrawn"
            log.warning("vault: %s", detail)
            self._condition = Condition("vault", ok=False, detail=detail)

    async def _import(self) -> None:
        now = self._clock()
        report = await ingest(self._db, [self._folder], now=now, withdraw_missing=True)
        _log(report)
        detail = f"{report.files} files, {len(report.problems)} with something to look at"
        self._condition = Condition("vault", ok=True, detail=detail, last_ok_at=now)
        if report.new or report.changed:
            self._changed()


def _log(report: Report) -> None:
    if not (report.new or report.changed):
        return
    log.info(
        "vault: %d new entries, %d changed, %d withdrawn, %d unchanged",
        report.new,
        report.updated,
        report.withdrawn,
        report.unchanged,
    )
    for problem in report.problems[:_PROBLEMS_SHOWN]:
        where = problem.path if problem.line is None else f"{problem.path}:{problem.line}"
        log.warning("vault: %s: %s", where, problem.message)
    if len(report.problems) > _PROBLEMS_SHOWN:
        log.warning("vault: … and %d more", len(report.problems) - _PROBLEMS_SHOWN)
