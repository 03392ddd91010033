"""Writes a feed as JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/)."""

import json

from bot.feeds.domain.atom import instant
from bot.feeds.domain.feed import Feed, Item
from bot.feeds.domain.xml_text import fit_for_xml

TYPE = "application/feed+json"


def write(feed: Feed) -> str:
    """The feed as JSON text."""
    value: dict[str, object] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": fit_for_xml(feed.title),
        "home_page_url": feed.page,
        "feed_url": feed.here,
        "language": feed.language,
        "authors": [{"name": feed.author}],
    }
    if feed.next is not None:
        value["next_url"] = feed.next
    value["items"] = [_item(item) for item in feed.items]
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def _item(item: Item) -> dict[str, object]:
    value: dict[str, object] = {
        "id": item.id,
        "url": item.address,
        "title": fit_for_xml(item.title),
        "content_html": fit_for_xml(item.html),
        "date_published": instant(item.published),
        "date_modified": instant(item.updated),
    }
    if item.paper is not None:
        value["external_url"] = item.paper
    if item.tags:
        value["tags"] = [fit_for_xml(tag) for tag in item.tags]
    return value
