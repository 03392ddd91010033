"""Slack over HTTP, and the web chat, behind a balancer that asks each of two bots by turns (issue 15, item 4)."""

import asyncio
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bot.archive.services.import_files import import_files
from bot.core.database.address import PostgresAddress
from bot.core.database.database import opened
from bot.core.ports import ChannelRef, Platform
from bot.digest.services import subscribe
from bot.digest.services.options.typed import TypedOptions
from tests.databases import new_database
from tests.e2e.process import bot
from tests.e2e.proxies import haproxy
from tests.e2e.test_slack import http_mode, said, write_notes
from tests.fakes.slack import FakeSlack
from tests.noon import just_passed

QUESTIONS = 8


async def test_any_bot_takes_a_request_and_each_is_answered_once(
    postgresql: str, tmp_path: Path
) -> None:
    with new_database(postgresql) as address:
        await import_papers(address, tmp_path)
        async with FakeSlack() as slack:
            slack.ack_seconds = 30  # how fast is asked elsewhere, of one bot on a quiet machine
            settings = http_mode(slack) | {"PAPERBOT_DATABASE": address.secret.get_secret_value()}
            async with bot(tmp_path, **settings) as one, bot(tmp_path, **settings) as other:
                async with haproxy(tmp_path, one.address, other.address) as balanced:
                    slack.events_url = f"{balanced}slack/events"
                    root = await posted(address, slack)

                    commands = await asyncio.gather(
                        *(slack.command("/paper reasoning") for _ in range(QUESTIONS))
                    )
                    for asked in commands:
                        await slack.until(partial(getattr, asked, "answers"))
                    await slack.say("A first thought", thread=root)
                    await slack.say("<@UBOT> abstract", thread=root)
                    heard = [each for each in slack.asked if each.kind == "events_api"]
                    for each in heard:  # as Slack does when an acknowledgement is lost
                        await slack.redeliver(each)
                    await slack.until(lambda: len(answers(slack, root)) >= 1)
                    await one.ticks("deliver")
                    await other.ticks("deliver")

                assert all(asked.acknowledged for asked in slack.asked)
                assert [len(asked.answers) for asked in commands] == [1] * QUESTIONS
                assert len(answers(slack, root)) == 1
                async with opened(address) as db, db.reading() as tx:
                    kept = await tx.all("SELECT text FROM reply WHERE gone_at IS NULL ORDER BY id")
                assert [row["text"] for row in kept] == ["A first thought", "@paperbot abstract"]


async def import_papers(address: PostgresAddress, folder: Path) -> None:
    async with opened(address) as db:
        await import_files(db, [write_notes(folder, papers=1)], now=datetime.now(UTC))


async def posted(address: PostgresAddress, slack: FakeSlack) -> str:
    """The paper's message, once the digest is there."""
    now = datetime.now(UTC)
    at, zone = just_passed()
    words = TypedOptions(at=at, zone=zone, intro="off")
    async with opened(address) as db:
        await subscribe.add(db, ChannelRef(Platform.SLACK, "T1", "C1"), words, now=now)
    await slack.until(lambda: len(slack.messages()) >= 2)
    root: str = slack.messages()[1]["ts"]
    return root


def answers(slack: FakeSlack, root: str) -> list[str]:
    """What the bot said to the question in the thread."""
    return [
        said(one) for one in slack.replies(root) if "blocks" in one and "few words" in said(one)
    ]
