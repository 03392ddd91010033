"""The feeds that a page names in its head, by which readers find them."""

from bot.core.domain.dataclass import dataclass
from bot.core.domain.i18n import Translate
from bot.feeds.domain import addresses, atom, json_feed

BOT_NAME = "paperbot"
FORMS = (("atom", atom.TYPE), ("json", json_feed.TYPE))
"""The forms of a feed, each with its media type."""


@dataclass(frozen=True, slots=True)
class FeedLink:
    """A feed in one form: the title that readers show, the media type, the path."""

    title: str
    type: str
    path: str


def feed_links(say: Translate, *, tag: str = "", query: str = "") -> tuple[FeedLink, ...]:
    """The feeds of a tag or of a look-up, if the page is about one, before those of all entries."""
    language = say.locale
    links: list[FeedLink] = []
    for form, media_type in FORMS:
        if tag:
            path = addresses.of_tag(language, tag, form)
            links.append(FeedLink(tag_title(tag), media_type, path))
        if query:
            path = addresses.of_query(language, query, form)
            links.append(FeedLink(query_title(query), media_type, path))
    for form, media_type in FORMS:
        links.append(FeedLink(title(say), media_type, addresses.of_all(language, form)))
    return tuple(links)


def title(say: Translate) -> str:
    """The title of the feed of all entries."""
    return f"{BOT_NAME}: {say('Papers')}"


def tag_title(tag: str) -> str:
    """The title of a tag's feed."""
    return f"{BOT_NAME}: #{tag}"


def query_title(query: str) -> str:
    """The title of a look-up's feed."""
    return f"{BOT_NAME}: {query}"
