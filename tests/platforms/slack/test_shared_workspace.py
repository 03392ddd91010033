"""Two processes serve one workspace: one of them receives its events, both post and answer requests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from bot.platforms.slack.chat import SlackChat
from tests.fakes.slack import FakeSlack
from tests.platforms.memory import Notes
from tests.platforms.owners import Owners
from tests.platforms.slack.stage import (
    CHANNEL,
    KEY,
    KEY_2,
    Clock,
    RecordingInbox,
    Remembered,
    make_chat,
    paragraph,
    running,
    serving_http,
)
from tests.waiting import until


@dataclass
class Two:
    """Two processes of one bot, which share what is stored; the first one owns the workspace."""

    slack: FakeSlack
    owners: Owners
    chats: list[SlackChat]
    inboxes: list[RecordingInbox]

    def texts(self, number: int) -> list[str]:
        return [each.text for each in self.inboxes[number].heard]


@asynccontextmanager
async def two(*, http: bool = False) -> AsyncIterator[Two]:
    clock, seen, notes, owners = Clock(), Remembered(), Notes(), Owners({"T1": "0"})
    async with FakeSlack(clock=clock.timestamp) as slack:
        inboxes = [RecordingInbox(), RecordingInbox()]
        chats = [
            make_chat(
                slack,
                clock,
                seen,
                http=http,
                notes=notes,
                inbox=inbox,
                part_of=partial(owners.part, str(number)),
            )
            for number, inbox in enumerate(inboxes)
        ]
        async with (
            running(chats[0], inboxes[0]),
            running(chats[1], inboxes[1]),
            serving_http(chats[1], slack),  # the load balancer chose this one
        ):
            await until(lambda: all(chat.condition.ok for chat in chats))
            yield Two(slack, owners, chats, inboxes)


async def test_the_owner_alone_keeps_connections_and_both_post():
    async with two() as bots:
        await until(lambda: len(bots.slack.sockets.open) == 2)

        for chat, key in zip(bots.chats, (KEY, KEY_2), strict=True):
            await chat.post(CHANNEL, paragraph("Words."), key=key)

        assert bots.chats[0].condition.detail == "2 of 2 connections"
        assert bots.chats[1].condition.detail == "connected by another process"
        assert len(bots.slack.messages()) == 2


async def test_what_is_said_while_the_workspace_moves_is_heard_once():
    async with two() as bots:
        root = await bots.chats[0].post(CHANNEL, paragraph("A paper"), key=KEY)
        await until(lambda: len(bots.slack.sockets.open) == 2)
        await bots.slack.say("before", thread=root.id)
        await until(lambda: bots.texts(0) == ["before"])

        bots.owners.move("T1", "nobody")
        await until(lambda: not bots.slack.sockets.open)
        await bots.slack.say("meanwhile", thread=root.id)
        bots.owners.move("T1", "1")
        await until(lambda: len(bots.slack.sockets.open) == 2)
        await bots.slack.say("after", thread=root.id)

        await until(lambda: bots.texts(1) == ["meanwhile", "after"])
        assert bots.texts(0) == ["before"]


async def test_any_process_takes_a_request():
    async with two(http=True) as bots:
        asked = await bots.slack.command("/paper reasoning")

        assert asked.acknowledged
        await until(lambda: len(bots.inboxes[1].commands) == 1)
        assert bots.inboxes[0].commands == []
