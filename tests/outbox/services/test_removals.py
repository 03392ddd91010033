"""What was taken back is removed from every side, however long that takes."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.domain.extent import Extent
from bot.core.ports import (
    ChatError,
    ChatRefusedError,
    ChatUnavailableError,
    ChatUncertainError,
    ThreadMessage,
)
from bot.digest.services import subscribe
from bot.discussion.services import discuss
from bot.outbox.domain.delivery import NOT_REMOVED, State
from bot.outbox.services import operator_actions
from bot.outbox.store.operator_view import Delivery
from tests.stage import MORNING, MemoryChat
from tests.talk_stage import ADA, DISCORD, SLACK, TalkStage, talking, with_a_paper


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[TalkStage]:
    async with talking(tmp_path, MORNING) as opened:
        await with_a_paper(opened, SLACK, DISCORD)
        yield opened


def discord(stage: TalkStage) -> MemoryChat:
    return stage.chats[DISCORD.platform]


async def pass_time(stage: TalkStage, length: timedelta, step: timedelta) -> None:
    for _ in range(length // step):
        stage.clock.at += step
        await stage.settle()


async def copy(stage: TalkStage) -> Delivery:
    [found] = [
        d for d in await operator_actions.list_deliveries(stage.stage.db) if d.part == "copy"
    ]
    return found


@pytest.mark.parametrize(
    "error",
    [
        ChatUnavailableError("down"),
        ChatUncertainError("no answer"),
        ChatRefusedError("the bot is not in that channel"),
        ChatRefusedError("not this one", Extent.MESSAGE),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_what_cannot_be_removed_for_three_days_is_removed_in_the_end(
    stage: TalkStage, error: ChatError
):
    said = await stage.say(stage.root(SLACK), "a slip")
    discord(stage).trouble = lambda *_: error

    await stage.unsay(said)
    await pass_time(stage, timedelta(days=3), timedelta(minutes=30))
    before = stage.copies(stage.root(DISCORD))
    discord(stage).trouble = None
    await pass_time(stage, timedelta(hours=1), timedelta(minutes=10))

    assert before == ["a slip"]
    assert stage.copies(stage.root(DISCORD)) == []


async def test_a_person_is_forgotten_also_where_nobody_was_reached(stage):
    for number in range(3):
        await stage.say(stage.root(SLACK), f"thought {number}")
    discord(stage).trouble = lambda *_: ChatUnavailableError("down")

    await discuss.forget_person(stage.talk, ADA, SLACK)
    await pass_time(stage, timedelta(days=1), timedelta(minutes=10))
    discord(stage).trouble = None
    await pass_time(stage, timedelta(minutes=10), timedelta(minutes=10))

    assert stage.copies(stage.root(DISCORD)) == []


async def test_a_platform_that_is_away_is_tried_every_ten_minutes(stage):
    said = await stage.say(stage.root(SLACK), "a slip")
    discord(stage).trouble = lambda *_: ChatUnavailableError("down")
    await stage.unsay(said)
    await pass_time(stage, timedelta(hours=12), timedelta(minutes=10))
    before = discord(stage).calls

    await pass_time(stage, timedelta(hours=1), timedelta(seconds=10))

    assert 6 <= discord(stage).calls - before <= 12


async def test_a_channel_that_refuses_is_tried_once_an_hour_for_all_of_its_messages(stage):
    said = [await stage.say(stage.root(SLACK), f"thought {number}") for number in range(5)]
    discord(stage).trouble = lambda *_: ChatRefusedError("the bot is not in that channel")
    before = discord(stage).calls

    for each in said:
        await discuss.on_message_deleted(stage.talk, each.message)
    await stage.settle()
    await pass_time(stage, timedelta(hours=10), timedelta(minutes=30))

    assert discord(stage).calls - before == 11


async def test_what_is_gone_already_is_removed(stage):
    said = await stage.say(stage.root(SLACK), "a slip")
    discord(stage).delete_errors = [ChatRefusedError("gone", Extent.GONE)]
    before = discord(stage).calls

    await stage.unsay(said)
    await pass_time(stage, timedelta(days=1), timedelta(hours=2))

    assert discord(stage).calls - before == 1
    assert (await copy(stage)).reason == ""


async def test_the_operator_sees_what_is_not_removed_yet_and_can_have_it_tried_at_once(stage):
    said = await stage.say(stage.root(SLACK), "a slip")
    discord(stage).delete_errors = [ChatRefusedError("not in that channel")]

    await stage.unsay(said)
    [late] = await operator_actions.list_deliveries(stage.stage.db, failing=True)
    tried = await operator_actions.retry(stage.stage.db, late.id, now=stage.clock())
    await stage.settle()

    assert (late.state, late.reason, late.detail) == (
        State.SENT,
        NOT_REMOVED,
        "not in that channel",
    )
    assert tried.state is State.SENT
    assert await operator_actions.list_deliveries(stage.stage.db, failing=True) == ()
    assert stage.copies(stage.root(DISCORD)) == []


async def test_resuming_the_digest_removes_at_once_what_was_refused(stage):
    said = await stage.say(stage.root(SLACK), "a slip")
    discord(stage).delete_errors = [ChatRefusedError("the bot is not in that channel")]
    await stage.unsay(said)

    await subscribe.resume(stage.stage.db, DISCORD, now=stage.clock())
    await stage.settle()

    assert stage.copies(stage.root(DISCORD)) == []


async def test_the_operator_can_give_a_removal_up(stage):
    said = await stage.say(stage.root(SLACK), "a slip")
    discord(stage).trouble = lambda *_: ChatRefusedError("the channel is archived")
    await stage.unsay(said)

    await operator_actions.drop(stage.stage.db, (await copy(stage)).id, now=stage.clock())
    before = discord(stage).calls
    await pass_time(stage, timedelta(hours=5), timedelta(hours=1))

    assert discord(stage).calls == before


async def test_removals_that_are_late_are_counted_and_make_nobody_unwell(stage):
    said = [await stage.say(stage.root(SLACK), f"thought {number}") for number in range(3)]
    discord(stage).trouble = lambda *_: ChatRefusedError("the channel is archived")
    for each in said:
        await stage.unsay(each)

    await pass_time(stage, timedelta(hours=3), timedelta(minutes=30))
    condition = await operator_actions.condition(stage.stage.db, now=stage.clock())
    [late] = await operator_actions.list_late(stage.stage.db, now=stage.clock())

    assert (condition.ok, condition.detail) == (
        True,
        "0 open, 0 held, 0 dead; 3 to remove late",
    )
    assert (late.channel, late.number, late.detail) == (
        str(DISCORD),
        3,
        "the channel is archived",
    )


async def in_doubt(stage: TalkStage, *, posted: bool) -> ThreadMessage:
    """Something said whose copy may be in Discord, where nothing can tell."""
    lost = discord(stage).late_errors if posted else discord(stage).errors
    lost.append(ChatUncertainError("reset"))
    discord(stage).find_errors = [ChatRefusedError("no access to the history")]
    said = await stage.say(stage.root(SLACK), "a slip")
    await pass_time(stage, timedelta(minutes=2), timedelta(minutes=1))
    held = await copy(stage)
    assert (held.state, held.in_doubt) == (State.HELD, True)
    return said


@pytest.mark.parametrize("posted", [True, False])
async def test_a_copy_in_doubt_is_looked_for_when_it_is_taken_back(stage, posted):
    said = await in_doubt(stage, posted=posted)

    await stage.unsay(said)

    assert stage.copies(stage.root(DISCORD)) == []
    assert (await copy(stage)).state is (State.SENT if posted else State.DEAD)


async def test_a_copy_in_doubt_is_looked_for_by_the_hour_and_keeps_nobody_waiting(stage):
    said = await in_doubt(stage, posted=True)
    discord(stage).find_errors = [ChatRefusedError("no access to the history")] * 10

    await stage.unsay(said)
    await pass_time(stage, timedelta(minutes=30), timedelta(minutes=10))
    await stage.say(stage.root(SLACK), "goes on")
    meanwhile = stage.copies(stage.root(DISCORD))
    await pass_time(stage, timedelta(hours=9), timedelta(minutes=30))
    looked_for = 10 - len(discord(stage).find_errors)
    await pass_time(stage, timedelta(hours=2), timedelta(minutes=30))

    assert meanwhile == ["a slip", "goes on"]
    assert looked_for in (9, 10)
    assert stage.copies(stage.root(DISCORD)) == ["goes on"]


async def test_what_was_taken_back_while_it_was_looked_for_is_not_taken_for_absent(stage):
    discord(stage).late_errors = [ChatUncertainError("reset")]
    discord(stage).find_errors = [ChatRefusedError("no access to the history")]
    said = await stage.say(stage.root(SLACK), "a slip")

    await stage.unsay(said)
    await pass_time(stage, timedelta(minutes=2), timedelta(minutes=1))
    before = stage.copies(stage.root(DISCORD))
    await pass_time(stage, timedelta(hours=2), timedelta(minutes=30))

    assert before == ["a slip"]
    assert stage.copies(stage.root(DISCORD)) == []


async def test_the_operator_can_have_a_copy_in_doubt_looked_for_at_once(stage):
    said = await in_doubt(stage, posted=True)
    discord(stage).find_errors = [ChatRefusedError("no access to the history")]
    await stage.unsay(said)

    await operator_actions.retry(stage.stage.db, (await copy(stage)).id, now=stage.clock())
    await stage.settle()

    assert stage.copies(stage.root(DISCORD)) == []


async def test_a_copy_in_doubt_that_was_dropped_is_looked_for_all_the_same(stage):
    said = await in_doubt(stage, posted=True)
    await operator_actions.drop(stage.stage.db, (await copy(stage)).id, now=stage.clock())

    await stage.unsay(said)

    assert stage.copies(stage.root(DISCORD)) == []
