"""Whatever people do, in whatever order platforms tell it: in the end every side reads the same."""

import asyncio
import tempfile
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.domain.extent import Extent
from bot.core.ports import (
    ChatRefusedError,
    ChatUnavailableError,
    ChatUncertainError,
    MessageRef,
    ThreadMessage,
)
from bot.discussion.services import discuss
from tests.stage import MORNING
from tests.talk_stage import ADA, DISCORD, SLACK, WEB, TalkStage, talking, with_a_paper

SIDES = (SLACK, DISCORD, WEB)

numbers = st.integers(0, 3)
deeds = st.one_of(
    st.tuples(st.just("says"), numbers, st.integers(0, 3)),
    st.tuples(st.just("takes back"), numbers, st.just(0)),
    st.tuples(st.sampled_from(["fails", "loses", "refuses"]), st.integers(0, 2), st.just(0)),
    st.tuples(st.sampled_from(["settles", "waits"]), st.just(0), st.just(0)),
)
"""Saying brings a version of a message: the first, an edit, one that is old by now, the same
again; what was taken back may still be said."""


@dataclass(slots=True)
class Model:
    """The newest version of each message, in the order in which they were first heard."""

    versions: dict[int, int] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)

    def says(self, number: int, version: int) -> None:
        if number not in self.gone:
            self.versions[number] = max(version, self.versions.get(number, 0))

    def takes_back(self, number: int) -> None:
        self.gone.add(number)
        self.versions.pop(number, None)

    def read_by(self, side: int) -> list[str]:
        """Messages stay on the side where they were said: each number has its own."""
        return [text_of(n, v) for n, v in self.versions.items() if n % len(SIDES) != side]


def text_of(number: int, version: int) -> str:
    return f"message {number}, version {version}"


def edited(version: int) -> datetime | None:
    """When a version came to be; the first is no edit."""
    return MORNING + timedelta(minutes=version) if version else None


async def play(story: list[tuple[str, int, int]]) -> None:
    model = Model()
    with tempfile.TemporaryDirectory() as folder:
        async with talking(Path(folder), MORNING) as stage:
            await with_a_paper(stage, *SIDES)
            roots = [stage.root(side) for side in SIDES]
            for doing in story:
                await act(stage, model, roots, doing)
            mend(stage)
            for _ in range(12):
                stage.clock.turn(minutes=15)
                await stage.settle()
            for side, root in enumerate(roots):
                assert stage.copies(root) == model.read_by(side)


def mend(stage: TalkStage) -> None:
    """Nobody refuses anything any more: each refusal to come would take an hour."""
    for chat in stage.chats.values():
        for errors in (chat.errors, chat.edit_errors, chat.delete_errors):
            errors[:] = [each for each in errors if not isinstance(each, ChatRefusedError)]


async def act(
    stage: TalkStage, model: Model, roots: list[MessageRef], doing: tuple[str, int, int]
) -> None:
    deed, number, version = doing
    side = number % len(SIDES)
    message = MessageRef(SIDES[side], f"p{number}")
    match deed:
        case "says":
            model.says(number, version)
            said = ThreadMessage(
                roots[side],
                message,
                ADA,
                text_of(number, version),
                mentions_bot=False,
                at=MORNING,
                edited_at=edited(version),
            )
            await discuss.on_message(stage.talk, said)
            await discuss.on_message(stage.talk, replace(said))
        case "takes back":
            model.takes_back(number)
            await discuss.on_message_deleted(stage.talk, message)
        case "fails":
            chat = stage.chats[SIDES[side].platform]
            chat.errors.append(ChatUnavailableError("busy"))
            chat.edit_errors.append(ChatUnavailableError("busy"))
        case "loses":
            stage.chats[SIDES[side].platform].late_errors.append(ChatUncertainError("reset"))
        case "refuses":
            chat = stage.chats[SIDES[side].platform]
            chat.errors.append(ChatRefusedError("out", Extent.CHANNEL))
            chat.edit_errors.append(ChatRefusedError("out", Extent.CHANNEL))
            chat.delete_errors.append(ChatRefusedError("out", Extent.THREAD))
        case "waits":
            stage.clock.turn(minutes=2)
            await stage.settle()
        case _:
            await stage.settle()


@settings(max_examples=50)
@given(st.lists(deeds, max_size=16))
def test_every_channel_shows_the_same_replies_in_the_end(story):
    asyncio.run(play(story))
