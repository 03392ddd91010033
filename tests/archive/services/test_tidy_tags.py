"""Merged tags count as one wherever tags are read, and notes stay as they are (issue 17, item 5)."""

from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.archive.domain.checks.note_checks import Kind
from bot.archive.domain.counts import TagCount
from bot.archive.domain.export_format import Format
from bot.archive.services import export, tidy_tags
from bot.archive.services.import_files import import_files
from bot.archive.services.lint import lint
from bot.archive.store import arxiv_records, entries, search_index, tag_merges, tags
from bot.channels.domain.digest_options import TagFilter
from bot.core.database.database import Database
from bot.core.domain.errors import NotFoundError, UsageError
from bot.core.ports import ChannelRef, Platform
from bot.digest.services import subscribe
from bot.digest.services.filtered import tag_filter
from bot.digest.services.options.typed import TypedOptions
from bot.lookup.domain.query import parse
from bot.lookup.services.selection import chosen
from bot.lookup.store import few_entries, search
from bot.recap.store.rows import count_tags
from tests.archive_stage import DAY, NOW, a_record, check_index, found, write_notes

NOTES = {
    "250204 One.md": "*One* (A B)\n\n첫 글입니다.\n\n#Pre-Training #moe\n",
    "250204 Two.md": "*Two* (A B)\n\n둘째 글입니다.\n\n#pretraining\n",
    "250204 Three.md": "*Three* (A B)\n\n셋째 글입니다.\n\n#pre-training #pretraining\n",
    "250204 Four.md": "*Four* (A B)\n\n넷째 글입니다.\n\n#rl\n",
}


async def seen(db: Database) -> dict[str, object]:
    """What readers see of the two tags."""
    looked_up = [sorted(await found(db, text)) for text in ("#pre-training", "#pretraining")]
    without = await found(db, "-#pretraining")
    async with db.reading() as tx:
        stored = await entries.on_date(tx, DAY)
        asked = [parse("#pretraining"), parse("#pre-training"), parse("-#pre-training")]
        few = await few_entries.matching(tx, asked, [each.id for each in stored])
        titles = {each.id: each.entry.paper.title for each in stored}
        return {
            "entries": {each.entry.paper.title: each.entry.tags for each in stored},
            "looked up": looked_up,
            "without": without,
            "follows": [sorted(titles[hit] for hit in few[query]) for query in asked],
            "counts": dict(await tags.count_uses(tx)),
            "found": await tags.find(tx, "pre-training"),
            "most": (await tags.list_used(tx, limit=1))[0].tag,
            "completed": [each.tag for each in await tags.list_beginning(tx, "pre-t", limit=5)],
            "spellings": (await tx.call(partial(tags.list_spellings, limit=9))).get("pre-training"),
            "recap": await count_tags(tx, DAY, DAY),
        }


async def exported(db: Database) -> list[str]:
    """The digest pages of everything, as it was written."""
    everything = chosen(db, "", as_written=True)
    return [piece async for piece in export.export_text(everything, Format.DIGEST)]


async def test_a_merged_tag_is_the_other_one_until_it_is_split(db: Database, tmp_path: Path):
    folder = write_notes(tmp_path, NOTES)
    await import_files(db, [folder], now=NOW)
    before = await seen(db)
    written = await exported(db)

    merged = await tidy_tags.merge(db, "#Pre-Training", "pretraining")
    again = await import_files(db, [folder], now=NOW + timedelta(days=1))
    now = await seen(db)

    assert merged == TagCount("pretraining", 3)
    assert (again.updated, again.unchanged) == (0, 4)
    assert now == {
        "entries": {
            "One": ("pretraining", "moe"),
            "Two": ("pretraining",),
            "Three": ("pretraining",),
            "Four": ("rl",),
        },
        "looked up": [["One", "Three", "Two"]] * 2,
        "without": ["Four"],
        "follows": [["One", "Three", "Two"], ["One", "Three", "Two"], ["Four"]],
        "counts": {"pretraining": 3, "moe": 1, "rl": 1},
        "found": TagCount("pretraining", 3),
        "most": "pretraining",
        "completed": ["pretraining"],
        "spellings": "pretraining",
        "recap": {"pretraining": 3, "moe": 1, "rl": 1},
    }
    assert await exported(db) == written
    assert {name: (folder / name).read_text(encoding="utf-8") for name in NOTES} == NOTES

    await tidy_tags.split(db, "pre-training")

    assert await seen(db) == before


async def test_a_note_that_is_changed_later_keeps_its_merge(db: Database, tmp_path: Path):
    folder = write_notes(tmp_path, NOTES)
    await import_files(db, [folder], now=NOW)
    await tidy_tags.merge(db, "pre-training", "pretraining")
    write_notes(folder, {"250204 Four.md": NOTES["250204 Four.md"] + "#pre-training\n"})

    await import_files(db, [folder], now=NOW + timedelta(days=1))
    tidy = await tidy_tags.list_tags(db)

    assert sorted(await found(db, "#pretraining")) == ["Four", "One", "Three", "Two"]
    assert tidy.counts[0] == TagCount("pretraining", 4)
    assert tidy.merged == {"pretraining": ("pre-training",)}
    assert tidy.near == ()


