"""Two processes at one outbox on PostgreSQL, where several write at a time (issue 15, item 3)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from bot.core.database.database import Database, Transaction, opened
from bot.core.ports import ChannelRef, Platform
from bot.outbox.domain.delivery import State, Step, WaitsFor
from bot.outbox.domain.reach import span
from bot.outbox.store import claims, deliveries
from bot.outbox.store.claims import Claimed
from bot.outbox.store.deliveries import Settled
from bot.outbox.store.waiting import held
from tests.databases import new_database
from tests.outbox_stage import draft
from tests.stage import GENERAL, MORNING
from tests.waiting import until_locked_out

LEASE = timedelta(seconds=60)
CHANNELS = tuple(ChannelRef(Platform.SLACK, "T1", f"C{n}") for n in range(20))


@pytest.fixture
async def two(postgresql: str) -> AsyncIterator[tuple[Database, Database]]:
    """One database, opened twice."""
    with new_database(postgresql) as address:
        async with AsyncExitStack() as stack:
            one = await stack.enter_async_context(opened(address))
            yield one, await stack.enter_async_context(opened(address))


async def claim(db: Database, *channels: ChannelRef, owner: str = "me") -> tuple[Claimed, ...]:
    async with db.transaction() as tx:
        return await claims.claim(
            tx, channels, owner=owner, now=MORNING, lease_until=MORNING + LEASE
        )


async def post_all(db: Database, owner: str, posted: dict[ChannelRef, list[str]]) -> None:
    """Claim, "post" and settle until nothing is left."""
    while True:
        ready = await db.read(
            partial(claims.list_ready_channels, spans=[span(Platform.SLACK)], now=MORNING, limit=7)
        )
        if not ready:
            async with db.reading() as tx:
                if await tx.one("SELECT 1 FROM delivery WHERE state <> 'sent'") is None:
                    return
        # In the opposite order, as if it had seen others first.
        claimed = await claim(db, *(ready if owner == "one" else ready[::-1]), owner=owner)
        for each in claimed:
            posted[each.channel].append(str(each.key))
        done = [Settled(each, Step(State.SENT, message_id=each.key)) for each in claimed]
        async with db.transaction() as tx:
            assert await deliveries.settle(tx, done, MORNING) == ()


async def test_each_message_is_claimed_once_and_in_order(two):
    planned = {channel: [draft(str(n), channel) for n in range(5)] for channel in CHANNELS}
    async with two[0].transaction() as tx:
        await deliveries.add(tx, [each for drafts in planned.values() for each in drafts], MORNING)
    posted: dict[ChannelRef, list[str]] = {channel: [] for channel in CHANNELS}

    async with asyncio.TaskGroup() as both:
        both.create_task(post_all(two[0], "one", posted))
        both.create_task(post_all(two[1], "two", posted))

    assert posted == {channel: [each.key for each in planned[channel]] for channel in CHANNELS}


async def claim_without_waiting(db: Database, *channels: ChannelRef) -> list[ChannelRef]:
    """The channels of what is claimed; an error if the claim has to wait for another process."""
    async with db.transaction() as tx:
        await tx.run("SET LOCAL lock_timeout = '1s'")
        claimed = await claims.claim(
            tx, channels, owner="other", now=MORNING, lease_until=MORNING + LEASE
        )
    return [each.channel for each in claimed]


async def search_without_waiting(db: Database) -> list[ChannelRef]:
    """The same for searches in the workspace T1."""
    async with db.transaction() as tx:
        await tx.run("SET LOCAL lock_timeout = '1s'")
        claimed = await search(tx)
    return [each.channel for each in claimed]


async def search(tx: Transaction, limit: int = 10) -> tuple[Claimed, ...]:
    later = MORNING + 2 * LEASE
    return await claims.claim_searches(
        tx, Platform.SLACK, "T1", owner="me", now=later, lease_until=later + LEASE, limit=limit
    )


async def test_what_another_process_is_claiming_is_passed_over_and_not_waited_for(two):
    first, second = CHANNELS[:2]
    async with two[0].transaction() as tx:
        await deliveries.add(tx, [draft("1", first), draft("2", second)], MORNING)

    async with two[0].transaction() as tx:
        await claims.claim(tx, [first], owner="me", now=MORNING, lease_until=MORNING + LEASE)
        claimed = await claim_without_waiting(two[1], first, second)
    async with two[0].transaction() as tx:
        mine = [each.channel for each in await search(tx, limit=1)]
        sought = await search_without_waiting(two[1])

    assert claimed == [second]
    assert len(mine) == len(sought) == 1
    assert {*mine, *sought} == {first, second}


async def state_of(db: Database, part: str) -> tuple[str, str | None]:
    async with db.reading() as tx:
        row = await tx.one(
            "SELECT state, waits_for FROM delivery WHERE part = :part", {"part": part}
        )
    assert row is not None
    return row["state"], row["waits_for"]


async def test_what_another_process_is_posting_is_not_planned_again(two):
    async with two[0].transaction() as tx:
        await deliveries.add(tx, [replace(draft("reply"), root_message="m1")], MORNING)
        await tx.run("UPDATE delivery SET state = 'held', waits_for = 'thread'")

    async def try_again() -> None:
        async with two[1].transaction() as tx:
            await held.try_again(tx, MORNING)

    async with asyncio.TaskGroup() as tasks, two[0].transaction() as tx:
        assert await held.try_again(tx, MORNING) == 1
        tasks.create_task(try_again())
        await until_locked_out(two[0])
        await claims.claim(tx, [GENERAL], owner="me", now=MORNING, lease_until=MORNING + LEASE)

    assert await state_of(two[0], "reply") == ("sending", None)


async def test_a_reply_that_is_planned_while_its_root_is_given_up_waits_for_it(two):
    async with two[0].transaction() as tx:
        await deliveries.add(tx, [draft("root")], MORNING)
    [claimed] = await claim(two[0], GENERAL)
    held = Step(State.HELD, reason="it failed", in_doubt=True)

    async def reply() -> None:
        async with two[1].transaction() as tx:
            await deliveries.add(tx, [replace(draft("reply"), root_id=claimed.id)], MORNING)

    async with asyncio.TaskGroup() as tasks, two[0].transaction() as tx:
        await deliveries.settle(tx, [Settled(claimed, held)], MORNING)
        tasks.create_task(reply())
        await until_locked_out(two[0])

    assert await state_of(two[0], "reply") == (State.HELD, WaitsFor.ROOT)
