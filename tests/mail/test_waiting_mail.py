"""What waited for the mail server: an address gets what it was asked last, and nothing of before."""

from datetime import timedelta

import pytest

from bot.channels.domain.subscription import Standing
from bot.core.domain.errors import UsageError
from bot.core.ports import ChannelRef, DeliveryKey, parse_channel
from bot.digest.services import subscribe
from bot.mail.domain.subscriber import Answer
from bot.outbox.domain.delivery import State
from bot.outbox.services import operator_actions
from bot.outbox.store import deliveries
from bot.outbox.store.deliveries import Draft
from bot.outbox.store.operator_view import Delivery
from tests.fakes.mail import Fault
from tests.mail.test_settled import send
from tests.platforms.mail.stage import TEAM, Stage, Tokens, ask, said, staged

READER = parse_channel("mail:reader@example.org")
DAY = timedelta(days=1, minutes=5)


async def plan(stage: Stage, *texts: str, to: ChannelRef = READER) -> None:
    """Put digests into the outbox; nothing is sent."""
    async with stage.db.transaction() as tx:
        drafts = [Draft(DeliveryKey(f"digest{t}"), to, t, said(t)) for t in texts]
        await deliveries.add(tx, drafts, stage.clock())


async def listed(stage: Stage) -> list[Delivery]:
    found = await operator_actions.list_deliveries(stage.db)
    return [each for each in found if each.channel == str(READER)]


async def links(stage: Stage) -> list[str]:
    """The confirmation links that the reader got."""
    parts = [message.get_body(("plain",)) for message in stage.fake.to(READER.id)]
    texts = [str(part.get_content()) for part in parts if part is not None]
    return [word for text in texts for word in text.split() if "/mail/confirm/" in word]


async def subjects(stage: Stage) -> list[str]:
    return [str(message["Subject"]) for message in stage.fake.to(READER.id)]


@pytest.mark.parametrize("tried", ["never", "in vain", "in doubt"])
async def test_of_several_requests_that_waited_the_newest_goes_out_alone(tried: str):
    async with staged() as stage:
        tokens = Tokens()
        await ask(stage.db, READER.id, stage.clock(), tokens=tokens)
        if tried != "never":
            answer = "421 4.3.2 shutting down" if tried == "in vain" else ""
            stage.fake.faults = [Fault("connect" if tried == "in vain" else "data", answer)]
            await send(stage)
        stage.clock.ahead += DAY
        await ask(stage.db, READER.id, stage.clock(), tokens=tokens)

        for _ in range(3):
            await send(stage)
            stage.clock.ahead += timedelta(hours=2)
        asked = await links(stage)
        answer_of_newest = await stage.subscribers.confirm(f"token-{tokens.given}")
        await plan(stage, "first")
        await send(stage)

        assert [link.rpartition("/")[2] for link in asked] == [f"token-{tokens.given}"]
        assert answer_of_newest is Answer.DONE
        assert (await subjects(stage))[1:] == ["first"]
        old, newest, first = await listed(stage)
        assert (newest.state, first.state) == (State.SENT, State.SENT)
        assert old.state is (State.HELD if tried == "in doubt" else State.DEAD)
        with pytest.raises(UsageError):
            await operator_actions.retry(stage.db, old.id, now=stage.clock())


async def test_digests_planned_before_an_unsubscribe_are_never_sent():
    async with staged() as stage:
        tokens = Tokens()
        await ask(stage.db, READER.id, stage.clock(), tokens=tokens)
        await send(stage)
        await stage.subscribers.confirm("token-2")
        await plan(stage, "monday", "tuesday")
        await stage.subscribers.unsubscribe("token-1")  # by the link of an older message
        ended = {each.part: each for each in await listed(stage)}

        await send(stage)
        stage.clock.ahead += timedelta(days=60)
        await ask(stage.db, READER.id, stage.clock(), tokens=tokens)
        await send(stage)
        await stage.subscribers.confirm(f"token-{tokens.given}")
        await plan(stage, "of the new time")
        await send(stage)

        assert ended["monday"].state is ended["tuesday"].state is State.DEAD
        assert "unsubscribed" in ended["monday"].reason
        assert (await subjects(stage))[2:] == ["of the new time"]
        assert (await subscribe.get(stage.db, READER)).standing is Standing.ACTIVE


async def test_a_digest_that_is_refused_before_the_confirmation_holds_up_no_request():
    async with staged() as stage:
        await plan(stage, "by hand")
        await ask(stage.db, READER.id, stage.clock(), tokens=Tokens())
        await plan(stage, "again by hand")

        await send(stage)
        await stage.subscribers.confirm("token-2")
        await send(stage)

        assert len(await links(stage)) == len(await subjects(stage)) == 1
        assert {each.part: each.state for each in await listed(stage)} == {
            "by hand": State.DEAD,
            "mail-request": State.SENT,
            "again by hand": State.DEAD,
        }


async def test_what_waits_when_the_address_confirms_is_of_before():
    async with staged() as stage:
        await ask(stage.db, READER.id, stage.clock(), tokens=Tokens())
        await send(stage)
        await plan(stage, "by hand")
        await plan(stage, "of others", to=TEAM)
        await stage.subscribers.confirm("token-2")
        await plan(stage, "first")
        await send(stage)

        assert (await subjects(stage))[1:] == ["first"]
        assert [str(each["Subject"]) for each in stage.fake.to(TEAM.id)] == ["of others"]
