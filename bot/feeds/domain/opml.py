"""Writes a list of feeds as OPML 2.0, from which readers subscribe to many at once (http://opml.org/spec2.opml)."""

from collections.abc import Iterable
from xml.etree import ElementTree as ET

from bot.core.domain.dataclass import dataclass
from bot.feeds.domain.xml_text import add, document, fit_for_xml

TYPE = "text/x-opml"


@dataclass(frozen=True, slots=True)
class Outline:
    """A feed: its title, its own address and that of its page."""

    title: str
    feed: str
    page: str


def write(title: str, outlines: Iterable[Outline]) -> str:
    """The list as an XML document; readers want absolute addresses."""
    root = ET.Element("opml", {"version": "2.0"})
    add(add(root, "head"), "title", title)
    body = add(root, "body")
    for each in outlines:
        # "rss" is what the format calls every kind of feed; `text` is what it requires.
        outline = add(
            body, "outline", type="rss", title=each.title, xmlUrl=each.feed, htmlUrl=each.page
        )
        outline.set("text", fit_for_xml(each.title))
    return document(root)
