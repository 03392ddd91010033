"""What e-mail cannot do is settled once, and says so: an edit, a removal, a refused address."""

import asyncio
from datetime import timedelta

import pytest

from bot.channels.domain.subscription import Standing
from bot.channels.store import subscriptions
from bot.core.catalogue import Catalogues
from bot.core.domain.document import Document, Paragraph, Text
from bot.core.ports import DeliveryKey, Platform, parse_channel
from bot.digest.services import subscribe
from bot.mail.services import bounces, opt_in
from bot.mail.store import addresses, handovers
from bot.outbox.domain.delivery import State
from bot.outbox.domain.rate_limit import RateLimits
from bot.outbox.services import operator_actions
from bot.outbox.services.changes import Changer
from bot.outbox.services.deliver import Deliverer
from bot.outbox.store import copy_deliveries, deliveries, edits
from bot.outbox.store.deliveries import Draft
from tests.fakes.mail import Fault
from tests.platforms.mail.stage import NINE, SITE, TEAM, Stage, Tokens, ask, staged


def said(text: str) -> Document:
    return Document((Paragraph((Text(text),)),), text)


async def send(stage: Stage, *texts: str) -> list[int]:
    """Put messages into the outbox and deliver them; their numbers."""
    async with stage.db.transaction() as tx:
        drafts = [Draft(DeliveryKey(f"settled{t}"), TEAM, t, said(t)) for t in texts]
        await deliveries.add(tx, drafts, stage.clock())
    deliverer = Deliverer(
        stage.db,
        {Platform.MAIL: stage.chat},
        owner="test",
        clock=stage.clock,
        rate_limits=RateLimits({}),
        jitter=lambda: 0.0,
    )
    await deliverer.drain(asyncio.Event())
    listed = await operator_actions.list_deliveries(stage.db)
    return [each.id for text in texts for each in listed if each.part == text]


async def test_an_edit_and_a_removal_are_tried_once_and_told():
    async with staged() as stage:
        edited, removed = await send(stage, "one", "two")
        async with stage.db.transaction() as tx:
            await edits.want(tx, edited, said("one, corrected"))
            await copy_deliveries.unwant(tx, [removed], said("taken back"), stage.clock())
        changer = Changer(
            stage.db,
            {Platform.MAIL: stage.chat},
            clock=stage.clock,
            rate_limits=RateLimits({}),
            jitter=lambda: 0.0,
        )

        await changer.run(asyncio.Event())
        stage.clock.ahead += timedelta(days=1)
        before = await operator_actions.list_deliveries(stage.db)
        await changer.run(asyncio.Event())

        assert await operator_actions.list_deliveries(stage.db) == before
        by_id = {each.id: each for each in before}
        assert by_id[edited].state is by_id[removed].state is State.SENT
        assert "older version" in by_id[edited].reason
        assert "still there" in by_id[removed].reason
        assert "cannot be changed or removed" in by_id[edited].detail
        failing = await operator_actions.list_deliveries(stage.db, failing=True)
        assert not {edited, removed} & {each.id for each in failing}


async def test_a_refused_address_stops_its_digest_and_is_told_where_it_was_asked_for():
    async with staged() as stage:
        place = parse_channel("slack:T1/C1")
        await subscribe.add(stage.db, place, NINE, now=stage.clock())
        by = opt_in.Asker("Ada", "slack:T1/U1", str(place))
        stage.clock.ahead += timedelta(days=2)
        await subscribe.remove(stage.db, TEAM, now=stage.clock())
        found = await stage.subscribers.find(TEAM.id)
        assert found is not None
        await stage.subscribers.unsubscribe(found.token)
        asking = opt_in.OptIn(SITE, Catalogues(), iter(("confirm",)).__next__)
        await opt_in.add(stage.db, TEAM, NINE, by, asking, now=stage.clock())
        await stage.subscribers.confirm("confirm")
        await send(stage)  # what asked
        stage.fake.faults = [Fault("rcpt", "550 5.1.1 no such user")]

        [refused] = await send(stage, "one")
        told = []

        async def tell(subscription):
            told.append(subscription.detail)
            await bounces.tell(stage.db, subscription, voices=Catalogues(), now=stage.clock())

        await operator_actions.tell_refusals(stage.db, tell, now=stage.clock())

        async with stage.db.reading() as tx:
            [notice] = await tx.all(
                "SELECT document FROM delivery WHERE channel = :place", {"place": str(place)}
            )
            stopped = await subscriptions.find(tx, str(TEAM))
        assert stopped is not None
        assert stopped.standing is Standing.REFUSED
        assert told == [stopped.detail]
        assert "no such user" in stopped.detail
        listed = await operator_actions.list_deliveries(stage.db)
        states = {each.id: each.state for each in listed}
        assert states[refused] is State.DEAD
        assert ": example.org." in notice["document"]
        assert TEAM.id not in notice["document"]


async def told_of(stage: Stage, place: str) -> str:
    """What the channel is told once messages to the team come back."""
    await opt_in.note_bounce(stage.db, TEAM, now=stage.clock())
    refused = await subscribe.get(stage.db, TEAM)
    await bounces.tell(stage.db, refused, voices=Catalogues(), now=stage.clock())
    async with stage.db.reading() as tx:
        [notice] = await tx.all(
            "SELECT document FROM delivery WHERE channel = :place", {"place": place}
        )
    return str(notice["document"])


@pytest.mark.parametrize("then", ["", "forgotten", "a month later", "subscribed anew by Bob"])
async def test_a_notice_names_who_asked_while_that_is_stored(then: str):
    async with staged() as stage:
        found = await stage.subscribers.find(TEAM.id)
        assert found is not None
        await stage.subscribers.unsubscribe(found.token)
        stage.clock.ahead += timedelta(days=2)
        ada = opt_in.Asker("Ada", "slack:T1/U1", "slack:T1/C1")
        await ask(stage.db, TEAM.id, stage.clock(), by=ada, tokens=Tokens())
        await stage.subscribers.confirm("token-1")

        match then:
            case "forgotten":
                async with stage.db.transaction() as tx:
                    await addresses.forget_asker(tx, ada.person)
            case "a month later":
                stage.clock.ahead += timedelta(days=31)
            case "subscribed anew by Bob":
                await subscribe.remove(stage.db, TEAM, now=stage.clock())
                bob = opt_in.Asker("Bob", "slack:T1/U2", ada.channel)
                await ask(stage.db, TEAM.id, stage.clock(), by=bob)
        notice = await told_of(stage, ada.channel)

        assert ("Ada" in notice) is (then == "")
        assert "Bob" not in notice
        assert "example.org" in notice


@pytest.mark.parametrize("is_restored", [False, True])
async def test_after_a_restore_what_may_have_been_sent_is_for_a_person(is_restored: bool):
    async with staged() as stage:
        await send(stage)
        made_at = stage.clock() - timedelta(hours=3)
        async with stage.db.transaction() as tx:
            if is_restored:
                await handovers.note_restore(tx, stage.clock())
            key = DeliveryKey("replayed")
            draft = Draft(key, TEAM, "replayed", said("a day"), doubt_from=made_at)
            await deliveries.add(tx, [draft], stage.clock())

        await send(stage, "later")

        parts = {each.part: each for each in await operator_actions.list_deliveries(stage.db)}
        assert parts["later"].state is State.SENT
        assert parts["replayed"].state is (State.HELD if is_restored else State.SENT)
        assert ("A backup was put back" in parts["replayed"].detail) is is_restored
