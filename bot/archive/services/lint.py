"""Checks files as an import does, and changes nothing."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from bot.archive.domain.checks.facts import Facts
from bot.archive.domain.entry import Problem, Severity
from bot.archive.services.import_files import Progress, import_files
from bot.core.database.database import Database, opened


async def lint(
    paths: Sequence[Path],
    *,
    now: datetime,
    stdin: bytes | BinaryIO = b"",
    facts: Facts | None = None,
    archive: Database | None = None,
    progress: Progress | None = None,
) -> tuple[int, tuple[Problem, ...]]:
    """How many files there are, and all that an import would say of them, errors first.

    Everything is looked at, whether it was imported before or not: it is imported into a database
    that is thrown away. `archive` is only read.
    """
    async with opened(None) as scratch:
        report = await import_files(
            scratch,
            paths,
            now=now,
            stdin=stdin,
            facts=facts,
            archive=archive,
            progress=progress,
        )
    found = (*report.problems, *report.remarks)
    ordered = sorted(found, key=lambda problem: problem.severity is not Severity.ERROR)
    return report.files, tuple(ordered)
