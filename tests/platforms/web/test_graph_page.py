"""The map of references in a real Chromium: by keyboard, by touch, and as a list without scripts."""

import re

import pytest
from playwright.async_api import Browser, expect

from tests.browser import overflow, visiting
from tests.platforms.web.stage import ARCHIVE, Stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


async def test_the_keyboard_moves_between_neighbours_and_opens_a_paper(
    browser: Browser, archive: Stage
):
    async with visiting(browser, f"{archive.address}graph") as page:
        picture = page.get_by_role("application", name="Picture of the references")
        await expect(picture.locator("canvas").first).to_be_visible()
        chosen = page.get_by_role("status").filter(has=page.get_by_role("link"))

        await picture.focus()
        await page.keyboard.press("Home")
        await expect(chosen).to_have_text(f"{ARCHIVE[1].entry.paper.title} (neighbours: 4)")
        await page.keyboard.press("ArrowLeft")
        await expect(chosen).to_have_text(f"{ARCHIVE[0].entry.paper.title} (neighbours: 1)")
        await page.keyboard.press("Enter")

        await expect(page).to_have_url(re.compile(rf"/entry/{ARCHIVE[0].id}$"))
        await page.get_by_role("list", name="Taken up by").get_by_role("link").focus()
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(re.compile(rf"/entry/{ARCHIVE[1].id}$"))


async def test_a_korean_phone_reads_the_list_without_scripts(browser: Browser, archive: Stage):
    context = await browser.new_context(
        viewport={"width": 320, "height": 640}, locale="ko-KR", java_script_enabled=False
    )
    page = await context.new_page()
    await page.goto(f"{archive.address}graph")

    await expect(page.get_by_role("heading", name="언급이 많은 논문")).to_be_visible()
    await page.get_by_text("이어진 논문 (3)").click()
    await expect(page.get_by_role("listitem").get_by_role("link").nth(1)).to_be_visible()
    assert await overflow(page) <= 0
    await context.close()


async def test_touch_chooses_a_paper_and_a_tag_fades_the_others(browser: Browser, archive: Stage):
    context = await browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True)
    page = await context.new_page()
    problems: list[str] = []
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    await page.goto(f"{archive.address}graph")
    picture = page.get_by_role("application")
    await expect(picture.locator("canvas").first).to_be_visible()

    await page.get_by_label("Tag").select_option("reasoning")
    await picture.focus()
    await page.keyboard.press("Home")  # it is in the middle now
    await expect(page.locator("[data-map-chosen] a")).to_have_count(1)
    await page.locator("[data-map-chosen]").evaluate("one => one.replaceChildren()")
    box = await picture.bounding_box()
    assert box is not None
    await page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    await expect(page.locator("[data-map-chosen] a")).to_have_count(1)
    assert await overflow(page) <= 0
    assert problems == []
    await context.close()


async def test_papers_that_did_not_change_are_not_sent_again(archive: Stage):
    url = archive.url("/graph/papers.json")
    async with archive.client.get(url) as first:
        text, tag = await first.text(), first.headers["ETag"]
    async with archive.client.get(url, headers={"If-None-Match": tag}) as same:
        again = (same.status, await same.read(), same.headers["Cache-Control"])
    async with archive.client.get(url, headers={"If-None-Match": '"other"'}) as other:
        changed = (other.status, await other.text())

    assert again == (304, b"", "private, no-cache")
    assert changed == (200, text)
