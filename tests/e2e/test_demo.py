"""`paperbot demo` as a process, visited with a real Chromium: what a first-time user does.

With PAPERBOT_SCREENSHOTS=1 (and -p no:randomly) the pictures of the README are taken on the way.
"""

import asyncio
import json
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.browser import browsing, overflow, photograph, visiting
from tests.waiting import HANGING

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = re.compile(r"(http://127\.0\.0\.1:\d+/)\?token=\S+")
_PAPERS = 3 + 5
"""Of the two newest days in bot/samples."""

in_browser = pytest.mark.browser
pytestmark = [pytest.mark.asyncio(loop_scope="module")]


@asynccontextmanager
async def demo(*arguments: str) -> AsyncIterator[tuple[str, str, asyncio.subprocess.Process]]:
    """A demo on a free port: its address, its one-time address, and its process."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "demo", "--port", "0", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=ROOT,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(HANGING):
            while True:
                line = (await process.stdout.readline()).decode()
                assert line, "the demo ended before it named its address"
                if found := ADDRESS.search(line):
                    break
        yield found[1], found[0], process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def address() -> AsyncIterator[str]:
    async with demo() as (found, _, _):
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with browsing(chromium) as opened:
        yield opened


async def digest(page: Page):
    """The papers of the two digests, once they have all arrived: the newer one comes after the start.

    Before that, an answer that only its asker sees is not the last message for long.
    """
    papers = page.locator(
        ".log .message",
        has=page.get_by_role("link", name=re.compile("Discuss|repl|이야기하기|답글")),
    )
    await expect(papers.nth(_PAPERS - 1)).to_be_attached()
    return papers


async def test_the_demo_answers_is_healthy_and_stops_on_sigterm():
    async with demo() as (address, _, process), aiohttp.ClientSession() as client:
        async with client.get(address) as page:
            assert page.status == 200
        async with client.get(f"{address}healthz") as health:
            assert health.status == 200
            assert json.loads(await health.text())["ok"] is True
        async with client.get(f"{address}metrics") as metrics:
            assert metrics.status == 200

        async with client.get(f"{address}events?after=0") as stream:
            assert await stream.content.readline()
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0


@in_browser
async def test_the_printed_address_opens_the_chat_as_its_operator(browser: Browser):
    async with demo() as (address, one_time_address, _):
        async with visiting(browser, one_time_address) as page:
            assert page.url == address
            await page.get_by_role("button", name="Add a channel").click()
            await page.get_by_role("textbox", name="What is the new channel called?").fill("team")
            await page.keyboard.press("Enter")
            await expect(page.get_by_role("heading", level=1)).to_have_text("#team")
        async with visiting(browser, address) as page:
            await expect(page.get_by_role("button", name="Add a channel")).to_have_count(0)


@in_browser
async def test_the_days_digest_is_there_in_both_languages(browser: Browser, address: str):
    async with visiting(browser, address) as page:
        papers = await digest(page)

        for language in ("ko", "en"):
            await expect(papers.first.locator(f'.body [lang="{language}"]').first).to_be_visible()
        await photograph(page, "chat")

        title = page.locator(".log .message").first.locator("ol a[href^='/c/general/t/']").first
        name = await title.inner_text()
        await title.click()  # the header's titles lead to the papers, once these are posted
        await expect(page.locator(".message:focus h3")).to_have_text(name)
        assert page.url == address


@in_browser
async def test_a_reply_in_a_papers_thread_is_stored(browser: Browser, address: str):
    async with visiting(browser, address) as page:
        papers = await digest(page)
        await page.get_by_role("button", name="You are").click()
        await page.get_by_role("textbox", name="What should people call you?").fill("민지")
        await page.keyboard.press("Enter")
        await papers.last.locator(".thread-link").click()
        thread = page.get_by_role("complementary")
        await expect(thread.get_by_role("combobox")).to_be_focused()
        await page.keyboard.type("우리 데이터로도 재현해 보고 싶네요. 같이 하실 분?")
        await page.keyboard.press("Enter")
        said = thread.locator(".message", has_text="우리 데이터로도 재현해 보고 싶네요.")
        await expect(said).to_have_count(1)

        await page.reload()

        await expect(said.locator(".said")).to_contain_text("같이 하실 분?")
        await expect(said.locator(".name")).to_have_text("민지")
        await photograph(page, "thread")


@in_browser
async def test_a_look_up_answers(browser: Browser, address: str):
    async with visiting(browser, address) as page:
        await digest(page)
        await page.keyboard.press("/")
        await page.keyboard.type("pa")
        await page.keyboard.press("Tab")
        await page.keyboard.insert_text("reas")  # at once: choices for "r" may be there before
        suggestion = page.get_by_role("option").filter(has_text="reasoning").first
        await expect(suggestion).to_be_visible()
        await photograph(page, "suggestions")
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("combobox")).to_have_value("/paper reasoning")
        await page.keyboard.press("Enter")

        answer = page.locator(".log .message").last
        await expect(answer.locator(".question")).to_contain_text("/paper reasoning")
        await expect(answer.get_by_role("listitem").first).to_contain_text("#reasoning")
        await photograph(page, "lookup")


@in_browser
async def test_a_korean_visitor_reads_the_demo_in_korean(browser: Browser, address: str):
    async with (
        visiting(browser, address, locale="ko-KR") as page,
        visiting(browser, address) as other,
    ):
        papers = await digest(page)
        await expect(papers.first).to_contain_text("초록과 참고 논문")
        await expect((await digest(other)).first).to_contain_text("Abstract and references")
        await photograph(page, "chat")

        await papers.last.locator(".thread-link").click()
        thread = page.get_by_role("complementary")
        await expect(thread.locator(".message").nth(1)).to_contain_text("초록")
        await thread.get_by_role("combobox").fill("실험을 재현해 보고 싶습니다.")
        await page.keyboard.press("Enter")
        await expect(thread.locator(".said").last).to_be_visible()
        await photograph(page, "thread")

        await thread.get_by_role("combobox").fill("@paperbot help")
        await page.keyboard.press("Enter")
        answer = thread.locator(".message", has_text="물어볼 수 있습니다")
        await expect(answer).to_be_visible()


@in_browser
async def test_korean_is_looked_up_and_shown(browser: Browser, address: str):
    async with visiting(browser, address, locale="ko-KR") as page:
        await expect(page.locator("html")).to_have_attribute("lang", "ko")
        await digest(page)
        field = page.get_by_role("combobox", name="#general 채널에 쓰기")
        await field.fill("/paper 보상")
        await field.press("Escape")
        await field.press("Enter")

        answer = page.locator(".log .message").last
        await expect(answer.locator(".question")).to_contain_text("/paper 보상")
        await expect(answer.get_by_role("listitem").first).to_be_visible()
        await photograph(page, "lookup")

        await page.goto(f"{address}papers")
        await page.get_by_role("combobox").press_sequentially("reas")
        await expect(page.get_by_role("option").first).to_be_visible()
        await photograph(page, "search")


@in_browser
async def test_tomorrows_digest_is_reviewed(browser: Browser):
    async with (
        demo() as (_, one_time_address, _),
        visiting(browser, one_time_address, height=1040) as page,
    ):
        await digest(page)
        answer = page.locator(".log .message").last

        async def review(language: str, words: str, picture: str) -> None:
            await page.goto(f"{page.url.partition('?')[0]}?lang={language}")
            field = page.locator("[role=combobox]").first
            await field.fill("/digest review")
            await field.press("Escape")
            await field.press("Enter")
            await expect(answer).to_contain_text(words)
            await photograph(page, picture)

        await review("ko", "아직 아무도 승인하지", "review")
        await review("en", "Nobody has approved it yet", "review")
        for label in ("Look", "Hold for another day"):
            await answer.get_by_role("button", name=label).first.click()
        await expect(answer).to_contain_text("Held for another day:")
        await answer.get_by_role("button", name="Approve").click()
        await expect(answer).to_contain_text("Exactly this is posted. Approved by:")
        await photograph(page, "review-outcome")
        await review("ko", "정확히 이대로 올라갑니다", "review-outcome")


@in_browser
@pytest.mark.parametrize("locale", ["en-US", "ko-KR"])
async def test_a_phone_shows_everything_without_scrolling_sideways(
    browser: Browser, address: str, locale: str
):
    async with visiting(
        browser, address, width=360, height=740, touch=True, locale=locale, scale=2
    ) as page:
        papers = await digest(page)
        assert await overflow(page) == 0
        await papers.first.scroll_into_view_if_needed()
        await photograph(page, "phone")

        await papers.last.locator(".thread-link").tap()
        await expect(page.get_by_role("complementary")).to_be_visible()
        assert await overflow(page) == 0


@in_browser
async def test_the_page_follows_the_dark_colour_scheme(browser: Browser, address: str):
    async with visiting(browser, address, dark=True) as page:
        await digest(page)
        ground = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        root = await page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        assert "rgb(23, 22, 20)" in (ground, root)
        await photograph(page, "dark")


@in_browser
async def test_an_entry_has_a_page_with_all_that_belongs_to_it(browser: Browser, address: str):
    async with visiting(browser, address) as page:
        papers = await digest(page)
        link = papers.first.locator('[data-command^="/paper entry:"]')
        href = await link.get_attribute("href")
        assert href is not None

        await page.goto(address.rstrip("/") + href)

        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        await expect(page.get_by_role("heading", name="Abstract")).to_be_visible()
        assert await overflow(page) == 0
        await photograph(page, "entry")


@in_browser
async def test_the_archive_is_searched_with_suggestions(browser: Browser, address: str):
    async with visiting(browser, f"{address}papers", height=640) as page:
        field = page.get_by_role("combobox", name="Search the archive")
        await field.fill("reas")
        await expect(page.get_by_role("option").nth(1)).to_be_visible()
        await photograph(page, "search")

        await field.press("ArrowDown")
        await field.press("Enter")

        await expect(page.get_by_role("article").first).to_contain_text("#reasoning")


async def test_a_published_day_is_shown_as_the_curator_wrote_it(shared: Path):
    page = shared / "samples" / "digests" / "2025-02-04.txt"
    async with demo("--import", str(page)) as (address, _, _), aiohttp.ClientSession() as client:
        async with client.get(f"{address}digest/2025-02-04") as response:
            html = await response.text()

        assert html.count("<article") == 5
        for text in (
            "ZebraLogic",
            "Alexander Hägele",
            "연산 문제 등에 대해서",
            "#self-improvement",
        ):
            assert text in html
