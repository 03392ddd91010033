"""The like button: two people in a real Chromium, by keyboard, and without scripts."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from bot.archive.domain.entry import Language
from bot.channels.domain.digest_options import Layout
from bot.core.catalogue import Catalogues
from bot.core.database.database import Database
from bot.core.ports import ChannelRef, DeliveryKey, Platform, Reaction, person_id
from bot.digest.domain import present_digest
from bot.digest.domain.digest import compile_digest
from bot.reactions.store import reactions
from bot.reactions.store.reactions import Given
from tests.browser import visiting
from tests.platforms.web.stage import ARCHIVE, DAY, FakeInbox, Stage, staged

GENERAL = ChannelRef(Platform.WEB, "", "general")


@dataclass
class LikesKept(FakeInbox):
    """Stores likes as the bot does, whatever the message shows."""

    db: Database | None = None

    async def on_reaction(self, reaction: Reaction) -> None:
        await super().on_reaction(reaction)
        assert self.db is not None
        assert reaction.at is not None
        person = person_id(reaction.message.channel, reaction.user.id)
        given = Given(reaction.message, person, reaction.emoji)
        async with self.db.transaction() as tx:
            await reactions.put(tx, given, None, is_there=reaction.is_added, at=reaction.at)


async def posting(stage: Stage, layout: Layout) -> None:
    digest = compile_digest(ARCHIVE[:2], on=DAY)
    posts = present_digest.present_digest(
        digest, languages=tuple(Language), layout=layout, say=Catalogues()("en")
    )
    for number, post in enumerate(posts):
        await stage.chat.post(GENERAL, post.document, key=DeliveryKey(f"{layout}{number}"))


@pytest_asyncio.fixture(loop_scope="module")
async def stage() -> AsyncIterator[Stage]:
    inbox = LikesKept()
    async with staged(inbox=inbox) as opened:
        inbox.db = opened.db
        opened.clock.at = datetime.now(UTC)
        yield opened


def like_of(page: Page, number: int):
    message = page.locator(".log .message", has_text=f"Sample paper number {number} on").last
    return message.get_by_role("button", name="Like")


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="module")
async def test_people_like_a_paper_by_keyboard_and_see_how_many_do(browser, stage):
    await posting(stage, Layout.PAPERS)
    async with visiting(browser, stage.address) as ada, visiting(browser, stage.address) as bo:
        assert await ada.get_by_role("button", name="Like").count() == 2  # not the header
        mine, theirs = like_of(ada, 1), like_of(bo, 1)
        await expect(mine).to_have_attribute("aria-pressed", "false")

        await mine.focus()
        await ada.keyboard.press("Enter")

        await expect(mine).to_have_attribute("aria-pressed", "true")
        await expect(mine).to_be_focused()
        await expect(theirs).to_have_text("Like 1")
        await expect(theirs).to_have_attribute("aria-pressed", "false")
        await theirs.click()
        await expect(mine).to_have_text("Like 2")
        await expect(mine).to_have_attribute("aria-pressed", "true")
        await ada.reload()
        await expect(mine).to_have_attribute("aria-pressed", "true")
        await mine.press(" ")
        await expect(theirs).to_have_text("Like 1")
        await expect(theirs).to_have_attribute("aria-pressed", "true")


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="module")
async def test_liking_needs_no_scripts(browser: Browser, stage: Stage):
    await posting(stage, Layout.PAPERS)
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(stage.address)

    await like_of(page, 1).click()

    liked = page.locator(".thread .message, .log .message").get_by_role("button", name="Like 1")
    await expect(liked.first).to_have_attribute("aria-pressed", "true")
    await liked.first.click()
    await expect(liked).to_have_count(0)
    await context.close()


@pytest.mark.asyncio(loop_scope="module")
async def test_what_is_no_paper_cannot_be_liked_and_other_sites_like_nothing(stage: Stage):
    await posting(stage, Layout.THREAD)
    first, *_ = await stage.board.list_messages("general", limit=9)

    status, answer = await stage.post("/api/like", message=first.id, like=True)
    foreign = {"Origin": "https://elsewhere.example"}
    form = {"message": str(first.id + 1), "like": "yes"}
    async with stage.client.post(stage.url("/like"), data=form, headers=foreign) as response:
        refused = response.status

    assert (status, answer["error"]) == (404, "That message no longer exists.")
    assert refused == 403
    assert stage.inbox.reactions == []


@pytest.mark.parametrize("message", ["999999", "none", ""])
@pytest.mark.asyncio(loop_scope="module")
async def test_a_form_that_likes_what_is_gone_is_answered_with_a_page(stage: Stage, message: str):
    form = {"message": message, "like": "yes"}
    async with stage.client.post(stage.url("/like"), data=form, headers=stage.own) as response:
        answer = response.status, response.content_type
        page = await response.text()

    assert answer == (404, "text/html")
    assert "That message no longer exists." in page


@pytest.mark.asyncio(loop_scope="module")
async def test_who_has_no_cookie_of_ours_likes_nothing_and_is_told_to_allow_it(stage: Stage):
    """Each request would be another person."""
    await posting(stage, Layout.PAPERS)
    paper = (await stage.board.list_messages("general", limit=9))[-1].id
    before = len(stage.inbox.reactions)
    form = {"message": str(paper), "like": "yes"}
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar, headers=stage.own) as client:
        async with client.post(stage.url("/like"), data=form) as response:
            refused = response.status, response.content_type
            page = await response.text()
        body = {"message": paper, "like": True}
        async with client.post(stage.url("/api/like"), json=body) as response:
            refused_too = response.status, (await response.json())["error"]
        without = len(stage.inbox.reactions) - before
        async with client.get(stage.address):
            pass
        async with client.post(stage.url("/api/like"), json=body) as response:
            admitted = response.status

    assert refused == (403, "text/html")
    assert "Allow cookies for this page" in page
    assert refused_too == (403, "Allow cookies for this page and reload it, then try again.")
    assert (without, admitted) == (0, 200)
    assert len(stage.inbox.reactions) - before == 1
