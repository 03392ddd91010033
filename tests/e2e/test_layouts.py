"""The layouts of a digest in the web chat, visited with a real Chromium; see `test_demo.py`."""

from datetime import timedelta

import pytest
from playwright.async_api import Page, expect

from tests.browser import browsing, overflow, photograph, photograph_in_both, visiting
from tests.e2e.test_demo import demo
from tests.noon import noon

pytestmark = [pytest.mark.browser]


async def add_channel(page: Page, name: str) -> None:
    await page.get_by_role("button", name="Add a channel").click()
    await page.get_by_role("textbox", name="What is the new channel called?").fill(name)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text(f"#{name}")


async def type_line(page: Page, line: str) -> None:
    field = page.get_by_role("combobox").first
    await field.fill(line)
    await field.press("Escape")
    await field.press("Enter")


async def test_a_layout_is_chosen_by_looking_and_a_paper_is_discussed_from_it(chromium: str):
    now, zone = noon()
    at, later = (f"{now + timedelta(minutes=minutes):%H:%M}" for minutes in (-2, 90))
    async with (
        demo() as (_, one_time_address, _),
        browsing(chromium) as browser,
        visiting(browser, one_time_address, width=1000, height=760) as page,
    ):
        await add_channel(page, "choice-ko")
        async with visiting(browser, page.url, width=1000, height=760, locale="ko-KR") as korean:
            cookies = await page.context.cookies()
            await korean.context.add_cookies(
                [
                    {"name": c["name"], "value": c["value"], "domain": c["domain"], "path": "/"}
                    for c in cookies
                ]
            )
            await korean.reload()
            await type_line(korean, f"/digest here at:{later} tz:{zone}")
            shown = korean.locator(".message", has_text="메시지 6개").last
            await expect(shown.get_by_role("button").first).to_be_visible()
            await shown.scroll_into_view_if_needed()
            await photograph(korean, "layouts")

        await add_channel(page, "choice")
        await type_line(page, f"/digest here at:{later} tz:{zone}")
        choice = page.locator(
            ".message", has_text="A day of five papers: 6 messages in the channel"
        )
        await expect(choice.get_by_role("button", name="Use titles")).to_be_visible()
        await choice.scroll_into_view_if_needed()
        await photograph(page, "layouts")
        await choice.get_by_role("button", name="Use titles").click()
        changed = page.locator(".message", has_text="A digest is posted here").last
        await expect(changed).to_contain_text("titles")

        posted = page.locator(".log .message:not(:has(.question))")
        for layout in ("papers", "compact", "titles", "thread"):
            await add_channel(page, f"as-{layout}")
            await type_line(page, f"/digest here layout:{layout} at:{at} tz:{zone}")
            await expect(posted.first).to_be_visible()
            await expect(posted).to_have_count(6 if layout == "papers" else 1)
            assert await overflow(page) == 0
            if layout != "thread":
                await photograph_in_both(page, f"layout-{layout}")

        await page.locator(".log .thread-link").last.click()
        thread = page.get_by_role("complementary")
        discuss = thread.get_by_role("button", name="Discuss")
        await expect(discuss).to_have_count(5)
        await photograph_in_both(page, "layout-thread-open")
        await discuss.first.click()
        paper = page.locator(".log .message", has_text="would like to discuss this paper")
        await expect(paper).to_have_count(1)
        await expect(paper.locator(".thread-link")).to_be_visible()

        # A channel of its own taste, in which people like a paper and look back on the week.
        await add_channel(page, "chosen")
        chosen = f'/digest here layout:papers only:"#reasoning" quiet:22-08 at:{at} tz:{zone}'
        await type_line(page, chosen)
        await expect(page.locator(".message", has_text="22:00")).to_be_visible()
        await expect(posted).to_have_count(4)
        like = posted.get_by_role("button", name="Like")
        await like.first.click()
        await expect(like.first).to_have_attribute("aria-pressed", "true")
        await type_line(page, "/digest recap")
        # Of what its filter lets through, there is too little.
        short = page.locator(".message", has_text="3 papers, too few to look back on")
        await expect(short).to_be_visible()
        await type_line(page, "/digest settings only:all")
        await type_line(page, "/digest recap")
        await expect(page.locator(".message", has_text="Looking back on").last).to_be_visible()
