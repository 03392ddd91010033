"""Copies: never to the origin, never twice, the same again for the same again."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.discussion.domain.copies import (
    Comparison,
    ReplyOrigin,
    StoredVersion,
    compare,
    copy_key,
    plan_copies,
)
from bot.outbox.domain.thread import Thread

START = datetime(2026, 2, 4, tzinfo=UTC)
CHANNELS = ("slack:T1/C1", "slack:T1/C2", "discord:1/11", "discord:1/12", "web:general")

instants = st.integers(0, 9).map(lambda hours: START + timedelta(hours=hours))
replies = st.builds(
    ReplyOrigin,
    channel=st.sampled_from(CHANNELS),
    message_id=st.text("0123456789./", min_size=1, max_size=9),
    said_at=instants,
    gone=st.booleans(),
)
threads = st.lists(
    st.builds(
        Thread,
        id=st.integers(1, 99),
        channel=st.sampled_from(CHANNELS),
        is_open=st.booleans(),
    ),
    max_size=12,
)
groups = st.dictionaries(st.sampled_from(CHANNELS), instants)
made = st.sets(st.sampled_from(CHANNELS))


@given(replies, threads, groups, made)
def test_a_reply_is_never_copied_into_its_own_channel(reply, threads, group, made):
    copies = plan_copies(reply, threads, group, made)

    assert reply.channel not in {copy.channel for copy in copies}


@given(replies, threads, groups, made)
def test_no_channel_gets_two_copies(reply, threads, group, made):
    channels = [copy.channel for copy in plan_copies(reply, threads, group, made)]

    assert len(channels) == len(set(channels))
    assert not set(channels) & made


@given(replies, threads, groups, made)
def test_planning_again_after_the_copies_were_made_plans_nothing(reply, threads, group, made):
    first = plan_copies(reply, threads, group, made)

    assert plan_copies(reply, threads, group, made) == first
    assert plan_copies(reply, threads, group, made | {copy.channel for copy in first}) == ()


@given(replies, threads, groups, made)
def test_only_linked_channels_get_copies_and_only_of_later_replies(reply, threads, group, made):
    for copy in plan_copies(reply, threads, group, made):
        assert group[copy.channel] <= reply.said_at
        assert group[reply.channel] <= reply.said_at
        assert Thread(copy.thread, copy.channel, is_open=True) in threads


@given(replies, threads, groups, made)
def test_every_channel_that_shares_an_open_thread_has_its_copy_in_the_end(
    reply, threads, group, made
):
    copies = {copy.channel for copy in plan_copies(reply, threads, group, made)} | made
    since = group.get(reply.channel)

    for thread in threads:
        shares = thread.channel in group and group[thread.channel] <= reply.said_at
        if since is None or since > reply.said_at or reply.gone or not shares:
            continue
        assert not thread.is_open or thread.channel in {*copies, reply.channel}


@given(replies, replies, st.sampled_from(CHANNELS), st.sampled_from(CHANNELS))
def test_the_key_of_a_copy_depends_on_the_reply_and_the_channel(one, other, here, there):
    is_same = (one.channel, one.message_id, here) == (other.channel, other.message_id, there)

    assert (copy_key(one, here) == copy_key(other, there)) == is_same


versions = st.one_of(st.none(), instants)
"""When a message was last edited; `None`: what was said first."""


@given(st.lists(versions, min_size=1, max_size=8), st.randoms())
def test_in_whatever_order_and_however_often_versions_arrive_the_newest_is_kept(told, dice):
    arriving = [*told, *told]
    dice.shuffle(arriving)
    kept: StoredVersion | None = None

    for edited_at in arriving:
        heard = compare(kept, edited_at)
        if heard in (Comparison.NEW, Comparison.EDITED):
            kept = StoredVersion(edited_at)
        assert compare(kept, edited_at) is Comparison.KNOWN

    assert kept == StoredVersion(max((at for at in told if at is not None), default=None))


@given(st.lists(st.one_of(versions, st.just("taken back")), min_size=1, max_size=8))
def test_a_deleted_reply_stays_deleted_in_any_order_of_arrival(story):
    kept: StoredVersion | None = None
    for deed in story:
        if isinstance(deed, str):
            kept = StoredVersion(gone=True)
            continue
        heard = compare(kept, deed)
        assert (heard is Comparison.GONE) == (kept is not None and kept.gone)
        if heard in (Comparison.NEW, Comparison.EDITED):
            kept = StoredVersion(deed)

    assert kept is not None
    assert kept.gone == ("taken back" in story)
