"""The pages of the archive in a real Chromium: searching, copying, phone, both languages."""

import re

import pytest
from playwright.async_api import Browser, expect

from tests.browser import overflow, visiting
from tests.platforms.web.stage import Stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


async def test_a_search_needs_only_the_keyboard(browser: Browser, archive: Stage):
    async with visiting(browser, f"{archive.address}papers") as page:
        field = page.get_by_role("combobox", name="Search the archive")

        await page.keyboard.press("/")
        await expect(field).to_be_focused()
        await page.keyboard.type("re")
        await expect(page.get_by_role("option")).to_have_count(2)
        await expect(page.get_by_role("status")).to_have_text("2 suggestions")
        await page.keyboard.press("ArrowDown")
        chosen = page.get_by_role("option", name="#reasoning")
        await expect(field).to_have_attribute(
            "aria-activedescendant", str(await chosen.get_attribute("id"))
        )
        await page.keyboard.press("Enter")

        await expect(page.get_by_role("heading", name="15 papers")).to_be_visible()
        await expect(field).to_have_value("#reasoning")


async def test_a_suggested_title_opens_its_page(browser: Browser, archive: Stage):
    async with visiting(browser, f"{archive.address}papers") as page:
        await page.get_by_role("combobox", name="Search the archive").fill("number 12")

        await page.get_by_role("option").first.click()

        await expect(page.get_by_role("heading", level=1)).to_contain_text("number 12")


async def test_a_korean_phone_searches_without_scripts(browser: Browser, archive: Stage):
    context = await browser.new_context(
        viewport={"width": 320, "height": 640},
        locale="ko-KR",
        java_script_enabled=False,
        has_touch=True,
    )
    page = await context.new_page()
    await page.goto(f"{archive.address}papers")

    await page.get_by_role("searchbox", name="아카이브 검색").fill("reasoning")
    await page.get_by_role("button", name="검색").tap()
    await expect(page.get_by_role("heading", name="논문 15편")).to_be_visible()
    await page.get_by_text("필터와 예시").tap()
    await page.get_by_role("link", name=re.compile("^#reasoning -#")).tap()

    await expect(
        page.get_by_role("heading", name=re.compile("찾지 못했습니다|없습니다"))
    ).to_be_visible()
    await context.close()


async def test_bibtex_is_copied_and_the_button_says_so(browser: Browser, archive: Stage):
    async with visiting(browser, f"{archive.address}entry/1") as page:
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])

        await page.get_by_role("button", name="Copy BibTeX").click()

        await expect(page.get_by_role("button", name="Copied")).to_be_visible()
        copied = await page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith("@misc{arxiv:2502.00001,\n  title = {")
        assert copied.endswith("}")


@pytest.mark.parametrize("path", ["papers", "papers?q=Sample", "papers?q=nothing", "entry/1"])
async def test_nothing_is_wider_than_the_smallest_phone(
    browser: Browser, archive: Stage, path: str
):
    async with visiting(
        browser, archive.address + path, width=320, height=640, touch=True, locale="ko-KR"
    ) as page:
        for closed in await page.locator("details:not([open]) summary").all():
            await closed.tap()

        assert await overflow(page) == 0


async def test_a_button_that_copies_twice_gets_its_name_back(browser: Browser, archive: Stage):
    async with visiting(browser, f"{archive.address}entry/1") as page:
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await page.clock.install()
        await page.get_by_role("button", name="Copy BibTeX").click()
        await page.get_by_role("button", name="Copied").click()

        await page.clock.run_for(5000)

        await expect(page.get_by_role("button", name="Copy BibTeX")).to_be_visible()
