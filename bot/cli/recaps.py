"""The command `recap`: looking back on a week, month or year."""

from typing import Annotated

import typer

from bot.cli.output.terminal import DONE, show_document, show_json, translator


def recap(
    period: Annotated[
        str,
        typer.Argument(metavar="PERIOD", help="Like week, last month, 2026-W48, 2025-02, 2025."),
    ] = "week",
    channel: Annotated[
        str | None,
        typer.Option(metavar="REF", help="Count what was said there and in linked channels only."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON value and nothing else.")
    ] = False,
) -> int:
    """Look back on a week, month or year; nothing is posted."""
    from bot.cli.database import now, with_database
    from bot.cli.output.recap_form import recap_form
    from bot.core.database.database import Database
    from bot.core.ports import parse_channel
    from bot.discussion.services.library import DatabaseLibrary
    from bot.recap.domain.period import parse_period
    from bot.recap.services.look_back import LookedBack, look_back_in, look_back_in_channel
    from bot.settings import Settings

    ref = str(parse_channel(channel)) if channel is not None else None

    async def work(db: Database, settings: Settings) -> LookedBack:
        zone = settings.timezone
        today = now().astimezone(zone).date()
        asked = parse_period(period, today)
        if ref is not None:
            return await look_back_in_channel(db, asked, ref, zone=zone, today=today)
        channels = await DatabaseLibrary(db).list_channels()
        return await look_back_in(db, asked, zone=zone, channels=channels, today=today)

    found = with_database(work)
    if as_json:
        show_json(recap_form(found))
    else:
        show_document(found.present(translator()))
    return DONE
