"""What links to our pages show elsewhere, and what crawlers are told (issue 18, item 3)."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from lxml import etree, html

from bot.archive.domain.entry import EntryId
from bot.core.picture import find_lack
from bot.feeds.domain import sitemap
from bot.feeds.domain.library import Changed, NoFeeds
from bot.feeds.services.feed_library import DatabaseFeeds
from bot.recap.services.pages import RecapPages
from tests.archive_stage import an_entry, keep_apart
from tests.databases import throw_away
from tests.platforms.web.stage import ARCHIVE, DAY, NOON, Stage, staged

SITE = "https://papers.example.org"
TITLE = "Sample paper number 1 on patient machines"


async def fetch(stage: Stage, path: str, **headers: str) -> tuple[int, str]:
    async with stage.client.get(stage.url(path), headers=headers) as response:
        return response.status, await response.text()


def head_of(page: str) -> dict[str, str]:
    """The meta tags and links of a page's head, but its feeds."""
    head = html.fromstring(page).find("head")
    found = {
        (each.get("property") or each.get("name")): each.get("content")
        for each in head.iterfind("meta")
        if each.get("content")
    }
    for each in head.iterfind("link"):
        if each.get("rel") == "canonical" or each.get("type") == "application/json+oembed":
            found[each.get("rel")] = each.get("href")
    return found


async def test_an_entry_has_a_card_in_the_readers_language():
    async with staged(site=SITE) as stage:
        _, english = await fetch(stage, "/entry/1")
        _, korean = await fetch(stage, "/entry/1", **{"Accept-Language": "ko"})

    head, in_korean = head_of(english), head_of(korean)
    assert head["og:title"] == TITLE
    assert head["og:type"] == "article"
    assert head["og:locale"] == "en_US"
    assert head["og:url"] == head["canonical"] == f"{SITE}/entry/1"
    assert head["og:description"].startswith("Sample 1 builds on patience")
    assert head["description"] == head["og:description"]
    assert head["article:published_time"] == f"{DAY}T00:00:00Z"
    assert head["twitter:card"] == "summary"
    assert head["alternate"] == f"{SITE}/oembed?url=https%3A%2F%2Fpapers.example.org%2Fentry%2F1"
    assert in_korean["og:locale"] == "ko_KR"
    assert "보상 모델" in in_korean["og:description"]
    assert "Said here" not in " ".join(head.values())


@pytest.mark.parametrize(
    ("path", "title", "canonical"),
    [
        ("/papers", "paperbot: Papers", "/papers"),
        (f"/digest/{DAY}", "Papers: 4 February 2025", f"/digest/{DAY}"),
        ("/digest/2025-02", "February 2025", "/digest/2025-02"),
        ("/graph", "Map of references", "/graph"),
        ("/tag/RL?page=1", "#rl", "/tag/rl"),
        ("/recap/2025-W06", "Looking back on week 6 of 2025", "/recap/2025-W06"),
    ],
)
async def test_other_pages_have_cards_and_one_address(path, title, canonical):
    async with staged(site=SITE) as stage:
        _, page = await fetch(stage, path)
        head = head_of(page)
        status, said = await fetch(stage, head["alternate"].removeprefix(SITE))

    assert (head["og:title"], head["canonical"]) == (title, SITE + canonical)
    assert (status, json.loads(said)["title"]) == (200, title)


async def test_the_card_of_a_recap_has_its_chart_as_a_picture():
    async with throw_away() as db:
        days = [date(2025, 2, day) for day in (3, 4, 5, 6, 7)]
        await keep_apart(db, *(an_entry(f"Paper {day}", on=day, tags="rl") for day in days))
        pages = RecapPages(db, zone=ZoneInfo("Asia/Seoul"))
        async with staged(look_back=pages, site=SITE) as stage:
            stage.clock.at = datetime(2025, 3, 3, tzinfo=UTC)  # when the week is over
            _, page = await fetch(stage, "/recap/2025-W06")
            stage.client.cookie_jar.clear()
            drawn = await fetch_bytes(stage, "/recap/2025-W06/card-en.png")
            cookies = len(stage.client.cookie_jar)
            none = await fetch_bytes(stage, "/recap/2025-W07/card-en.png")
            nonsense = await fetch_bytes(stage, "/recap/nonsense/card-en.png")

    head = head_of(page)
    assert (none[0], nonsense[0]) == (404, 404)
    if find_lack() is None:
        assert head["og:image"] == f"{SITE}/recap/2025-W06/card-en.png"
        assert head["og:image:alt"].startswith("Papers by tag")
        assert head["twitter:card"] == "summary_large_image"
        assert (drawn[0], drawn[1][:8]) == (200, b"\x89PNG\r\n\x1a\n")
        assert cookies == 0  # caches may keep the answer, and give it to others
    else:
        assert ("og:image" in head, drawn[0]) == (False, 404)


async def fetch_bytes(stage: Stage, path: str) -> tuple[int, bytes]:
    async with stage.client.get(stage.url(path)) as response:
        return response.status, await response.read()


@pytest.mark.parametrize(
    "path", ["/", "/papers?q=rl", "/tag/unknown", "/digest/2001-01-01", "/nothing", "/note"]
)
async def test_pages_that_crawlers_should_leave_out_say_so(path):
    async with staged(site=SITE) as stage:
        _, page = await fetch(stage, path)

    head = head_of(page)
    assert head["robots"] == "noindex"
    assert "og:title" not in head


