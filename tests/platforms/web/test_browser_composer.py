"""The composer of the chat and its suggestions in a real Chromium."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Browser, Route, expect

from bot.webchat.domain.board import Author
from tests.browser import visiting
from tests.platforms.web.stage import NOON, Stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


def held(released: asyncio.Event) -> Callable[[Route], Awaitable[None]]:
    """A route whose requests wait."""

    async def hold(route: Route) -> None:
        await released.wait()
        await route.continue_()

    return hold


async def test_suggestions_are_scrolled_with_a_finger_and_chosen_with_a_tap(
    browser: Browser, archive: Stage
):
    async with visiting(browser, archive.address, width=360, height=480, touch=True) as page:
        field, options = page.get_by_role("combobox"), page.get_by_role("option")
        await field.fill("/")
        await expect(options.first).to_be_visible()
        box = await page.get_by_role("listbox").bounding_box()
        assert box is not None

        devtools = await page.context.new_cdp_session(page)
        x, y = box["x"] + 40, box["y"] + box["height"] - 20
        for kind, up in (("touchStart", 0), *(("touchMove", up) for up in range(10, 130, 10))):
            touch = {"type": kind, "touchPoints": [{"x": x, "y": y - up}]}
            await devtools.send("Input.dispatchTouchEvent", touch)
        await devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

        await expect(field).to_have_value("/")
        await page.wait_for_function("document.querySelector('.suggestions').scrollTop > 0")

        await options.last.tap()
        await expect(field).not_to_have_value("/")
        await expect(field).to_be_focused()


@pytest.mark.parametrize(
    ("path", "completes", "begun"),
    [("", "**/api/complete?*", "/paper "), ("papers", "**/api/suggest?*", "#")],
)
async def test_keys_do_not_choose_from_the_suggestions_of_an_earlier_text(
    browser: Browser, archive: Stage, path: str, completes: str, begun: str
):
    released = asyncio.Event()
    async with visiting(browser, archive.address + path) as page:
        field, options = page.get_by_role("combobox"), page.get_by_role("option")
        await field.fill(f"{begun}r")
        await expect(options).to_have_count(3)
        await page.keyboard.press("ArrowDown")
        await expect(page.get_by_role("option", selected=True)).to_have_count(1)

        await page.route(completes, held(released))
        await page.keyboard.type("l")
        await expect(page.get_by_role("option", selected=True)).to_have_count(0)
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Tab")
        await expect(field).to_be_focused()
        await expect(field).to_have_value(f"{begun}rl")
        await page.keyboard.press("Enter")

        await expect(page.get_by_text("15 papers").first).to_be_visible()
        released.set()


async def test_a_tab_accepts_from_the_suggestions_of_what_was_typed(
    browser: Browser, archive: Stage
):
    released = asyncio.Event()
    async with visiting(browser, archive.address) as page:
        field, options = page.get_by_role("combobox"), page.get_by_role("option")
        await field.fill("/paper r")
        await expect(options).to_have_count(3)

        await page.route("**/api/complete?*", held(released))
        await page.keyboard.type("ew")
        await page.keyboard.press("Tab")
        released.set()
        await expect(options).to_have_count(1)
        await page.keyboard.press("Tab")

        await expect(field).to_have_value("/paper reward-model")


@pytest.mark.parametrize(
    ("path", "completes", "begun"),
    [
        ("", "**/api/complete?*", "/paper "),
        ("papers", "**/api/suggest?*", "#"),
        ("note", "**/api/suggest?*", "#"),
    ],
)
async def test_a_late_failure_leaves_the_suggestions_of_what_was_typed_since(
    browser: Browser, archive: Stage, path: str, completes: str, begun: str
):
    is_asked, released = asyncio.Event(), asyncio.Event()

    async def fail(route: Route) -> None:
        is_asked.set()
        await released.wait()
        await route.fulfill(status=500)

    async with visiting(browser, archive.address + path, strict=False) as page:
        field = page.get_by_label("Tags") if path == "note" else page.get_by_role("combobox")
        await page.route(completes, fail, times=1)
        await field.fill(f"{begun}r")
        await is_asked.wait()
        await page.keyboard.type("e")
        options = page.get_by_role("option")
        await expect(options).to_have_count(2)

        async with page.expect_response(lambda response: response.status == 500) as failed:
            released.set()
        await (await failed.value).finished()
        await page.evaluate("new Promise(requestAnimationFrame)")

        await expect(options).to_have_count(2)


async def test_the_answer_to_a_reply_stays_in_its_own_thread(browser: Browser, archive: Stage):
    for question in ("First question", "Second question"):
        await archive.board.add("general", question, at=NOON, author=Author("x", "Tomas"))
    released = asyncio.Event()
    async with visiting(browser, archive.address) as page:
        first = page.get_by_role("article", name="Tomas: First question").first
        second = page.get_by_role("article", name="Tomas: Second question").first
        thread = page.get_by_role("complementary")
        await first.get_by_role("link", name="Reply").click()
        await page.route("**/api/say", held(released))
        await page.get_by_role("combobox", name="Write a reply").fill("About the first")
        await page.keyboard.press("Enter")
        await second.get_by_role("link", name="Reply").click()
        await expect(thread).to_contain_text("Second question")

        async with page.expect_response("**/api/say") as answered:
            released.set()
        await (await answered.value).finished()
        await expect(first).to_contain_text("1 reply")
        await page.get_by_role("combobox", name="Write a reply").fill("About the second")
        await page.keyboard.press("Enter")

        await expect(thread.locator(".said")).to_have_text(["Second question", "About the second"])


async def test_what_is_typed_while_a_message_is_sent_is_no_part_of_it(
    browser: Browser, archive: Stage
):
    released = asyncio.Event()
    async with visiting(browser, archive.address) as page:
        await page.route("**/api/say", held(released))
        field = page.get_by_role("combobox")
        await field.fill("The first")
        await page.keyboard.press("Enter")
        await page.keyboard.type("The second")
        await expect(field).to_have_value("The second")
        released.set()
        said = page.locator(".message .said")
        await expect(said).to_have_text(["The first"])
        await expect(field).to_have_value("The second")

        await page.keyboard.press("Enter")
        await expect(said).to_have_text(["The first", "The second"])


async def test_after_a_failure_a_message_stands_before_what_was_typed_since(
    browser: Browser, archive: Stage
):
    released = asyncio.Event()

    async def fail(route: Route) -> None:
        await released.wait()
        await route.abort()

    async with visiting(browser, archive.address, strict=False) as page:
        await page.route("**/api/say", fail, times=1)
        field = page.get_by_role("combobox")
        await field.fill("The first")
        await page.keyboard.press("Enter")
        await page.keyboard.type("The second")
        await page.keyboard.press("Enter")  # it is not sent without the first
        released.set()

        await expect(field).to_have_value("The first\nThe second")
        await expect(page.locator(".composer .problem")).to_be_visible()
        await expect(page.locator(".message .said")).to_have_count(0)
        await page.keyboard.press("Enter")
        await expect(page.locator(".message .said")).to_have_text(["The first\nThe second"])


async def test_what_is_being_written_outlives_the_page_and_the_thread(
    browser: Browser, archive: Stage
):
    await archive.board.add("general", "A question", at=NOON, author=Author("x", "Tomas"))
    async with visiting(browser, archive.address) as page:
        field = page.get_by_role("combobox", name="Write to #general")
        reply = page.get_by_role("combobox", name="Write a reply")
        question = page.get_by_role("article", name="Tomas: A question").first
        await field.fill("For all")
        await question.get_by_role("link", name="Reply").click()
        await reply.fill("For the thread")

        await page.keyboard.press("Escape")
        await expect(reply).to_have_count(0)
        await question.get_by_role("link", name="Reply").click()
        await expect(reply).to_have_value("For the thread")
        await page.reload()
        await expect(reply).to_have_value("For the thread")
        await expect(field).to_have_value("For all")

        await reply.press("Enter")
        await expect(question).to_contain_text("1 reply")
        await field.fill("")
        await page.reload()
        await expect(reply).to_have_value("")
        await expect(field).to_have_value("")


async def test_what_was_not_answered_is_there_when_the_page_is_loaded_again(
    browser: Browser, archive: Stage
):
    async with visiting(browser, archive.address, strict=False) as page:
        await page.route("**/api/say", held(asyncio.Event()))
        field = page.get_by_role("combobox")
        await field.fill("The first")
        async with page.expect_request("**/api/say"):
            await page.keyboard.press("Enter")
        await page.keyboard.type("The second")

        await page.reload()

        await expect(field).to_have_value("The first\nThe second")


async def test_an_answer_after_the_thread_was_closed_keeps_what_is_written_since(
    browser: Browser, archive: Stage
):
    await archive.board.add("general", "A question", at=NOON, author=Author("x", "Tomas"))
    released = asyncio.Event()
    async with visiting(browser, archive.address) as page:
        reply = page.get_by_role("combobox", name="Write a reply")
        question = page.get_by_role("article", name="Tomas: A question").first
        await question.get_by_role("link", name="Reply").click()
        await page.route("**/api/say", held(released))
        await reply.fill("The first")
        await page.keyboard.press("Enter")
        await page.keyboard.press("Escape")
        await question.get_by_role("link", name="Reply").click()
        await reply.fill("The second")

        async with page.expect_response("**/api/say") as answered:
            released.set()
        await (await answered.value).finished()
        await expect(question).to_contain_text("1 reply")
        await page.reload()

        await expect(reply).to_have_value("The second")


async def test_a_message_that_is_sent_again_after_the_page_was_loaded_again_is_there_once(
    browser: Browser, archive: Stage
):
    """It had arrived, although its answer was lost with the page."""
    async with visiting(browser, archive.address, strict=False) as page:

        async def lose_the_answer(route: Route) -> None:
            await route.fetch()

        await page.route("**/api/say", lose_the_answer, times=1)
        field, said = page.get_by_role("combobox"), page.locator(".message .said")
        await field.fill("Once")
        await page.keyboard.press("Enter")
        await expect(said).to_have_text(["Once"])

        for _ in range(2):  # the draft of what was restored is kept, too
            await page.reload()
            await expect(field).to_have_value("Once")
        async with page.expect_response("**/api/say") as answered:
            await field.press("Enter")
        assert (await answered.value).ok

        await expect(field).to_have_value("")
        await expect(said).to_have_text(["Once"])


@pytest.mark.parametrize("line", ["The reply", "/paper reasoning"])
async def test_a_thread_that_is_opened_again_while_its_message_is_sent_takes_the_answer(
    browser: Browser, archive: Stage, line: str
):
    await archive.board.add("general", "A question", at=NOON, author=Author("x", "Tomas"))
    released = asyncio.Event()
    async with visiting(browser, archive.address) as page:
        reply = page.get_by_role("combobox", name="Write a reply")
        question = page.get_by_role("article", name="Tomas: A question").first
        await question.get_by_role("link", name="Reply").click()
        await page.route("**/api/say", held(released), times=1)
        await reply.fill(line)
        await reply.press("Enter")
        await expect(reply).to_have_value("")
        await reply.press("Escape")
        await question.get_by_role("link", name="Reply").click()
        await expect(reply).to_have_value(line)

        released.set()

        await expect(reply).to_have_value("")
        shown = page.get_by_role("complementary").locator("[data-messages] .message")
        await expect(shown).to_have_count(1)
        await page.reload()
        await expect(reply).to_have_value("")


async def test_a_second_tab_leaves_a_field_whose_suggestions_do_not_come(
    browser: Browser, archive: Stage
):
    async with visiting(browser, archive.address, strict=False) as page:
        field = page.get_by_role("combobox")
        await field.fill("/paper r")
        await expect(page.get_by_role("option")).to_have_count(3)
        await page.route("**/api/complete?*", held(asyncio.Event()))
        await page.keyboard.type("e")

        await page.keyboard.press("Tab")
        await expect(field).to_be_focused()
        await page.keyboard.press("Tab")

        await expect(field).not_to_be_focused()
        await expect(field).to_have_value("/paper re")
