"""The commands `import`, `lookup`, `show` and `export`."""

import sys
from collections.abc import Sequence
from enum import StrEnum
from io import BufferedReader
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from bot.archive.domain.entry import Severity
from bot.archive.domain.export_format import Format
from bot.cli.output.terminal import (
    DONE,
    FAILED,
    print_line,
    print_problem,
    print_remark,
    progress,
    show_document,
    show_json,
    translator,
    writing,
)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON value and nothing else.")]


def read_stdin(paths: Sequence[Path]) -> bytes | BinaryIO:
    """What an import reads as `-`: no more than a page may have, or an export, which has any size."""
    from bot.archive.services.files.read_files import LARGEST_PAGE
    from bot.archive.services.import_files import STDIN
    from bot.archive.services.restore import looks_like

    if STDIN not in paths:
        return b""
    stdin = sys.stdin.buffer
    is_export = isinstance(stdin, BufferedReader) and looks_like(stdin.peek(16))
    return stdin if is_export else stdin.read(LARGEST_PAGE + 1)


def import_(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH…", help="Files and folders; - reads standard input."),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change; write nothing.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Import digest pages, notes, whole vaults and jsonl exports; unchanged files change nothing."""
    from bot.archive.services.import_files import import_files
    from bot.archive.services.import_report import ImportReport
    from bot.cli.database import now, with_database
    from bot.cli.facts import read_facts
    from bot.cli.output import forms, import_text
    from bot.core.database.database import Database
    from bot.digest.services.forecasts import forecast_all
    from bot.settings import Settings

    stdin = read_stdin(paths)
    say = translator()

    async def work(db: Database, settings: Settings) -> tuple[ImportReport, tuple[str, ...]]:
        facts = await read_facts(db, now().date())
        with progress(say("Importing")) as advance:
            report = await import_files(
                db,
                paths,
                now=now(),
                stdin=stdin,
                dry_run=dry_run,
                progress=advance,
                facts=facts,
                within=settings.vault,
            )
        found = await forecast_all(db, report.added, now=now())
        lines = import_text.forecast_lines(found, updated=report.updated, now=now(), say=say)
        return report, tuple(lines)

    report, lines = with_database(work, make=True)
    if as_json:
        show_json(forms.report_form(report))
    else:
        shown, left = import_text.shown_problems((*report.problems, *report.remarks))
        for problem in shown:
            print_problem(problem)
        for kind, count in left.items():
            print_remark(
                say(
                    "{n} more warnings of this kind: {kind}. --json has all.",
                    n=count,
                    kind=say(kind),
                )
            )
        print_line("\n".join((forms.report_text(report, dry_run=dry_run, say=say), *lines)))
    failed = any(problem.severity is Severity.ERROR for problem in report.problems)
    return FAILED if failed else DONE


def lookup(
    query: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="QUERY", help="The same query as after /paper; without one, the newest entries."
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, max=1_000_000, help="Show at most N.")
    ] = 10,
    as_json: AsJson = False,
) -> int:
    """Find entries: exactly what /paper QUERY finds, the best first."""
    import random

    from bot.archive.services.export import entry_json
    from bot.cli.database import now, with_database
    from bot.cli.output import forms
    from bot.core.database.database import Database
    from bot.lookup.services import typed_dates
    from bot.lookup.services.lookup import Results, look_up
    from bot.settings import Settings

    asked = " ".join(query or ())

    async def work(db: Database, settings: Settings) -> Results:
        chance = random.Random()  # noqa: S311 - not for security
        wanted = await typed_dates.write_out(db, asked, now=now(), zone=settings.timezone)
        return await look_up(db, wanted, per_page=limit, chance=chance)

    results = with_database(work)
    if as_json:
        show_json([entry_json(stored) for stored in results.entries])
        return DONE
    for stored in results.entries:
        print_line(forms.entry_line(stored))
    for line in forms.remarks(asked, results, say=translator()):
        print_remark(line)
    return DONE


def show(
    entry: Annotated[
        str, typer.Argument(metavar="ID", help="An entry number, an arXiv id or a URL.")
    ],
    as_json: AsJson = False,
) -> int:
    """Show one entry, with everything the curator wrote."""
    from bot.archive.domain.present_entry import LANGUAGES, present_entry
    from bot.archive.services.export import entry_json
    from bot.archive.store.title_matches import Identity
    from bot.arxiv.services.operator_match import find_identity
    from bot.cli.database import with_database
    from bot.cli.output import forms
    from bot.core.database.database import Database
    from bot.discussion.domain.entry_page import EntryPage
    from bot.discussion.services.entry_page import show as look_at
    from bot.settings import Settings

    async def work(db: Database, _: Settings) -> tuple[EntryPage, Identity | None]:
        page = await look_at(db, entry)
        return page, await find_identity(db, page.stored)

    page, identity = with_database(work)
    if as_json:
        show_json({**entry_json(page.stored), "likes": page.likes})
    else:
        show_document(
            present_entry(page.stored, languages=LANGUAGES, say=translator(), detailed=True)
        )
        if identity is not None:
            print_line(forms.identity_line(page.stored, identity, say=translator()))
        for line in forms.surroundings(page, say=translator()):
            print_line(line)
    return DONE


class With(StrEnum):
    """What an export may have beside the entries."""

    DISCUSSION = "discussion"


def export(
    form: Annotated[Format, typer.Option("--format", help="The format to write.")],
    query: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="QUERY", help="Only the entries that it finds; without one, everything."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="PATH", help="The file to write, or an empty folder for a vault."
        ),
    ] = None,
    extra: Annotated[
        With | None,
        typer.Option(
            "--with", help="With jsonl: everything that import restores, and replies and reactions."
        ),
    ] = None,
) -> int:
    """Export entries, oldest first, to standard output or to PATH."""
    from bot.archive.services import export as exporting
    from bot.cli.database import now, with_database
    from bot.core.database.database import Database
    from bot.core.domain.errors import UsageError
    from bot.core.domain.i18n import translatable
    from bot.discussion.services.full_export import export_lines
    from bot.lookup.services import typed_dates
    from bot.lookup.services.selection import chosen
    from bot.settings import Settings

    asked = " ".join(query or ())
    if extra is not None and form is not Format.JSONL:
        raise UsageError(translatable("Only --format jsonl can be written --with discussion"))

    async def work(db: Database, settings: Settings) -> None:
        wanted = await typed_dates.write_out(db, asked, now=now(), zone=settings.timezone)
        found = chosen(db, wanted, as_written=form.is_read_again, by_paper=form.is_by_paper)
        if form is Format.VAULT and out is not None:
            written = await exporting.export_vault(found, out)
            print_remark(translator().count("{n} note written.", "{n} notes written.", written))
            return
        pieces = export_lines(db, found) if extra else exporting.export_text(found, form)
        with writing(out) as write:
            async for piece in pieces:
                write(piece)

    with_database(work)
    return DONE
