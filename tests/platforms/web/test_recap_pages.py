"""The pages of recaps: the same as in chat, with the chart as SVG."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Browser, expect

from bot.archive.domain.arxiv_record import Change, PaperEventKind
from bot.archive.store import paper_events
from bot.core.database.database import Database
from bot.core.ports import MessageRef
from bot.discussion.store import replies
from bot.platforms.web.addresses import channel_ref
from bot.reactions.store import reactions
from bot.recap.services.pages import RecapPages
from tests.archive_stage import an_entry, keep_apart
from tests.browser import browsing, overflow, photograph, visiting
from tests.databases import throw_away
from tests.platforms.web.stage import staged

IN_MARCH = datetime(2025, 3, 3, 3, tzinfo=UTC)
"""When February is over."""


async def test_a_week_a_month_and_a_year_have_pages_in_the_readers_language():
    async with throw_away() as db:
        week = [date(2025, 2, day) for day in (3, 4, 5, 6, 7)]
        papers = [an_entry(f"Paper {day}", on=day, tags="rl <moe>") for day in week]
        await keep_apart(db, *papers)
        pages = RecapPages(db, zone=ZoneInfo("Asia/Seoul"))
        async with staged(look_back=pages) as stage:
            stage.clock.at = IN_MARCH
            told = {}
            for name in (
                "2025-W06",
                "2025-02",
                "2025",
                "2025-W07",
                "week",
                "nonsense",
                "1900",
                "9998",
            ):
                async with stage.client.get(stage.url(f"/recap/{name}")) as response:
                    told[name] = (response.status, await response.text())
            korean = {"Accept-Language": "ko"}
            async with stage.client.get(stage.url("/recap/2025-02"), headers=korean) as response:
                in_korean = await response.text()

    for name, heading in (("2025-W06", "week 6 of 2025"), ("2025-02", "February 2025")):
        status, page = told[name]
        assert status == 200
        assert f"Looking back on {heading}" in page
        assert 'role="img"' in page
        assert "Papers by tag" in page
        assert "style=" not in page
    assert 'href="/recap/2025-W05"' in told["2025-W06"][1]
    assert 'href="/recap/2025-02"' in told["2025-W06"][1]
    assert "0 papers, too few to look back on" in told["2025-W07"][1]
    assert told["week"][0] == 200
    assert told["nonsense"][0] == 404
    assert (told["1900"][0], told["9998"][0]) == (200, 200)
    assert 'href="/recap/1899"' not in told["1900"][1]
    assert "2025년 2월 돌아보기" in in_korean


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with browsing(chromium) as opened:
        yield opened


TAGS = ("rl", "reasoning", "embedding", "강화학습", "benchmark", "synthetic-data")
FRIDAY = date(2025, 2, 7)


async def with_a_talkative_week(db: Database) -> None:
    """Thirteen weeks of papers; in the last one people talk, like, and cite what was there before."""
    days = [FRIDAY - timedelta(weeks=week, days=day) for week in range(13) for day in range(5)]
    papers = [
        an_entry(
            f"Sample paper number {n}",
            arxiv_id=f"2502.{n + 100:05}",
            on=day,
            tags=f"{TAGS[n * n % 6]} {TAGS[(n // 7) % 6]}",
            cites=("2502.00130", "2502.00141") if n < 2 else (),
        )
        for n, day in enumerate(days, start=1)
    ]
    ids = await keep_apart(db, *papers)
    at = datetime(2025, 2, 6, 3, tzinfo=UTC)
    general = channel_ref("general")
    people = ("Ada", "보람", "Cho", "Ada", "하늘")
    async with db.transaction() as tx:
        for n, name in enumerate(people):
            entry = ids[n // 3]
            draft = replies.Draft(
                message=MessageRef(general, f"said-{n}"),
                root=MessageRef(general, f"root-{entry}"),
                entry_id=entry,
                author_id=f"web:{name}",
                author=name,
                text="Does this hold for smaller models?",
                said_at=at,
                edited_at=None,
                link=None,
            )
            await replies.add(tx, draft, at)
            given = reactions.Given(MessageRef(general, f"root-{ids[2]}"), f"web:{name}", "+1")
            await reactions.put(tx, given, ids[2], is_there=True, at=at)
        changes = [("2502.00110", Change(PaperEventKind.VERSION, 1, 3))]
        changes += [("2502.00112", Change(PaperEventKind.WITHDRAWN, 1, 2))]
        await paper_events.add(tx, changes, at)


@pytest.mark.parametrize(
    ("locale", "heading", "sections"),
    [
        ("en-US", "Looking back on week 6 of 2025", ("Most discussed", "Rising", "Who took part")),
        ("ko-KR", "2025년 6주차 돌아보기", ("가장 많이 토론한 논문", "늘어난 태그", "참여한 사람")),
    ],
)
async def test_a_recap_is_read_in_light_and_dark_and_on_a_phone(
    browser: Browser, locale: str, heading: str, sections: tuple[str, ...]
):
    async with throw_away() as db:
        await with_a_talkative_week(db)
        pages = RecapPages(db, zone=ZoneInfo("Asia/Seoul"))
        async with staged(look_back=pages) as stage:
            stage.clock.at = IN_MARCH
            papers = stage.url("/papers")
            async with visiting(browser, papers, locale=locale, width=1000, height=1150) as page:
                await page.goto(stage.url("/recap/2025-W06"))
                await expect(page.get_by_role("heading", name=heading).last).to_be_visible()
                chart = page.get_by_role("img", name="#rl")
                await expect(chart).to_be_visible()
                for section in sections:
                    await expect(page.locator(".recap")).to_contain_text(section)
                await expect(page.locator(".recap")).to_contain_text("Ada")
                await photograph(page, "recap")
                await page.emulate_media(color_scheme="dark")
                colour = "getComputedStyle(document.querySelector('.chart text')).fill"
                assert await page.evaluate(f"parseInt({colour}.slice(4))") > 150
                await page.set_viewport_size({"width": 360, "height": 740})
                assert await overflow(page) == 0
                box = await chart.bounding_box()
                assert box is not None
                assert box["width"] <= 360
                await page.get_by_role("link", name="Sample paper").first.wait_for()
