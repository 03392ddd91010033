"""Entries as items of a feed: titles and commentary as the pages show them."""

from collections.abc import Callable, Iterable

from bot.archive.domain.entry import StoredEntry
from bot.archive.domain.present_entry import paper_url
from bot.core.domain.i18n import Translate
from bot.core.latex import readable
from bot.feeds.domain.feed import FeedEntry, Item
from bot.platforms.web.rendering.languages import commentary_parts
from bot.platforms.web.rendering.render import printable, safe_url
from bot.platforms.web.rendering.view import View


def items(
    entries: Iterable[FeedEntry],
    view: View,
    say: Translate,
    address: Callable[[StoredEntry], str],
) -> tuple[Item, ...]:
    """The items, in the language of `say` first; `address` gives that of an entry's page.

    It takes a millisecond an entry: call it in a thread.
    """
    return tuple(_item(each, view, say, address(each.stored)) for each in entries)


def _item(of: FeedEntry, view: View, say: Translate, address: str) -> Item:
    entry = of.stored.entry
    paper = safe_url(paper_url(entry.paper.arxiv_id, entry.paper.url) or "")
    html = view.page(
        "feed_entry.html",
        say,
        entry=entry,
        parts=commentary_parts(entry, say),
        address=paper,
    )
    return Item(
        id=of.id,
        address=address,
        title=printable(readable(entry.paper.title)),
        html=html.strip(),
        published=of.published,
        updated=of.updated,
        tags=entry.tags,
        paper=paper,
    )
