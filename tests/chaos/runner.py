"""The part of the bot that posts, as a process to be killed: see `test_chaos.py`.

python -m tests.chaos.runner --database FILE|ADDRESS --url URL …     until SIGTERM
"""

import argparse
import asyncio
import os
import random
import signal
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta

from bot.app.platforms import EventsOf
from bot.app.slack_workspaces import SlackWorkspaces
from bot.core.database.database import Database, Transaction, opened
from bot.core.domain.i18n import ENGLISH
from bot.core.ports import (
    ChannelRef,
    Chat,
    Command,
    MessageRef,
    Platform,
    User,
    parse_channel,
)
from bot.core.process import machine_name, process_runs
from bot.core.services.leases import Leases
from bot.core.store.leases import Process
from bot.digest.services import discussion_request
from bot.digest.services.plan import plan_due
from bot.discussion.services.discuss import DiscussionContext
from bot.follow.services import closed_inbox
from bot.follow.services import plan as follow_plan
from bot.outbox.domain.delivery import Patience
from bot.outbox.domain.rate_limit import RateLimits
from bot.outbox.services.calls_in_flight import Terms
from bot.outbox.services.deliver import Deliverer
from bot.platforms.discord.access import Access as DiscordAccess
from bot.platforms.discord.chat import DiscordChat
from bot.platforms.slack.access import Access
from bot.platforms.slack.chat import SlackChat
from bot.recap.services.plan_recaps import plan_recaps
from tests.databases import as_location
from tests.fakes.discord import TOKEN
from tests.fakes.http_chat import HttpChat, connected
from tests.fakes.slack import BOT_TOKEN, SIGNING_SECRET
from tests.fakes.slack.wire import tokens_of
from tests.platforms.discord.stage import SeenIds
from tests.platforms.memory import Notes
from tests.platforms.slack.stage import RecordingInbox, Remembered
from tests.wrapped_database import WrappedDatabase

TEAMS = ("T1", "T2")


def now() -> datetime:
    return datetime.now(UTC)


class BlindChat(HttpChat):
    """Never finds anything: whoever uses it sends again whatever is in doubt."""

    async def find(self, *_: object, **__: object) -> MessageRef | None:
        return None


class BlindSlackChat(SlackChat):
    """The same on Slack."""

    async def find(self, *_: object, **__: object) -> MessageRef | None:
        return None


class BlindDiscordChat(DiscordChat):
    """The same on Discord."""

    async def find(self, *_: object, **__: object) -> MessageRef | None:
        return None


class DoomedDatabase(WrappedDatabase):
    """Kills its process just before or just after the n-th commit that it is asked for."""

    def __init__(self, inner: Database, moment: str, number: int) -> None:
        super().__init__(inner)
        self._moment, self._number = moment, number

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        self._number -= 1
        doomed = self._number == 0
        async with self.inner.transaction() as tx:
            yield tx
            if doomed and self._moment == "before":
                os.kill(os.getpid(), signal.SIGKILL)
        if doomed and self._moment == "after":
            os.kill(os.getpid(), signal.SIGKILL)


async def main(options: argparse.Namespace) -> None:
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    terms = Terms(
        timeout=timedelta(seconds=options.timeout),
        lease=timedelta(seconds=options.lease or options.timeout * 3),
        at_once=options.at_once,
        patience=Patience(first_pause=timedelta(seconds=0.05), longest_pause=timedelta(seconds=1)),
    )
    async with AsyncExitStack() as stack:
        db: Database = await stack.enter_async_context(opened(options.database))
        chat: Chat
        if options.chat == "slack":
            chat = await stack.enter_async_context(slack_chat(options.url, blind=options.blind))
        elif options.chat == "slack-workspaces":
            chat = await stack.enter_async_context(slack_workspaces(options.url))
        elif options.chat == "discord":
            chat = await stack.enter_async_context(discord_chat(options.url, blind=options.blind))
        else:
            chat = await stack.enter_async_context(connected(options.url))
        if options.blind and isinstance(chat, HttpChat):
            chat = BlindChat(chat._url, chat._session, Platform.SLACK)
        if options.doom:
            moment, number = options.doom
            db = DoomedDatabase(db, moment, int(number))
        if options.owned:
            await take_ownership(db, stopping)
        deliverer = Deliverer(
            db,
            {chat.platform: chat},
            owner=uuid.uuid4().hex,
            clock=now,
            rate_limits=RateLimits({}),
            jitter=random.random,
            terms=terms,
        )
        while not stopping.is_set():
            if options.plan:
                await plan_due(db, now=now(), voices=lambda _: ENGLISH)
            if options.recap:
                await plan_recaps(db, now=options.recap, voices=lambda _: ENGLISH)
            if options.follow:
                await follow_plan.plan_due(
                    db, now=now(), voices=lambda _: ENGLISH, link=lambda _: None
                )
                await closed_inbox.look(db, now=now(), voices=lambda _: ENGLISH)
            if options.discuss:
                await press_discuss(db, parse_channel(options.discuss))
            await deliverer.drain(stopping)
            await asyncio.sleep(0.05)


