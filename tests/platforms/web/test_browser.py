"""The chat in a real Chromium: keyboard, phone, two visitors."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, expect

from bot.archive.domain.entry import Language
from bot.archive.domain.present_entry import present_entry
from bot.channels.domain.digest_options import Layout
from bot.core.catalogue import Catalogues
from bot.core.domain import document
from bot.core.domain.commands import COMMANDS
from bot.core.ports import ChannelRef, DeliveryKey, Platform
from bot.digest.domain import present_digest
from bot.digest.domain.digest import compile_digest
from bot.follow.domain.news import CitesPaper, Finds, Line
from bot.follow.domain.present_follow import present_news
from bot.webchat.domain.board import Author
from tests.browser import overflow, photograph, visiting
from tests.platforms.web.stage import ARCHIVE, DAY, Stage, staged

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

GENERAL = ChannelRef(Platform.WEB, "", "general")


@pytest_asyncio.fixture(loop_scope="module")
async def busy() -> AsyncIterator[Stage]:
    """A chat in which a digest has been posted."""
    async with staged() as stage:
        stage.clock.at = datetime.now(UTC)
        digest = compile_digest(ARCHIVE[:3], on=DAY)
        posts = present_digest.present_digest(
            digest, languages=tuple(Language), layout=Layout.PAPERS, say=Catalogues()("en")
        )
        for number, post in enumerate(posts):
            await stage.chat.post(GENERAL, post.document, key=DeliveryKey(f"d{number}"))
        yield stage


def paper(page: Page, number: int):
    return page.locator(".log .message", has_text=f"Sample paper number {number} on").last


async def test_a_look_up_needs_only_the_keyboard(browser: Browser, busy: Stage):
    async with visiting(browser, busy.address) as page:
        field = page.get_by_role("combobox", name="Write to #general")

        await page.keyboard.press("/")
        await expect(field).to_be_focused()
        await expect(page.get_by_role("option")).to_have_count(len(COMMANDS))
        await page.keyboard.type("pa")
        await page.keyboard.press("Tab")
        await expect(field).to_have_value("/paper ")
        await page.keyboard.type("re")
        await expect(page.get_by_role("option")).to_have_count(2)
        await page.keyboard.press("ArrowDown")
        chosen = page.get_by_role("option", name="#reasoning")
        await expect(chosen).to_have_attribute("aria-selected", "true")
        await expect(field).to_have_attribute(
            "aria-activedescendant", str(await chosen.get_attribute("id"))
        )
        await page.keyboard.press("Enter")
        await expect(field).to_have_value("/paper reasoning")
        await page.keyboard.press("Enter")

        answer = page.locator(".log .message").last
        await expect(answer).to_contain_text("15 papers")
        await expect(answer.locator(".question code")).to_have_text("/paper reasoning")
        await expect(field).to_have_value("")
        await expect(field).to_be_focused()


async def test_escape_closes_the_suggestions_and_keeps_what_was_typed(
    browser: Browser, busy: Stage
):
    async with visiting(browser, busy.address) as page:
        field = page.get_by_role("combobox", name="Write to #general")
        await field.fill("/paper re")
        await expect(page.get_by_role("option")).to_have_count(2)

        await page.keyboard.press("Escape")

        await expect(page.get_by_role("listbox")).to_have_count(0)
        await expect(field).to_have_value("/paper re")


async def test_the_next_page_of_an_answer_replaces_it(browser: Browser, busy: Stage):
    async with visiting(browser, busy.address) as page, visiting(browser, busy.address) as other:
        await page.get_by_role("combobox").fill("/paper reasoning ")
        await page.get_by_role("button", name="Send").click()
        answer = page.locator(".log .message").last
        await expect(other.locator(".log .message").last).to_contain_text("Sample paper number 1 ")

        await answer.get_by_role("button", name="Next page").click()

        await expect(answer).to_contain_text("Sample paper number 29 ")
        await expect(other.locator(".log .message").last).to_contain_text("Sample paper number 29 ")
        await expect(page.locator(".log .message")).to_have_count(5)


async def test_reading_a_paper_posts_nothing(browser: Browser, busy: Stage):
    async with visiting(browser, busy.address) as page, visiting(browser, busy.address) as other:
        await paper(page, 2).get_by_role("link", name="Abstract and references").click()

        private = page.locator(".message.is-private")
        await expect(private).to_contain_text("Only you see this")
        await expect(private).to_contain_text("We wait and see.")
        await private.get_by_role("button", name="Show all").click()
        await expect(private.get_by_role("button", name="Show less")).to_be_visible()
        await expect(other.locator(".message.is-private")).to_have_count(0)

        await private.get_by_role("button", name="Dismiss").click()
        await expect(private).to_have_count(0)


async def test_a_reply_appears_for_others_at_once_and_stays(browser: Browser, busy: Stage):
    async with visiting(browser, busy.address) as page, visiting(browser, busy.address) as other:
        for visitor in (page, other):
            await paper(visitor, 3).get_by_role("link", name="Discuss").click()
        thread = page.get_by_role("complementary")
        await expect(thread.get_by_role("combobox", name="Write a reply")).to_be_focused()

        await page.keyboard.type("끈기가 느껴지네요")
        await page.keyboard.press("Enter")

        await expect(other.get_by_role("complementary")).to_contain_text("끈기가 느껴지네요")
        await expect(paper(other, 3)).to_contain_text("1 reply")
        await page.reload()
        await expect(page.get_by_role("complementary")).to_contain_text("끈기가 느껴지네요")
        assert [said.text for said in busy.inbox.received] == ["끈기가 느껴지네요"]


async def test_what_is_said_while_a_thread_is_read_from_the_server_is_shown(
    browser: Browser, busy: Stage
):
    """And of two threads that are opened one after the other, the later one stays open."""
    is_read, arrived = asyncio.Event(), asyncio.Event()

    async def slowly(route: Route) -> None:
        response = await route.fetch()
        is_read.set()
        await arrived.wait()
        await route.fulfill(response=response)

    async with visiting(browser, busy.address) as page, visiting(browser, busy.address) as other:
        await page.route("**/api/thread?*", slowly, times=1)
        await paper(page, 3).get_by_role("link", name="Discuss").click()
        await is_read.wait()
        await paper(other, 3).get_by_role("link", name="Discuss").click()
        await other.get_by_role("combobox", name="Write a reply").fill("Said meanwhile")
        await other.keyboard.press("Enter")
        await expect(paper(page, 3)).to_contain_text("1 reply")
        arrived.set()
        await expect(page.get_by_role("complementary")).to_contain_text("Said meanwhile")

        is_read.clear()
        arrived.clear()
        await page.route("**/api/thread?*", slowly, times=1)
        await paper(page, 3).get_by_role("link", name="1 reply").click()
        await is_read.wait()
        await paper(page, 2).get_by_role("link", name="Discuss").click()
        thread = page.get_by_role("complementary")
        await expect(thread).to_contain_text("Sample paper number 2 on")
        async with page.expect_response("**/api/thread?*") as late:
            arrived.set()
        await (await late.value).finished()
        await page.get_by_role("combobox", name="Write a reply").fill("About the second")
        await page.keyboard.press("Enter")
        await expect(paper(page, 2)).to_contain_text("1 reply")
        await expect(thread).to_contain_text("Sample paper number 2 on")


async def test_direct_messages_arrive_on_the_pages_of_one_person(browser: Browser, busy: Stage):
    async with (
        visiting(browser, busy.address, locale="ko-KR", width=360, height=640, touch=True) as page,
        visiting(browser, busy.address) as other,
    ):
        person = await page.locator("body").get_attribute("data-visitor")
        inbox = await busy.chat.direct_channel("", person or "")
        await busy.chat.post(inbox, document.notice("For one person"), key=DeliveryKey("one"))

        await page.get_by_role("button", name="메뉴").tap()
        link = page.get_by_role("link", name="다이렉트 메시지")
        await expect(link.locator(".unread")).to_be_visible()
        await link.tap()
        await expect(page.get_by_role("heading", level=1)).to_have_text("다이렉트 메시지")
        await expect(page.locator(".log .message")).to_have_text(re.compile("For one person"))
        await busy.chat.post(inbox, document.notice("And another"), key=DeliveryKey("two"))
        await expect(page.locator(".log .message")).to_have_count(2)
        assert await overflow(page) == 0
        field = page.get_by_role("combobox", name="봇에게 쓰기")
        await field.fill("#reasoning")
        await field.press("Enter")
        await expect(page.locator(".log .message").last).to_contain_text("Sample paper number")

        await busy.chat.post(GENERAL, document.notice("For everybody"), key=DeliveryKey("all"))
        await expect(other.locator(".log .message").last).to_contain_text("For everybody")
        await expect(other.locator(".unread:visible")).to_have_count(0)
        await expect(other.get_by_text("For one person")).to_have_count(0)


@pytest.mark.parametrize(
    ("locale", "words"), [("en-US", "in what you follow"), ("ko-KR", "팔로우")]
)
async def test_the_direct_message_of_a_day_is_read_in_light_and_dark(
    browser: Browser, busy: Stage, locale: str, words: str
):
    inbox = f"{busy.address}inbox"
    async with visiting(browser, inbox, locale=locale, width=1000, height=620) as page:
        reasons = ((Finds("#reasoning"), CitesPaper("arXiv:2310.07831")), (Finds("author:lee"),))
        lines = [
            Line(stored, why, f"/entry/{stored.id}")
            for stored, why in zip(ARCHIVE[:2], reasons, strict=True)
        ]
        told = present_news(DAY, lines, (), Catalogues()(locale[:2]))
        person = await page.locator("body").get_attribute("data-visitor")
        channel = await busy.chat.direct_channel("", person or "")
        await busy.chat.post(channel, told, key=DeliveryKey("follow"))

        message = page.locator(".log .message")
        await expect(message).to_contain_text(words)
        await expect(message.get_by_role("link", name="Sample paper number 2")).to_be_visible()
        await photograph(page, "inbox")
        await page.emulate_media(color_scheme="dark")
        title = "getComputedStyle(document.querySelector('.log .message .body h2, .log .message .body h3'))"
        assert await page.evaluate(f"parseInt({title}.color.slice(4))") > 150
        assert await overflow(page) == 0


async def test_going_back_closes_the_thread_and_forward_opens_it(browser: Browser, busy: Stage):
    async with visiting(browser, busy.address) as page:
        thread = page.get_by_role("complementary")
        await paper(page, 1).get_by_role("link", name="Discuss").click()
        await expect(thread).to_be_visible()

        await page.go_back()
        await expect(thread).to_be_hidden()
        await page.go_forward()
        await expect(thread).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(thread).to_be_hidden()


async def test_a_link_within_the_open_thread_does_not_load_it_again(browser: Browser, busy: Stage):
    async with visiting(browser, busy.address) as page:
        await paper(page, 1).get_by_role("link", name="Discuss").click()
        await expect(page.get_by_role("complementary")).to_be_visible()
        loaded: list[str] = []
        page.on("request", lambda request: loaded.append(request.url))

        await page.evaluate(
            "new Promise((done) => { addEventListener('hashchange', done); location.hash = 'm7'; })"
        )
        await page.evaluate("fetch('/healthz')")  # sent later than what the link would have loaded

        assert [url for url in loaded if "/api/thread" in url] == []


async def test_own_messages_are_edited_and_deleted(browser: Browser, busy: Stage):
    async with visiting(browser, busy.address) as page, visiting(browser, busy.address) as other:
        await page.get_by_role("combobox").fill("helo")
        await page.keyboard.press("Enter")
        mine = page.locator(".log .by-person")
        theirs = other.locator(".log .by-person")
        await expect(theirs).to_contain_text("helo")
        await expect(theirs.get_by_role("button", name="Edit")).to_have_count(0)

        await mine.hover()
        await mine.get_by_role("button", name="Edit").click()
        await mine.get_by_role("textbox").fill("hello")
        await page.keyboard.press("Enter")
        await expect(theirs).to_contain_text("hello")
        await expect(theirs).to_contain_text("edited")

        page.on("dialog", lambda dialog: dialog.accept())
        await mine.get_by_role("button", name="Delete").click()
        await expect(theirs).to_have_count(0)
        await expect(mine).to_have_count(0)


async def test_the_last_message_is_edited_above_the_composer(browser: Browser, busy: Stage):
    async with visiting(browser, busy.address) as page:
        await page.get_by_role("combobox").fill("one line\nand another\n" * 6)
        await page.keyboard.press("Enter")
        mine = page.locator(".log .by-person")
        await mine.hover()

        await mine.get_by_role("button", name="Edit").click()

        save = await mine.get_by_role("button", name="Save").bounding_box()
        composer = await page.locator(".room .composer .field").bounding_box()
        assert save is not None
        assert composer is not None
        assert save["y"] + save["height"] <= composer["y"]
        await expect(mine.get_by_role("textbox")).to_be_focused()


async def test_arrow_keys_move_between_messages_but_not_in_fields(browser: Browser, busy: Stage):
    for line in ("first", "second"):
        await busy.board.add("general", line, at=busy.clock(), author=Author("x", "Tomas"))
    async with visiting(browser, busy.address) as page:
        first = page.get_by_role("article", name="Tomas: first")
        second = page.get_by_role("article", name="Tomas: second")
        await page.locator("#log").evaluate("log => log.scrollTop = log.scrollHeight")
        await page.locator("#log").focus()

        await page.keyboard.press("ArrowUp")
        await expect(second).to_be_focused()
        await page.keyboard.press("ArrowUp")
        await expect(first).to_be_focused()
        await expect(page.locator('.log [tabindex="0"].message')).to_have_count(1)
        await page.keyboard.press("ArrowDown")
        await expect(second).to_be_focused()

        field = page.get_by_role("combobox")
        await field.fill("one\ntwo")
        await page.keyboard.press("ArrowUp")
        await expect(field).to_be_focused()


async def test_arrow_keys_read_a_long_message_to_its_end_first(browser: Browser, busy: Stage):
    async with visiting(browser, busy.address, height=420) as page:
        tall = page.get_by_role("article", name="paperbot: Sample paper number 1 on")
        await tall.evaluate("message => { message.tabIndex = -1; message.focus(); }")
        await page.locator("#log").evaluate("log => log.scrollTop = 0")
        await tall.evaluate("message => message.scrollIntoView({block: 'start'})")

        await page.keyboard.press("ArrowDown")
        await expect(tall).to_be_focused()
        for _ in range(9):
            await page.keyboard.press("ArrowDown")
        await expect(tall).not_to_be_focused()


@pytest.mark.parametrize(
    ("locale", "says"),
    [("en-US", "Whoever may manage it subscribes it"), ("ko-KR", "관리할 수 있는 사람이")],
)
async def test_an_empty_channel_says_how_to_subscribe_it(
    browser: Browser, busy: Stage, locale: str, says: str
):
    await busy.board.add_channel("reading", at=busy.clock())
    async with visiting(browser, f"{busy.address}c/reading", locale=locale) as page:
        welcome = page.locator("[data-empty]")
        await expect(welcome).to_contain_text(says)
        await expect(welcome.get_by_text("/digest here")).to_be_visible()


async def test_every_message_has_a_link_that_is_copied_with_the_keyboard(
    browser: Browser, busy: Stage
):
    async with visiting(browser, busy.address) as page:
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        message = paper(page, 2)
        name = await message.locator("h3").inner_text()

        link = message.get_by_role("link", name="Link to this message")
        await link.focus()
        await page.keyboard.press("Enter")

        await expect(link).to_have_attribute("data-copied", "Copied")
        await expect(link).to_be_focused()
        copied = await page.evaluate("navigator.clipboard.readText()")
        assert copied == f"{busy.address.rstrip('/')}{await link.get_attribute('href')}"
        messages, links = page.locator(".log .message"), page.locator(".log [data-permalink]")
        assert await links.count() == await messages.count()

    # Without scripts it is a link like any other.
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(copied)
    await expect(page.locator(".thread-root h3")).to_have_text(name)
    await context.close()


async def test_an_unsent_message_stays_and_is_posted_once(browser: Browser, busy: Stage):
    async with visiting(browser, busy.address, strict=False) as page:
        # The answer is lost on the way back: the message is kept, the page does not know.
        async def lose(route):
            await route.fetch()
            await route.abort()

        await page.route("**/api/say", lose, times=1)
        await page.route("**/events**", lambda route: route.abort())
        field = page.get_by_role("combobox")
        await field.fill("do not lose me")
        await page.keyboard.press("Enter")
        await expect(page.locator(".composer .problem")).to_be_visible()
        await expect(field).to_have_value("do not lose me")

        await page.keyboard.press("Enter")
        await expect(field).to_have_value("")

        said = [m.content for m in await busy.board.list_messages("general", limit=9)]
        assert said.count("do not lose me") == 1


async def test_a_message_that_is_sent_before_the_last_one_was_answered_is_sent_next(
    browser: Browser, busy: Stage
):
    released = asyncio.Event()

    async def hold(route):
        await released.wait()
        await route.continue_()

    async with visiting(browser, busy.address) as page:
        await page.route("**/api/say", hold)
        field = page.get_by_role("combobox")
        await field.fill("The first")
        await page.keyboard.press("Enter")
        await page.keyboard.press("Enter")  # again, by mistake
        await field.fill("The second")
        await page.keyboard.press("Enter")
        released.set()

        said = page.locator(".message .said", has_text="The ")
        await expect(said).to_have_text(["The first", "The second"])
        await expect(field).to_have_value("")


async def test_a_page_that_lost_its_stream_catches_up(browser: Browser, busy: Stage):
    async with visiting(browser, busy.address) as page:
        await page.context.set_offline(True)
        await page.context.set_offline(False)
        await busy.board.add(
            "general", "while you were away", at=busy.clock(), author=Author("x", "Tomas")
        )
        await busy.chat.post(
            GENERAL, document.notice("and this woke the feed"), key=DeliveryKey("wake")
        )

        await expect(page.locator(".log")).to_contain_text("while you were away")
        await expect(page.locator(".log")).to_contain_text("and this woke the feed")


async def test_a_page_beyond_the_limit_says_so_and_gets_its_stream_later(
    browser: Browser, busy: Stage
):
    async with (
        visiting(browser, busy.address, strict=False) as page,
        aiohttp.ClientSession() as others,
    ):
        cookies = {
            each.get("name", ""): each.get("value", "") for each in await page.context.cookies()
        }
        streams = []
        status = 200
        while status == 200:
            streams.append(await others.get(busy.url("/events?after=0"), cookies=cookies))
            status = streams[-1].status
        await page.reload()
        shown = page.locator("[data-connection]")
        await expect(shown).to_contain_text("too many pages are open")

        for stream in streams:
            stream.close()

        await expect(shown).to_have_text("")
        await busy.chat.post(GENERAL, document.notice("it arrived"), key=DeliveryKey("late"))
        await expect(page.locator(".log")).to_contain_text("it arrived")


async def test_scrolling_up_loads_older_messages(browser: Browser, busy: Stage):
    for number in range(90):
        await busy.board.add(
            "general", f"line {number:02}", at=busy.clock(), author=Author("x", "Tomas")
        )
    async with visiting(browser, busy.address) as page:
        log = page.locator("#log")
        await page.reload()  # all is read, so that it begins at the end
        await expect(log).not_to_contain_text("line 49")

        for earlier in ("line 10", "line 00"):
            await log.evaluate("log => log.scrollTop = 0")
            await expect(log).to_contain_text(earlier)

        await expect(log).to_contain_text("Sample paper number 1 on")
        lines = await page.locator(".log .said").all_inner_texts()
        assert lines == sorted(lines)
        assert len(lines) == len(set(lines)) == 90


async def test_a_name_is_chosen_and_used(browser: Browser, busy: Stage):
    async with visiting(browser, busy.address) as page:
        await page.get_by_role("button", name="You are").click()
        await page.get_by_role("textbox", name="What should people call you?").fill("민지")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name="You are")).to_contain_text("민지")

        await page.get_by_role("combobox").fill("hello")
        await page.keyboard.press("Enter")

        await expect(page.locator(".log .by-person .name")).to_have_text("민지")


@pytest.mark.parametrize("path", ["", "c/general/t/2", "entry/1", "digest/2025-02-04", "papers"])
async def test_nothing_is_wider_than_a_small_phone(browser: Browser, busy: Stage, path: str):
    hostile = "Zalgo" + "\u0351\u0489" * 60 + "unbroken" * 80 + "<b>\u202e"
    await busy.board.add("general", hostile, at=busy.clock(), author=Author("x", hostile))
    await busy.chat.reply(
        await busy.chat.post(GENERAL, document.notice(hostile), key=DeliveryKey("z")),
        document.notice(hostile),
        key=DeliveryKey("y"),
    )
    context = await browser.new_context(viewport={"width": 360, "height": 640}, has_touch=True)
    page = await context.new_page()

    await page.goto(busy.address + path)

    assert await overflow(page) == 0


async def test_on_a_phone_the_thread_is_the_whole_screen(browser: Browser, busy: Stage):
    async with visiting(browser, busy.address, width=360, height=640, touch=True) as page:
        await paper(page, 1).get_by_role("link", name="Discuss").tap()
        thread = page.get_by_role("complementary")
        await expect(thread).to_be_visible()
        box = await thread.bounding_box()
        assert box is not None
        assert (box["x"], box["width"], box["height"]) == (0, 360, 640)

        await thread.get_by_role("link", name="Close the thread").tap()
        await page.get_by_role("button", name="Menu").tap()

        await expect(page.get_by_role("link", name="All papers")).to_be_visible()
        await expect(page.get_by_role("link", name="한국어")).to_be_visible()


async def test_the_chat_is_korean_for_a_korean_reader(browser: Browser, busy: Stage):
    async with visiting(browser, busy.address, locale="ko-KR") as page:
        await expect(page.locator("html")).to_have_attribute("lang", "ko")
        await expect(page.get_by_role("combobox", name="#general 채널에 쓰기")).to_be_visible()
        day = page.locator(".log .day").last
        await expect(day).to_contain_text(re.compile("오늘|어제"))  # a day may just have begun

        await page.get_by_role("link", name="English").click()
        await expect(page.locator("html")).to_have_attribute("lang", "en")


async def test_a_digest_is_read_by_each_in_their_own_language(browser: Browser, busy: Stage):
    voices = Catalogues()
    digest = compile_digest(ARCHIVE[3:5], on=DAY)
    ko, en = (
        present_digest.present_digest(
            digest, languages=tuple(Language), layout=Layout.PAPERS, say=voices(language)
        )
        for language in ("ko", "en")
    )
    async with (
        visiting(browser, busy.address) as page,
        visiting(browser, busy.address, locale="ko-KR") as korean,
    ):
        # Shown live, and after the page is loaded again.
        for number, (own, other) in enumerate(zip(ko, en, strict=True)):
            both = document.translated(own.document, {"en": other.document})
            await busy.chat.post(GENERAL, both, key=DeliveryKey(f"both{number}"))
        for _ in range(2):
            await expect(page.locator(".log .message").nth(4)).to_contain_text("4 February 2025")
            await expect(paper(page, 5)).to_contain_text("Similar papers")
            await expect(korean.locator(".log .message").nth(4)).to_contain_text("2025년 2월 4일")
            await expect(paper(korean, 5)).to_contain_text("비슷한 논문")
            await page.reload()
            await korean.reload()

        # A message of before there were translations stays as it was posted.
        await expect(paper(korean, 2)).to_contain_text("Similar papers")


async def test_a_paper_is_shown_in_the_other_language_to_who_asks_alone(
    browser: Browser, busy: Stage
):
    shown = present_entry(ARCHIVE[6], languages=(Language.KO,), say=Catalogues()("ko"))
    await busy.chat.post(GENERAL, shown, key=DeliveryKey("korean"))
    async with visiting(browser, busy.address, locale="ko-KR") as page:
        await expect(paper(page, 7)).to_contain_text("7번째 보기 글입니다.")

        await paper(page, 7).get_by_role("button", name="English").click()

        private = page.locator(".message.is-private")
        await expect(private).to_contain_text("Sample 7 builds on patience")
        await expect(private).to_contain_text("2025년 2월 3일")
        await expect(page.locator(".log .message:not(.is-private)")).to_have_count(5)


async def test_dark_is_dark_and_light_is_light(browser: Browser, busy: Stage):
    brightness = "parseInt(getComputedStyle(document.documentElement).backgroundColor.slice(4))"

    async with visiting(browser, busy.address, dark=True) as page:
        assert await page.evaluate(brightness) < 60
    async with visiting(browser, busy.address) as page:
        assert await page.evaluate(brightness) > 200
