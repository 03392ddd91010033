"""`import`, `lookup`, `show` and `export`: entries in, entries found, entries out."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.terminal import DONE, FAILED, progress, say_line, show_json, tell_problem, voice
from bot.domain.entry import Severity

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON value and nothing else.")]


def import_(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH…", help="Files and folders; - is standard input.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    as_json: AsJson = False,
) -> int:
    """Take in digest pages, notes and whole vaults; repeating it changes nothing."""
    from bot.cli import forms
    from bot.cli.workbench import now, with_database
    from bot.services.ingest import STDIN, ingest
    from bot.services.report import Report
    from bot.settings import Settings
    from bot.store.database import Database

    stdin = sys.stdin.buffer.read() if STDIN in paths else b""

    async def work(db: Database, _: Settings) -> Report:
        with progress(voice()("Importing")) as tell:
            return await ingest(db, paths, now=now(), stdin=stdin, dry_run=dry_run, progress=tell)

    report = with_database(work, make=True)
    if as_json:
        show_json(forms.report_form(report))
    else:
        for problem in report.problems:
            tell_problem(problem)
        say_line(forms.report_text(report, dry_run=dry_run, say=voice()))
    failed = any(problem.severity is Severity.ERROR for problem in report.problems)
    return FAILED if failed else DONE
