"""An address is asked, confirms, unsubscribes; nobody is bothered, and no page says what is not so."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.channels.domain.subscription import Standing
from bot.core.domain.errors import NotFoundError, UsageError
from bot.core.ports import parse_channel
from bot.digest.services import subscribe
from bot.digest.services.options.typed import TypedOptions
from bot.mail.domain.subscriber import UNCONFIRMED, Answer
from bot.mail.services import opt_in
from bot.mail.store import addresses
from bot.outbox.services import operator_actions
from tests.platforms.mail.stage import TEAM, Stage, Tokens, ask, staged

READER = parse_channel("mail:reader@example.org")
ADA = opt_in.Asker("Ada", "slack:T1/U1", "slack:T1/C1")


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as opened:
        yield opened


async def standing(stage: Stage) -> Standing:
    return (await subscribe.get(stage.db, READER)).standing


async def asked(stage: Stage) -> int:
    """How many messages ask the reader."""
    listed = await operator_actions.list_deliveries(stage.db)
    return sum(each.channel == str(READER) for each in listed)


async def test_a_digest_waits_for_the_confirmation_which_may_be_repeated(stage: Stage):
    await ask(stage.db, READER.id, stage.clock(), tokens=Tokens())
    waiting = await subscribe.get(stage.db, READER)

    answers = [await stage.subscribers.confirm(token) for token in ("token-2", "nope", "token-2")]

    assert (waiting.standing, waiting.reason) == (Standing.PAUSED, UNCONFIRMED)
    assert answers == [Answer.DONE, Answer.UNKNOWN, Answer.DONE]
    assert await standing(stage) is Standing.ACTIVE
    assert await asked(stage) == 1


async def test_an_operator_cannot_resume_what_was_not_confirmed(stage: Stage):
    await ask(stage.db, READER.id, stage.clock())

    async def check(channel):
        return await opt_in.check(stage.db, channel)

    with pytest.raises(UsageError, match="not confirmed"):
        await subscribe.resume(stage.db, READER, now=stage.clock(), check=check)


async def test_other_options_leave_it_unconfirmed_and_it_may_be_asked_again(stage: Stage):
    await ask(stage.db, READER.id, stage.clock())

    changed = await subscribe.change(stage.db, READER, TypedOptions(most="5"), now=stage.clock())
    stage.clock.ahead += timedelta(days=2)
    await ask(stage.db, READER.id, stage.clock())

    assert changed.reason == UNCONFIRMED
    assert await asked(stage) == 2


async def test_a_late_confirmation_changes_nothing(stage: Stage):
    await ask(stage.db, READER.id, stage.clock(), tokens=Tokens())
    stage.clock.ahead += timedelta(days=4)

    assert await stage.subscribers.confirm("token-2") is Answer.EXPIRED
    assert await standing(stage) is Standing.PAUSED


async def test_a_pause_before_the_confirmation_stays_until_it_is_resumed(stage: Stage):
    await ask(stage.db, READER.id, stage.clock(), tokens=Tokens())
    paused = await subscribe.pause(stage.db, READER, now=stage.clock())

    answer = await stage.subscribers.confirm("token-2")

    assert (paused.standing, paused.reason) == (Standing.PAUSED, "")
    assert answer is Answer.DONE
    assert await standing(stage) is Standing.PAUSED
    found = await stage.subscribers.find(READER.id)
    assert found is not None
    assert found.wants_mail
    resumed = await subscribe.resume(stage.db, READER, now=stage.clock())
    assert resumed.standing is Standing.ACTIVE


async def test_what_was_removed_before_it_was_confirmed_stays_removed(stage: Stage):
    await ask(stage.db, READER.id, stage.clock(), tokens=Tokens())
    await subscribe.remove(stage.db, READER, now=stage.clock())

    assert await stage.subscribers.confirm("token-2") is Answer.ENDED
    found = await stage.subscribers.find(READER.id)
    assert found is not None
    assert not found.wants_mail


async def test_who_unsubscribed_is_asked_again_and_old_links_go_on_working(stage: Stage):
    tokens = Tokens()
    await ask(stage.db, READER.id, stage.clock(), tokens=tokens)
    await stage.subscribers.confirm("token-2")
    first = await stage.subscribers.find(READER.id)
    assert first is not None

    ended = [await stage.subscribers.unsubscribe(first.token) for _ in range(2)]
    again = await stage.subscribers.confirm("token-2")  # an old message is opened once more
    stage.clock.ahead += timedelta(days=2)
    await ask(stage.db, READER.id, stage.clock(), tokens=tokens)
    paused = await standing(stage)
    await stage.subscribers.confirm("token-3")
    subscribed = await standing(stage)
    last = await stage.subscribers.unsubscribe(first.token)

    assert ended == [Answer.DONE, Answer.DONE]
    assert again is Answer.EXPIRED
    assert (paused, subscribed) == (Standing.PAUSED, Standing.ACTIVE)
    assert last is Answer.DONE
    found = await stage.subscribers.find(READER.id)
    assert found is not None
    assert (found.token, found.wants_mail) == (first.token, False)


async def test_a_token_of_nobody_unsubscribes_nobody_and_says_so(
    stage: Stage, caplog: pytest.LogCaptureFixture
):
    assert await stage.subscribers.unsubscribe("guessed") is Answer.UNKNOWN

    assert "nothing was changed" in caplog.text
    found = await stage.subscribers.find(TEAM.id)
    assert found is not None
    assert found.wants_mail


async def test_an_address_is_asked_once_a_day_and_three_times_a_month(stage: Stage):
    for day in range(3):
        await ask(stage.db, READER.id, stage.clock(), by=ADA)
        with pytest.raises(UsageError, match="today"):
            await ask(stage.db, READER.id, stage.clock())
        stage.clock.ahead += timedelta(days=1, minutes=day + 1)

    with pytest.raises(UsageError, match="too often"):
        await ask(stage.db, READER.id, stage.clock())

    assert await asked(stage) == 3
    stage.clock.ahead += timedelta(days=31)
    await ask(stage.db, READER.id, stage.clock())


@pytest.mark.parametrize("channel", ["slack:T2/C1", ""])
async def test_an_address_that_wants_mail_belongs_to_who_subscribes_it_again(
    stage: Stage, channel: str
):
    await ask(stage.db, READER.id, stage.clock(), by=ADA, tokens=Tokens())
    await stage.subscribers.confirm("token-2")
    refused = opt_in.Asker("Bo", "slack:T2/U2", "slack:T2/C2")
    with pytest.raises(UsageError, match="already subscribed"):
        await ask(stage.db, READER.id, stage.clock(), by=refused)
    async with stage.db.reading() as tx:
        before = await addresses.find_asked_in(tx, READER.id)
    await subscribe.remove(stage.db, READER, now=stage.clock())

    await ask(stage.db, READER.id, stage.clock(), by=opt_in.Asker(channel=channel))

    async with stage.db.reading() as tx:
        after = await addresses.find_asked_in(tx, READER.id)
    assert (before, after) == (ADA.channel, channel)
    assert await standing(stage) is Standing.ACTIVE
    assert await asked(stage) == 1


async def test_a_person_asks_ten_addresses_a_day_and_is_forgotten_on_request(stage: Stage):
    for number in range(10):
        await ask(stage.db, f"reader-{number}@example.org", stage.clock(), by=ADA)

    with pytest.raises(UsageError, match="You asked 10"):
        await ask(stage.db, READER.id, stage.clock(), by=ADA)
    with pytest.raises(NotFoundError):  # nothing of it is left behind
        await subscribe.get(stage.db, READER)
    await ask(stage.db, READER.id, stage.clock())  # an operator may
    async with stage.db.transaction() as tx:
        await addresses.forget_asker(tx, ADA.person)
        assert (await addresses.count(tx, READER.id, ADA.person, stage.clock())).person_today == 0


@pytest.mark.parametrize("layout", ["papers", "thread"])
async def test_a_layout_with_threads_is_refused_and_nothing_is_sent(stage: Stage, layout: str):
    words = TypedOptions(at="09:00", zone="UTC", layout=layout)

    with pytest.raises(UsageError, match="one message"):
        await ask(stage.db, READER.id, stage.clock(), words=words)

    assert await asked(stage) == 0


async def test_what_was_asked_stays_where_asking_again_is_refused(stage: Stage):
    await ask(stage.db, READER.id, stage.clock(), tokens=Tokens())
    stage.clock.ahead += timedelta(days=2)
    words = TypedOptions(at="09:00", zone="UTC", layout="thread")

    with pytest.raises(UsageError, match="one message"):
        await ask(stage.db, READER.id, stage.clock(), words=words)

    assert await stage.subscribers.confirm("token-2") is Answer.DONE


async def test_without_a_public_address_it_is_refused_in_one_line(stage: Stage):
    asking = opt_in.OptIn("", lambda _: pytest.fail("nothing is said"))

    words = TypedOptions(at="09:00", zone="UTC")

    with pytest.raises(UsageError, match="PAPERBOT_WEB_URL") as refused:
        await opt_in.add(stage.db, READER, words, ADA, asking, now=stage.clock())

    assert "\n" not in str(refused.value)
