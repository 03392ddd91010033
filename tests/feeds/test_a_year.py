"""A reader that polls every hour for a year of days sees each entry once, and each edit once."""

import hashlib
import json
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache

import feedparser

from bot.archive.domain.entry import Commentary, EntryId, Language, StoredEntry
from bot.archive.domain.lasting import first_key, is_changed
from bot.feeds.domain import atom, json_feed
from bot.feeds.domain.feed import PER_PAGE, Feed, FeedEntry, Item, feed_id, is_due
from bot.platforms.web.feeds.freshness import Freshness
from tests.archive_stage import an_entry

DAYS = 365
START = date(2025, 1, 1)
EDITED = 7
"""Every seventh entry is corrected, three days later at ten."""


def entries() -> list[FeedEntry]:
    made = []
    for number in range(DAYS * 2):
        on = START + timedelta(days=number // 2)
        entry = an_entry(f"Paper {number}", on=on, en="Words.")
        made.append(FeedEntry(StoredEntry(EntryId(number + 1), entry), first_key(entry)))
    return made


def corrected(old: FeedEntry, now: datetime) -> FeedEntry:
    entry = replace(old.stored.entry, commentary=(Commentary(Language.EN, ("Better words.",)),))
    assert is_changed(old.stored.entry, entry)
    return replace(old, stored=replace(old.stored, entry=entry), changed_at=now)


def item(of: FeedEntry) -> Item:
    entry = of.stored.entry
    html = "".join(entry.paragraphs(Language.EN))
    return Item(of.id, f"/entry/{of.stored.id}", entry.paper.title, html, of.published, of.updated)


@cache
def feed(page: tuple[FeedEntry, ...]) -> Feed:
    return Feed(
        feed_id("en", "all"), "Papers", "paperbot", "en", "/", "/feed", tuple(map(item, page))
    )


@cache
def written(page: tuple[FeedEntry, ...]) -> tuple[str, str]:
    text = json_feed.write(feed(page))
    return text, hashlib.sha256(text.encode()).hexdigest()


def test_a_year_of_hours():
    archive, freshness = entries(), Freshness()
    seen: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    by_feedparser: defaultdict[str, set[str]] = defaultdict(set)
    tag, since, sent = "", datetime.min.replace(tzinfo=UTC), 0
    for hour in range(DAYS * 24):
        now = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
        day = (now.date() - START).days
        if now.hour == 10:
            for number in range(max(day - 3, 0) * 2, (day - 2) * 2):
                if number % EDITED == 0:
                    archive[number] = corrected(archive[number], now)
        # The page that the store reads: what is due, newest first.
        due = [each for each in archive[: day * 2 + 4] if is_due(each.stored.entry, now.date())]
        page = tuple(reversed(due[-PER_PAGE:]))
        text, new_tag = written(page)
        at = freshness.since("/feed", new_tag, now)
        assert (at > since) == (new_tag != tag)
        tag, since, unchanged = new_tag, at, new_tag == tag
        if unchanged:
            continue  # 304
        sent += 1
        for each in json.loads(text)["items"]:
            if (version := (each["date_modified"], each["content_html"])) not in seen[each["id"]]:
                seen[each["id"]].append(version)
        if sent % 12 == 0:
            for each in feedparser.parse(atom.write(feed(page)).encode()).entries:
                by_feedparser[each.id].add(each.updated)

    assert len(seen) == len(archive)
    for number, each in enumerate(archive):
        was_edited = number % EDITED == 0 and number // 2 + 3 < DAYS
        assert len(seen[each.id]) == (2 if was_edited else 1)
        assert by_feedparser[each.id] <= {at for at, _ in seen[each.id]}
    assert set(by_feedparser) <= set(seen)
    assert len(by_feedparser) > 600
