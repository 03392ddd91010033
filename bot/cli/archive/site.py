"""The command `site`: the archive as a folder of pages."""

from pathlib import Path
from typing import Annotated

import typer

from bot.archive.domain.entry import Language
from bot.cli.output.terminal import DONE, print_line, progress, translator
from bot.core.domain.errors import UsageError


def site(
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="The folder; it may be one of before.")
    ],
    base_url: Annotated[
        str,
        typer.Option("--base-url", metavar="URL", help="Where it will be published."),
    ] = "",
    languages: Annotated[
        str, typer.Option("--languages", metavar="ko,en", help="The first one comes first.")
    ] = "ko,en",
) -> int:
    """Write the archive as static pages; pages that have not changed stay as they are."""
    from bot.app.site import write_site
    from bot.cli.database import now, with_database_to_read
    from bot.core.database.database import Database
    from bot.settings import Settings
    from bot.site.services.write_folder import Written

    wanted = _languages(languages)
    base = _base(base_url)
    say = translator()

    async def work(db: Database, settings: Settings) -> Written:
        with progress(say("Writing pages")) as advance:
            return await write_site(
                db,
                out,
                base=base,
                languages=wanted,
                today=now().astimezone(settings.timezone).date(),
                progress=advance,
            )

    done = with_database_to_read(work)
    print_line(
        say(
            "Pages written: {written}, unchanged: {kept}, removed: {removed}",
            written=done.written,
            kept=done.kept,
            removed=done.removed,
        )
    )
    return DONE


def _languages(text: str) -> tuple[Language, ...]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    known = {str(language) for language in Language}
    if not names or not set(names) <= known or len(set(names)) < len(names):
        raise UsageError("--languages is a list of: {known}", known=", ".join(sorted(known)))
    return tuple(map(Language, names))


def _base(text: str) -> str | None:
    if not text:
        return None
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(text)
        is_address = bool(parts.scheme in {"http", "https"} and parts.hostname)
    except ValueError:
        parts, is_address = None, False
    if parts is None or not is_address or parts.query or parts.fragment:
        raise UsageError("--base-url is the site's address, such as https://papers.example.org/")
    return text.rstrip("/")
