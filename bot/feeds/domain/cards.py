"""What other sites and chats show of a page that is linked there: Open Graph and oEmbed.

https://ogp.me, https://oembed.com: Slack and Discord read both. Text is plain; nobody's reply is in it.
"""

from collections.abc import Iterator
from datetime import datetime

from bot.core.domain.dataclass import dataclass
from bot.feeds.domain.atom import instant

_LOCALES = {"ko": "ko_KR", "en": "en_US"}
_A_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a card: its path, and what it shows."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Card:
    """A page as a card: `path` is its canonical one; `published` is set for entries."""

    path: str
    title: str
    description: str
    locale: str
    published: datetime | None = None
    tags: tuple[str, ...] = ()
    author: str = ""
    """Who wrote the paper."""
    picture: Picture | None = None


def open_graph(card: Card, name: str, site: str | None) -> Iterator[tuple[str, str]]:
    """Names and contents of the meta tags; those with an address need the `site`'s."""
    yield "og:site_name", name
    yield "og:type", "article" if card.published is not None else "website"
    yield "og:title", card.title
    if card.description:
        yield "og:description", card.description
    yield "og:locale", _LOCALES[card.locale]
    if site is not None:
        yield "og:url", f"{site}{card.path}"
    if card.published is not None:
        yield "article:published_time", instant(card.published)
    for tag in card.tags:
        yield "article:tag", tag
    if site is None or card.picture is None:
        yield "twitter:card", "summary"
        return
    yield "og:image", f"{site}{card.picture.path}"
    yield "og:image:type", "image/png"
    yield "og:image:alt", card.picture.text
    yield "twitter:card", "summary_large_image"


def oembed(card: Card, name: str, site: str) -> dict[str, object]:
    """The JSON of oEmbed 1.0: a link, without HTML of ours in another page."""
    found: dict[str, object] = {
        "version": "1.0",
        "type": "link",
        "title": card.title,
        "provider_name": name,
        "provider_url": f"{site}/papers",
        "cache_age": _A_DAY,
    }
    if card.author:
        found["author_name"] = card.author
    return found
