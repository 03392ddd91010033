"""Writes a feed as Atom (RFC 4287), in pages (RFC 5005, section 3)."""

from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from bot.feeds.domain.feed import Feed, Item
from bot.feeds.domain.xml_text import add, document, fit_for_xml

TYPE = "application/atom+xml"


def write(feed: Feed) -> str:
    """The feed as an XML document."""
    root = ET.Element(
        "feed",
        {"xmlns": "http://www.w3.org/2005/Atom", "xml:lang": fit_for_xml(feed.language)},
    )
    add(root, "id", feed.id)
    add(root, "title", feed.title)
    add(root, "updated", instant(feed.updated))
    add(add(root, "author"), "name", feed.author)
    add(root, "link", rel="self", type=TYPE, href=feed.here)
    add(root, "link", rel="alternate", type="text/html", href=feed.page)
    others = {"first": feed.first, "previous": feed.previous, "next": feed.next}
    for rel, address in others.items():
        if address is not None:
            add(root, "link", rel=rel, type=TYPE, href=address)
    for item in feed.items:
        _add_item(root, item)
    return document(root)


def instant(at: datetime) -> str:
    """An instant as RFC 3339 writes it, in whole seconds of UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _add_item(root: ET.Element, item: Item) -> None:
    entry = add(root, "entry")
    add(entry, "id", item.id)
    add(entry, "title", item.title)
    add(entry, "published", instant(item.published))
    add(entry, "updated", instant(item.updated))
    add(entry, "link", rel="alternate", type="text/html", href=item.address)
    if item.paper is not None:
        add(entry, "link", rel="related", href=item.paper)
    for tag in item.tags:
        add(entry, "category", term=tag)
    add(entry, "content", item.html, type="html")
