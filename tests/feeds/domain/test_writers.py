"""Feeds are valid whatever people wrote, and both forms say the same."""

import json
import re
from datetime import UTC, date, datetime, timedelta

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.archive.domain.entry import EntryId, StoredEntry
from bot.feeds.domain import atom, json_feed
from bot.feeds.domain.feed import NEVER, Feed, FeedEntry, Item, feed_id, is_due, item_id
from bot.feeds.domain.xml_text import fit_for_xml
from tests.archive_stage import an_entry
from tests.feeds.readers import read

DAY = datetime(2025, 2, 4, tzinfo=UTC)

TAG_URI = re.compile(r"tag:paperbot\.invalid,2026:[A-Za-z0-9/._~%-]+")
"""RFC 4151: an authority, a date, and what is specific."""


def a_feed(*items: Item, title: str = "Papers", pages: bool = False) -> Feed:
    return Feed(
        id=feed_id("ko", "all"),
        title=title,
        author="paperbot",
        language="ko",
        page="https://papers.example/papers",
        here="https://papers.example/feeds/ko/all.atom",
        items=items,
        first="/feeds/ko/all.atom" if pages else None,
        previous="/feeds/ko/all.atom" if pages else None,
        next="/feeds/ko/all.atom?page=3" if pages else None,
    )


def an_item(number: int, text: str = "A title") -> Item:
    return Item(
        id=item_id(f"2025-02-04 arxiv:2502.{number:05}", 0),
        address=f"/entry/{number}",
        title=text,
        html=text,
        published=DAY,
        updated=DAY + timedelta(hours=number),
        tags=(text,),
        paper="https://arxiv.org/abs/2502.00001",
    )


@settings(max_examples=25)
@given(st.lists(st.text(st.characters(), max_size=30), max_size=4), st.booleans())
def test_any_text_gives_a_valid_feed_that_says_it(texts, pages):
    feed = a_feed(
        *(an_item(n, text) for n, text in enumerate(texts)), title="".join(texts), pages=pages
    )

    in_atom, in_json = read(atom.write(feed)), read(json_feed.write(feed))

    assert [(i, at) for i, _, at in in_atom] == [(i, at) for i, _, at in in_json]
    assert [title for _, title, _ in in_json] == [fit_for_xml(text) for text in texts]


def test_exactly_the_characters_that_xml_lacks_are_replaced():
    # https://www.w3.org/TR/xml/#charsets
    allowed = {0x9, 0xA, 0xD, *range(0x20, 0xD800), *range(0xE000, 0xFFFE)}
    every = [chr(code) for code in range(0x10000)] + ["\U00010000", "\U0010ffff"]

    replaced = {character for character in every if fit_for_xml(character) == "\ufffd"}

    assert replaced - {"\ufffd"} == {each for each in every[:0x10000] if ord(each) not in allowed}


def test_a_reader_gets_content_tags_pages_and_both_addresses():
    feed = a_feed(an_item(7, "<b>둘</b>"), pages=True)

    parsed = feedparser.parse(atom.write(feed).encode())
    value = json.loads(json_feed.write(feed))

    [entry] = parsed.entries
    assert parsed.feed.id == "tag:paperbot.invalid,2026:feed/ko/all"
    assert parsed.feed.updated == entry.updated == "2025-02-04T07:00:00Z"
    assert entry.published == "2025-02-04T00:00:00Z"
    assert [(each.rel, each.href) for each in parsed.feed.links] == [
        ("self", "https://papers.example/feeds/ko/all.atom"),
        ("alternate", "https://papers.example/papers"),
        ("first", "/feeds/ko/all.atom"),
        ("previous", "/feeds/ko/all.atom"),
        ("next", "/feeds/ko/all.atom?page=3"),
    ]
    assert [(each.rel, each.href) for each in entry.links] == [
        ("alternate", "/entry/7"),
        ("related", "https://arxiv.org/abs/2502.00001"),
    ]
    assert entry.content[0].value == "<b>둘</b>"
    assert value["next_url"] == "/feeds/ko/all.atom?page=3"
    assert value["items"][0]["content_html"] == "<b>둘</b>"


def test_an_empty_feed_is_valid():
    assert read(atom.write(a_feed())) == read(json_feed.write(a_feed())) == []
    assert a_feed().updated == NEVER


KEYS = [
    "2025-02-04 arxiv:2502.01456",
    "2025-02-05 arxiv:2502.01456",
    "2025-02-04 arxiv:math.GT/0309136",
    "2025-02-04 url:https://example.org/a?b#c",
    "2025-02-04 title:제목 하나",
    " title:without a date",
]


def test_ids_are_tag_uris_of_their_own():
    ids = [item_id(key, earlier) for key in KEYS for earlier in (0, 1)]
    ids += [
        feed_id(language, kind, name)
        for language in ("ko", "en")
        for kind, name in [("all", ""), ("tag", "강화-학습"), ("query", "a b"), ("query", "a c")]
    ]

    assert all(TAG_URI.fullmatch(each) for each in ids)
    assert len(set(ids)) == len(ids)
    assert ids[0] == "tag:paperbot.invalid,2026:entry/2025-02-04/arxiv/2502.01456"


@pytest.mark.parametrize(
    ("changed", "updated"),
    [
        (None, DAY),
        (DAY + timedelta(days=3, hours=2), DAY + timedelta(days=3, hours=2)),
        (DAY - timedelta(days=1), DAY),  # written the day before, and changed then
    ],
)
def test_an_entry_was_updated_on_its_day_or_when_it_was_changed(changed, updated):
    stored = StoredEntry(EntryId(1), an_entry(on=DAY.date()))

    entry = FeedEntry(stored, "2025-02-04 title:a paper", 0, changed)

    assert (entry.published, entry.updated) == (DAY, updated)
    assert is_due(stored.entry, date(2025, 2, 4))
    assert not is_due(stored.entry, date(2025, 2, 3))
    assert not is_due(an_entry(on=None), date(2025, 2, 4))
