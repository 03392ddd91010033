"""What is said in Slack is kept before it is acknowledged, and in the order in which it was said."""

import asyncio
from dataclasses import dataclass, field

from bot.domain.document import Document, Paragraph, Text
from bot.ports import DeliveryKey, Said
from tests.adapters.slack.stage import CHANNEL, RecordingInbox, Stage, staged
from tests.fakes.slack.faults import Fault
from tests.fakes.slack.wire import Asked

KEY = DeliveryKey("k0123456789abcdef01234567")


@dataclass
class ThoughtfulInbox(RecordingInbox):
    """Keeps what it hears only once it may."""

    may: asyncio.Event = field(default_factory=asyncio.Event)

    async def said(self, said: Said) -> None:
        await self.may.wait()
        await super().said(said)


def paper() -> Document:
    return Document((Paragraph((Text("A paper"),)),), summary="A paper")


async def test_a_slow_look_up_of_one_person_does_not_let_the_next_overtake():
    async with staged() as stage:
        root = await stage.chat.post(CHANNEL, paper(), key=KEY)
        stage.slack.faults.append(Fault("users.info", delay=0.4))
        for text, user in (("first", "U1"), ("second", "U2"), ("third", "U2")):
            await stage.slack.say(text, user=user, thread=root.id)
            await asyncio.sleep(0.1)  # which of two connections brings it is left to chance

        await stage.slack.until(lambda: len(stage.inbox.heard) == 3)

        assert [said.text for said in stage.inbox.heard] == ["first", "second", "third"]


async def test_what_is_not_kept_yet_is_not_acknowledged_yet():
    inbox = ThoughtfulInbox()
    async with staged(inbox=inbox) as stage:
        root = await stage.chat.post(CHANNEL, paper(), key=KEY)
        await stage.slack.say("Remember this", thread=root.id)
        await stage.slack.until(lambda: spoken(stage))
        await asyncio.sleep(0.2)
        early = spoken(stage)[0].acknowledged
        inbox.may.set()

        await stage.slack.until(lambda: spoken(stage)[0].acknowledged)

        assert not early
        assert [said.text for said in inbox.heard] == ["Remember this"]


def spoken(stage: Stage) -> list[Asked]:
    return [one for one in stage.slack.asked if "Remember this" in str(one.payload)]
