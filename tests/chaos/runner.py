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
from datetime import datetime, timedelta

from bot.core.database.database import Database, opened
from bot.core.domain.i18n import ENGLISH
from bot.core.ports import ChannelRef, Chat, Command, MessageRef, Platform, User, parse_channel
from bot.core.process import machine_name, process_runs
from bot.core.services.leases import Leases
from bot.core.store.leases import Process
from bot.digest.services import discussion_request, plan
from bot.discussion.services.discuss import DiscussionContext
from bot.follow.services import closed_inbox
from bot.follow.services import plan as follow_plan
from bot.outbox.domain.delivery import Patience
from bot.outbox.domain.rate_limit import RateLimits
from bot.outbox.services.calls_in_flight import Terms
from bot.outbox.services.deliver import Deliverer
from bot.recap.services.plan_recaps import plan_recaps
from tests.chaos.discord_chats import discord_chat
from tests.chaos.mail_chats import mail_chat
from tests.chaos.process import DoomedDatabase, now
from tests.chaos.slack_chats import slack_chat, slack_workspaces
from tests.fakes.http_chat import HttpChat, connected
from tests.locations import as_location


class BlindChat(HttpChat):
    """Never finds anything: whoever uses it sends again whatever is in doubt."""

    async def find(self, *_: object, **__: object) -> MessageRef | None:
        return None


@asynccontextmanager
async def chat_of(options: argparse.Namespace, db: Database) -> AsyncIterator[Chat]:
    """What it posts to."""
    async with AsyncExitStack() as stack:
        match options.chat:
            case "slack":
                yield await stack.enter_async_context(slack_chat(options.url, blind=options.blind))
            case "slack-workspaces":
                yield await stack.enter_async_context(slack_workspaces(options.url))
            case "discord":
                found = discord_chat(options.url, blind=options.blind)
                yield await stack.enter_async_context(found)
            case "mail":
                found = mail_chat(options.url, db, blind=options.blind)
                yield await stack.enter_async_context(found)
            case _:
                chat = await stack.enter_async_context(connected(options.url))
                yield BlindChat(chat._url, chat._session, Platform.SLACK) if options.blind else chat


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
        if options.doom:
            moment, number = options.doom
            db = DoomedDatabase(db, moment, int(number))
        chat = await stack.enter_async_context(chat_of(options, db))
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
                await plan.plan_due(db, now=now(), voices=lambda _: ENGLISH)
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
        "--chat", choices=("http", "slack", "slack-workspaces", "discord", "mail"), default="http"
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
