"""One call to a platform: whatever happens is an outcome."""

import asyncio
from datetime import datetime, timedelta

import pytest

from bot.core.domain.document import Document
from bot.core.domain.extent import Extent
from bot.core.ports import (
    ChannelRef,
    ChatRefusedError,
    ChatUnavailableError,
    ChatUncertainError,
    DeliveryKey,
    MessageRef,
)
from bot.outbox.domain.delivery import (
    Absent,
    Accepted,
    NotNow,
    NotTried,
    Refused,
    Uncertain,
    Unsearchable,
    Unsearched,
)
from bot.outbox.services.platform_calls import CLOCKS_APART, call, search
from bot.outbox.store import claims
from bot.outbox.store.claims import Claimed
from tests.outbox_stage import draft, drain, plan
from tests.stage import GENERAL, MemoryChat, Stage, staged

LEASE, WITHIN = timedelta(seconds=60), timedelta(seconds=30)
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def stage(tmp_path):
    async with staged(tmp_path) as stage:
        yield stage


async def claimed(stage: Stage) -> Claimed:
    await plan(stage, draft("first"))
    async with stage.db.transaction() as tx:
        [claimed] = await claims.claim(
            tx, [GENERAL], owner="me", now=stage.clock(), lease_until=stage.clock() + LEASE
        )
    return claimed


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, Accepted("m1")),
        (ChatUnavailableError("limit", retry_after=MINUTE), NotNow("limit", MINUTE)),
        (
            ChatUnavailableError("limit", retry_after=MINUTE, whole_workspace=True),
            NotNow("limit", MINUTE, whole_workspace=True),
        ),
        (ChatRefusedError("archived"), Refused("archived")),
        (ChatRefusedError("locked", Extent.GONE), Refused("locked", Extent.GONE)),
        (ChatUncertainError("reset"), Uncertain("reset")),
        (TimeoutError(), Uncertain("no answer in time")),
        (asyncio.CancelledError(), Uncertain("the request was cut off")),
        (KeyError("oops"), Uncertain("KeyError", broken=True)),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_a_call_has_an_outcome(stage, error, outcome):
    stage.chat.errors = [error]

    found = await call(stage.chat, await claimed(stage), clock=stage.clock, within=WITHIN)

    assert found == outcome


async def test_a_call_says_when_an_earlier_attempt_began(stage):
    began = stage.clock()
    stage.chat.errors = [ChatUnavailableError("limit", retry_after=MINUTE), None]
    await plan(stage, draft("first"))

    await drain(stage)
    stage.clock.turn(minutes=1)
    await drain(stage)

    assert stage.said() == ["first"]
    assert stage.chat.attempts_since == [None, began - CLOCKS_APART]


async def test_cancelling_a_call_ends_it(stage):
    mine, begun = await claimed(stage), asyncio.Event()

    class Hanging(MemoryChat):
        async def post(
            self,
            channel: ChannelRef,
            document: Document,
            *,
            key: DeliveryKey,
            since: datetime | None = None,
        ) -> MessageRef:
            begun.set()
            await asyncio.Event().wait()
            return await super().post(channel, document, key=key, since=since)

    async with asyncio.TaskGroup() as tasks:
        calling = tasks.create_task(
            call(Hanging(stage.clock), mine, clock=stage.clock, within=WITHIN)
        )
        await begun.wait()
        calling.cancel()

    assert calling.cancelled()


async def test_a_call_that_the_lease_would_not_outlive_is_not_made(stage):
    late = await claimed(stage)
    stage.clock.turn(seconds=31)

    found = await call(stage.chat, late, clock=stage.clock, within=WITHIN)

    assert found == NotTried()
    assert stage.chat.posted == []


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, Absent()),
        (ChatUnavailableError("limit", retry_after=MINUTE), Unsearched("limit", MINUTE)),
        (ChatRefusedError("no access"), Unsearchable("no access")),
        (ChatUncertainError("reset"), Unsearched("reset")),
        (TimeoutError(), Unsearched("no answer in time")),
        (asyncio.CancelledError(), Unsearched("the request was cut off")),
        (KeyError("oops"), Unsearched("KeyError", broken=True)),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_a_search_has_an_outcome(stage, error, outcome):
    stage.chat.find_errors = [error]

    found = await search(stage.chat, await claimed(stage), within=WITHIN)

    assert found == outcome


async def test_a_search_allows_for_clocks_that_differ(stage):
    mine = await claimed(stage)
    assert mine.document is not None
    stage.clock.turn(seconds=-100)  # the platform's clock is behind ours
    await stage.chat.post(GENERAL, mine.document, key=mine.key)

    assert await search(stage.chat, mine, within=WITHIN) == Accepted("m1")
