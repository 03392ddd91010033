"""The list of messages of the chat in a real Chromium: what arrives out of order or while it is read."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Browser, Page, Route, expect

from bot.core.domain import document
from bot.core.ports import ChannelRef, DeliveryKey, Platform
from bot.webchat.domain.board import Author, BoardMessage
from tests.browser import visiting
from tests.platforms.web.stage import Stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

GENERAL = ChannelRef(Platform.WEB, "", "general")
TOMAS = Author("x", "Tomas")


async def say(stage: Stage, text: str, *, root: int | None = None) -> BoardMessage:
    """Something that Tomas says; open pages are told with the next `notice`."""
    return await stage.board.add("general", text, at=stage.clock(), root=root, author=TOMAS)


async def notice(stage: Stage, page: Page, text: str) -> None:
    """Post a text: once the page shows it, the page has got every change of before."""
    await stage.chat.post(GENERAL, document.notice(text), key=DeliveryKey(text))
    await expect(page.locator("#log")).to_contain_text(text)


@dataclass
class LateAnswer:
    """A route whose request is answered at once, and whose answer is late."""

    is_made: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, route: Route) -> None:
        response = await route.fetch()
        self.is_made.set()
        await self.released.wait()
        await route.fulfill(response=response)


async def test_a_change_of_a_message_that_is_not_loaded_leaves_no_gap(
    browser: Browser, archive: Stage
):
    old, *_ = [await say(archive, f"line {number:02}") for number in range(90)]
    async with visiting(browser, archive.address) as page:
        await page.reload()  # all is read, so that it begins at the end
        log, lines = page.locator("#log"), page.locator(".log .said")
        shown = await lines.count()
        # A page in the background counts what is new in its title.
        await page.evaluate("Object.defineProperty(document, 'hidden', {value: true})")

        await archive.board.update(old.id, "line 00, edited", at=archive.clock())
        await notice(archive, page, "Told")

        await expect(lines).to_have_count(shown)
        assert (await page.title()).startswith("(1) ")

        for earlier in ("line 10", "line 00, edited"):
            await log.evaluate("log => log.scrollTop = 0")
            await expect(log).to_contain_text(earlier)
        await expect(lines).to_have_count(90)


async def test_changes_of_older_messages_that_come_while_these_are_read_are_shown(
    browser: Browser, archive: Stage
):
    gone, old, *_ = [await say(archive, f"line {number:02}") for number in range(90)]
    late = LateAnswer()
    async with visiting(browser, archive.address) as page:
        await page.reload()
        log, lines = page.locator("#log"), page.locator(".log .said")
        await log.evaluate("log => log.scrollTop = 0")
        await expect(log).to_contain_text("line 10")
        await page.route("**/api/messages?*", late)
        await log.evaluate("log => log.scrollTop = 0")
        await late.is_made.wait()

        await archive.board.remove(gone.id, at=archive.clock())
        await archive.board.update(old.id, "line 01, edited", at=archive.clock())
        await notice(archive, page, "Told")
        late.released.set()

        await expect(lines).to_have_count(89)
        await expect(lines.first).to_have_text("line 01, edited")


@pytest.mark.parametrize("then", ["edited", "deleted"])
async def test_a_late_answer_does_not_bring_back_an_older_text(
    browser: Browser, archive: Stage, then: str
):
    late = LateAnswer()
    async with visiting(browser, archive.address) as page:
        await page.get_by_role("combobox").fill("first text")
        await page.keyboard.press("Enter")
        mine = page.locator(".log .by-person")
        await mine.hover()
        await page.route("**/api/edit", late)
        await mine.get_by_role("button", name="Edit").click()
        await mine.get_by_role("textbox").fill("second text")
        await page.keyboard.press("Enter")
        await late.is_made.wait()

        archive.clock.at += timedelta(seconds=1)
        message = int(await mine.get_attribute("data-id") or 0)
        if then == "edited":
            await archive.board.update(message, "third text", at=archive.clock())
        else:
            await archive.board.remove(message, at=archive.clock())
        await notice(archive, page, "Told")
        async with page.expect_response("**/api/edit") as answered:
            late.released.set()
        await (await answered.value).finished()
        await page.evaluate("new Promise(requestAnimationFrame)")

        said = page.locator(".log .by-person .said")
        await expect(said).to_have_text(["third text"] if then == "edited" else [])


async def test_the_focus_stays_in_the_log_when_its_message_is_removed(
    browser: Browser, archive: Stage
):
    first = await say(archive, "first")
    async with visiting(browser, archive.address) as page:
        log = page.locator("#log")
        await page.get_by_role("article", name="Tomas: first").evaluate(
            "message => { message.tabIndex = -1; message.focus(); }"
        )
        await archive.board.remove(first.id, at=archive.clock())
        await notice(archive, page, "Told")
        await expect(log).to_be_focused()

        await page.get_by_role("combobox").fill("/help")
        await page.keyboard.press("Escape")
        await page.get_by_role("button", name="Send").click()
        private = page.locator(".message.is-private")
        await private.get_by_role("button", name="Dismiss").press("Enter")
        await expect(private).to_have_count(0)
        await expect(log).to_be_focused()


async def test_today_becomes_yesterday_overnight(browser: Browser, archive: Stage):
    archive.clock.at = datetime(2025, 2, 4, 14, 30, tzinfo=UTC)  # 23:30 in Seoul
    await say(archive, "late in the evening")
    async with visiting(browser, archive.address) as page:
        await page.clock.install(time=archive.clock() + timedelta(minutes=29))
        await page.reload()
        day = page.locator(".log .day")
        await expect(day).to_have_text("Today")

        await page.clock.fast_forward("02:00")

        await expect(day).to_have_text("Yesterday")


async def test_a_page_that_is_looked_at_again_names_the_days_at_once(
    browser: Browser, archive: Stage
):
    archive.clock.at = datetime(2025, 2, 4, 14, 30, tzinfo=UTC)
    await say(archive, "late in the evening")
    async with visiting(browser, archive.address) as page:
        await page.clock.install(time=archive.clock())
        await page.reload()
        day = page.locator(".log .day")
        await expect(day).to_have_text("Today")

        await page.clock.set_fixed_time(archive.clock() + timedelta(hours=1))
        await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

        await expect(day).to_have_text("Yesterday")


async def test_yesterday_is_the_day_before_also_at_the_end_of_25_hours(
    browser: Browser, archive: Stage
):
    archive.clock.at = datetime(2025, 11, 1, 16, tzinfo=UTC)
    await say(archive, "before the clocks are set back")
    async with visiting(browser, archive.address, zone="America/New_York") as page:
        await page.clock.install(time=datetime(2025, 11, 3, 4, 30, tzinfo=UTC))
        await page.reload()

        await expect(page.locator(".log .day")).to_have_text("Yesterday")
