"""Recaps over a real database, each number counted a second time from the entries themselves."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import pytest

from bot.archive.domain.arxiv_record import Change, PaperEventKind
from bot.archive.domain.entry import EntryId, StoredEntry
from bot.archive.services.import_files import import_files
from bot.archive.store import paper_events
from bot.channels.store import channel_preferences, linked_channels
from bot.channels.store.channel_preferences import ChannelPreferences
from bot.core.domain.errors import UserError
from bot.core.domain.i18n import ENGLISH
from bot.core.ports import ChannelRef, MessageRef, User, parse_channel
from bot.core.ports.values import person_id
from bot.digest.services import subscribe
from bot.digest.services.options.typed import TypedOptions
from bot.discussion.store import replies
from bot.lookup.services import selection
from bot.reactions.store import reactions
from bot.recap.domain.period import Period, parse_period
from bot.recap.services.look_back import look_back_in, look_back_in_channel
from tests.archive_stage import an_entry, keep_apart
from tests.databases import throw_away
from tests.stage import staged

SEOUL = ZoneInfo("Asia/Seoul")
TODAY = date(2025, 2, 7)
NOW = datetime(2025, 2, 7, 9, tzinfo=UTC)
LATER = date(2026, 1, 5)
"""All periods that are looked at are over."""
HERE, THERE, ELSEWHERE = map(parse_channel, ("slack:T1/C1", "discord:22", "slack:T2/C2"))
numbers = count(1)


async def say_in(db, channel: ChannelRef, entry: EntryId, name: str, at: datetime) -> None:
    user = User(f"U-{name}", name, can_manage=False)
    root = MessageRef(channel, f"root-{entry}")
    draft = replies.Draft(
        message=MessageRef(channel, f"said-{next(numbers)}"),
        root=root,
        entry_id=entry,
        author_id=person_id(channel, user.id),
        author=name,
        text="I have a question about this.",
        said_at=at,
        edited_at=None,
        link=None,
    )
    async with db.transaction() as tx:
        await replies.add(tx, draft, at)


async def like(db, channel: ChannelRef, entry: EntryId, name: str, at: datetime) -> None:
    message = MessageRef(channel, f"root-{entry}")
    given = reactions.Given(message, person_id(channel, name), "+1")
    async with db.transaction() as tx:
        await reactions.put(tx, given, entry, is_there=True, at=at)


def within(stored: StoredEntry, period: Period) -> bool:
    day = stored.entry.date
    return day is not None and period.first <= day <= period.last


@pytest.mark.parametrize("name", ["2025-W06", "2025-02", "2025"])
async def test_the_numbers_of_the_sample_vault_are_those_of_a_count_by_hand(name, shared):
    period = parse_period(name, TODAY)
    async with throw_away() as db:
        await import_files(db, [shared / "samples" / "vault"], now=NOW)
        found = [stored async for stored in selection.chosen(db, "", as_written=True)]

        recap = (
            await look_back_in(db, period, zone=SEOUL, today=LATER, channels=[str(HERE)])
        ).recap

    inside = [stored for stored in found if within(stored, period)]
    older = [s for s in found if s.entry.date is not None and s.entry.date < period.first]
    begins_on = min(s.entry.date for s in found if s.entry.date is not None)
    spans = [p for p in map(period.before, range(12, 0, -1)) if p.last >= begins_on]
    tags = Counter(tag for stored in inside for tag in stored.entry.tags)
    cited = {
        (reference.arxiv_id.number, stored.id)
        for stored in inside
        for reference in stored.entry.references
        if reference.arxiv_id is not None
    }
    times = Counter(number for number, _ in cited)
    known = {s.entry.paper.arxiv_id.number for s in older if s.entry.paper.arxiv_id is not None}
    assert recap.papers == len(inside) > 0
    assert recap.papers_before == tuple(sum(within(s, p) for s in found) for p in spans)
    assert recap.drawn
    for tag in (*recap.drawn, *recap.rising, *recap.falling):
        assert tag.count == tags[tag.slug]
        assert tag.before == tuple(
            sum(tag.slug in s.entry.tags for s in found if within(s, p)) for p in spans
        )
    assert [tag.count for tag in recap.drawn] == [n for _, n in tags.most_common(6)]
    assert [p.times for p in recap.most_cited] == sorted(
        (n for n in times.values() if n > 1), reverse=True
    )[:5]
    again = sorted((n for number, n in times.items() if number in known), reverse=True)
    assert [p.times for p in recap.taken_up] == again[:5]
    assert (recap.people, recap.discussed, recap.liked) == (0, (), ())


async def test_what_was_said_and_liked_in_the_channel_counts_and_no_other():
    week = parse_period("2025-W06", TODAY)
    async with throw_away() as db:
        one, two, *_ = await keep_apart(
            db, *(an_entry(f"Paper {n}", arxiv_id=f"2502.0000{n}", tags="rl") for n in range(1, 7))
        )
        for name, entry in (("Ada", one), ("Ada", one), ("Bo", two)):
            await say_in(db, HERE, entry, name, NOW)
        await say_in(db, HERE, one, "Early", datetime(2025, 2, 2, 14, 59, tzinfo=UTC))
        await say_in(db, ELSEWHERE, two, "Stranger", NOW)
        await say_in(db, THERE, two, "Before the link", NOW - timedelta(hours=2))
        await like(db, HERE, two, "Ada", NOW)
        await like(db, ELSEWHERE, one, "Stranger", NOW)
        await like(db, THERE, one, "Before the link", NOW)
        async with db.transaction() as tx:
            await linked_channels.join(tx, str(HERE), str(THERE), NOW - timedelta(hours=1))
            change = Change(PaperEventKind.VERSION, 1, 2)
            await paper_events.add(tx, [("2502.00001", change), ("2502.99999", change)], NOW)
        await say_in(db, THERE, two, "Cho", NOW)

        found = await look_back_in(db, week, zone=SEOUL, today=LATER, channels=[str(HERE)])
        text = str(found.present(ENGLISH))
        async with db.transaction() as tx:
            off = ChannelPreferences(discussion=False)
            await channel_preferences.put(tx, str(THERE), off)
            await channel_preferences.put(tx, str(HERE), off)
        after = (await look_back_in(db, week, zone=SEOUL, today=LATER, channels=[str(HERE)])).recap

    recap = found.recap
    assert (recap.people, recap.replies) == (3, 4)
    assert recap.names == ("Ada", "Bo", "Cho")
    assert [(d.entry_id, d.replies, d.people) for d in recap.discussed] == [
        (two, 2, 2),
        (one, 2, 1),
    ]
    assert recap.liked == ((two, 1),)
    assert [(event.number, event.version) for event in recap.events] == [("2502.00001", 2)]
    for absent in ("Stranger", "Before the link", "Early"):
        assert absent not in text
    assert (after.people, after.replies, after.names) == (2, 3, ())


@pytest.mark.parametrize(
    ("tags", "only"),
    [
        ("#rl,#moe", "-author:kim"),
        ("-#vision", "author:lee"),
        ("all", "author:lee after:yesterday"),
    ],
)
async def test_a_channel_with_a_filter_looks_back_on_what_passes_it(tags, only):
    week = parse_period("2025-W06", TODAY)
    async with throw_away() as db:
        passing = [
            an_entry(f"Rl {n}", tags="rl", authors=("Lee",), arxiv_id=f"2502.0000{n}", on=week.last)
            for n in range(5)
        ]
        others = [
            an_entry(
                f"Seen {n}", tags="vision", authors=("Kim",), arxiv_id=f"2502.0001{n}", on=week.last
            )
            for n in range(5)
        ]
        ids = await keep_apart(db, *passing, *others)
        mine, other = ids[0], ids[5]
        for entry in (mine, other, other):
            await say_in(db, HERE, entry, "Ada", NOW)
            await like(db, HERE, entry, "Bo", NOW)
        change = Change(PaperEventKind.VERSION, 1, 2)
        async with db.transaction() as tx:
            await paper_events.add(tx, [("2502.00000", change), ("2502.00010", change)], NOW)
        words = TypedOptions(at="09:00", zone="Asia/Seoul", tags=tags, only=only)
        await subscribe.add(db, HERE, words, now=NOW)

        recap = (await look_back_in_channel(db, week, str(HERE), zone=SEOUL, today=LATER)).recap
        elsewhere = (
            await look_back_in_channel(db, week, str(THERE), zone=SEOUL, today=LATER)
        ).recap
        async with db.transaction() as tx:
            await tx.run("UPDATE subscription SET only_query = 'auhtor:lee'")
        with pytest.raises(UserError, match="did you mean author:lee"):
            await look_back_in_channel(db, week, str(HERE), zone=SEOUL, today=LATER)

    assert (recap.papers, elsewhere.papers) == (5, 10)
    assert [tag.slug for tag in recap.drawn] == ["rl"]
    assert [(each.entry_id, each.replies) for each in recap.discussed] == [(mine, 1)]
    assert (recap.replies, recap.liked) == (1, ((mine, 1),))
    assert [event.number for event in recap.events] == ["2502.00000"]


@pytest.mark.parametrize("tags", ["all", "#rl"])
async def test_empty_notes_are_no_papers_of_a_recap(tmp_path, tags):
    week = parse_period("2025-W06", TODAY)
    async with staged(tmp_path, NOW) as stage:
        for number in range(5):
            (stage.vault / f"{TODAY:%y%m%d} Empty {number}.md").write_text("#rl\n")
        await stage.note("Written", TODAY, tags="#rl")
        words = TypedOptions(at="09:00", zone="Asia/Seoul", tags=tags)
        await subscribe.add(stage.db, HERE, words, now=NOW)

        recap = (
            await look_back_in_channel(stage.db, week, str(HERE), zone=SEOUL, today=LATER)
        ).recap

    assert (recap.papers, [(each.slug, each.count) for each in recap.drawn]) == (1, [("rl", 1)])


@pytest.mark.parametrize("options", [None, TypedOptions(at="09:00", zone="Asia/Seoul", tags="#rl")])
@pytest.mark.parametrize("typed", ["week", "month", "year"])
async def test_a_period_that_is_not_over_is_compared_with_as_many_days(options, typed):
    """Each day brought one paper, the last one today."""
    on = date(2026, 2, 4)
    period = parse_period(typed, on)
    async with throw_away() as db:
        every_day = [on - timedelta(days=n) for n in range(400)]
        await keep_apart(db, *(an_entry(f"Of {day}", on=day, tags="rl") for day in every_day))
        if options is not None:
            await subscribe.add(db, HERE, options, now=NOW)

        recaps = [
            (await look_back_in_channel(db, period, str(HERE), zone=SEOUL, today=today)).recap
            for today in (on, on + timedelta(days=1))
        ]

    for recap in recaps:  # nothing is missing on a day that has only begun
        assert recap.until == on
        assert set(recap.papers_before) == {recap.papers} == {(on - period.first).days + 1}
        assert {tag.before for tag in recap.drawn} == {recap.papers_before}
        assert (recap.rising, recap.falling) == ((), ())


async def test_a_period_that_is_not_over_is_compared_with_whole_ones_only():
    """The archive began on a Wednesday."""
    week = parse_period("week", date(2025, 2, 4))
    begun = date(2025, 1, 22)
    async with throw_away() as db:
        days = [begun + timedelta(days=n) for n in range(14)]
        await keep_apart(db, *(an_entry(f"Of {day}", on=day) for day in days))

        recap = (await look_back_in(db, week, zone=SEOUL, channels=(), today=days[-1])).recap

    assert (recap.before, recap.papers_before, recap.papers) == (("2025-W05",), (2,), 2)
