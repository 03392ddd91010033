"""The cards of pages: what their links show elsewhere."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from bot.archive.domain.entry import Language, StoredEntry
from bot.archive.domain.present_entry import count_papers, gist
from bot.core.domain.day_text import day_text, month_text
from bot.core.domain.i18n import Translate
from bot.core.latex import readable
from bot.feeds.domain.cards import Card, Picture
from bot.platforms.web.feeds.links import title
from bot.platforms.web.rendering.render import printable, tag_path

_TITLES = 3
_AUTHORS = 3


def of_entry(stored: StoredEntry, say: Translate) -> Card:
    """An entry: the beginning of what the curator wrote, in the reader's language if there is any."""
    entry = stored.entry
    withdrawn = stored.withdrawn_at is not None
    description = (
        say("The curator has withdrawn this entry.")
        if withdrawn
        else readable(gist(entry, (Language(say.locale),)))
    )
    day = datetime.combine(entry.date, time(), UTC) if entry.date is not None else None
    authors = ", ".join(entry.paper.authors[:_AUTHORS])
    more = " …" if len(entry.paper.authors) > _AUTHORS else ""
    return _card(
        f"/entry/{stored.id}",
        readable(entry.paper.title),
        description,
        say,
        published=day,
        tags=entry.tags,
        author=readable(authors) + more,
    )


def of_day(day: date, entries: Sequence[StoredEntry], say: Translate) -> Card:
    """A day's entries: how many, and the first titles."""
    name = f"{say('Papers')}: {day_text(day, say.locale)}"
    return _card(f"/digest/{day.isoformat()}", name, _list(entries, say), say)


def of_month(month: date, say: Translate) -> Card:
    """The days of the month that this day is in."""
    return _card(f"/digest/{month.isoformat()[:7]}", month_text(month, say.locale), "", say)


def of_graph(say: Translate) -> Card:
    """The map of references."""
    return _card("/graph", say("Map of references"), "", say)


def of_tag(tag: str, page: int, entries: Sequence[StoredEntry], say: Translate) -> Card:
    """A page of a tag: the first titles."""
    path = tag_path(tag) + (f"?page={page}" if page > 1 else "")
    return _card(path, f"#{tag}", _titles(entries), say)


def of_archive(path: str, say: Translate) -> Card:
    """The archive's first page."""
    return of_page(path, title(say), say)


def of_page(path: str, name: str, say: Translate, picture: Picture | None = None) -> Card:
    """Another page, of that name."""
    return _card(path, name, "", say, picture=picture)


def _card(
    path: str,
    name: str,
    description: str,
    say: Translate,
    *,
    published: datetime | None = None,
    tags: tuple[str, ...] = (),
    author: str = "",
    picture: Picture | None = None,
) -> Card:
    return Card(
        path,
        printable(name),
        printable(description),
        say.locale,
        published,
        tuple(map(printable, tags)),
        printable(author),
        picture,
    )


def _list(entries: Sequence[StoredEntry], say: Translate) -> str:
    if not entries:
        return say("There is nothing for this day.")
    return f"{count_papers(len(entries), say)}: {_titles(entries)}"


def _titles(entries: Sequence[StoredEntry]) -> str:
    titles = " · ".join(readable(stored.entry.paper.title) for stored in entries[:_TITLES])
    return titles + (" …" if len(entries) > _TITLES else "")
