"""What the head of a page says for other sites: its canonical address, its card."""

from urllib.parse import quote

from bot.core.domain.dataclass import dataclass
from bot.feeds.domain.cards import Card, open_graph
from bot.platforms.web.feeds.links import BOT_NAME


@dataclass(frozen=True, slots=True)
class Head:
    """Absolute addresses, where the site's own is known; `tags` are attribute, name and content."""

    description: str
    tags: tuple[tuple[str, str, str], ...]
    canonical: str | None = None
    oembed: str | None = None


def head_of(card: Card, site: str | None) -> Head:
    """The head of the page with that card; `site` is the public address."""
    tags = tuple(
        ("name" if name.startswith("twitter:") else "property", name, text)
        for name, text in open_graph(card, BOT_NAME, site)
    )
    if site is None:
        return Head(card.description, tags)
    canonical = f"{site}{card.path}"
    return Head(card.description, tags, canonical, f"{site}/oembed?url={quote(canonical, safe='')}")
