"""`backup`, `restore` and `doctor`: a copy while the bot runs, putting it back, what is wrong."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.output.terminal import DONE, FAILED, say_line, show_json, voice


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Must not be there yet.")],
) -> int:
    """Write a consistent, verified copy of the database, even while the bot runs."""
    from bot.cli.workbench import now, with_database
    from bot.core.database.database import Database
    from bot.operations.services.backup import backup as write_backup
    from bot.settings import Settings

    async def work(db: Database, _: Settings) -> int:
        return await write_backup(db, file, now=now())

    size = with_database(work)
    megabytes = f"{size / 1_000_000:.1f}"
    say_line(voice()("{file}: {size} MB, checked.", file=file, size=megabytes))
    return DONE


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `paperbot backup` wrote.")],
) -> int:
    """Put a backup in the place of the database, while no bot runs; what was there is kept."""
    import asyncio

    from bot.cli.workbench import now
    from bot.operations.services.backup import restore as put_back
    from bot.settings import read_settings

    database = read_settings().database
    restored = asyncio.run(put_back(file, database, now=now()))
    say = voice()
    made_at = f"{restored.made_at:%Y-%m-%d %H:%M} UTC"
    say_line(
        say("Restored the database from {file}, made at {made_at}.", file=file, made_at=made_at)
    )
    if restored.kept_as is not None:
        say_line(say("The previous database is kept as {kept_as}.", kept_as=restored.kept_as))
    say_line(say("Before posting, the bot searches the channels for messages posted since then."))
    return DONE


def doctor(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON value and nothing else.")
    ] = False,
) -> int:
    """Check settings, database, tokens, permissions and clock; say what is wrong and what to do."""
    from bot.cli import doctor as examination

    findings = examination.look()
    if as_json:
        show_json([examination.form(finding) for finding in findings])
    else:
        examination.show(findings)
    return DONE if all(finding.ok for finding in findings) else FAILED
