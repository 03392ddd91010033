"""Slack's real adapter, posting; nobody talks to it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from bot.app.platforms import EventsOf
from bot.app.slack.workspaces import SlackWorkspaces
from bot.core.domain.i18n import ENGLISH
from bot.core.ports import Chat, Inbox, MessageRef
from bot.platforms.slack.access import Access
from bot.platforms.slack.chat import SlackChat
from tests.chaos.process import now
from tests.fakes.tokens import BOT_TOKEN, SIGNING_SECRET, tokens_of
from tests.platforms.memory import SeenIds

TEAMS = ("T1", "T2")
_NOBODY = cast(Inbox, object())


class BlindSlackChat(SlackChat):
    """Never finds anything: whoever uses it sends again whatever is in doubt."""

    async def find(self, *_: object, **__: object) -> MessageRef | None:
        return None


@asynccontextmanager
async def slack_chat(url: str, *, blind: bool) -> AsyncIterator[Chat]:
    """The bot of one workspace."""
    chat = (BlindSlackChat if blind else SlackChat)(
        Access(BOT_TOKEN, None, SIGNING_SECRET, url),
        seen=SeenIds(),
        voices=lambda _: ENGLISH,
        clock=now,
        sleep=lambda seconds: asyncio.sleep(seconds / 10),
    )
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(chat.run(_NOBODY))
        yield chat
        serving.cancel()


@asynccontextmanager
async def slack_workspaces(url: str) -> AsyncIterator[Chat]:
    """Those of the workspaces `TEAMS`."""

    async def find_apps() -> dict[str, Access]:
        return {team: Access(tokens_of(team)[0], None, SIGNING_SECRET, url) for team in TEAMS}

    def open_chat(team: str, access: Access) -> SlackChat:
        return SlackChat(
            access,
            seen=EventsOf(team, SeenIds()),
            voices=lambda _: ENGLISH,
            clock=now,
            sleep=lambda seconds: asyncio.sleep(seconds / 10),
        )

    chat = SlackWorkspaces(None, find_apps, open_chat, clock=now, sleep=asyncio.sleep)
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(chat.run(_NOBODY))
        while len(chat.chats()) < len(TEAMS):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)
        yield chat
        serving.cancel()
