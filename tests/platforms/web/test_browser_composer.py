"""The composer of the chat and its suggestions in a real Chromium."""

import pytest
from playwright.async_api import Browser, expect

from tests.browser import visiting
from tests.platforms.web.stage import Stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


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
