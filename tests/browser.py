"""A real Chromium for tests, driven by Playwright; see the marker `browser`."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright, expect

from tests.waiting import HANGING

ARGUMENTS = (
    "--no-sandbox",  # CI runs as root
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
expect.set_options(timeout=HANGING * 1000)  # a slow machine is no failure
SCREENSHOTS = Path(__file__).resolve().parent.parent / "docs" / "screenshots"


@asynccontextmanager
async def browsing(chromium: str) -> AsyncIterator[Browser]:
    """A browser that is closed at the end."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def visiting(
    browser: Browser,
    address: str,
    *,
    width: int = 1280,
    height: int = 800,
    locale: str = "en-US",
    zone: str = "Asia/Seoul",
    dark: bool = False,
    touch: bool = False,
    scale: float = 1,
    strict: bool = True,
) -> AsyncIterator[Page]:
    """A visitor of their own at an address.

    Nothing may go wrong in the page, unless it is not to be `strict`: a test breaks the line.
    """
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        locale=locale,
        timezone_id=zone,
        color_scheme="dark" if dark else "light",
        has_touch=touch,
        device_scale_factor=scale,
    )
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.set_default_timeout(HANGING * 1000)
    await page.goto(address)
    await page.wait_for_selector("html[data-ready]", state="attached")
    yield page
    assert complaints == [] or not strict
    await context.close()


async def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    wide: int = await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return wide


async def photograph_in_both(page: Page, name: str) -> None:
    """Keep a picture in English and one in Korean; private answers on the page are gone then."""
    await photograph(page, name)
    if os.environ.get("PAPERBOT_SCREENSHOTS") == "1":  # noqa: TID251 - for people, not a setting
        address = page.url.partition("?")[0]
        for language in ("ko", "en"):
            await page.goto(f"{address}?lang={language}")
            await page.wait_for_selector(f"html[lang={language}][data-ready]", state="attached")
            if language == "ko":
                await page.wait_for_selector(".log .message")
                await photograph(page, name)


async def photograph(page: Page, name: str) -> None:
    """Keep a picture for the guides, where PAPERBOT_SCREENSHOTS asks for it.

    The picture of a page in Korean is `name.ko.png`.
    """
    if os.environ.get("PAPERBOT_SCREENSHOTS") == "1":  # noqa: TID251 - for people, not a setting
        await page.evaluate("document.fonts.ready")
        language = await page.evaluate("document.documentElement.lang")
        suffix = "" if language == "en" else f".{language}"
        await page.screenshot(path=SCREENSHOTS / f"{name}{suffix}.png", animations="disabled")
