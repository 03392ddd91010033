"""The commands `backup`, `restore`, `database …` and `doctor`."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.output.terminal import DONE, FAILED, print_line, progress, show_json, translator


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
    from bot.operations.services.backup import NO_COPY_OF_A_SERVER
    from bot.operations.services.backup import restore as restore_file
    from bot.settings import check_database_folder, read_settings

    location = read_settings().database
    if not isinstance(location, Path):
        raise NO_COPY_OF_A_SERVER
    check_database_folder(location)
    restored = asyncio.run(restore_file(file, location, now=now()))
    say = translator()
    made_at = f"{restored.made_at:%Y-%m-%d %H:%M} UTC"
    print_line(
        say("Restored the database from {file}, made at {made_at}.", file=file, made_at=made_at)
    )
    if restored.kept_as is not None:
        print_line(say("The previous database is kept as {kept_as}.", kept_as=restored.kept_as))
    print_line(say("Before posting, the bot searches the channels for messages posted since then."))
    return DONE


database = typer.Typer(help="The database itself.")


@database.command("move")
def move(
    source: Annotated[
        str,
        typer.Argument(metavar="FROM", help="Like sqlite:///data/paperbot.db."),
    ],
    target: Annotated[
        str,
        typer.Argument(
            metavar="TO", help="A new database, like postgresql://paperbot@db/paperbot."
        ),
    ],
) -> int:
    """Copy everything to an empty database, from SQLite to PostgreSQL or back, while no bot runs.

    All or nothing: the copy is compared before it is kept, and the original stays as it is.
    """
    import asyncio

    from bot.cli.database import now
    from bot.core.database.address import PostgresAddress, may_be_there
    from bot.core.database.database import opened
    from bot.core.domain.errors import NotFoundError, UsageError
    from bot.core.domain.i18n import translatable
    from bot.operations.services.move import Moved, new_or_not_at_all
    from bot.operations.services.move import move as move_rows
    from bot.settings import check_database_folder
    from bot.settings.values import WrongValueError, read_database

    say = translator()

    def read(name: str, text: str) -> Path | PostgresAddress:
        try:
            return read_database(text)
        except WrongValueError as error:
            raise UsageError(error.message, name=name) from error

    async def work() -> Moved:
        old, new = read("FROM", source), read("TO", target)
        if not may_be_there(old):
            raise NotFoundError(translatable("There is no database"), path=str(old))
        check_database_folder(new)
        with new_or_not_at_all(new):
            async with opened(old) as first, opened(new) as second:
                with progress(say("Copying")) as advance:
                    return await move_rows(first, second, now=now(), progress=advance)

    moved = asyncio.run(work())
    print_line(
        say(
            "Copied {rows} and compared {entries}. Now set PAPERBOT_DATABASE to the new one.",
            rows=say.count("{n} row", "{n} rows", moved.rows),
            entries=say.count("{n} entry", "{n} entries", moved.entries),
        )
    )
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
