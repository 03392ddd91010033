"""`/paper new` and `/paper not-for-us`: the new papers of arXiv, and what a person thinks of one."""

from collections.abc import Callable
from datetime import date

from bot.archive.domain.arxiv_id import parse_arxiv_id
from bot.archive.domain.typed_dates import Days, find_date, names_newest
from bot.arxiv.domain.present_arxiv import present_candidates, present_unwanted
from bot.arxiv.services.candidates import call_unwanted, find_absence, list_ranked
from bot.commands.services.digest_command import DigestContext, zone_of
from bot.core.domain import commands, document
from bot.core.domain.document import Document
from bot.core.domain.errors import UsageError
from bot.core.domain.i18n import Translate
from bot.core.ports import ChannelRef, Command


async def asks_for_new(
    desk: DigestContext, asked: str, channel: ChannelRef
) -> tuple[bool, date | None]:
    """Whether a day's arXiv papers are asked for, and which: `new`, `new 2026-11-17`.

    "new methods" is an ordinary look-up.
    """
    word, _, rest = asked.partition(" ")
    if word.casefold() not in {commands.NEW.name, *commands.NEW.aliases}:
        return False, None
    if not rest.strip():
        return True, None
    today = desk.clock().astimezone(await zone_of(desk, channel)).date()
    day = find_date(rest, Days(today))
    return day is not None, None if names_newest(rest) else day


async def answer(
    desk: DigestContext, day: date | None, *, page: int, per_page: int
) -> Callable[[Translate], Document]:
    """The new papers of a day, else of the newest, to be presented in any language."""
    ranking = await list_ranked(desk.db, day=day, page=page, per_page=per_page)
    absence = None
    if day is None or not ranking.is_listed:
        absence = await find_absence(desk.db, desk.categories, now=desk.clock(), day=day)

    def present(say: Translate) -> Document:
        return present_candidates(ranking, page=page, per_page=per_page, say=say, absence=absence)

    return present


async def call_not_for_us(
    desk: DigestContext, command: Command, words: list[str], say: Translate
) -> Document:
    """Rank a new paper lower for a person, or take that back. Raises `UsageError`."""
    number, *rest = words or [""]
    paper = parse_arxiv_id(number)
    undo = rest == [commands.UNDO]
    if paper is None or (rest and not undo):
        raise UsageError(
            "Write the arXiv id of a new paper: /paper {verb} 2502.01456",
            verb=commands.NOT_FOR_US.name,
        )
    is_known = await call_unwanted(
        desk.db, paper.number, command.user, command.channel, now=desk.clock(), undo=undo
    )
    if not is_known:
        raise UsageError("“{id}” is no new paper from arXiv", id=paper.number)
    return document.private(present_unwanted(paper.number, is_undone=undo, say=say))
