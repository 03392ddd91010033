"""PostgreSQL answers every look-up as SQLite does: the same entries, in the same order.

`make lookups` asks ten thousand.
"""

import itertools
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.archive.domain.entry import EntryId
from bot.archive.services.import_files import import_files
from bot.archive.store import entries, entry_changes
from bot.channels.store import linked_channels
from bot.core.database.database import Database, open_database
from bot.core.database.sqlite.words import words
from bot.core.domain.errors import QueryError
from bot.core.ports import MessageRef, parse_channel
from bot.discussion.store import replies
from bot.lookup.services import lookup
from bot.lookup.services.completion import complete
from bot.lookup.store import query_plan, search, typed_names
from bot.reactions.store import reactions
from bot.reactions.store.reactions import Given
from tests.archive_stage import NOW, an_entry, check_index, keep
from tests.databases import new_database
from tests.lookup import generated

SEED = 15


@dataclass(frozen=True)
class Both:
    """The same archive in both engines."""

    sqlite: Database
    postgresql: Database

    def __iter__(self):
        return iter((self.sqlite, self.postgresql))


@pytest.fixture
async def both(postgresql: str, tmp_path: Path) -> AsyncIterator[Both]:
    async with AsyncExitStack() as stack:
        address = stack.enter_context(new_database(postgresql))
        opened = []
        for location in (tmp_path / "paperbot.db", address):
            db = await open_database(location)
            stack.push_async_callback(db.close)
            opened.append(db)
        yield Both(*opened)


async def answer(db: Database, asked: str, page: int, asked_in: str | None) -> object:
    """What a person sees of a look-up, and what an export of it would write."""
    try:
        found = await lookup.look_up(
            db, asked, page=page, per_page=7, chance=random.Random(asked), asked_in=asked_in
        )
    except QueryError as error:
        return str(error)
    async with db.reading() as tx:
        every = () if "random" in asked else await search.list_all(tx, found.query)
    shown = tuple(stored.id for stored in found.entries)
    return found.query, shown, found.more, found.total, found.suggestions, sorted(every)


async def assert_same(both: Both, asked: str, page: int = 1, asked_in: str | None = None) -> None:
    one, other = [await answer(db, asked, page, asked_in) for db in both]
    assert one == other, (asked, page, asked_in)


async def texts_of(db: Database) -> list[str]:
    async with db.reading() as tx:
        stored = await entries.list_by_id(tx, await entries.list_in_order(tx))
    return [
        text
        for each in stored
        for text in (
            each.entry.paper.title,
            *(part.text[:20_000] for part in each.entry.commentary),
            each.entry.paper.abstract or "",
        )
        if text
    ]


async def talk(db: Database, said: list[generated.Said], about: list[int]) -> None:
    async with db.transaction() as tx:
        for number, each in enumerate(said):
            channel = parse_channel(each.channel)
            draft = replies.Draft(
                message=MessageRef(channel, f"{number}"),
                root=MessageRef(channel, "root"),
                entry_id=EntryId(about[each.about]),
                author_id="somebody",
                author="Somebody",
                text=each.text,
                said_at=NOW,
            )
            await replies.add(tx, draft, NOW)
        for number, each in enumerate(said):  # and who likes it
            message = MessageRef(parse_channel(each.channel), f"paper{each.about}")
            given = Given(message, f"web:{number % 5}", "👍")
            at = NOW - timedelta(days=100 * (number % 30))
            await reactions.put(tx, given, EntryId(about[each.about]), is_there=True, at=at)
        first, second = generated.CHANNELS[1:3]
        await linked_channels.join(tx, first, second, NOW)


async def test_generated_look_ups_are_answered_alike(both: Both, lookups: int):
    for db in both:
        chance = random.Random(SEED)
        made = generated.entries(chance, 150)
        ids = await keep(db, *made)
        await talk(db, generated.replies(chance, 120, len(ids)), list(ids))
    chance = random.Random(SEED)
    asked = generated.look_ups(chance, await texts_of(both.sqlite))

    for query in itertools.islice(asked, lookups):
        page = chance.choice([1, 1, 1, 2, 3])
        await assert_same(both, query, page, chance.choice([None, *generated.CHANNELS]))


