"""Digests go before answers, answers before copies, and nothing overtakes within a thread."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.ports import ChatUnavailableError, ChatUncertainError
from bot.outbox.domain.delivery import State
from bot.outbox.store.deliveries import Draft
from tests.outbox_stage import draft, drain, plan, plan_thread, states
from tests.stage import Stage, staged


@pytest.fixture
async def stage(tmp_path):
    async with staged(tmp_path) as stage:
        yield stage


async def a_reply(stage: Stage) -> int:
    """Somebody said something, of which there may be copies."""
    async with stage.db.transaction() as tx:
        row = await tx.one(
            """
            INSERT INTO reply (channel, message_id, root_message, author_id, author, text, said_at)
            VALUES ('web:general', 'm', 'r', 'a', 'Ada', 'Hm.', '2026-02-03T00:00:00.000000+00:00')
            RETURNING id
            """
        )
    assert row is not None
    return int(row["id"])


def in_thread(words: str, root_id: int, *, copy_of: int | None = None) -> Draft:
    return replace(draft(words), root_id=root_id, reply_id=copy_of)


async def two_threads(stage: Stage) -> None:
    """Two posted roots, the deliveries 1 and 2."""
    await plan(stage, draft("one"), draft("two"))
    await drain(stage)
    stage.chat.posted.clear()


async def test_a_digest_goes_before_copies_that_wait(stage):
    reply = await a_reply(stage)
    await two_threads(stage)
    await plan(stage, *(in_thread(f"copy {n}", 1, copy_of=reply) for n in range(850)))

    await plan(stage, in_thread("answer", 2))
    await plan_thread(stage)
    await drain(stage)

    assert stage.said()[:5] == ["root", "reply 1", "reply 2", "next", "answer"]
    assert stage.said()[5:] == [f"copy {n}" for n in range(850)]


async def test_a_digest_goes_before_a_copy_that_is_in_doubt_or_put_off(stage):
    reply = await a_reply(stage)
    await two_threads(stage)
    await plan(stage, in_thread("copy", 1, copy_of=reply), in_thread("later", 1, copy_of=reply))
    stage.chat.errors = [ChatUncertainError("reset")]
    await drain(stage)
    await plan(stage, draft("digest"))
    await plan_thread(stage)

    await drain(stage)
    in_doubt = stage.said()
    stage.clock.turn(minutes=2)
    stage.chat.errors = [ChatUnavailableError("limit", retry_after=timedelta(minutes=5))]
    await drain(stage)
    stage.clock.turn(minutes=10)
    await drain(stage)

    assert in_doubt[:4] == ["root", "reply 1", "reply 2", "next"]
    assert stage.said()[-2:] == ["copy", "later"]


@pytest.mark.parametrize("seed", range(12))
async def test_within_a_thread_nothing_overtakes_whatever_fails_in_between(stage, seed):
    choose = random.Random(seed)
    reply = await a_reply(stage)
    await two_threads(stage)
    said: dict[int, list[str]] = {1: [], 2: []}
    for number in range(60):
        thread = choose.choice((1, 2))
        copy_of = reply if choose.random() < 0.5 else None
        said[thread].append(f"{number} in {thread}")
        await plan(stage, in_thread(said[thread][-1], thread, copy_of=copy_of))
        if choose.random() < 0.3:
            stage.chat.errors = [
                choose.choice(
                    (
                        None,
                        ChatUncertainError("reset"),
                        ChatUnavailableError("limit", retry_after=timedelta(seconds=20)),
                    )
                )
            ]
            stage.chat.find_errors = [choose.choice((None, ChatUnavailableError("limit")))]
            await drain(stage)
            stage.clock.turn(seconds=choose.choice((0, 30, 90)))

    for _ in range(20):
        stage.clock.turn(minutes=2)
        await drain(stage)

    assert set(await states(stage)) == {State.SENT}
    for thread, expected in said.items():
        assert [each for each in stage.said() if each.endswith(f"in {thread}")] == expected