async def test_without_a_known_address_nothing_is_made_up_from_the_request():
    async with staged() as stage:
        _, page = await fetch(stage, "/entry/1")
        oembed = await fetch(stage, "/oembed?url=" + quote(stage.url("/entry/1"), safe=""))
        robots = await fetch(stage, "/robots.txt")
        no_sitemap = await fetch(stage, "/sitemap.xml")

    head = head_of(page)
    assert head["og:title"] == TITLE
    assert not {"og:url", "canonical", "alternate"} & set(head)
    assert (oembed[0], robots[0], no_sitemap[0]) == (404, 200, 404)
    assert "Sitemap:" not in robots[1]


async def test_oembed_tells_of_our_pages_only():
    wanted = {
        f"{SITE}/entry/1": TITLE,
        f"{SITE}/digest/{DAY}": "Papers: 4 February 2025",
        f"{SITE}/tag/rl": "#rl",
        f"{SITE}/tag/rl?page=2": "#rl",
        f"{SITE}/papers": "paperbot: Papers",
        f"{SITE}/recap/2025": "Looking back on 2025",
        f"{SITE.replace('https', 'http')}/entry/1": None,
        "https://evil.example/entry/1": None,
        "https://papers.example.org.evil.example/entry/1": None,
        "https://papers.example.org@evil.example/entry/1": None,
        f"{SITE}/entry/999": None,
        f"{SITE}/digest/2025-99-99": None,
        f"{SITE}/c/general/t/1": None,
        f"{SITE}/../etc/passwd": None,
        "//[": None,
        "": None,
    }
    async with staged(site=SITE) as stage:
        told: dict[str, Any] = {}
        for url in wanted:
            address = stage.url("/oembed?url=" + quote(url, safe=""))
            async with stage.client.get(address) as response:
                told[url] = await response.json() if response.status == 200 else None
                assert response.status in (200, 404)
        as_xml = await fetch(stage, f"/oembed?format=xml&url={quote(SITE, safe='')}%2Fentry%2F1")

    assert {url: said and said["title"] for url, said in told.items()} == wanted
    said = told[f"{SITE}/entry/1"]
    assert (said["version"], said["type"], said["provider_name"]) == ("1.0", "link", "paperbot")
    assert said["author_name"] == "Ada Example, 김예시, Bo Sample …"
    assert "html" not in said
    assert as_xml[0] == 501


async def test_the_sitemap_has_the_pages_of_the_archive_and_robots_the_sitemap():
    async with throw_away() as db:
        await keep_apart(db, an_entry("One"), an_entry("Two", on=NOON.date() + timedelta(days=1)))
        async with staged(feeds=DatabaseFeeds(db), site=SITE) as stage:
            status, text = await fetch(stage, "/sitemap.xml")
            _, robots = await fetch(stage, "/robots.txt")

    places = etree.fromstring(text.encode())
    found = {each[0].text: each[1].text if len(each) > 1 else None for each in places}
    days = {f"{SITE}/digest/{stored.entry.date}" for stored in ARCHIVE}
    assert status == 200
    assert set(found) == {
        f"{SITE}/papers",
        f"{SITE}/entry/1",
        f"{SITE}/tag/reasoning",
        f"{SITE}/tag/optimizer",
        *days,
    }
    assert found[f"{SITE}/entry/1"] == "2025-02-04"
    assert f"Sitemap: {SITE}/sitemap.xml" in robots
    for path in ("/api/", "/manage", "/note", "/c/", "/papers?q="):
        assert f"Disallow: {path}\n" in robots


async def test_the_sitemap_names_no_day_that_has_not_begun():
    async with staged(site=SITE) as stage:
        stage.clock.at = NOON - timedelta(days=1)
        _, text = await fetch(stage, "/sitemap.xml")

    found = {each[0].text for each in etree.fromstring(text.encode())}
    assert f"{SITE}/digest/{DAY}" not in found
    assert f"{SITE}/digest/{DAY - timedelta(days=1)}" in found


class ManyEntries(NoFeeds):
    """A feed library with more entries than one sitemap may have."""

    async def last_entry(self) -> int:
        return sitemap.MOST + 1

    async def changes(self, first: int, last: int, *, today: date) -> tuple[Changed, ...]:
        ids = range(first, min(last, sitemap.MOST + 1) + 1)
        return tuple(Changed(EntryId(each), today) for each in ids[-2:])


async def test_a_large_archive_has_several_sitemaps_in_an_index():
    async with staged(feeds=ManyEntries(), site=SITE) as stage:
        _, index = await fetch(stage, "/sitemap.xml")
        parts = [each[0].text for each in etree.fromstring(index.encode())]
        told = [await fetch(stage, each.removeprefix(SITE)) for each in parts]
        beyond = await fetch(stage, "/sitemap-9.xml")

    assert parts == [f"{SITE}/sitemap-{part}.xml" for part in (0, 1, 2)]
    assert f"{SITE}/papers<" in told[0][1]
    assert f"{SITE}/entry/{sitemap.MOST}<" in told[1][1]
    assert f"{SITE}/entry/{sitemap.MOST + 1}<" in told[2][1]
    assert beyond[0] == 404


async def test_a_crawler_that_asks_too_fast_is_slowed_down_and_readers_are_not():
    agent = {"User-Agent": "Mozilla/5.0 (compatible; GreedyBot/1.0; +https://example.org/bot)"}
    async with staged() as stage:
        statuses: list[int] = []
        while len(statuses) < 2_000 and 429 not in statuses:
            statuses.append((await fetch(stage, "/feeds/en/all.json", **agent))[0])
        robots = await fetch(stage, "/robots.txt", **agent)
        reader = await fetch(stage, "/tag/rl")
        other = await fetch(stage, "/tag/rl", **{"User-Agent": "OtherBot/2"})

    assert statuses[:60] == [200] * 60
    assert statuses[-1] == 429
    assert (robots[0], reader[0], other[0]) == (200, 200, 200)