async def press_discuss(db: Database, channel: ChannelRef) -> None:
    """Three people press “Discuss” under two papers, again and again."""
    talk = DiscussionContext(db, now, lambda _: ENGLISH)
    for name, entry in (("Ada", "entry:1"), ("Bo", "entry:1"), ("Cy", "entry:2")):
        command = Command("digest", {}, User(name, name, can_manage=False), channel, "en")
        await discussion_request.ask(talk, command, entry, ENGLISH)


@asynccontextmanager
async def slack_chat(url: str, *, blind: bool) -> AsyncIterator[Chat]:
    """The real one, posting; nobody talks to it."""
    chat = (BlindSlackChat if blind else SlackChat)(
        Access(BOT_TOKEN, None, SIGNING_SECRET, url),
        seen=Remembered(),
        voices=lambda _: ENGLISH,
        clock=now,
        sleep=lambda seconds: asyncio.sleep(seconds / 10),
    )
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(chat.run(RecordingInbox()))
        yield chat
        serving.cancel()


@asynccontextmanager
async def slack_workspaces(url: str) -> AsyncIterator[Chat]:
    """The real ones of the workspaces `TEAMS`, posting; nobody talks to them."""

    async def find_apps() -> dict[str, Access]:
        return {team: Access(tokens_of(team)[0], None, SIGNING_SECRET, url) for team in TEAMS}

    def open_chat(team: str, access: Access) -> SlackChat:
        return SlackChat(
            access,
            seen=EventsOf(team, Remembered()),
            voices=lambda _: ENGLISH,
            clock=now,
            sleep=lambda seconds: asyncio.sleep(seconds / 10),
        )

    chat = SlackWorkspaces(None, find_apps, open_chat, clock=now, sleep=asyncio.sleep)
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(chat.run(RecordingInbox()))
        while len(chat.chats()) < len(TEAMS):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)
        yield chat
        serving.cancel()


@asynccontextmanager
async def discord_chat(url: str, *, blind: bool) -> AsyncIterator[Chat]:
    """The real one, posting; it has no gateway."""
    chat = (BlindDiscordChat if blind else DiscordChat)(
        DiscordAccess(TOKEN, url),
        seen=SeenIds(),
        memo=Notes(),
        voices=lambda _: ENGLISH,
        clock=now,
        sleep=lambda seconds: asyncio.sleep(seconds / 10),
    )
    try:
        yield chat
    finally:
        await chat.close()


async def take_ownership(db: Database, stopping: asyncio.Event) -> None:
    leases = Leases(
        db,
        Process(uuid.uuid4().hex, machine_name(), os.getpid()),
        clock=now,
        sleep=lambda _: asyncio.sleep(0.05),
        is_gone=lambda process: process_runs(process.machine, process.pid) is False,
    )
    await leases.acquire(
        "posting",
        waiting_for=lambda lease: print(f"waiting for {lease.process.pid}", flush=True),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", type=as_location, required=True)
    parser.add_argument("--url", required=True)
    parser.add_argument(
        "--chat", choices=("http", "slack", "slack-workspaces", "discord"), default="http"
    )
    parser.add_argument("--timeout", type=float, default=1.0)
    parser.add_argument("--lease", type=float)
    parser.add_argument("--at-once", type=int, default=64)
    parser.add_argument("--blind", action="store_true")
    parser.add_argument("--owned", action="store_true")
    parser.add_argument("--plan", action="store_true")
    parser.add_argument("--recap", metavar="INSTANT", type=datetime.fromisoformat)
    parser.add_argument("--follow", action="store_true")
    parser.add_argument("--discuss", metavar="CHANNEL")
    parser.add_argument("--doom", nargs=2)
    asyncio.run(main(parser.parse_args()))
