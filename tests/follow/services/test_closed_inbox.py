"""Inboxes that are found closed when more than one message waits for them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from bot.core.domain.document import Document
from bot.core.ports import (
    ChannelRef,
    ChatError,
    ChatRefusedError,
    ChatUnavailableError,
    DeliveryKey,
)
from bot.follow.services import plan
from bot.outbox.services import operator_actions
from bot.outbox.store import deliveries
from tests.follow_stage import FollowStage, following, inbox_of, link, told
from tests.stage import MemoryChat, english
from tests.talk_stage import ADA, SLACK

EVENING = datetime(2026, 2, 3, 9, tzinfo=UTC)
"""Six in the evening in Seoul; the next direct messages are due at 08:30."""

INBOX = inbox_of(SLACK, ADA)


@pytest.fixture
async def stage(tmp_path) -> AsyncIterator[FollowStage]:
    async with following(tmp_path, EVENING) as stage:
        await stage.follow("#rl")
        yield stage


def chat_of(stage: FollowStage) -> MemoryChat:
    return stage.talk.chats[SLACK.platform]


def inbox_says(stage: FollowStage, error: ChatError | None) -> None:
    def trouble(channel: ChannelRef, _root: str | None) -> ChatError | None:
        return error if channel == INBOX else None

    chat_of(stage).trouble = trouble


def lines(stage: FollowStage) -> list[str]:
    return [line for each in stage.messages() for line, _ in told(each.document)]


async def waiting(stage: FollowStage) -> list[str]:
    """The states of what is not posted into the inbox and not given up."""
    listed = await operator_actions.list_deliveries(stage.db, channel=str(INBOX))
    return [each.state for each in listed if each.state not in ("sent", "dead")]


async def test_two_days_that_a_closed_inbox_refuses_are_both_told_after_a_week(stage: FollowStage):
    inbox_says(stage, ChatUnavailableError("away"))
    await stage.note("First")
    await stage.pass_time(days=1)
    await stage.note("Second")
    await stage.pass_time(days=1)
    inbox_says(stage, ChatRefusedError("they take no direct messages"))
    await stage.pass_time(hours=1)
    mentions = [each.document.calls for each in chat_of(stage).posted if each.channel == SLACK]
    calls = chat_of(stage).calls
    await stage.note("Third")
    for _ in range(6):
        await stage.pass_time(days=1)
    silent = chat_of(stage).calls - calls
    inbox_says(stage, None)
    for _ in range(3):
        await stage.pass_time(days=1)

    assert (len(mentions), silent) == (1, 0)
    assert sorted(lines(stage)) == ["First", "Second", "Third"]
    assert await waiting(stage) == []


async def test_a_message_held_with_a_refused_card_counts_as_refused(stage: FollowStage):
    card = deliveries.Draft(DeliveryKey("card"), INBOX, "review", Document((), "A card"))
    inbox_says(stage, ChatUnavailableError("away"))
    async with stage.db.transaction() as tx:
        await deliveries.add(tx, [card], stage.clock())
    await stage.note("First")
    await stage.pass_time(days=1)
    inbox_says(stage, ChatRefusedError("they take no direct messages"))
    await stage.pass_time(hours=1)
    inbox_says(stage, None)
    mentions = [each for each in chat_of(stage).posted if each.channel == SLACK]
    for _ in range(9):
        await stage.pass_time(days=1)

    assert len(mentions) == 1
    assert lines(stage) == ["First"]
    assert await waiting(stage) == []


async def test_a_card_does_not_wait_for_ever_in_an_inbox_that_refused_a_message(stage: FollowStage):
    inbox_says(stage, ChatUnavailableError("away"))
    await stage.note("First")
    await stage.pass_time(days=1)
    card = deliveries.Draft(DeliveryKey("card"), INBOX, "review", Document((), "A card"))
    async with stage.db.transaction() as tx:
        await deliveries.add(tx, [card], stage.clock())
    inbox_says(stage, ChatRefusedError("they take no direct messages"))
    await stage.pass_time(hours=1)

    assert await waiting(stage) == []


async def test_what_was_refused_before_a_message_was_taken_is_told_in_the_next(stage: FollowStage):
    inbox_says(stage, ChatRefusedError("they take no direct messages"))
    await stage.note("First")
    stage.clock.turn(days=1)
    await plan.plan_due(stage.db, now=stage.clock(), voices=english, link=link)
    await stage.talk.settle()
    inbox_says(stage, None)
    await stage.note("Second")
    await stage.pass_time(days=1)
    await stage.note("Third")
    await stage.pass_time(days=1)

    assert sorted(lines(stage)) == ["First", "Second", "Third"]
