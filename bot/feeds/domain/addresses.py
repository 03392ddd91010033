"""The paths of feeds: the same in the bot and in a static site."""

from urllib.parse import quote


def of_all(language: str, form: str) -> str:
    """The feed of all entries; `form` is `atom` or `json`."""
    return f"/feeds/{language}/all.{form}"


def of_tag(language: str, tag: str, form: str) -> str:
    """The feed of a tag."""
    return f"/feeds/{language}/tags/{quote(tag, safe='')}.{form}"


def of_query(language: str, query: str, form: str) -> str:
    """The feed of a look-up; only a bot that runs has it."""
    return f"/feeds/{language}/search.{form}?q={quote(query, safe='')}"


def of_results(query: str) -> str:
    """The page of a look-up's results, which is not a feed."""
    return f"/papers?q={quote(query, safe='')}" if query else "/papers"


def of_page(feed: str, page: int) -> str:
    """A page (from 1) of a feed; the first one is the feed itself."""
    if page == 1:
        return feed
    return f"{feed}{'&' if '?' in feed else '?'}page={page}"
