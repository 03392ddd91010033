"""The command `digest`: a preview of a day, for any platform."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from bot.cli.output.terminal import DONE, print_line, show_document, show_json, translator
from bot.core.domain.document import Document


class Form(StrEnum):
    """The formats of a preview."""

    TEXT = "text"
    SLACK = "slack"
    DISCORD = "discord"
    HTML = "html"


def digest(
    date: Annotated[
        str | None,
        typer.Argument(metavar="DATE", help="Like 2025-02-04, yesterday, newest; default: today."),
    ] = None,
    channel: Annotated[
        str | None,
        typer.Option(metavar="REF", help="Use the settings of this subscribed channel."),
    ] = None,
    form: Annotated[
        Form, typer.Option("--as", help="Readable text, or the platform's format.")
    ] = Form.TEXT,
) -> int:
    """Show a day's digest as it would be posted; nothing is posted."""
    from bot.cli.database import check_date, now, with_database
    from bot.core.catalogue import Catalogues
    from bot.core.database.database import Database
    from bot.core.ports import parse_channel
    from bot.digest.services import subscribe
    from bot.digest.services.preview import preview, preview_for
    from bot.lookup.services import typed_dates
    from bot.settings import Settings

    check_date(date)
    ref = parse_channel(channel) if channel is not None else None

    async def work(db: Database, settings: Settings) -> tuple[Document, ...]:
        zone = settings.timezone
        if ref is not None:
            zone = (await subscribe.get(db, ref)).options.schedule.zone
        day = await typed_dates.read(db, date, now=now(), zone=zone) if date is not None else None
        if ref is not None:
            return await preview_for(db, ref, day, now=now(), voices=Catalogues())
        return await preview(db, day, now=now(), zone=zone, say=translator())

    _show(with_database(work), form)
    return DONE


def _show(documents: Sequence[Document], form: Form) -> None:
    match form:
        case Form.TEXT:
            for place, document in enumerate(documents):
                if place:
                    print_line("")
                show_document(document)
        case Form.HTML:
            from bot.platforms.web.rendering.render import render as render_html

            for document in documents:
                print_line(f"<article>\n{render_html(document)}\n</article>")
        case Form.SLACK | Form.DISCORD:
            show_json([payload for document in documents for payload in _payloads(document, form)])


def _payloads(document: Document, form: Form) -> list[object]:
    from dataclasses import asdict

    if form is Form.SLACK:
        from bot.platforms.slack.rendering.render import render as render_slack

        # What is written already is the blocks again.
        return [
            {"text": part.text, "blocks": part.blocks, "without_picture": part.without_picture}
            for part in render_slack(document, mark="preview")
        ]
    from bot.platforms.discord.rendering.render import render as render_discord

    return [asdict(part) for part in render_discord(document)]
