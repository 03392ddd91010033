"""Which entries feeds have, and what moves an entry's `updated` (issue 18, item 3)."""

from datetime import UTC, date, datetime, timedelta

import pytest

from bot.archive.services import tidy_tags
from bot.core.domain.errors import QueryError
from bot.feeds.domain.feed import PER_PAGE, FeedEntry
from bot.feeds.services.feed_library import DatabaseFeeds
from tests.archive_stage import an_entry, keep_apart
from tests.databases import throw_away
from tests.stage import MORNING, Stage, staged

DAY = date(2025, 2, 4)
TODAY = date(2026, 2, 3)
LATER = MORNING + timedelta(days=1)


async def feed_of(stage: Stage) -> dict[str, FeedEntry]:
    page = await DatabaseFeeds(stage.db).newest(today=TODAY, page=1)
    return {each.stored.entry.paper.title: each for each in page.entries}


async def test_feeds_have_what_is_dated_and_due_newest_first():
    async with throw_away() as db:
        await keep_apart(
            db,
            an_entry("Old", on=DAY - timedelta(days=1), tags="rl", en="Good words"),
            an_entry("Undated", on=None, tags="rl", en="Good words"),
            an_entry("Of today", tags="rl", en="Good words", ko="좋은 글"),
            an_entry("Of tomorrow", on=DAY + timedelta(days=1), tags="rl", en="Good words"),
            an_entry("Other", on=DAY - timedelta(days=2), tags="Long_Context", en="Words"),
        )
        feeds = DatabaseFeeds(db)

        newest = await feeds.newest(today=DAY, page=1)
        tagged = await feeds.tagged("rl", today=DAY, page=1)
        other = await feeds.tagged("long-context", today=DAY, page=1)
        found = await feeds.found("good words", today=DAY, page=1)
        nothing = await feeds.found("#rl -good", today=DAY, page=1)
        unknown = await feeds.tagged("nobody-wrote-this", today=DAY, page=1)
        with pytest.raises(QueryError):
            await feeds.found("in:discussion words", today=DAY, page=1)
        with pytest.raises(QueryError):
            await feeds.found("random", today=DAY, page=1)
        alias = await feeds.tagged("Long_Context", today=DAY, page=1)
        popular = await feeds.found("popular", today=DAY, page=1)
        await tidy_tags.merge(db, "long-context", "rl")
        merged = await feeds.tagged("rl", today=DAY, page=1)

    def titles(page):
        return [each.stored.entry.paper.title for each in page.entries]

    assert titles(newest) == ["Of today", "Old", "Other"]
    assert titles(tagged) == titles(found) == ["Of today", "Old"]
    assert titles(other) == ["Other"]
    assert alias is not None
    assert (alias, alias.tag, popular.entries) == (other, "long-context", ())
    assert titles(merged) == ["Of today", "Old", "Other"]
    assert (nothing.entries, unknown) == ((), None)


async def test_a_note_in_which_nothing_is_written_yet_is_in_no_feed_until_something_is(tmp_path):
    async with staged(tmp_path) as stage:
        file = stage.vault / "250204 Begun.md"
        file.write_text("#rl\n", encoding="utf-8")
        await stage.note("Written", DAY)
        feeds = DatabaseFeeds(stage.db)
        before = [
            await feeds.newest(today=TODAY, page=1),
            await feeds.tagged("rl", today=TODAY, page=1),
            await feeds.found("#rl", today=TODAY, page=1),
        ]
        await stage.note("Begun", DAY)
        after = await feed_of(stage)

    for page in before:
        assert page is not None
        assert [each.stored.entry.paper.title for each in page.entries] == ["Written"]
    assert set(after) == {"Begun", "Written"}


async def test_pages_of_a_feed_follow_each_other():
    many = [an_entry(f"Paper {n}", en="Words") for n in range(PER_PAGE + 1)]
    async with throw_away() as db:
        await keep_apart(db, *many)
        feeds = DatabaseFeeds(db)
        pages = [await feeds.newest(today=DAY, page=page) for page in (1, 2, 3)]

    assert [(len(page.entries), page.more) for page in pages] == [
        (PER_PAGE, True),
        (1, False),
        (0, False),
    ]
    assert len({each.id for page in pages for each in page.entries}) == len(many)


async def test_updated_is_the_day_until_what_the_note_says_is_changed(tmp_path):
    async with staged(tmp_path) as stage:
        await stage.note("A note", DAY)
        await stage.note("Another", DAY)
        first = await feed_of(stage)
        note = stage.vault / "250204 A note.md"

        stage.clock.at = LATER
        note.write_text(note.read_text() + "\n<!-- hidden -->\n")
        await stage.sync()
        hidden = await feed_of(stage)
        await stage.note("A note", DAY, "Better words.")
        changed = await feed_of(stage)
        stage.clock.turn(hours=1)
        await stage.sync()
        note.rename(stage.vault / "250204 a note of another name.md")
        await stage.sync()
        again = await feed_of(stage)

    day = datetime(2025, 2, 4, tzinfo=UTC)
    assert {each.updated for each in first.values()} == {day}
    assert {each.updated for each in hidden.values()} == {day}
    assert (changed["A note"].updated, changed["Another"].updated) == (LATER, day)
    assert again["A note"].updated == LATER
    assert {each.id for each in again.values()} == {each.id for each in first.values()}


async def test_a_corrected_title_keeps_the_id_and_a_withdrawn_entry_comes_back_as_itself(tmp_path):
    async with staged(tmp_path) as stage:
        await stage.note("Another", DAY, "Other words.")
        file = stage.write("A misspelt titel", DAY)
        await stage.sync()
        first = (await feed_of(stage))["A misspelt titel"]
        stage.clock.at = LATER
        file.write_text(file.read_text().replace("titel", "title"))
        await stage.sync()
        corrected = (await feed_of(stage))["A misspelt title"]

        text = file.read_text()
        file.unlink()
        await stage.sync()
        without = await feed_of(stage)
        file.write_text(text)
        stage.clock.turn(days=1)
        await stage.sync()
        back = (await feed_of(stage))["A misspelt title"]

    assert corrected.id == first.id
    assert (first.updated.date(), corrected.updated) == (DAY, LATER)
    assert set(without) == {"Another"}
    assert (back.id, back.updated) == (corrected.id, corrected.updated)


async def test_two_notes_on_a_paper_of_one_day_have_ids_that_no_order_of_import_changes(tmp_path):
    ids = []
    for names in (("a", "b"), ("b", "a")):
        folder = tmp_path / "".join(names)
        folder.mkdir()
        async with staged(folder) as stage:
            for name in names:
                (stage.vault / f"{name}.md").write_text(
                    f"*Twice* (Ada)\nhttps://arxiv.org/abs/2502.00001\n\n2025-02-04\n\nWords {name}.\n"
                )
                await stage.sync()
            page = await DatabaseFeeds(stage.db).newest(today=TODAY, page=1)
        ids.append({each.stored.entry.source.path: each.id for each in page.entries})

    assert ids[0] == ids[1]
    assert len(set(ids[0].values())) == len(ids[0])
