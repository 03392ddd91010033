"""What people say and what arXiv changes is told of papers that are followed, to who may see it."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.archive.domain.arxiv_record import Change, PaperEventKind
from bot.archive.store import paper_events
from bot.channels.store import linked_channels
from bot.core.ports import ChannelRef, MessageRef, Platform, person_id
from bot.discussion.store import replies
from bot.follow.services import plan
from bot.follow.store import readers
from tests.follow_stage import FollowStage, following, told
from tests.stage import english
from tests.talk_stage import ADA, BO, SLACK

NOON = datetime(2026, 2, 3, 3, tzinfo=UTC)
OTHER = ChannelRef(Platform.SLACK, "T1", "C2")
LINKED = ChannelRef(Platform.DISCORD, "G1", "22")
ABOUT = "https://arxiv.org/abs/2502.01456"
FOLLOWED = "about arXiv:2502.01456, which you follow"


async def with_a_paper(stage: FollowStage) -> int:
    """An old entry about the paper that is followed; its id."""
    stage.talk.stage.vault.joinpath("260101 Paper.md").write_text(
        f"*Paper* (Ada Lovelace)\n{ABOUT}\n\nA fine paper.\n\n#rl\n", encoding="utf-8"
    )
    await stage.talk.stage.sync()
    async with stage.db.reading() as tx:
        row = await tx.one("SELECT id FROM entry")
    assert row is not None
    return int(row["id"])


async def say(
    stage: FollowStage, number: int, channel: ChannelRef, author: str, text: str, *, at: datetime
) -> None:
    draft = replies.Draft(
        message=MessageRef(channel, f"said{number}"),
        root=MessageRef(channel, "root"),
        entry_id=1,  # type: ignore[arg-type]
        author_id=person_id(channel, author),
        author=author,
        text=text,
        said_at=at,
    )
    async with stage.db.transaction() as tx:
        await replies.add(tx, draft, at)


async def test_versions_and_withdrawals_are_told_once_of_a_paper_that_is_followed(tmp_path):
    async with following(tmp_path, NOON) as stage:
        await with_a_paper(stage)
        async with stage.db.transaction() as tx:
            before = Change(PaperEventKind.VERSION, 1, 2)
            await paper_events.add(tx, [("2502.01456", before)], NOON - timedelta(hours=1))
        await stage.follow("2502.01456")
        async with stage.db.transaction() as tx:
            change = Change(PaperEventKind.VERSION, 2, 3)
            await paper_events.add(tx, [("2502.01456", change)], NOON + timedelta(hours=1))

        await stage.pass_time(days=1)
        await stage.pass_time(days=1)

        (message,) = stage.messages()
        assert told(message.document) == [
            ("Paper", "arXiv:2502.01456, which you follow, has version 3")
        ]


async def test_who_has_left_a_channel_is_told_nothing_of_it(tmp_path):
    async with following(tmp_path, NOON) as stage:
        await with_a_paper(stage)
        ada = await stage.follow("2502.01456", "in:discussion ablation")
        await stage.follow("2502.01456", user=BO)
        await stage.note("New")
        await say(stage, 1, SLACK, "U9", "An ablation", at=NOON + timedelta(minutes=1))
        stage.left.add((ada.people[0], SLACK))

        await stage.pass_time(days=1)

        assert stage.messages() == []
        (message,) = stage.messages(BO)
        assert told(message.document) == [("Paper", f"1 reply {FOLLOWED}")]


said = st.tuples(
    st.sampled_from([SLACK, OTHER, LINKED]),
    st.sampled_from([ADA.id, "U8", "U9"]),
    st.sampled_from(["What of the ablation?", "@paperbot refs"]),
    st.integers(-60, 60),
)


@settings(max_examples=12)
@given(
    st.lists(said, max_size=8),
    st.sampled_from([SLACK, OTHER]),
    st.one_of(st.none(), st.integers(-30, 30)),
)
async def test_only_what_the_readers_channels_show_is_told(
    happened: list[tuple[ChannelRef, str, str, int]], asked_in: ChannelRef, linked: int | None
):
    with TemporaryDirectory() as folder:
        async with following(Path(folder), NOON) as stage:
            await with_a_paper(stage)
            if linked is not None:
                at = NOON + timedelta(minutes=linked)
                async with stage.db.transaction() as tx:
                    await linked_channels.join(tx, str(SLACK), str(LINKED), at)
            await stage.follow("2502.01456", channel=asked_in)
            for number, (channel, author, text, minute) in enumerate(happened):
                at = NOON + timedelta(minutes=minute)
                await say(stage, number, channel, author, text, at=at)

            await stage.pass_time(days=1)
            await stage.pass_time(days=1)

            shown = {asked_in: -60}
            if linked is not None and asked_in == SLACK:
                shown[LINKED] = linked
            count = sum(
                channel in shown and minute >= max(0, shown[channel])
                for channel, author, text, minute in happened
                if (channel.platform, author) != (Platform.SLACK, ADA.id)
                if not text.startswith("@")
            )
            words = "reply" if count == 1 else "replies"
            lines = [told(each.document) for each in stage.messages(channel=asked_in)]
            assert lines == ([[("Paper", f"{count} {words} {FOLLOWED}")]] if count else [])


async def test_after_a_restore_a_message_that_is_there_is_not_posted_again(tmp_path):
    """The days since the backup are planned as they were, and each is searched for."""
    async with following(tmp_path, NOON) as stage:
        await stage.follow("#rl")
        await stage.note("First", on=date(2026, 2, 3))
        await stage.pass_time(days=1)
        posted = [each.key for each in stage.messages()]
        async with stage.db.transaction() as tx:  # as the backup of before has it
            await tx.run("DELETE FROM told_news")
            await tx.run("DELETE FROM delivery")
            await tx.run("UPDATE reader SET closed_on = '2026-02-03', awaited = NULL")
            await readers.doubt_since(tx, NOON, stage.clock())
        await stage.note("Second", on=date(2026, 2, 5))
        stage.clock.turn(days=1)
        await plan.plan_due(stage.db, now=stage.clock(), voices=english, link=lambda _: None)
        stage.clock.turn(minutes=5)
        await stage.run()

        messages = stage.messages()
        assert [each.key for each in messages][: len(posted)] == posted
        assert [told(each.document) for each in messages] == [
            [("First", "#rl")],
            [("Second", "#rl")],
        ]
