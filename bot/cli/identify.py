"""The command `identify`: show or set which arXiv paper an entry without a link is about."""

from typing import Annotated

import typer

from bot.cli.output.terminal import DONE, print_line, translator
from bot.core.domain.errors import UsageError
from bot.core.domain.i18n import translatable


def identify(
    entry: Annotated[str, typer.Argument(metavar="ENTRY", help="An entry number.")],
    paper: Annotated[
        str | None, typer.Argument(metavar="ID", help="The arXiv id of its paper.")
    ] = None,
    stays_open: Annotated[
        bool,
        typer.Option(
            "--open", help="It has no arXiv paper: drop what was found and stop searching."
        ),
    ] = False,
) -> int:
    """Show or set which arXiv paper an entry without a link is about."""
    from bot.archive.domain.arxiv_id import parse_arxiv_id
    from bot.arxiv.services.operator_match import decide, find_identity
    from bot.cli.database import now, with_database
    from bot.cli.output.forms import identity_line
    from bot.core.database.database import Database
    from bot.discussion.services.entry_page import show
    from bot.settings import Settings

    arxiv_id = parse_arxiv_id(paper) if paper is not None else None
    if paper is not None and stays_open:
        raise UsageError(translatable("Give either an arXiv id or --open, not both"))
    if paper is not None and arxiv_id is None:
        raise UsageError("“{ref}” is not an arXiv id", ref=paper)

    async def work(db: Database, _: Settings) -> str:
        stored = (await show(db, entry)).stored
        if arxiv_id is not None or stays_open:
            await decide(db, stored, arxiv_id, now=now())
        return identity_line(stored, await find_identity(db, stored), say=translator())

    print_line(with_database(work))
    return DONE
