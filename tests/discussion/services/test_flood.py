"""One person who writes without end floods no linked channel (issue 12, item 5)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.discussion.services import discuss
from tests.stage import MORNING
from tests.talk_stage import BO, DISCORD, WEB, TalkStage, talking, with_a_paper, words


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[TalkStage]:
    async with talking(tmp_path, MORNING) as opened:
        yield opened


async def test_replies_beyond_a_persons_limit_a_minute_are_stored_and_not_copied(stage):
    await with_a_paper(stage, WEB, DISCORD)
    for number in range(100):
        await discuss.on_message(stage.talk, stage.utterance(stage.root(WEB), f"{number}"))
    await discuss.on_message(stage.talk, stage.utterance(stage.root(WEB), "I see.", user=BO))
    await stage.settle()

    first = [*map(str, range(discuss.COPIES_A_MINUTE)), "I see."]
    assert stage.copies(stage.root(DISCORD)) == first
    [notice] = stage.thread(stage.root(WEB))
    assert words(notice.document).startswith("At most 30 messages per person and minute")

    stage.clock.turn(minutes=1)
    await stage.say(stage.root(WEB), "Again.")
    assert stage.copies(stage.root(DISCORD)) == [*first, "Again."]


async def test_an_uncopied_reply_is_not_copied_on_redelivery_or_edit(stage):
    stage.talk = replace(stage.talk, copies_a_minute=1)
    await with_a_paper(stage, WEB, DISCORD)
    await stage.say(stage.root(WEB), "One.")
    two = await stage.say(stage.root(WEB), "Two.")

    stage.clock.turn(hours=1)
    await discuss.on_message(stage.talk, two)
    await stage.edit(two, "Two, again.")
    await stage.settle()

    assert stage.copies(stage.root(DISCORD)) == ["One."]
    assert len(stage.thread(stage.root(WEB))) == 1


async def test_replies_of_an_hour_that_arrive_at_once_are_copied(stage):
    """As after an outage: a bound for floods loses nothing of a talk."""
    stage.talk = replace(stage.talk, copies_a_minute=2)
    await with_a_paper(stage, WEB, DISCORD)
    began = stage.clock()
    stage.clock.turn(hours=2)

    for number in range(20):
        said = stage.utterance(stage.root(WEB), f"{number}")
        at = began + timedelta(minutes=number)
        await discuss.on_message(stage.talk, replace(said, at=at))
    await stage.settle()

    assert stage.copies(stage.root(DISCORD)) == [str(number) for number in range(20)]
