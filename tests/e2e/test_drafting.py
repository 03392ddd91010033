"""A curator has the other language drafted, in a real Chromium with a real bot."""

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser import browsing, photograph, visiting
from tests.e2e.process import bot
from tests.e2e.test_notes import KOREAN, PAPER
from tests.fakes.completions import KEY, MODEL, FakeCompletions

ENGLISH = "Machines that wait for a late reward. Small experiments, a clean method."


@pytest.mark.browser
async def test_the_other_language_is_drafted_read_and_saved(tmp_path: Path, chromium: str):
    async with FakeCompletions() as service:
        service.text = f"{ENGLISH} It wins a prize."
        drafting = {"DRAFT_URL": service.url, "DRAFT_KEY": KEY, "DRAFT_MODEL": MODEL}
        async with bot(tmp_path, **drafting) as running, browsing(chromium) as browser:
            async with visiting(browser, running.one_time_address, strict=False) as page:
                await page.get_by_role("link", name="Write a note").click()
                await page.get_by_label("Paper").fill(PAPER)
                await page.get_by_label("Korean").fill(KOREAN)
                service.fault = "page"
                await page.get_by_role("button", name="Draft the other language").click()
                english = page.get_by_label("English")
                await expect(english).to_have_accessible_description(
                    re.compile("could not be read")
                )
                await expect(page.get_by_label("Korean")).to_have_value(KOREAN)
                service.fault = ""
                await page.get_by_role("button", name="Draft the other language").click()
                await expect(english).to_have_value(f"[draft]\n{service.text}")
                await photograph(page, "draft")
                await page.get_by_role("button", name="Save").click()
                await expect(english).to_have_attribute("aria-invalid", "true")
                await english.fill(ENGLISH)
                await page.get_by_role("button", name="Save").click()
                await expect(page.locator("[data-outcome]")).to_contain_text("Saved: Patient")
            assert KEY not in "".join(running.log)
        assert [each["messages"][1]["content"] for each in service.asked] == [KOREAN, KOREAN]
