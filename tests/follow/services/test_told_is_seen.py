"""Nothing is shown in a direct message that its reader may not see (issue 16)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.archive.domain.entry import EntryId
from bot.channels.store import channel_preferences
from bot.channels.store.channel_preferences import ChannelPreferences
from bot.core.ports import ChannelRef, MessageRef, Platform, User, person_id
from bot.discussion.store import replies
from tests.follow_stage import FollowStage, addresses, following, told
from tests.talk_stage import SLACK

NOON = datetime(2026, 2, 3, 3, tzinfo=UTC)
OTHER = ChannelRef(Platform.SLACK, "T1", "C2")
LINKED = ChannelRef(Platform.DISCORD, "G1", "22")
CHANNELS = (SLACK, OTHER, LINKED)
PAPERS = ("First", "Second", "Third")
TALK = "ablation in:discussion"
CHAT = "https://chat.example"
READERS = [User(f"U{number}", f"Reader {number}", can_manage=False) for number in range(4)]


@dataclass(frozen=True)
class Remark:
    """What somebody says about a paper, so many minutes after noon."""

    channel: ChannelRef
    paper: int
    text: str
    minute: int
    is_gone: bool


REMARKS = st.builds(
    Remark,
    st.sampled_from(CHANNELS),
    st.integers(0, len(PAPERS) - 1),
    st.sampled_from(["What of the ablation?", "A nice idea.", "@paperbot ablation"]),
    st.integers(61, 120),
    st.booleans(),
)


@dataclass(frozen=True)
class Case:
    """`asked_in` and `have_left` are by reader; `linked` is when SLACK and LINKED were linked."""

    asked_in: Sequence[ChannelRef]
    have_left: Sequence[bool]
    linked: int | None
    shares: bool
    said: Sequence[Remark]

    def shows(self, remark: Remark, channel: ChannelRef) -> bool:
        """Whether readers of the channel see the remark."""
        if remark.is_gone or remark.text.startswith("@"):
            return False
        if remark.channel == channel:
            return True
        is_shared = {remark.channel, channel} == {SLACK, LINKED} and self.shares
        return is_shared and self.linked is not None and remark.minute >= self.linked


CASES = st.builds(
    Case,
    st.tuples(*[st.sampled_from([SLACK, OTHER])] * len(READERS)),
    st.tuples(*[st.booleans()] * len(READERS)),
    st.one_of(st.none(), st.integers(60, 120)),
    st.booleans(),
    st.lists(REMARKS, max_size=10),
)


async def happens(stage: FollowStage, case: Case) -> None:
    """Papers are posted in all channels, the readers follow, and people talk."""
    for channel in CHANNELS:
        await stage.talk.subscribe(channel, at="13:00")
    for reader, channel, has_left in zip(READERS, case.asked_in, case.have_left, strict=True):
        asker = await stage.follow(TALK, "#rl", user=reader, channel=channel)
        if has_left:
            stage.left.add((asker.people[0], channel))
    for paper in PAPERS:
        await stage.note(paper, tags="#rl" if paper == "First" else "#moe")
    stage.clock.turn(hours=1)
    await stage.talk.post()
    if not case.shares:
        async with stage.db.transaction() as tx:
            await channel_preferences.put(tx, str(LINKED), ChannelPreferences(discussion=False))
    if case.linked is not None:
        stage.clock.at = NOON + timedelta(minutes=case.linked)
        await stage.talk.link(SLACK, LINKED)
    for number, remark in enumerate(case.said):
        await say(stage, number, remark)


async def say(stage: FollowStage, number: int, remark: Remark) -> None:
    async with stage.db.transaction() as tx:
        row = await tx.one(
            "SELECT e.id FROM entry AS e WHERE e.title = :title", {"title": PAPERS[remark.paper]}
        )
        assert row is not None
        at = NOON + timedelta(minutes=remark.minute)
        draft = replies.Draft(
            message=MessageRef(remark.channel, f"said{number}"),
            root=MessageRef(remark.channel, "root"),
            entry_id=EntryId(row["id"]),
            author_id=person_id(remark.channel, "U9"),
            author="Cy",
            text=remark.text,
            said_at=at,
        )
        reply = await replies.add(tx, draft, at)
        if remark.is_gone:
            await replies.forget(tx, [reply], at)


@settings(max_examples=5)
@given(CASES)
async def test_a_direct_message_shows_what_its_reader_sees_and_all_of_it(case: Case):
    with TemporaryDirectory() as folder:
        async with following(Path(folder), NOON) as stage:
            await happens(stage, case)

            await stage.pass_time(days=1)

            for reader, channel, has_left in zip(
                READERS, case.asked_in, case.have_left, strict=True
            ):
                shown_there = {
                    PAPERS[each.paper]
                    for each in case.said
                    if "ablation" in each.text and case.shows(each, channel)
                }
                (message,) = stage.messages(reader)
                lines = {title: why.split(" · ") for title, why in told(message.document)}
                talked_of = {title for title, why in lines.items() if TALK in why}
                links = [each for each in addresses(message.document) if CHAT in each]
                assert talked_of == (set() if has_left else shown_there)
                assert {*lines} == talked_of | {"First"}
                assert all(f"{CHAT}/{channel.id}/" in each for each in links)
                # Whether they have left is asked only where something would be told of the talk.
                assert len(links) == (0 if has_left and shown_there else len(lines))