@pytest.mark.parametrize("size", [query_plan.WHOLE, query_plan.SMALL])
async def test_look_ups_among_many_entries_are_answered_alike(both: Both, size: int, lookups: int):
    for db in both:
        await keep(db, an_entry("Before", on=date(2020, 1, 1), path="before.md"))
        await number_beyond(db, size)
        ids = await keep(db, *generated.many_entries(random.Random(SEED), 2500))
        async with db.transaction() as tx:
            await entry_changes.withdraw(tx, ids[::17], now=NOW)
    chance = random.Random(SEED)
    asked = generated.look_ups(chance, await texts_of(both.sqlite))

    for query in itertools.islice(asked, lookups // 2):
        await assert_same(both, query, chance.choice([1, 1, 2, 3, 40]))


async def test_the_sample_vault_is_looked_up_alike(both: Both, shared: Path, lookups: int):
    for db in both:
        await import_files(db, [shared / "samples"], now=NOW)
        await check_index(db)
    texts = await texts_of(both.sqlite)
    chance = random.Random(SEED)
    used = sorted({word for text in texts for word in text.split()})

    for word in used if lookups > len(used) else chance.sample(used, lookups):
        await assert_same(both, word[:100])
    for query in itertools.islice(generated.look_ups(chance, texts), lookups):
        await assert_same(both, query, chance.choice([1, 1, 2]))
    async with both.sqlite.reading() as tx:
        papers = [row["key"] for row in await tx.all("SELECT key FROM paper ORDER BY key")]
    for key in papers[: lookups // 4]:
        one, other = [await similar_to(db, key) for db in both]
        assert one == other, key
    for typed in ["#", "r", "rea", "author:", "author:k", "author:ch", "강", "학습", "the", "lor"]:
        one, other = [await complete(db, typed) for db in both]
        assert one == other, typed


async def similar_to(db: Database, key: str) -> object:
    async with db.reading() as tx:
        stored = await search.list_similar(tx, key, limit=20)
        return [each.id for each in stored], await tx.call(typed_names.list_author_words)


async def test_the_words_of_the_sample_vault_are_those_of_sqlite(both: Both, shared: Path):
    db = both.sqlite
    await import_files(db, [shared / "samples"], now=NOW)

    async with db.transaction() as tx:
        await tx.run("CREATE VIRTUAL TABLE temp.word USING fts5vocab (main, search, instance)")
        rows = await tx.all("SELECT * FROM search_text")
        found = await tx.all("SELECT doc, col, term FROM word ORDER BY doc, col, offset")

    assert len(rows) > 200
    indexed: dict[tuple[int, str], list[str]] = {}
    for row in found:
        indexed.setdefault((row["doc"], row["col"]), []).append(row["term"])
    for row in rows:
        for column in ("title", "authors", "abstract", "commentary", "tags"):
            assert words(row[column]) == indexed.get((row["newness"], column), [])


async def test_words_of_a_frequent_tag_are_not_counted_in_a_large_archive(both: Both):
    often, seldom = "모델 학습", "희귀한 방법"
    made = [
        an_entry(
            f"Paper {n}",
            on=date(2024, 1, 1) + timedelta(days=n // 3),
            ko=f"{often}. {seldom if n in {1, 650} else ''}",
            tags="#frequent" if n % 10 else "#frequent #seldom",
            path=f"{n}.md",
        )
        for n in range(700)
    ]
    for db in both:
        await keep(db, an_entry("Before", on=date(2020, 1, 1), path="before.md"))
        await number_beyond(db, query_plan.SMALL)
        await keep(db, *made)
    newest_first = [f"Paper {n}" for n in sorted(range(700), key=lambda n: (-(n // 3), n))]

    for query, wanted, total in (
        (f'"{often}" #frequent', newest_first, None),
        (f'"{often}" #seldom', [name for name in newest_first if name.endswith("0")], 70),
        (f'"{seldom}" #frequent', ["Paper 650", "Paper 1"], 2),
        (f'"{often}" #frequent date:2024-01', newest_first[-93:], 93),
    ):
        await assert_same(both, query)
        for db in both:
            for per_page in (1, 7):
                assert (await lookup.look_up(db, query, per_page=per_page)).total == total
            assert await all_pages(db, query) == wanted


async def number_beyond(db: Database, size: int) -> None:
    """Number the only entry, and so the next ones, as in an archive of more than `size`."""
    async with db.transaction() as tx:
        await tx.run("UPDATE entry SET id = :id", {"id": size + 1})


async def all_pages(db: Database, query: str) -> list[str]:
    titles: list[str] = []
    for page in itertools.count(1):
        found = await lookup.look_up(db, query, page=page, per_page=90)
        titles += [stored.entry.paper.title for stored in found.entries]
        if not found.more:
            return titles
    raise AssertionError
