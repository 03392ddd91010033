"""A thread or a channel that takes nothing for a while: what is said meanwhile waits, in order."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.domain.extent import Extent
from bot.core.ports import ChannelRef, ChatRefusedError, ChatUnavailableError
from bot.digest.services import plan, subscribe
from bot.outbox.domain.delivery import State
from bot.outbox.services import operator_actions
from bot.outbox.store.operator_view import Delivery
from tests.stage import MORNING, MemoryChat, english
from tests.talk_stage import DISCORD, SLACK, WEB, TalkStage, talking, today, with_a_paper

Trouble = Callable[[ChannelRef, str | None], ChatRefusedError | None]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[TalkStage]:
    async with talking(tmp_path, MORNING) as opened:
        await with_a_paper(opened, SLACK, DISCORD)
        yield opened


def discord(stage: TalkStage) -> MemoryChat:
    return stage.chats[DISCORD.platform]


def shut_out(_channel: ChannelRef, _thread: str | None) -> ChatRefusedError:
    """What the bot hears where it was removed from a channel."""
    return ChatRefusedError("the bot is not in that channel")


def closed_in(*threads: str) -> Trouble:
    """Those threads take nothing for now."""

    def trouble(_channel: ChannelRef, thread: str | None) -> ChatRefusedError | None:
        return ChatRefusedError("too many threads", Extent.THREAD) if thread in threads else None

    return trouble


async def say_each(stage: TalkStage, *texts: str, title: str = "Paper") -> None:
    for text in texts:
        await stage.say(stage.root(SLACK, title), text)


async def pass_hours(stage: TalkStage, hours: int) -> None:
    for _ in range(hours):
        stage.clock.turn(hours=1)
        await stage.settle()


async def copies(stage: TalkStage) -> list[Delivery]:
    found = await operator_actions.list_deliveries(stage.stage.db, channel=str(DISCORD))
    return [each for each in found if each.part == "copy"]


async def test_a_bot_that_is_let_in_again_brings_what_was_said_meanwhile(stage):
    discord(stage).trouble = shut_out
    await say_each(stage, "one", "two")
    discord(stage).trouble = None
    await say_each(stage, "three")

    before = stage.copies(stage.root(DISCORD))
    await pass_hours(stage, 1)

    assert before == []
    assert stage.copies(stage.root(DISCORD)) == ["one", "two", "three"]


async def test_where_the_bot_is_shut_out_it_tries_once_an_hour(stage):
    discord(stage).trouble = shut_out
    before = discord(stage).calls

    for number in range(20):
        await say_each(stage, f"thought {number}")
    at_once = discord(stage).calls - before
    await pass_hours(stage, 10)

    assert at_once == 1
    assert discord(stage).calls - before == 11
    assert {each.state for each in await copies(stage)} == {State.HELD}


async def test_resuming_the_digest_brings_them_at_once(stage):
    discord(stage).trouble = shut_out
    await say_each(stage, "one", "two")
    discord(stage).trouble = None

    await subscribe.resume(stage.stage.db, DISCORD, now=stage.clock())
    await say_each(stage, "three")

    assert stage.copies(stage.root(DISCORD)) == ["one", "two", "three"]


async def test_the_next_message_that_the_channel_takes_brings_them_at_once(stage):
    discord(stage).trouble = shut_out
    await say_each(stage, "one", "two")
    discord(stage).trouble = None
    await stage.stage.note("Other", today(stage))
    subscription = await subscribe.get(stage.stage.db, DISCORD)

    await plan.plan_by_hand(stage.stage.db, subscription, None, now=stage.clock(), voices=english)
    await stage.settle()

    assert stage.copies(stage.root(DISCORD)) == ["one", "two"]


async def test_a_digest_that_is_refused_holds_what_is_said_until_it_is_resumed(stage):
    await stage.stage.note("Other", today(stage) + timedelta(days=1))
    discord(stage).errors = [None, ChatRefusedError("the bot is not in that channel")]
    stage.clock.turn(days=1)
    await stage.post()

    await say_each(stage, "one", "two", title="Other")
    await subscribe.resume(stage.stage.db, DISCORD, now=stage.clock())
    await stage.settle()

    assert stage.copies(stage.root(DISCORD, "Other")) == ["one", "two"]


async def test_a_refused_digest_keeps_no_older_thread_waiting_for_a_resumption(stage):
    await stage.stage.note("Other", today(stage) + timedelta(days=1))
    discord(stage).errors = [ChatUnavailableError("busy")]
    await say_each(stage, "one")
    discord(stage).trouble = shut_out
    stage.clock.turn(days=1)
    await stage.post()
    discord(stage).trouble = None

    await pass_hours(stage, 2)

    assert stage.copies(stage.root(DISCORD)) == ["one"]


async def test_a_thread_that_takes_nothing_holds_no_other(stage):
    await stage.stage.note("Other", today(stage) + timedelta(days=1))
    stage.clock.turn(days=1)
    await stage.post()
    discord(stage).trouble = closed_in(stage.root(DISCORD).id)

    await say_each(stage, "one", "two")
    await say_each(stage, "else", title="Other")
    meanwhile = stage.copies(stage.root(DISCORD, "Other"))
    discord(stage).trouble = None
    await say_each(stage, "three")
    await pass_hours(stage, 1)

    assert meanwhile == ["else"]
    assert stage.copies(stage.root(DISCORD)) == ["one", "two", "three"]


async def test_threads_keep_their_order_whichever_place_refuses_when(stage):
    """Shut out of one thread, then of the channel, then of the thread again."""
    await stage.stage.note("Other", today(stage) + timedelta(days=1))
    stage.clock.turn(days=1)
    await stage.post()
    thread = stage.root(DISCORD).id
    for trouble in (closed_in(thread), shut_out, closed_in(thread), shut_out):
        discord(stage).trouble = trouble
        await say_each(stage, f"{stage.said} here")
        await say_each(stage, f"{stage.said} there", title="Other")
        await pass_hours(stage, 1)
    discord(stage).trouble = None

    await pass_hours(stage, 2)

    assert stage.copies(stage.root(DISCORD)) == ["0 here", "2 here", "4 here", "6 here"]
    others = stage.copies(stage.root(DISCORD, "Other"))
    assert others == ["1 there", "3 there", "5 there", "7 there"]


async def test_a_text_that_is_refused_stops_no_other(stage):
    discord(stage).errors = [ChatRefusedError("a rule stops it", Extent.MESSAGE)]

    await say_each(stage, "bad", "good")

    assert stage.copies(stage.root(DISCORD)) == ["good"]
    assert [each.state for each in await copies(stage)] == [State.DEAD, State.SENT]


async def test_a_thread_that_is_gone_is_tried_once_however_much_waits_for_it(stage):
    discord(stage).trouble = lambda *_: ChatRefusedError("out", Extent.CHANNEL)
    for number in range(10):
        await say_each(stage, f"thought {number}")
    before = discord(stage).calls
    discord(stage).trouble = lambda *_: ChatRefusedError("the message is gone", Extent.GONE)

    await pass_hours(stage, 10)
    await say_each(stage, "anybody?")

    assert discord(stage).calls - before == 1
    assert {each.state for each in await copies(stage)} == {State.DEAD}
    assert len(await copies(stage)) == 10


async def test_a_closed_thread_opens_again_when_one_of_its_messages_is_tried_again(stage):
    discord(stage).trouble = shut_out
    await say_each(stage, "one", "two")
    discord(stage).trouble = lambda *_: ChatRefusedError("locked", Extent.GONE)
    await pass_hours(stage, 1)
    discord(stage).trouble = None

    await operator_actions.retry(stage.stage.db, (await copies(stage))[-1].id, now=stage.clock())
    await say_each(stage, "three")

    assert stage.copies(stage.root(DISCORD)) == ["one", "two", "three"]


async def test_what_was_taken_back_while_it_waited_is_never_shown(stage):
    discord(stage).trouble = shut_out
    said = await stage.say(stage.root(SLACK), "a slip")
    await say_each(stage, "stays")

    await stage.unsay(said)
    discord(stage).trouble = None
    await pass_hours(stage, 2)

    assert stage.copies(stage.root(DISCORD)) == ["stays"]


async def test_one_that_is_dropped_lets_the_next_be_tried(stage):
    discord(stage).trouble = closed_in(stage.root(DISCORD).id)
    await say_each(stage, "one", "two")
    [first, _] = await copies(stage)
    discord(stage).trouble = None

    await operator_actions.drop(stage.stage.db, first.id, now=stage.clock())
    await pass_hours(stage, 1)

    assert stage.copies(stage.root(DISCORD)) == ["two"]


async def test_a_third_side_goes_on_meanwhile(stage):
    await stage.subscribe(WEB)
    await stage.link(SLACK, WEB)
    await stage.post()
    stage.clock.turn(minutes=1)
    discord(stage).trouble = shut_out

    await say_each(stage, "one", "two")

    assert stage.copies(stage.root(WEB)) == ["one", "two"]
    assert stage.copies(stage.root(DISCORD)) == []
