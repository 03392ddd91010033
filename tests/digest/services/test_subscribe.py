"""Subscribing: what is wrong is said at once, and nothing is half-done."""

from datetime import UTC, date, datetime, timedelta

import pytest

from bot.channels.domain.present_subscription import present_subscription
from bot.channels.domain.subscription import Standing
from bot.core.catalogue import Catalogues
from bot.core.domain.errors import NotFoundError, QueryError, UsageError, UserError
from bot.core.ports import ChannelRef, ChatRefusedError, ChatUnavailableError, Platform
from bot.digest.services import subscribe
from bot.digest.services.options.typed import TypedOptions
from tests.outbox_stage import draft, drain, plan
from tests.stage import GENERAL, NINE_IN_SEOUL, staged

NOON = datetime(2026, 2, 3, 3, 0, tzinfo=UTC)


@pytest.fixture
async def stage(tmp_path):
    async with staged(tmp_path, NOON) as stage:
        yield stage


async def test_a_subscription_has_what_was_asked_for(stage):
    words = TypedOptions(
        at="7:30",
        zone="europe/berlin",
        weekdays="mon-fri",
        languages="en",
        tags="-moe rl",
        layout="compact",
        most="5",
        interface="ko",
    )

    made = await subscribe.add(stage.db, GENERAL, words, now=NOON, created_by="Ada")

    options = made.options
    assert (made.channel, made.standing, made.created_by) == (str(GENERAL), Standing.ACTIVE, "Ada")
    assert (str(options.schedule.at), options.schedule.zone.key) == ("07:30:00", "Europe/Berlin")
    assert (options.tags, options.layout, options.most) == ("#rl -#moe", "compact", 5)
    assert (options.interface, options.spoken) == ("ko", "ko")
    assert options.since == date(2026, 2, 3)
    assert await subscribe.list_all(stage.db) == (made,)


@pytest.mark.parametrize(
    ("words", "error", "says"),
    [
        (TypedOptions(at="25:00", zone="Asia/Seoul"), UsageError, "“25:00” is not a time"),
        (TypedOptions(at="09:00", zone="Asia/Soul"), UsageError, "did you mean Asia/Seoul"),
        (TypedOptions(at="09:00"), UsageError, "a time and a zone"),
        (
            TypedOptions(at="09:00", zone="Asia/Seoul", tags="author:lee"),
            QueryError,
            "more than tags",
        ),
        (
            TypedOptions(at="09:00", zone="Asia/Seoul", weekdays="someday"),
            UsageError,
            "not a weekday",
        ),
        (TypedOptions(at="09:00", zone="Asia/Seoul", languages="fr"), UsageError, "“fr”"),
        (TypedOptions(at="09:00", zone="Asia/Seoul", layout="wide"), UsageError, "not a layout"),
        (TypedOptions(at="09:00", zone="Asia/Seoul", most="0"), UsageError, "1 to 50"),
        (TypedOptions(at="09:00", zone="Asia/Seoul", interface="fr"), UsageError, "“fr”"),
    ],
)
async def test_wrong_options_are_reported_and_nothing_is_stored(stage, words, error, says):
    with pytest.raises(error, match=says):
        await subscribe.add(stage.db, GENERAL, words, now=NOON)

    assert await subscribe.list_all(stage.db) == ()


async def test_a_channel_that_the_bot_is_not_in_is_refused_at_once(stage):
    async def check(channel: ChannelRef) -> ChannelRef:
        raise ChatRefusedError("invite it with /invite @paperbot")

    with pytest.raises(UsageError, match="cannot post in slack:T1/C1: invite it"):
        await subscribe.add(stage.db, GENERAL, NINE_IN_SEOUL, now=NOON, check=check)

    assert await subscribe.list_all(stage.db) == ()


async def test_a_platform_that_does_not_answer_leaves_deletions_undecided(stage):
    async def check(channel: ChannelRef) -> ChannelRef:
        raise ChatUnavailableError("no connection")

    with pytest.raises(UsageError, match="Try again in a minute"):
        await subscribe.add(stage.db, GENERAL, NINE_IN_SEOUL, now=NOON, check=check)


async def test_a_platform_that_shuts_the_bot_out_does_not_ask_for_another_try(stage):
    async def check(channel: ChannelRef) -> ChannelRef:
        error = ChatUnavailableError("a scope is missing", whole_workspace=True)
        error.detail = "conversations.info: missing_scope"
        raise error

    with pytest.raises(UsageError) as refused:
        await subscribe.add(stage.db, GENERAL, NINE_IN_SEOUL, now=NOON, check=check)

    assert str(refused.value) == (
        "The bot cannot post in slack:T1/C1: a scope is missing (conversations.info: missing_scope)"
    )


async def test_the_platform_completes_the_channel(stage):
    async def check(channel: ChannelRef) -> ChannelRef:
        return ChannelRef(channel.platform, "T9", channel.id)

    made = await subscribe.add(
        stage.db, ChannelRef(Platform.SLACK, "", "C1"), NINE_IN_SEOUL, now=NOON, check=check
    )

    assert made.channel == "slack:T9/C1"


async def test_a_channel_is_subscribed_once(stage):
    await subscribe.add(stage.db, GENERAL, NINE_IN_SEOUL, now=NOON)

    with pytest.raises(UsageError, match="already subscribed"):
        await subscribe.add(stage.db, GENERAL, NINE_IN_SEOUL, now=NOON)


