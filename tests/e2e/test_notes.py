"""A note is written in a real Chromium, in Slack and in Discord, and the bot is killed at every step of it."""

import asyncio
import json
import os
import re
import signal
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser import browsing, photograph, visiting
from tests.e2e.process import Running, bot
from tests.e2e.test_discord import settings as discord_settings
from tests.e2e.test_slack import http_mode
from tests.fakes.discord import FakeDiscord, text_of
from tests.fakes.slack import FakeSlack
from tests.ports import free_port
from tests.vault.git_stage import Place
from tests.waiting import until

PAPER = "https://arxiv.org/abs/2502.00009 *Patient machines* (Ada Example)"
KOREAN = "보상이 늦게 와도 기다릴 줄 아는 기계입니다. 실험은 작지만 방법이 깔끔합니다."
ENGLISH = "Machines that wait for a late reward. Small experiments, a clean method."
CHANGED = "Machines that can wait for a late reward."
DATABASE = Path("data/paperbot.db")
STEPS = ("open", "typed", "submitted", "done")
"""The states of a draft, in their order."""


@dataclass
class Desk:
    """A bot that is killed and started again at one address."""

    folder: Path
    settings: dict[str, str]
    process: Running | None = None
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def start(self) -> Running:
        self.stack = AsyncExitStack()
        self.process = await self.stack.enter_async_context(bot(self.folder, **self.settings))
        return self.process

    async def kill(self) -> None:
        assert self.process is not None
        await self.process.kill()
        await self.stack.aclose()

    def rows(self, sql: str) -> Sequence[tuple[object, ...]]:
        address = f"file:{self.folder / DATABASE}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=30)) as reader:
            return reader.execute(sql).fetchall()

    def age_drafts(self) -> None:
        """As if the bot had been away for an hour."""
        with closing(sqlite3.connect(self.folder / DATABASE, timeout=30)) as writer, writer:
            writer.execute("UPDATE draft SET changed_at = '2026-01-01T00:00:00.000000+00:00'")

    async def reached(self, step: str) -> None:
        """Until a draft is that far, or farther: the process is not waited for."""
        wanted = set(STEPS[STEPS.index(step) :])
        await until(
            lambda: any(state in wanted for [state] in self.rows("SELECT state FROM draft")),
            every=0.0005,
        )


@asynccontextmanager
async def desk(folder: Path, **settings: str) -> AsyncIterator[Desk]:
    """The bot on a port that stays."""
    opened = Desk(folder, {"PAPERBOT_WEB_PORT": str(free_port()), **settings})
    await opened.start()
    try:
        yield opened
    finally:
        await opened.stack.aclose()


async def write(page: Page, korean: str, english: str) -> None:
    await page.get_by_label("Paper").fill(PAPER)
    await page.get_by_label("Korean").fill(korean)
    await page.get_by_label("English").fill(english)
    await page.get_by_label("Tags").fill("patience")


