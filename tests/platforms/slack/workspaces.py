"""`SlackWorkspaces` over fake workspaces, each with an app that `paperbot slack add` has stored."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from bot.app.platforms import EventsOf
from bot.app.slack.workspaces import SlackWorkspaces
from bot.core.catalogue import Catalogues
from bot.core.ports import Inbox, ProcessedEvents, Replies
from bot.platforms.slack.access import Access
from bot.platforms.slack.chat import SlackChat
from tests.fakes.slack.workspaces import FakeWorkspaces
from tests.platforms.memory import Notes
from tests.platforms.slack.stage import QUICK
from tests.waiting import until


@asynccontextmanager
async def serving(
    fake: FakeWorkspaces,
    inbox: Inbox,
    *,
    clock: Callable[[], datetime],
    seen: ProcessedEvents,
    replies: Replies | None = None,
) -> AsyncIterator[SlackWorkspaces]:
    """All workspaces of the fake, connected."""

    async def find_apps() -> dict[str, Access]:
        return {
            team: Access(slack.bot_token, slack.app_token, None, fake.url)
            for team, slack in fake.of.items()
        }

    def open_chat(team: str, access: Access) -> SlackChat:
        return SlackChat(
            access,
            seen=EventsOf(team, seen),
            memo=Notes(),
            replies=replies,
            voices=Catalogues(),
            clock=clock,
            timing=QUICK,
            sleep=soon,
        )

    slack = SlackWorkspaces(None, find_apps, open_chat, clock=clock, sleep=soon)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(slack.run(inbox))
        try:
            await until(lambda: [each.ok for each in slack.conditions] == [True] * len(fake.of))
            yield slack
        finally:
            running.cancel()


async def soon(seconds: float) -> None:
    """A pause that is short enough for a test."""
    await asyncio.sleep(min(seconds, 0.05))
