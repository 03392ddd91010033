"""Messages in Slack are stored before they are acknowledged, and in the order of their thread.

The backfill position stays before a message that is not stored.
"""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.core.domain.document import Document, Paragraph, Text
from bot.core.domain.errors import StorageError
from bot.core.ports import DeliveryKey, ThreadMessage
from bot.platforms.slack.timestamps import parse_timestamp
from tests.fakes.slack.faults import Fault
from tests.fakes.slack.wire import SentRequest
from tests.platforms.slack.stage import CHANNEL, QUICK, RecordingInbox, Stage, paragraph, staged
from tests.waiting import until

POSITION = "slack/heard/T1"
"""The key under which the backfill position is stored."""
OFTEN = replace(QUICK, read_every=0.3)
KEY = DeliveryKey("k0123456789abcdef01234567")


@dataclass
class WaitingInbox(RecordingInbox):
    """Stores messages only once `may` is set."""

    may: asyncio.Event = field(default_factory=asyncio.Event)

    async def on_message(self, said: ThreadMessage) -> None:
        await self.may.wait()
        await super().on_message(said)


def paper() -> Document:
    return Document((Paragraph((Text("A paper"),)),), summary="A paper")


async def test_a_slow_look_up_of_one_person_does_not_let_the_next_overtake():
    async with staged() as stage:
        root = await stage.chat.post(CHANNEL, paper(), key=KEY)
        stage.slack.faults.append(Fault("users.info", delay=0.4))
        for text, user in (("first", "U1"), ("second", "U2"), ("third", "U2")):
            await say_until_asked_who(stage, text, user, root.id)

        await stage.slack.until(lambda: len(stage.inbox.heard) == 3)

        assert [said.text for said in stage.inbox.heard] == ["first", "second", "third"]


async def test_a_message_is_acknowledged_once_it_is_stored():
    inbox = WaitingInbox()
    async with staged(inbox=inbox) as stage:
        root = await stage.chat.post(CHANNEL, paper(), key=KEY)
        await stage.slack.say("Remember this", thread=root.id)
        await stage.slack.until(lambda: spoken(stage))
        await stage.slack.command("/paper rl")  # acknowledged at once, after the message came
        early = spoken(stage)[0].acknowledged
        inbox.may.set()

        await stage.slack.until(lambda: spoken(stage)[0].acknowledged)

        assert not early
        assert [said.text for said in inbox.heard] == ["Remember this"]


async def say_until_asked_who(stage: Stage, text: str, user: str, root: str) -> None:
    """Say something, and wait until the bot asks who that is: either of two connections may bring it."""
    await stage.slack.say(text, user=user, thread=root)
    await stage.slack.until(
        lambda: user in [call.args["user"] for call in stage.slack.calls_of("users.info")]
    )


def spoken(stage: Stage) -> list[SentRequest]:
    return [one for one in stage.slack.asked if "Remember this" in str(one.payload)]


@dataclass
class BrokenInbox(RecordingInbox):
    """Cannot store the next `failures` messages, and never one whose text is `poison`."""

    failures: int = 0
    poison: str = ""
    tries: int = 0

    async def on_message(self, said: ThreadMessage) -> None:
        self.tries += 1
        if said.text == self.poison:
            raise ValueError(said.text)
        if self.failures > 0:
            self.failures -= 1
            raise StorageError("the database is locked")
        await super().on_message(said)


async def test_messages_that_could_not_be_stored_are_tried_again_in_order():
    inbox = BrokenInbox(failures=14)
    async with staged(inbox=inbox, timing=replace(QUICK, longest_pause=0.02)) as stage:
        root = (await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)).id
        for text, user in (("first", "U1"), ("second", "U2"), ("third", "U3")):
            await say_until_asked_who(stage, text, user, root)

        await stage.heard(3)

        assert [said.text for said in inbox.heard] == ["first", "second", "third"]


async def test_the_backfill_position_stays_before_a_message_that_is_not_stored():
    inbox = BrokenInbox(failures=1_000_000)
    async with staged(inbox=inbox, timing=OFTEN) as stage:
        root = (await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)).id
        said = parse_timestamp((await stage.slack.say("wait for me", thread=root))["ts"])
        assert said is not None
        await until(lambda: inbox.tries)

        stage.clock.ahead += timedelta(hours=1)
        looked = len(stage.slack.calls_of("users.conversations"))
        await until(lambda: len(stage.slack.calls_of("users.conversations")) > looked)
        tries = inbox.tries
        await until(lambda: inbox.tries >= tries + 2)  # storing was tried again since, and failed
        stopped_at = datetime.fromisoformat(stage.notes.kept[POSITION])
        inbox.failures = 0
        await until(lambda: datetime.fromisoformat(stage.notes.kept[POSITION]) > said)

        assert stopped_at <= said
        assert [heard.text for heard in inbox.heard] == ["wait for me"]


async def test_the_backfill_position_also_stays_before_a_message_in_an_old_thread():
    inbox = BrokenInbox(failures=1_000_000)
    async with staged(inbox=inbox, timing=OFTEN) as stage:
        root = (await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)).id
        stage.clock.ahead += timedelta(days=30)  # threads as old as that are not read
        long_ago = stage.notes.kept[POSITION]
        await until(lambda: stage.notes.kept[POSITION] != long_ago)
        said = parse_timestamp((await stage.slack.say("wait for me", thread=root))["ts"])
        assert said is not None
        await until(lambda: inbox.tries)
        stage.clock.ahead += timedelta(hours=1)

        position = stage.notes.kept[POSITION]
        await until(lambda: stage.notes.kept[POSITION] != position)
        stopped_at = datetime.fromisoformat(stage.notes.kept[POSITION])
        inbox.failures = 0
        await until(lambda: datetime.fromisoformat(stage.notes.kept[POSITION]) > said)

        assert stopped_at <= said


async def test_a_message_that_can_never_be_stored_does_not_hold_up_the_others():
    inbox = BrokenInbox(poison="poison")
    async with staged(inbox=inbox, timing=replace(QUICK, longest_pause=0.01)) as stage:
        root = (await stage.chat.post(CHANNEL, paragraph("A paper"), key=KEY)).id
        await stage.slack.say("poison", thread=root)
        await until(lambda: inbox.tries)
        await stage.slack.say("food", thread=root)

        await stage.heard(1)

        assert [said.text for said in inbox.heard] == ["food"]