@pytest.mark.browser
async def test_a_note_outlives_kill_9_at_every_step_and_is_written_once(
    tmp_path: Path, chromium: str
):
    async with desk(tmp_path) as at, browsing(chromium) as browser:
        assert at.process is not None
        first = at.process.one_time_address
        async with visiting(browser, first, strict=False) as page:
            await page.get_by_role("link", name="Write a note").click()
            await page.wait_for_url("**/note**")  # with its scripts, which a dead bot does not send
            await at.reached("open")
            await at.kill()
            # What is typed while the bot is away is kept by the page, and by the bot later.
            await write(page, KOREAN, ENGLISH)
            await expect(page.get_by_text("could not be kept yet")).to_be_visible()
            await at.start()
            await expect(page.get_by_text("Draft kept")).to_be_visible()
            await at.reached("typed")
            await at.kill()
            await at.start()
            await page.reload()
            await expect(page.get_by_label("Korean")).to_have_value(KOREAN)
            await expect(page.get_by_label("Paper")).to_have_value(PAPER)

            saved = page.locator("[data-outcome]")
            for step in ("typed", "submitted", "done"):
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(page.get_by_role("button", name="Save").click())
                    await at.reached(step)
                    await at.kill()
                await expect(page.get_by_role("alert").or_(saved)).to_be_visible()
                await at.start()
                if await saved.is_visible():  # it was answered before the kill
                    break
                await expect(page.get_by_label("Korean")).to_have_value(KOREAN)
            else:
                # The last one is of what was written before the kill: it changes nothing.
                await page.get_by_role("button", name="Save").click()
            await expect(saved).to_contain_text("Saved: Patient machines")
            await page.get_by_role("link", name="Show").click()
            await expect(page.get_by_text(ENGLISH)).to_be_visible()
            await expect(page.get_by_text(KOREAN)).to_be_visible()

            await page.get_by_role("link", name="Change the note").click()
            for language, button in (("ko", "저장"), ("en", "Save")):
                await page.goto(f"{page.url}&lang={language}")
                await expect(page.get_by_role("button", name=button)).to_be_visible()
                await photograph(page, "note")
            day = await page.get_by_label("Date").input_value()
            for language, date, button in (("ko", "날짜", "저장"), ("en", "Date", "Save")):
                await page.goto(f"{page.url}&lang={language}")
                await page.get_by_label(date).fill("someday")
                await page.get_by_role("button", name=button, exact=True).click()
                field = page.get_by_label(date)
                await expect(field).to_have_attribute("aria-invalid", "true")
                await expect(field).to_be_focused()
                # A click would not reach it if “Save”, at the end of the page, covered it.
                await page.locator("#field-date-problem").click(trial=True)
                await photograph(page, "note-problems")
            await page.get_by_label("Date").fill(day)
            await page.get_by_label("English").fill(CHANGED)
            await page.get_by_role("button", name="Save").click()
            await page.get_by_role("link", name="Show").click()
            await expect(page.get_by_text(CHANGED)).to_be_visible()

        assert at.rows("SELECT count(*) FROM entry WHERE withdrawn_at IS NULL") == [(1,)]
        assert at.process.tracebacks == []


@pytest.mark.browser
async def test_a_note_that_is_saved_while_its_draft_is_kept_leaves_no_draft(
    tmp_path: Path, chromium: str
):
    kept = asyncio.Event()

    async def hold(route: Route) -> None:
        await kept.wait()
        await route.continue_()

    async with desk(tmp_path) as at, browsing(chromium) as browser:
        assert at.process is not None
        async with visiting(browser, at.process.one_time_address) as page:
            await page.get_by_role("link", name="Write a note").click()
            await page.wait_for_url("**/note**")
            await page.route("**/api/form/keep", hold)
            async with page.expect_request("**/api/form/keep"):
                await write(page, KOREAN, ENGLISH)
            sent: list[str] = []
            page.on("request", lambda request: sent.append(request.url))
            await page.get_by_label("English").fill(CHANGED)
            await page.get_by_role("button", name="Save").click()
            await expect(page.locator("form[aria-busy=true]")).to_be_visible()
            waits = sent == []  # for what is being kept
            kept.set()
            await expect(page.locator("[data-outcome]")).to_contain_text("Saved: Patient machines")

        assert waits
        assert at.rows("SELECT count(*) FROM entry") == [(1,)]
        assert at.rows("SELECT key FROM draft WHERE state = 'typed'") == []


def stop_before_the_commit(place: Place) -> Path:
    """Git waits in a hook, whose file then has the id of Git's process."""
    waiting = place.root / "waiting"
    hook = place.vault / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(
        f"#!/bin/sh\necho $PPID > {waiting}.new\nmv {waiting}.new {waiting}\nsleep 60\n",
        encoding="utf-8",
    )
    hook.chmod(0o755)
    return waiting


