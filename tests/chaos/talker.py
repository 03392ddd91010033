"""The part of the bot that discusses, as a process to be killed: see `test_talk.py`.

It stands between two platforms that both repeat what was not acknowledged. What people say is
in a script, a line each: something new or newly worded, or (`"text": null`) taken back. What was
acknowledged is noted in a file, after it was heard. With `--real` the platforms are a fake Slack and
a fake Discord behind the real adapters.

python -m tests.chaos.talker --database FILE|ADDRESS --slack URL --discord URL --script FILE --acks FILE
"""

import argparse
import asyncio
import json
import random
import uuid
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.core.database.database import Database, opened
from bot.core.domain.i18n import ENGLISH
from bot.core.ports import Chat, MessageRef, Platform, ThreadMessage, User, parse_channel
from bot.discussion.services import catch_up, discuss
from bot.discussion.services.discuss import DiscussionContext
from bot.outbox.domain.delivery import Patience
from bot.outbox.domain.rate_limit import RateLimits
from bot.outbox.services.calls_in_flight import Terms
from bot.outbox.services.changes import Changer
from bot.outbox.services.deliver import Deliverer
from tests.chaos.discord_chats import discord_chat
from tests.chaos.process import DoomedDatabase, now
from tests.chaos.slack_chats import slack_chat
from tests.fakes.http_chat import connected
from tests.locations import as_location


def utterance(told: dict[str, str], line: int) -> ThreadMessage:
    """What somebody said, as that line of the script has it; edits are dated by their lines."""
    channel = parse_channel(told["channel"])
    root, message = MessageRef(channel, told["root"]), MessageRef(channel, told["message"])
    return ThreadMessage(
        root,
        message,
        User(told["user"], told["user"], can_manage=False),
        told["text"],
        mentions_bot=False,
        edited_at=_EDITS + timedelta(seconds=line) if told.get("edited") else None,
    )


_EDITS = datetime(2026, 1, 1, tzinfo=UTC)


async def hear(talk: DiscussionContext, script: Path, acks: Path) -> None:
    """Whatever was not acknowledged, in the order in which it was said."""
    lines = await asyncio.to_thread(script.read_text, encoding="utf-8")
    heard = set((await asyncio.to_thread(acks.read_text, encoding="utf-8")).split())
    for number, line in enumerate(lines.splitlines()):
        if str(number) in heard:
            continue
        told = json.loads(line)
        if told["text"] is None:
            await discuss.on_message_deleted(
                talk, MessageRef(parse_channel(told["channel"]), told["message"])
            )
        else:
            await discuss.on_message(talk, utterance(told, number))
        with acks.open("a", encoding="utf-8") as file:
            file.write(f"{number}\n")
        await asyncio.sleep(0.01)


async def main(options: argparse.Namespace) -> None:
    terms = Terms(
        timeout=timedelta(seconds=options.timeout),
        lease=timedelta(seconds=options.timeout * 2),
        patience=Patience(first_pause=timedelta(seconds=0.05), longest_pause=timedelta(seconds=1)),
    )
    async with AsyncExitStack() as stack:
        db: Database = await stack.enter_async_context(opened(options.database))
        if options.doom:
            moment, number = options.doom
            db = DoomedDatabase(db, moment, int(number))
        chats: dict[Platform, Chat] = {}
        if options.real:
            real = slack_chat(options.slack, blind=False)
            chats[Platform.SLACK] = await stack.enter_async_context(real)
            real = discord_chat(options.discord, blind=False)
            chats[Platform.DISCORD] = await stack.enter_async_context(real)
        else:
            places = ((Platform.SLACK, options.slack), (Platform.DISCORD, options.discord))
            for platform, url in places:
                chats[platform] = await stack.enter_async_context(connected(url, platform))
        talk = DiscussionContext(db, now, lambda _: ENGLISH)
        deliverer = Deliverer(
            db,
            chats,
            owner=uuid.uuid4().hex,
            clock=now,
            rate_limits=RateLimits({}),
            jitter=random.random,
            terms=terms,
        )
        stopping = asyncio.Event()
        rounds = options.acks.with_name("rounds")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(hear(talk, options.script, options.acks))
            while True:
                await catch_up.catch_up(talk)
                await deliverer.drain(stopping)
                changer = Changer(
                    db,
                    chats,
                    clock=now,
                    rate_limits=RateLimits({}),
                    jitter=random.random,
                )
                await changer.run(stopping)
                with rounds.open("a", encoding="utf-8") as file:
                    file.write(".")
                await asyncio.sleep(0.05)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", type=as_location, required=True)
    for name in ("--script", "--acks"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--slack", required=True)
    parser.add_argument("--discord", required=True)
    parser.add_argument("--timeout", type=float, default=0.5)
    parser.add_argument("--real", action="store_true")
    parser.add_argument("--doom", nargs=2)
    asyncio.run(main(parser.parse_args()))
