"""The commands `backup`, `restore` and `doctor`."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.output.terminal import DONE, FAILED, print_line, show_json, translator


def backup(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The file to write; it must not exist yet.")
    ],
) -> int:
    """Write a consistent, verified copy of the database, even while the bot runs."""
    from bot.cli.database import now, with_database
    from bot.core.database.database import Database
    from bot.operations.services.backup import backup as write_backup
    from bot.settings import Settings

    async def work(db: Database, _: Settings) -> int:
        return await write_backup(db, file, now=now())

    size = with_database(work)
    megabytes = f"{size / 1_000_000:.1f}"
    print_line(translator()("{file}: {size} MB, checked.", file=file, size=megabytes))
    return DONE


def restore(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A file that `paperbot backup` wrote.")
    ],
) -> int:
    """Replace the database by a backup while no bot runs; the previous database is kept."""
    import asyncio

    from bot.cli.database import now
    from bot.operations.services.backup import restore as restore_file
    from bot.settings import check_database_folder, read_settings

    database = read_settings().database
    check_database_folder(database)
    restored = asyncio.run(restore_file(file, database, now=now()))
    say = translator()
    made_at = f"{restored.made_at:%Y-%m-%d %H:%M} UTC"
    print_line(
        say("Restored the database from {file}, made at {made_at}.", file=file, made_at=made_at)
    )
    if restored.kept_as is not None:
        print_line(say("The previous database is kept as {kept_as}.", kept_as=restored.kept_as))
    print_line(say("Before posting, the bot searches the channels for messages posted since then."))
    return DONE


def doctor(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON value and nothing else.")
    ] = False,
) -> int:
    """Check settings, database, tokens, permissions and clock; say what is wrong and what to do."""
    from bot.cli import doctor_report

    findings = doctor_report.look()
    if as_json:
        show_json([doctor_report.form(finding) for finding in findings])
    else:
        doctor_report.show(findings)
    return DONE if all(finding.ok for finding in findings) else FAILED