@pytest.mark.browser
async def test_a_note_is_a_file_and_one_commit_also_after_kill_9_before_it_is_committed(
    tmp_path: Path, chromium: str
):
    place = Place(tmp_path)
    place.begin()
    waiting = stop_before_the_commit(place)
    no_configuration = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    settings = {"PAPERBOT_VAULT": str(place.vault), "PAPERBOT_VAULT_GIT": "on", **no_configuration}

    async with desk(tmp_path, **settings) as at, browsing(chromium) as browser:
        assert at.process is not None
        async with visiting(browser, at.process.one_time_address, strict=False) as page:
            await page.get_by_role("link", name="Write a note").click()
            await page.wait_for_url("**/note**")
            await write(page, KOREAN, ENGLISH)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(page.get_by_role("button", name="Save").click())
                await until(waiting.exists)
                await at.kill()
            [note] = place.vault.glob("*.md")
            assert KOREAN in note.read_text(encoding="utf-8")
            assert at.rows("SELECT count(*) FROM entry") == [(0,)]
            os.kill(int(waiting.read_text()), signal.SIGTERM)
            await until(lambda: not (place.vault / ".git/index.lock").exists())
            (place.vault / ".git/hooks/pre-commit").unlink()
            at.age_drafts()

            # The next start finishes it, without the person.
            await at.start()
            await at.reached("done")
            await page.goto(f"{at.process.address}entry/1")
            await expect(page.get_by_text(ENGLISH).first).to_be_visible()
            detail = json.loads(await at.process.text("healthz"))["pumps"]["vault git"]

    assert detail["ok"], at.process.log
    author, _, file, *before = place.log(place.remote, "--name-only", ref="main")
    assert re.fullmatch(
        rf"Guest \w+ <web\.\S+@paperbot\.invalid>\|paperbot\|Add {note.stem}", author
    )
    assert file == note.name
    assert before[0] == "Bo <bo@example.org>|Bo|begin"
    assert place.status() == [""]
    assert at.rows("SELECT count(*) FROM entry WHERE withdrawn_at IS NULL") == [(1,)]
    assert list(place.vault.glob("*.md")) == [note]


async def test_a_note_in_slack_outlives_kill_9_at_every_step_and_is_written_once(tmp_path: Path):
    async with FakeSlack() as slack, desk(tmp_path, **http_mode(slack)) as at:

        async def connected(process: Running | None) -> Running:
            assert process is not None
            slack.events_url = f"{process.address}slack/events"
            await process.until_connected("slack")
            return process

        process = await connected(at.process)
        await slack.command(f"/note {PAPER}", user="U1")
        modal = await slack.modal("U1")
        await at.reached("open")
        await slack.until(lambda: len(modal.shown) >= 2)
        await slack.hands.type(modal, "Korean", KOREAN)
        await at.reached("typed")
        await at.kill()
        await connected(await at.start())
        await slack.hands.close(modal)
        await slack.command(f"/note {PAPER}", user="U1")
        modal = await slack.modal("U1")
        await slack.until(lambda: modal.text("Korean") == KOREAN)

        for step in ("typed", "submitted", "done"):
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(slack.hands.submit(modal))
                await at.reached(step)
                await at.kill()
            process = await connected(await at.start())
            if not modal.is_open:  # it was answered before the kill
                break
            assert modal.text("Korean") == KOREAN
        if modal.is_open:
            await slack.hands.submit(modal)
        assert not modal.is_open
        assert modal.errors == {}
        await at.reached("done")
        assert at.rows("SELECT count(*) FROM entry WHERE withdrawn_at IS NULL") == [(1,)]
        assert KOREAN in await process.text("entry/1")
        assert process.tracebacks == []


async def test_a_note_in_discord_outlives_kill_9_at_every_step_and_is_written_once(tmp_path: Path):
    async with FakeDiscord() as discord, desk(tmp_path, **discord_settings(discord)) as at:

        async def connected(process: Running | None) -> None:
            assert process is not None
            await process.until_connected("discord")

        await connected(at.process)
        opened = await discord.types("note", {"paper": PAPER.split(maxsplit=1)[0]})
        typed = {"paper": PAPER, "ko": KOREAN, "en": ENGLISH, "tags": "patience"}
        wrong = await discord.submits(opened, typed | {"date": "someday"})
        problem = await wrong.answer()
        assert "someday" in text_of(problem)
        await at.kill()

        # The draft is in the database, and the button in the message: any process goes on.
        for step in ("typed", "submitted"):
            await connected(await at.start())
            opened = await discord.presses(problem, "Continue")
            assert KOREAN in str(await opened.form())
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(discord.submits(opened, {"date": ""}))
                await at.reached(step)
                await at.kill()
        # Discord leaves a modal open that was not answered: it is submitted again.
        await connected(await at.start())
        saved = await discord.submits(opened, {"date": ""})
        assert "Patient machines" in text_of(await saved.answer())

        opened = await discord.types("note", {"paper": PAPER.split(maxsplit=1)[0]})
        changed = await discord.submits(opened, {"en": CHANGED})
        answer = await changed.answer()
        assert "Patient machines" in text_of(answer)
        again = await discord.presses(answer, "Change")
        assert CHANGED in str(await again.form())
        assert at.rows("SELECT count(*) FROM entry WHERE withdrawn_at IS NULL") == [(1,)]
        assert discord.complaints == []
