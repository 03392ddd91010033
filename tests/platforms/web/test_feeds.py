"""Feeds as readers get them: valid, in each language, with 304, without anything of a visitor."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import Any

import feedparser
from lxml import etree, html

from bot.archive.domain.entry import EntryId
from bot.archive.store import entry_changes
from bot.core.database.database import Database
from bot.feeds.services.feed_library import DatabaseFeeds
from bot.platforms.web.visitors.proxies import ProxySignIn
from tests.archive_stage import an_entry, keep, keep_apart
from tests.databases import throw_away
from tests.feeds.readers import read
from tests.platforms.web.stage import NOON, Stage, staged

SITE = "https://papers.example.org"
DAY = NOON.date()

ENTRIES = (
    an_entry(
        "Patience & <machines>",
        authors=("Ada Example", "김예시"),
        arxiv_id="2502.00001",
        ko="기다릴 줄 아는 <기계>.",
        en="It waits, see [this](https://example.org/a) and javascript:alert(1).",
        tags="rl 강화-학습",
    ),
    an_entry("Yesterday", on=DAY - timedelta(days=1), en="Words.", tags="rl"),
    an_entry("Tomorrow", on=DAY + timedelta(days=1), en="Words.", tags="rl"),
)


@asynccontextmanager
async def reading(*entries, **more: Any) -> AsyncIterator[tuple[Stage, Database]]:
    async with throw_away() as db:
        await keep_apart(db, *entries)
        async with staged(feeds=DatabaseFeeds(db), site=SITE, **more) as stage:
            yield stage, db


async def fetch(stage: Stage, path: str, **headers: str) -> tuple[int, str, Mapping[str, str]]:
    async with stage.client.get(stage.url(path), headers=headers) as response:
        return response.status, await response.text(), response.headers


async def test_all_a_tag_and_a_query_have_valid_feeds_in_both_languages():
    paths = [
        (name.format(language, form), form)
        for language in ("ko", "en")
        for form in ("atom", "json")
        for name in (
            "/feeds/{}/all.{}",
            "/feeds/{}/tags/%EA%B0%95%ED%99%94-%ED%95%99%EC%8A%B5.{}",
            "/feeds/{}/search.{}?q=%23rl%20-words",
        )
    ]
    async with reading(*ENTRIES) as (stage, _):
        told = {path: (form, await fetch(stage, path)) for path, form in paths}

    for path, (form, (status, text, headers)) in told.items():
        assert status == 200, path
        titles = [title for _, title, _ in read(text)]
        assert titles == ["Patience & <machines>", "Yesterday"][: 2 if "all" in path else 1]
        kind = "application/atom+xml" if form == "atom" else "application/feed+json"
        assert headers["Content-Type"].startswith(kind)
        assert headers["Cache-Control"] == "public, max-age=300"
        assert "Set-Cookie" not in headers


async def test_an_item_is_the_entry_as_the_page_shows_it_with_absolute_addresses():
    async with reading(*ENTRIES) as (stage, _):
        _, korean, _ = await fetch(stage, "/feeds/ko/all.json")
        _, english, _ = await fetch(stage, "/feeds/en/all.json")

    in_korean, in_english = (json.loads(each) for each in (korean, english))
    item = in_korean["items"][0]
    content = item["content_html"]
    assert (in_korean["title"], in_english["title"]) == ("paperbot: 논문", "paperbot: Papers")
    assert in_korean["home_page_url"] == f"{SITE}/papers"
    assert in_korean["feed_url"] == f"{SITE}/feeds/ko/all.json"
    assert item["url"].startswith(f"{SITE}/entry/")
    assert item["external_url"] == "https://arxiv.org/abs/2502.00001"
    assert item["tags"] == ["rl", "강화-학습"]
    assert "&lt;기계&gt;" in content
    assert 'href="https://example.org/a"' in content
    assert 'href="javascript' not in content
    assert content.index('lang="ko"') < content.index('lang="en"')
    other = in_english["items"][0]
    assert other["content_html"].index('lang="en"') < other["content_html"].index('lang="ko"')
    assert (other["id"], other["date_modified"]) == (item["id"], item["date_modified"])


async def test_a_feed_that_did_not_change_is_not_sent_again():
    async with reading(*ENTRIES) as (stage, db):
        _, text, headers = await fetch(stage, "/feeds/en/all.atom")
        has = {"If-None-Match": headers["ETag"]}
        since = {"If-Modified-Since": headers["Last-Modified"]}
        same = await fetch(stage, "/feeds/en/all.atom", **has)
        same_since = await fetch(stage, "/feeds/en/all.atom", **since)
        async with db.transaction() as tx:
            await entry_changes.withdraw(tx, [EntryId(2)], now=NOON)
        # In the same second: the dates of the other items did not move.
        other = await fetch(stage, "/feeds/en/all.atom", **has)
        other_since = await fetch(stage, "/feeds/en/all.atom", **since)

    assert len(read(text)) == 2
    assert (same[0], same[1], same[2]["ETag"]) == (304, "", headers["ETag"])
    assert same_since[0] == 304
    assert (other[0], other_since[0]) == (200, 200)
    assert len(read(other[1])) == 1


async def test_pages_of_a_feed_are_linked_and_odd_addresses_are_refused():
    many = [an_entry(f"Paper {n}", en="Words", tags="rl") for n in range(51)]
    async with reading(*many) as (stage, _):
        first = feedparser.parse((await fetch(stage, "/feeds/en/tags/rl.atom"))[1])
        links = {each.rel: each.href for each in first.feed.links}
        second = await fetch(stage, links["next"].removeprefix(SITE))
        statuses = [
            (await fetch(stage, path))[0]
            for path in (
                "/feeds/en/tags/unknown.atom",
                "/feeds/fr/all.atom",
                "/feeds/en/all.rss",
                "/feeds/en/search.atom?q=in:discussion",
                "/feeds/en/search.atom?q=date:nonsense",
                "/feeds/en/search.atom?q=",
            )
        ]

    assert links["next"] == f"{SITE}/feeds/en/tags/rl.atom?page=2"
    assert len(first.entries) == 50
    assert len(read(second[1])) == 1
    assert {each.rel: each.href for each in feedparser.parse(second[1]).feed.links}[
        "previous"
    ] == f"{SITE}/feeds/en/tags/rl.atom"
    assert statuses == [404, 404, 404, 422, 422, 200]


async def test_pages_name_their_feeds_and_opml_lists_those_of_tags():
    async with reading(*ENTRIES) as (stage, _):
        pages = {
            path: (await fetch(stage, path, **{"Accept-Language": "ko"}))[1]
            for path in (
                "/",
                "/papers",
                "/entry/1",
                "/tag/rl",
                "/tag/unknown",
                "/papers?q=%23rl",
                "/papers?q=random",
                "/nothing",
            )
        }
        status, opml, headers = await fetch(stage, "/feeds/ko/tags.opml")

    everything = ["/feeds/ko/all.atom", "/feeds/ko/all.json"]
    assert {path: named_in(page) for path, page in pages.items()} == {
        "/": everything,
        "/papers": everything,
        "/entry/1": everything,
        "/tag/rl": ["/feeds/ko/tags/rl.atom", "/feeds/ko/tags/rl.json", *everything],
        "/tag/unknown": everything,
        "/papers?q=%23rl": [
            "/feeds/ko/search.atom?q=%23rl",
            "/feeds/ko/search.json?q=%23rl",
            *everything,
        ],
        "/papers?q=random": everything,
        "/nothing": [],
    }
    assert (status, headers["Content-Type"].partition(";")[0]) == (200, "text/x-opml")
    outlines = etree.fromstring(opml.encode()).findall("body/outline")
    assert all(each.get("title") == each.get("text") and not each.text for each in outlines)
    assert [(each.get("text"), each.get("xmlUrl")) for each in outlines] == [
        ("paperbot: 논문", f"{SITE}/feeds/ko/all.atom"),
        ("paperbot: #reasoning", f"{SITE}/feeds/ko/tags/reasoning.atom"),
        ("paperbot: #optimizer", f"{SITE}/feeds/ko/tags/optimizer.atom"),
    ]


def named_in(page: str) -> list[str]:
    """The feeds that a page names in its head."""
    links = html.fromstring(page).xpath("//head/link[@rel='alternate']")
    return [each.get("href") for each in links if "oembed" not in each.get("type")]


async def test_no_cache_between_answers_where_a_proxy_lets_people_in():
    proxy = ProxySignIn("X-Forwarded-User", "0" * 32)
    paths = ("/feeds/en/all.atom", "/sitemap.xml", "/robots.txt")
    async with reading(*ENTRIES, proxy_sign_in=proxy) as (stage, _):
        kept = [(await fetch(stage, path))[2]["Cache-Control"] for path in paths]

    assert kept == ["private, max-age=300", "private, max-age=3600", "private, max-age=3600"]


async def test_a_reader_that_polls_sees_each_entry_once():
    days = 20  # of a server; a whole year is read in tests/feeds/test_a_year.py
    seen: dict[str, set[str]] = {}
    sent = 0
    async with reading() as (stage, db):
        tag = ""
        for number in range(days):
            on = date(2025, 3, 1) + timedelta(days=number)
            stage.clock.at = NOON + (on - DAY)
            await keep_on(db, number, on)
            for _ in range(2):
                status, text, headers = await fetch(
                    stage, "/feeds/en/all.json", **{"If-None-Match": tag or '"none"'}
                )
                tag = headers["ETag"]
                if status == 200:
                    sent += 1
                    for item_id, _, updated in read(text):
                        seen.setdefault(item_id, set()).add(updated)

    assert len(seen) == days
    assert sent == days
    assert all(len(each) == 1 for each in seen.values())


async def keep_on(db: Database, number: int, on: date) -> None:
    await keep(db, an_entry(f"Paper {number}", on=on, en="Words.", path=f"notes/{number}.md"))
