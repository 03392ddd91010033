"""The page on which a note is written: over HTTP, in a real Chromium, and without scripts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from bot.core.domain.document import Button, Buttons, Document, Paragraph, notice, run
from bot.core.domain.form import Form, FormAction
from bot.core.ports import ChannelRef, Command, DeliveryKey, FilledForm, Platform
from bot.webchat.domain.board import inbox_of
from tests.browser import overflow, visiting
from tests.platforms.form_inbox import BLANK, remarked
from tests.platforms.web.sign_in_stage import signing_in
from tests.platforms.web.stage import FakeInbox, Stage, staged
from tests.waiting import until

# One browser for all of them, as in `test_browser`.
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

GENERAL = ChannelRef(Platform.WEB, "", "general")
PAPER = "2502.01456"
WRONG = BLANK.filled({"ko": "아직", "date": "someday"})
WRONG = replace(WRONG, problems={"": "Look at the date.", "date": "“someday” is not a date"})


@dataclass
class SlowInbox(FakeInbox):
    """An inbox whose database may be away: nothing is read or saved unless it is `free`."""

    free: asyncio.Event = field(default_factory=asyncio.Event)
    keeps: asyncio.Event = field(default_factory=asyncio.Event)
    """Drafts are kept, or fail, while it is set."""
    fails: bool = False

    def __post_init__(self) -> None:
        self.free.set()
        self.keeps.set()

    async def open_form(self, command: Command, blank: Form) -> Form | Document:
        await self.free.wait()
        return await super().open_form(command, blank)

    async def keep_form(self, filled: FilledForm) -> bool:
        await self.keeps.wait()
        return not self.fails and await super().keep_form(filled)

    async def press_form(self, filled: FilledForm, action: str) -> Form:
        shown = await super().press_form(filled, action)
        await self.free.wait()
        return shown

    async def submit_form(self, filled: FilledForm) -> Form | Document:
        await self.free.wait()
        return await super().submit_form(filled)


@pytest_asyncio.fixture(loop_scope="module")
async def stage() -> AsyncIterator[Stage]:
    async with staged(inbox=SlowInbox()) as opened:
        yield opened


@asynccontextmanager
async def without_scripts(browser: Browser, address: str) -> AsyncIterator[Page]:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(address)
    yield page
    await context.close()


async def posted(stage: Stage, **fields: str) -> tuple[int, str]:
    """What a browser without scripts sends."""
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in fields.items():
        form.add_field(name.replace("_", "-"), value)
    async with stage.client.post(stage.url("/note"), data=form, headers=stage.own) as response:
        return response.status, await response.text()


def outcome(entry: int) -> Document:
    buttons = (Button("Show", f"/paper entry:{entry}"), Button("Change", f"/note entry:{entry}"))
    return Document((Paragraph(run("Saved: A paper")), Buttons(buttons)), summary="Saved: A paper")


async def test_a_note_is_written_without_scripts(browser: Browser, stage: Stage):
    stage.inbox.outcome = lambda _: outcome(7)
    async with without_scripts(browser, stage.url(f"/note?paper={PAPER}")) as page:
        await expect(page.get_by_role("heading", level=1)).to_have_text("Note on a paper")
        await expect(page.get_by_label("Paper")).to_have_value(PAPER)
        await expect(page.get_by_text("moe")).to_be_visible()
        await page.get_by_label("Korean").fill("\n첫 줄\n둘째 줄")
        await page.get_by_label("Tags").fill("rl")
        await page.get_by_role("button", name="Save").click()

        await expect(page.get_by_text("Saved: A paper")).to_be_visible()
        await page.reload()
        change = page.get_by_role("link", name="Change")
        await expect(change).to_have_attribute("href", "/note?paper=entry%3A7")
        await expect(page.get_by_role("link", name="Show")).to_have_attribute("href", "/entry/7")

    first, *again = stage.inbox.submitted
    assert first.touched is None
    assert (first.name, first.key, first.channel) == ("note", "key-1", GENERAL)
    assert first.values == {
        "paper": PAPER,
        "ko": "\n첫 줄\n둘째 줄",
        "en": "",
        "tags": "rl",
        "date": "",
    }
    assert all(each == first for each in again)
    assert {command.options["paper"] for command in stage.inbox.opened} == {PAPER}


async def test_problems_stand_beside_their_fields_and_nothing_typed_is_lost(browser, stage: Stage):
    stage.inbox.outcome = lambda filled: replace(WRONG, key="key-2").filled(filled.values)
    for scripts in (False, True):
        opening = visiting if scripts else without_scripts
        async with opening(browser, stage.url("/note")) as page:
            await page.get_by_label("English").fill("<b>kept</b>")
            await page.get_by_label("Date").fill("someday")
            await page.get_by_role("button", name="Save").click()

            date = page.get_by_label("Date")
            await expect(date).to_have_attribute("aria-invalid", "true")
            await expect(date).to_have_accessible_description("“someday” is not a date")
            await expect(date).to_have_value("someday")
            await expect(page.get_by_role("alert")).to_have_text("Look at the date.")
            await expect(page.get_by_label("English")).to_have_value("<b>kept</b>")
            await expect(page.locator("[name=key]")).to_have_value("key-2")
            if scripts:
                await expect(page.get_by_role("alert")).to_be_focused()


async def test_remarks_stand_beside_their_fields_and_are_in_nobodys_way(browser, stage: Stage):
    for opening in (without_scripts, visiting):
        stage.inbox.outcome = remarked
        async with opening(browser, stage.url("/note")) as page:
            await page.get_by_label("Korean").fill("글")
            await page.get_by_role("button", name="Save").click()

            date = page.get_by_label("Date")
            await expect(date).to_have_accessible_description("The date is in the future.")
            await expect(date).not_to_have_attribute("aria-invalid", "true")
            await expect(page.locator("[data-remark]")).to_have_text("Look at the remarks.")
            await expect(page.get_by_role("alert")).to_be_hidden()
            await expect(page.get_by_label("Korean")).to_have_value("글")
            stage.inbox.outcome = lambda _: notice("Saved.")
            await page.get_by_role("button", name="Save").click()
            await expect(page.get_by_text("Saved.")).to_be_visible()
    assert [each.values["ko"] for each in stage.inbox.submitted] == ["글"] * 4


async def test_drafts_are_kept_as_one_types_and_again_once_the_bot_is_back(browser, stage: Stage):
    inbox = stage.inbox
    assert isinstance(inbox, SlowInbox)
    async with visiting(browser, stage.url(f"/note?paper={PAPER}"), strict=False) as page:
        await page.get_by_label("Korean").fill("반쯤 쓴")
        await expect(page.get_by_text("Draft kept")).to_be_visible()
        assert stage.inbox.kept[-1].values["ko"] == "반쯤 쓴"

        inbox.fails = True
        await page.get_by_label("Korean").fill("반쯤 쓴 글")
        await expect(page.get_by_text("could not be kept yet")).to_be_visible()
        inbox.keeps.clear()
        await page.reload()
        await expect(page.get_by_label("Korean")).to_have_value("반쯤 쓴 글")
        await expect(page.get_by_text("What you typed here before is back")).to_be_visible()

        inbox.fails = False
        inbox.keeps.set()
        await expect(page.get_by_text("Draft kept")).to_be_visible()
        assert stage.inbox.kept[-1].values["ko"] == "반쯤 쓴 글"
        await page.reload()
        await expect(page.get_by_label("Korean")).to_have_value("")  # the bot's draft counts now


async def test_a_page_tells_which_fields_have_text_that_is_not_kept_yet(
    browser: Browser, stage: Stage
):
    stage.inbox.known = lambda blank: blank.filled({"ko": "초안", "tags": "rl"})
    async with visiting(browser, stage.url(f"/note?paper={PAPER}")) as page:
        await page.get_by_label("English").fill("Mine.")
        await expect(page.get_by_text("Draft kept")).to_be_visible()
        await page.get_by_role("button", name="moe").click()
        await until(lambda: stage.inbox.kept[-1].values["tags"] == "rl moe")
        await page.get_by_label("Date").fill("yesterday")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Saved.")).to_be_visible()
    first, last, (submitted,) = *(stage.inbox.kept[at] for at in (0, -1)), stage.inbox.submitted
    assert first.touched == frozenset({"en"})
    assert last.touched is not None
    assert "tags" in last.touched
    assert submitted.touched is not None
    assert "date" in submitted.touched
    assert not {"en", "ko"} & (last.touched | submitted.touched)
    assert submitted.values["ko"] == "초안"


async def test_what_was_sent_and_is_shown_again_counts_as_typed(browser: Browser, stage: Stage):
    """The bot may not have been able to store it."""
    stage.inbox.outcome = lambda filled: replace(BLANK, problems={"": "Away."}).filled(
        filled.values
    )
    async with visiting(browser, stage.url("/note")) as page:
        await page.get_by_label("English").fill("Mine.")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("alert")).to_have_text("Away.")
        stage.inbox.outcome = lambda _: notice("Saved.")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Saved.")).to_be_visible()
    assert [each.touched for each in stage.inbox.submitted] == [frozenset({"en"})] * 2


async def test_what_is_typed_last_is_kept_when_the_page_is_left(browser: Browser, stage: Stage):
    async with visiting(browser, stage.url("/note")) as page:
        await page.get_by_label("English").fill("and away")
        await page.goto(stage.url("/papers"))
        await until(lambda: any(each.values["en"] == "and away" for each in stage.inbox.kept))


async def test_the_page_opens_while_the_database_is_away_and_fills_itself_in(browser, stage):
    known = replace(
        BLANK.filled({"paper": PAPER, "tags": "moe"}), key="key-9", about=("On waiting — Ada",)
    )
    stage.inbox.known = lambda _: known
    stage.inbox.free.clear()
    address = stage.url(f"/note?paper={PAPER}")
    async with (
        visiting(browser, address) as idle,
        visiting(browser, address) as hasty,
        without_scripts(browser, address) as plain,
    ):
        await hasty.get_by_label("English").fill("Typed at once.")
        await expect(idle.get_by_text("is not read yet")).to_be_visible()
        await expect(plain.get_by_role("link", name="Try again")).to_be_visible()
        stage.inbox.free.set()

        await expect(idle.get_by_text("On waiting — Ada")).to_be_visible()
        await expect(idle.get_by_label("Tags")).to_have_value("moe")
        await expect(idle.locator("[name=key]")).to_have_value("key-9")
        await expect(hasty.get_by_text("On waiting — Ada")).to_be_visible()
        await expect(hasty.get_by_label("English")).to_have_value("Typed at once.")
        await expect(hasty.get_by_label("Tags")).to_have_value("")
        await plain.get_by_role("link", name="Try again").click()
        await expect(plain.get_by_text("On waiting — Ada")).to_be_visible()


async def test_a_submission_that_takes_too_long_keeps_the_text_in_the_page(browser: Browser):
    inbox = SlowInbox()
    async with staged(inbox=inbox, patience=5) as stage:
        for opening in (visiting, without_scripts):
            inbox.free.set()
            async with opening(browser, stage.url("/note")) as page:
                await page.get_by_label("English").fill("Kept.")
                inbox.free.clear()
                await page.get_by_role("button", name="Save").click()
                await expect(page.get_by_role("alert")).to_contain_text("is still here")
                await expect(page.get_by_label("English")).to_have_value("Kept.")
                inbox.free.set()
                await page.get_by_role("button", name="Save").click()
                await expect(page.get_by_text("Saved.")).to_be_visible()
        assert [each.key for each in inbox.submitted] == ["key-1", "key-1"]


async def test_an_action_of_the_form_keeps_what_was_typed(browser: Browser, stage: Stage):
    action = FormAction("without-draft", "Without the draft")
    stage.inbox.known = lambda blank: replace(blank, actions=(action,))
    for opening in (visiting, without_scripts):
        async with opening(browser, stage.url("/note")) as page:
            await page.get_by_label("English").fill("Mine.")
            await page.get_by_role("button", name="Without the draft").click()
            await expect(page.get_by_role("button", name="Without the draft")).to_have_count(0)
            await expect(page.get_by_label("English")).to_have_value("Mine.")
    assert [(each.values["en"], name) for each, name in stage.inbox.pressed] == [
        ("Mine.", "without-draft")
    ] * 2
    assert stage.inbox.submitted == []


async def test_what_is_typed_while_an_action_takes_its_time_stays(browser: Browser, stage: Stage):
    inbox = stage.inbox
    assert isinstance(inbox, SlowInbox)
    inbox.known = lambda blank: replace(blank, actions=(FormAction("draft", "Draft"),))
    inbox.on_press = lambda filled: BLANK.filled({**filled.values, "en": "[draft] A machine's."})
    async with visiting(browser, stage.url("/note")) as page:
        await expect(page.get_by_role("button", name="Draft")).to_be_visible()
        inbox.free.clear()
        korean = page.get_by_label("Korean")
        await korean.fill("글")
        await page.get_by_role("button", name="Draft").click()
        await expect(page.locator("[data-status]")).to_have_text("One moment …")
        await until(lambda: inbox.pressed)
        async with page.expect_response("**/api/form/keep") as kept:
            await korean.press_sequentially(" 하나 더")
        await (await kept.value).finished()
        await expect(page.locator("[data-status]")).to_have_text("One moment …")
        inbox.free.set()

        await expect(page.get_by_label("English")).to_have_value("[draft] A machine's.")
        await expect(korean).to_have_value("글 하나 더")
        await expect(korean).to_be_focused()
        await korean.press_sequentially("!")
        await expect(korean).to_have_value("글 하나 더!")
        await until(lambda: inbox.kept and inbox.kept[-1].values["ko"] == "글 하나 더!")
    assert inbox.pressed[0][0].values["ko"] == "글"


async def test_another_paper_is_looked_up_and_tags_are_offered(browser: Browser, stage: Stage):
    stage.inbox.known = lambda blank: (
        replace(blank, about=(f"About {blank.values['paper']}",))
        if blank.values["paper"]
        else blank
    )
    async with visiting(browser, stage.url("/note")) as page:
        await page.get_by_label("Paper").fill(PAPER)
        await page.keyboard.press("Tab")
        await expect(page.get_by_text(f"About {PAPER}")).to_be_visible()
        await expect(page.get_by_label("Korean")).to_be_focused()

        tags = page.get_by_label("Tags")
        await page.get_by_role("button", name="moe").click()
        await page.get_by_role("button", name="rl").click()
        await page.get_by_role("button", name="moe").click()
        await expect(tags).to_have_value("rl")
        await expect(page.get_by_role("button", name="rl")).to_have_attribute(
            "aria-pressed", "true"
        )
        await tags.fill("rl rea")
        await expect(page.get_by_role("option", name="reasoning")).to_be_visible()
        await page.keyboard.press("Tab")
        await expect(tags).to_have_value("rl reasoning ")
        assert await overflow(page) == 0


async def test_who_may_not_write_is_told_why(browser: Browser, stage: Stage):
    stage.inbox.known = lambda _: notice("Only curators may write notes.")
    async with visiting(browser, stage.url("/note")) as page:
        await expect(page.get_by_text("Only curators may write notes.")).to_be_visible()
        await expect(page.get_by_label("Korean")).to_have_count(0)


async def test_a_button_that_opens_a_form_is_a_link_to_its_page(browser: Browser, stage: Stage):
    await stage.chat.post(GENERAL, outcome(3), key=DeliveryKey("outcome"))
    async with visiting(browser, stage.address) as page:
        await page.get_by_role("link", name="Change").click()
        await expect(page.get_by_label("Paper")).to_have_value("entry:3")


async def test_a_typed_command_opens_the_form_and_posts_nothing(browser: Browser, stage: Stage):
    async with visiting(browser, stage.address) as page:
        async with page.expect_response("**/api/complete?*") as completed:
            await page.get_by_role("combobox").fill(f"/note {PAPER}")
        assert (await completed.value).ok
        await page.keyboard.press("Enter")
        await expect(page.get_by_label("Paper")).to_have_value(PAPER)
        assert page.url.endswith(f"/note?paper={PAPER}&channel=general")
    _, answer = await stage.post("/api/press", channel="general", line="/note entry:3")
    _, helped = await stage.post("/api/press", channel="general", line="/note help")

    assert answer == {"open": "/note?paper=entry%3A3&channel=general"}
    assert "private" in helped
    assert await stage.board.list_messages("general", limit=9) == ()


async def test_other_sites_and_unreadable_requests_write_nothing(stage: Stage):
    foreign = {"Origin": "https://elsewhere.example"}
    form = aiohttp.FormData({"key": "key-1", "field-ko": "x"}, default_to_multipart=True)
    async with stage.client.post(stage.url("/note"), data=form, headers=foreign) as response:
        assert response.status == 403
        assert response.content_type == "text/html"
    assert (await posted(stage, field_ko="no key"))[0] == 422
    assert (await posted(stage, key="key-1", field_ko="x" * 20_001))[0] == 422
    assert (await posted(stage, key="key-1", **{"field_" + "n" * 65: "x"}))[0] == 422
    assert (await posted(stage, key="key-1", field_ko="가" * 200_000))[0] == 413
    assert (await stage.post("/api/form/submit", key=["key-1"]))[0] == 422
    assert (await stage.post("/api/form/submit", key="key-1", values={"ko": 1}))[0] == 422
    assert (await stage.post("/api/form/submit", key="key-1", touched="ko"))[0] == 422
    assert (await stage.post("/api/form/keep", values={"ko": "x"}))[0] == 422
    assert (stage.inbox.submitted, stage.inbox.kept) == ([], [])

    status, text = await posted(
        stage, key="key-1", field_ko="가" * 20_000, channel=inbox_of("somebody")
    )
    assert (status, "Saved." in text) == (200, True)
    assert stage.inbox.submitted[0].channel == GENERAL


async def test_who_may_write_is_offered_it_in_the_chat_and_on_pages_of_entries(stage: Stage):
    async def offers(path: str) -> bool:
        async with stage.client.get(stage.url(path)) as response:
            return 'href="/note?' in await response.text()

    assert [await offers("/"), await offers("/entry/3")] == [False, False]
    await stage.become_operator()
    assert [await offers("/"), await offers("/entry/3")] == [True, True]


async def test_a_curator_is_known_by_the_account_that_they_sign_in_with():
    """Everybody else who signs in sees no way to write, and nobody writes before they signed in."""
    inbox = SlowInbox()
    async with signing_in(inbox=inbox, curators=frozenset({"slack:T1/U1"})) as stage:
        async with stage.web.client.get(stage.web.url("/note?paper=2502.01456")) as response:
            asked_to = str(response.url.relative())
        offered = []
        for user in ("U1", "U2"):
            stage.accounts.user = user
            assert await stage.sign_in(path="/note?paper=2502.01456") == (
                200,
                "/note?paper=2502.01456",
            )
            async with stage.web.client.get(stage.web.url("/entry/3")) as response:
                offered.append("/note?paper=entry:3" in await response.text())

    assert asked_to.startswith("/sign-in?next=")
    assert offered == [True, False]
    assert [command.user.known_as for command in inbox.opened] == [
        ("slack:T1/U1",),
        ("slack:T1/U2",),
    ]
