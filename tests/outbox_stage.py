"""Messages put into the outbox by hand, and what became of them."""

import asyncio
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from bot.archive.domain.entry import Language
from bot.channels.domain.digest_options import Layout
from bot.channels.domain.schedule import Schedule
from bot.channels.domain.subscription import DigestOptions, Standing
from bot.channels.store import slots, subscriptions
from bot.core.database.database import Transaction
from bot.core.domain.document import Document, Paragraph, Text
from bot.core.ports import ChannelRef, DeliveryKey, Platform
from bot.outbox.domain.delivery import State, delivery_key
from bot.outbox.services import operator_actions
from bot.outbox.services.deliver import Deliverer
from bot.outbox.store import deliveries
from bot.outbox.store.deliveries import Draft
from tests.stage import GENERAL, Stage

RANDOM = ChannelRef(Platform.SLACK, "T1", "C2")
ELSEWHERE = ChannelRef(Platform.SLACK, "T2", "C3")


def draft(
    words: str, channel: ChannelRef = GENERAL, reply_to: str | None = None, slot: int | None = None
) -> Draft:
    document = Document((Paragraph((Text(words),)),), words)
    key = DeliveryKey(delivery_key(str(channel), words))
    return Draft(key, channel, words, document, slot_id=slot, reply_to=reply_to)


async def plan(stage: Stage, *drafts: Draft) -> None:
    async with stage.db.transaction() as tx:
        await deliveries.add(tx, drafts, stage.clock())


async def plan_thread(stage: Stage) -> None:
    """A root and two replies in one slot, and a message behind them."""
    async with stage.db.transaction() as tx:
        slot = await add_slot(tx, GENERAL, stage.clock())
        drafts = [
            draft("root", slot=slot),
            draft("reply 1", slot=slot, reply_to="root"),
            draft("reply 2", slot=slot, reply_to="root"),
            draft("next", slot=slot),
        ]
        await deliveries.add(tx, drafts, stage.clock())


async def add_slot(tx: Transaction, channel: ChannelRef, now: datetime) -> int:
    """A closed slot of a new subscription of the channel."""
    options = DigestOptions(Schedule(time(9), ZoneInfo("Asia/Seoul")), now.date())
    subscription = await subscriptions.add(
        tx, str(channel), options, standing=Standing.ACTIVE, now=now, next_at=None
    )
    closed = await slots.close(
        tx,
        subscription.id,
        date(2026, 2, 3),
        by_hand=False,
        languages=(Language.KO,),
        spoken=Language.KO,
        layout=Layout.PAPERS,
        left_out=0,
        missed=(),
        shown=(),
        counted=(),
        now=now,
    )
    assert closed is not None
    return closed.id


async def drain(stage: Stage, deliverer: Deliverer | None = None) -> None:
    await (deliverer or stage.deliverer()).drain(asyncio.Event())


async def states(stage: Stage) -> list[State]:
    return [each.state for each in await operator_actions.list_deliveries(stage.db)]
