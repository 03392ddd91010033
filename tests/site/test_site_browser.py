"""The static site as readers see it: from a folder, without a server (issue 18, item 1)."""

import json
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.archive_stage import keep
from tests.browser import browsing, overflow
from tests.databases import throw_away
from tests.site.checks import axe_source
from tests.site.test_site import HOSTILE, generated, say_in_public, written

PAGES = (
    "index.html",
    "en/index.html",
    "ko/index.html?q=rl",
    "ko/days/2025-01-06.html",
    "ko/months/2025-01.html",
    "ko/entries/2025-01-06-2501.00020.html",
    "en/tags/ml~2f~rl.html",
    "ko/tags/index.html",
    "ko/authors/ada_lee.html",
    "en/authors/index.html",
    "ko/graph.html",
)
_LEFTS = "found => found.map(each => each.getBoundingClientRect().left)"


@pytest.mark.browser
async def test_pages_are_accessible_in_light_and_dark_and_fit_a_phone(
    chromium: str, tmp_path: Path
):
    axe = axe_source()
    async with throw_away() as db:
        ids = await keep(db, *generated(40), *HOSTILE)
        await say_in_public(db, ids[20], "a" * 300, "https://example.org/" + "b" * 300, "다" * 300)
        await written(db, tmp_path / "site", base="https://papers.example.org")
    problems: list[str] = []
    async with browsing(chromium) as browser:
        for dark, width in ((False, 1280), (True, 360)):
            context = await browser.new_context(
                viewport={"width": width, "height": 740}, color_scheme="dark" if dark else "light"
            )
            page = await context.new_page()
            for path in PAGES:
                await page.goto(f"{(tmp_path / 'site').as_uri()}/{path}")
                if "?q=" in path:
                    await expect(page.locator("#found article").first).to_be_visible()
                if "graph" in path:
                    await expect(page.locator(".map canvas").first).to_be_visible()
                await page.evaluate(axe)
                found = await page.evaluate("axe.run().then((found) => found.violations)")
                problems += (f"{path}: {json.dumps(each, ensure_ascii=False)}" for each in found)
                if await overflow(page) > 0:
                    problems.append(f"{path} is wider than {width} pixels")
                lefts = await page.eval_on_selector_all("h1, .bottom p", _LEFTS)
                if len(set(lefts)) != 1:
                    problems.append(f"{path} begins its heading and its footer at {lefts} pixels")
            await context.close()

    assert problems == []


@pytest.mark.browser
async def test_a_reader_goes_from_a_day_to_a_paper_in_the_other_language(
    chromium: str, tmp_path: Path
):
    async with throw_away() as db:
        await keep(db, *generated(12))
        await written(db, tmp_path / "site", base=None)
    async with browsing(chromium) as browser:
        context = await browser.new_context(java_script_enabled=False)
        page = await context.new_page()
        await page.goto((tmp_path / "site" / "index.html").as_uri())

        await page.get_by_role("link", name="2025년 1월 2일 목요일").click()
        await page.get_by_role("link", name="English").click()
        assert await page.get_by_role("heading", level=1).inner_text() == "Thursday, 2 January 2025"
        await page.locator("article h2 a").first.click()
        assert await page.locator("html").get_attribute("lang") == "en"
        assert await page.locator("article .commentary").first.get_attribute("lang") == "en"

        older = page.get_by_role("list", name="Builds on").get_by_role("link")
        while not await page.locator(".nodes a:focus").count():
            await page.keyboard.press("Tab")
        title = await older.inner_text()
        left, middle, right = [
            await page.locator(f".around {each}").bounding_box()
            for each in ("ul.older", ".itself", "ul.newer")
        ]
        assert left is not None
        assert middle is not None
        assert right is not None
        assert left["x"] + left["width"] < middle["x"]
        assert middle["x"] + middle["width"] < right["x"]
        await page.keyboard.press("Enter")
        await expect(page.locator("h1")).to_have_text(title)
        await context.close()


@pytest.mark.browser
async def test_the_map_opens_a_paper_by_keyboard_from_a_folder(chromium: str, tmp_path: Path):
    async with throw_away() as db:
        await keep(db, *generated(12))
        await written(db, tmp_path / "site", base=None)
    async with browsing(chromium) as browser:
        page = await browser.new_page()
        await page.goto((tmp_path / "site" / "en" / "index.html").as_uri())
        await page.get_by_role("link", name="Map of references").click()
        await page.wait_for_selector("html[data-ready]", state="attached")

        await page.get_by_role("application").focus()
        await page.keyboard.press("Home")
        chosen = page.locator("[data-map-chosen] a")
        title = await chosen.inner_text()
        await page.keyboard.press("Enter")

        await expect(page.locator("h1")).to_have_text(title)