async def test_merged_tags_are_indexed_anew_as_an_import_indexes_them(db: Database, tmp_path: Path):
    filled = {"250204 Bare.md": "https://arxiv.org/abs/1706.03762\n\n글입니다.\n\n#pre-training\n"}
    await import_files(db, [write_notes(tmp_path, NOTES | filled)], now=NOW)
    async with db.transaction() as tx:
        await arxiv_records.put(tx, [a_record("1706.03762")])
        await tx.call(partial(search_index.index_papers, numbers=["1706.03762"]))
    await tidy_tags.merge(db, "#Pre-Training", "pretraining")
    before = await indexed(db)

    async with db.transaction() as tx:
        last = await search_index.reindex(tx, after=None, most=100)
        end = await search_index.reindex(tx, after=last, most=100)

    assert end is None
    assert await indexed(db) == before
    assert len(before) == 5
    await check_index(db)


async def indexed(db: Database) -> list[tuple[object, ...]]:
    """What the index has of each entry."""
    async with db.reading() as tx:
        rows = await tx.all("SELECT * FROM search_text ORDER BY newness")
    names = ("newness", "title", "authors", "abstract", "commentary", "tags")
    return [tuple(row[name] for name in names) for row in rows]


async def test_a_channels_filter_means_the_merged_tag_too(db: Database, tmp_path: Path):
    await import_files(db, [write_notes(tmp_path, NOTES)], now=NOW)
    channel = ChannelRef(Platform.WEB, "", "general")
    await subscribe.add(
        db, channel, TypedOptions(at="09:00", zone="Asia/Seoul", tags="#pre-training -#rl"), now=NOW
    )
    await tidy_tags.merge(db, "pre-training", "pretraining")
    options = (await subscribe.get(db, channel)).options

    async with db.reading() as tx:
        wanted = await tag_filter(tx, options)

    assert wanted == TagFilter(frozenset({"pretraining", "pre-training"}), frozenset({"rl"}))
    assert wanted.accepts(["pretraining"])
    assert not wanted.accepts(["pretraining", "rl"])
    assert options.tags == "#pre-training -#rl"


async def test_chains_of_merges_count_as_their_last_tag(db: Database, tmp_path: Path):
    await import_files(db, [write_notes(tmp_path, NOTES)], now=NOW)
    await tidy_tags.merge(db, "moe", "pre-training")
    whole = await tidy_tags.merge(db, "pre-training", "pretraining")

    part = await tidy_tags.split(db, "pre-training")

    assert whole == TagCount("pretraining", 3)
    assert part == TagCount("pre-training", 2)
    assert await found(db, "#moe") == await found(db, "#pre-training")
    with pytest.raises(NotFoundError, match="no tag #nope"):
        await tidy_tags.merge(db, "nope", "rl")
    with pytest.raises(UsageError, match="two different"):
        await tidy_tags.merge(db, "RL", "#rl")


async def test_what_is_nested_in_one_of_merged_tags_is_nested_in_both(db: Database, tmp_path: Path):
    notes = {
        "250204 Five.md": "*Five* (A B)\n\n글입니다.\n\n#ml/rl\n",
        "250204 Six.md": "*Six* (A B)\n\n글입니다.\n\n#ml #machine-learning\n",
    }
    await import_files(db, [write_notes(tmp_path, NOTES | notes)], now=NOW)
    await tidy_tags.merge(db, "ml", "machine-learning")
    await tidy_tags.merge(db, "ml/rl", "rl")

    for text in ("#ml", "#machine-learning"):
        assert sorted(await found(db, text)) == ["Five", "Four", "Six"]
    assert sorted(await found(db, "#rl")) == ["Five", "Four"]
    wanted = TagFilter(frozenset({"machine-learning"}))
    async with db.reading() as tx:
        assert wanted.merged(await tag_merges.meanings(tx)).accepts(["rl"])
        alike = await search.list_similar(tx, "title:five", limit=9)
    assert "Four" in [each.entry.paper.title for each in alike]


async def test_a_merged_tag_is_no_misspelling_and_its_misspelling_means_the_root(
    db: Database, tmp_path: Path
):
    await import_files(db, [write_notes(tmp_path, NOTES)], now=NOW)
    await tidy_tags.merge(db, "pre-training", "pretraining")
    (tmp_path / "new").mkdir()
    merged = write_notes(
        tmp_path / "new",
        {"250209 New.md": NOTES["250204 Four.md"] + "#pre-training #pre-trianing\n"},
    )

    _, problems = await lint([merged], now=NOW, archive=db)

    near = [each.message for each in problems if each.kind == Kind.NEAR_TAG]
    assert [str(message) for message in near] == [
        "#pre-trianing is used here only: did you mean #pretraining, as in 4 others?"
    ]
