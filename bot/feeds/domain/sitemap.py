"""Writes sitemaps (https://www.sitemaps.org/protocol.html) and `robots.txt` (RFC 9309)."""

from collections.abc import Iterable
from datetime import date
from xml.etree import ElementTree as ET

from bot.core.domain.dataclass import dataclass
from bot.feeds.domain.xml_text import add, document

MOST = 50_000
"""Addresses in one file, by the protocol."""

TYPE = "application/xml"

_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
_NOT_FOR_CRAWLERS = (
    "/api/",
    "/c/",
    "/events",
    "/feeds/*/search.",
    "/inbox",
    "/like",
    "/manage",
    "/note",
    "/oembed",
    "/papers?q=",
    "/papers/cite.",
    "/entry/*/cite.",
    "/sign-in",
    "/slack/",
)
_SECONDS_APART = 5


@dataclass(frozen=True, slots=True)
class Place:
    """The absolute address of a page, and the day of its last change where it is known."""

    address: str
    changed_on: date | None = None


def write(places: Iterable[Place]) -> str:
    """A sitemap of at most `MOST` pages."""
    root = ET.Element("urlset", {"xmlns": _NAMESPACE})
    for place in places:
        _add(root, "url", place)
    return document(root)


def write_index(sitemaps: Iterable[str]) -> str:
    """The list of sitemaps at these absolute addresses."""
    root = ET.Element("sitemapindex", {"xmlns": _NAMESPACE})
    for address in sitemaps:
        _add(root, "sitemap", Place(address))
    return document(root)


def _add(root: ET.Element, name: str, place: Place) -> None:
    element = add(root, name)
    add(element, "loc", place.address)
    if place.changed_on is not None:
        add(element, "lastmod", place.changed_on.isoformat())


def robots(sitemap: str | None) -> str:
    """Which pages of the bot crawlers leave out, how far apart they ask, and where the sitemap is."""
    lines = [
        "User-agent: *",
        *(f"Disallow: {path}" for path in _NOT_FOR_CRAWLERS),
        f"Crawl-delay: {_SECONDS_APART}",
    ]
    if sitemap is not None:
        lines += ["", f"Sitemap: {sitemap}"]
    return "\n".join(lines) + "\n"


def robots_of_site(sitemap: str) -> str:
    """For a static site: crawlers may read every page of it."""
    return f"User-agent: *\nAllow: /\n\nSitemap: {sitemap}\n"