async def test_a_change_leaves_what_it_does_not_name(stage):
    await subscribe.add(stage.db, GENERAL, TypedOptions(at="09:00", zone="Asia/Seoul", tags="#rl"), now=NOON)  # fmt: skip

    changed = await subscribe.change(stage.db, GENERAL, TypedOptions(at="18:00"), now=NOON)

    assert changed.options.schedule.at.hour == 18
    assert (changed.options.schedule.zone.key, changed.options.tags) == ("Asia/Seoul", "#rl")


async def test_a_change_that_is_wrong_changes_nothing(stage):
    made = await subscribe.add(stage.db, GENERAL, NINE_IN_SEOUL, now=NOON)

    with pytest.raises(UsageError):
        await subscribe.change(
            stage.db, GENERAL, TypedOptions(at="10:00", zone="Nowhere"), now=NOON
        )

    assert await subscribe.get(stage.db, GENERAL) == made


async def test_a_new_tag_filter_applies_from_today(stage):
    await subscribe.add(stage.db, GENERAL, NINE_IN_SEOUL, now=NOON - timedelta(days=9))

    changed = await subscribe.change(stage.db, GENERAL, TypedOptions(tags="#vision"), now=NOON)

    assert changed.options.since == date(2026, 2, 3)


async def test_pausing_resuming_and_removing_may_be_repeated(stage):
    await subscribe.add(stage.db, GENERAL, NINE_IN_SEOUL, now=NOON)

    standings = [
        (await step(stage.db, GENERAL, now=NOON)).standing
        for step in (
            subscribe.pause,
            subscribe.pause,
            subscribe.resume,
            subscribe.resume,
            subscribe.remove,
        )
    ]

    assert standings == ["paused", "paused", "active", "active", "removed"]
    with pytest.raises(NotFoundError):
        await subscribe.remove(stage.db, GENERAL, now=NOON)


@pytest.mark.parametrize("step", [subscribe.pause, subscribe.resume, subscribe.remove, subscribe.status])  # fmt: skip
async def test_an_unsubscribed_channel_is_reported_with_the_nearest_known_one(stage, step):
    await subscribe.add(
        stage.db, ChannelRef(Platform.SLACK, "T0123", "C0123"), NINE_IN_SEOUL, now=NOON
    )

    with pytest.raises(NotFoundError, match="did you mean slack:T0123/C0123"):
        await step(stage.db, ChannelRef(Platform.SLACK, "T0123", "C0132"), now=NOON)


async def test_a_channel_that_is_in_several_workspaces_is_named_with_one(stage):
    for workspace in ("T1", "T2"):
        place = ChannelRef(Platform.SLACK, workspace, "C1")
        await subscribe.add(stage.db, place, NINE_IN_SEOUL, now=NOON)

    with pytest.raises(UsageError, match="write one of: slack:T1/C1, slack:T2/C1"):
        await subscribe.pause(stage.db, ChannelRef(Platform.SLACK, "", "C1"), now=NOON)


async def test_a_channel_may_be_named_without_its_workspace(stage):
    await subscribe.add(
        stage.db, ChannelRef(Platform.SLACK, "T0123", "C0123"), NINE_IN_SEOUL, now=NOON
    )
    short = ChannelRef(Platform.SLACK, "", "C0123")

    paused = await subscribe.pause(stage.db, short, now=NOON)
    by_hand = await subscribe.by_hand(stage.db, short, NINE_IN_SEOUL, now=NOON)

    assert (paused.channel, paused.standing) == ("slack:T0123/C0123", Standing.PAUSED)
    assert by_hand == paused
    with pytest.raises(NotFoundError):
        await subscribe.pause(stage.db, ChannelRef(Platform.SLACK, "", "0123"), now=NOON)
    with pytest.raises(NotFoundError):
        await subscribe.pause(stage.db, ChannelRef(Platform.DISCORD, "", "C0123"), now=NOON)


async def test_the_status_says_what_comes_next(stage):
    await subscribe.add(stage.db, GENERAL, NINE_IN_SEOUL, now=NOON)

    status = await subscribe.status(stage.db, GENERAL, now=NOON)
    await subscribe.pause(stage.db, GENERAL, now=NOON)
    paused = await subscribe.status(stage.db, GENERAL, now=NOON)

    assert status.next_slot is not None
    assert status.next_slot.at == datetime(2026, 2, 4, 0, 0, tzinfo=UTC)
    assert (status.last_on, status.tally.open) == (None, 0)
    assert paused.next_slot is None


async def test_the_status_says_why_messages_wait(stage):
    await subscribe.add(stage.db, GENERAL, NINE_IN_SEOUL, now=NOON)
    await plan(stage, draft("first"), draft("second"))
    stage.chat.errors = [ChatUnavailableError("Slack's limit", retry_after=timedelta(minutes=1))]
    await drain(stage)

    status = await subscribe.status(stage.db, GENERAL, now=NOON)
    shown = present_subscription(
        status.subscription, waiting=status.tally.open, wait=status.wait, say=Catalogues()("ko")
    )

    assert status.tally.open == 2
    note = str(shown.blocks)
    assert "나중에 다시" in note or "다시 시도" in note
    assert "Slack's limit" in note
    stage.clock.turn(minutes=2)
    await drain(stage)
    assert (await subscribe.status(stage.db, GENERAL, now=NOON)).wait == ("", "")


async def test_every_error_is_one_line_for_people(stage):
    for words in (TypedOptions(at="9", zone="Asia/Seoul"), TypedOptions(at="09:00", zone="x\ny")):
        with pytest.raises(UserError) as raised:
            await subscribe.add(stage.db, GENERAL, words, now=NOON)
        assert str(raised.value)
