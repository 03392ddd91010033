"""Answers to look-ups are kept, are never out of date, and are never too many (issue 19)."""

import gc
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.arxiv_record import ArxivRecord
from bot.archive.domain.entry import EntryId
from bot.archive.domain.search.search_text import indexed_text
from bot.archive.services import tidy_tags
from bot.archive.store import arxiv_records, entries, entry_changes, sources
from bot.archive.store.entry_changes import IndexedEntry
from bot.commands.services.digest_command import DigestContext
from bot.commands.services.inbox import Bot
from bot.core.catalogue import Catalogues
from bot.core.database.address import PostgresAddress
from bot.core.database.database import Database, opened
from bot.core.domain import command_line
from bot.core.domain.document import Document
from bot.core.domain.errors import UsageError
from bot.core.latex import readable
from bot.core.ports import ChannelRef, Command, Platform, User
from tests.archive_stage import NOW, an_entry, keep
from tests.lookup import generated

CHANNEL = ChannelRef(Platform.SLACK, "T1", "C1")
READER = User("U1", "Reader", can_manage=False)
CATALOGUES = Catalogues()


def bot_over(db: Database) -> Bot:
    async def check(channel: ChannelRef) -> ChannelRef:
        return channel

    desk = DigestContext(db, lambda: NOW, ZoneInfo("Asia/Seoul"), check, lambda: None)
    return Bot(desk, voices=CATALOGUES)


async def ask(
    bot: Bot, line: str, *, locale: str = "en", channel: ChannelRef = CHANNEL
) -> Document:
    parsed = command_line.parse_line(line)
    return await bot.command(Command(parsed.spec.name, parsed.options, READER, channel, locale))


@pytest.fixture
async def archive(location: Path | PostgresAddress) -> Path | PostgresAddress:
    async with opened(location) as db:
        await keep(db, *generated.entries(random.Random(19), 40))
    return location


ASKED = (
    *("/paper", "/paper page:2", "/paper rl", "/paper #ml/rl", "/paper #moe", "/paper 모델"),
    *("/paper policy", "/paper author:choi", "/paper 2501.00003", "/paper cites:2501.00004"),
    *("/paper entry:7", "/paper entry:9", "/paper date:2024-08", "/paper -#rl", "/paper new title"),
    *("/paper rl language:en", "/paper 학습 sort:new", "/paper #gan"),
)

Change = Callable[[Database, random.Random], Awaitable[object]]


async def some_ids(db: Database, chance: random.Random, count: int) -> list[EntryId]:
    async with db.reading() as tx:
        every = [EntryId(row["id"]) for row in await tx.all("SELECT id FROM entry ORDER BY id")]
    return chance.sample(every, count)


async def change_entry(db: Database, chance: random.Random) -> None:
    [chosen] = await some_ids(db, chance, 1)
    async with db.transaction() as tx:
        [old] = await entries.list_by_id(tx, [chosen], as_written=True)
        found = await sources.find_of_entry(tx, chosen)
        assert found is not None
        title = chance.choice(["new title", "policy", "모델 학습", "rl"])
        entry = replace(
            old.entry,
            paper=replace(old.entry.paper, title=f"{title} {chance.randrange(9)}"),
            date=date(2024, 8, 1) + timedelta(days=chance.randrange(60)),
        )
        draft = IndexedEntry(entry, indexed_text(entry, readable), found.id)
        await entry_changes.update(tx, [(chosen, draft)], now=NOW)


async def add_entry(db: Database, chance: random.Random) -> None:
    tags = " ".join(chance.sample(generated.TAGS, 2))
    path = f"added/{chance.randrange(1 << 40)}.md"
    await keep(db, an_entry("new title", arxiv_id="2501.00003", tags=tags, path=path))


async def withdraw(db: Database, chance: random.Random) -> None:
    async with db.transaction() as tx:
        await entry_changes.withdraw(tx, await some_ids(db, chance, 2), now=NOW)


async def hear_of_papers(db: Database, chance: random.Random) -> None:
    comment = chance.choice([None, "This paper has been withdrawn"])
    at = datetime(2025, 1, 1, tzinfo=UTC)
    async with db.transaction() as tx:
        await arxiv_records.put(
            tx,
            [
                ArxivRecord(
                    ArxivId(number, chance.randrange(1, 5)),
                    "new title",
                    ("Yejin Choi",),
                    "A policy.",
                    ("cs.LG",),
                    at,
                    at,
                    comment,
                )
                for number in chance.sample(generated.NUMBERS, 10)
            ],
        )


async def merge_tags(db: Database, chance: random.Random) -> None:
    one, other = chance.sample(["rl", "ml", "moe", "reasoning", "lora"], 2)
    try:
        await tidy_tags.merge(db, one, other)
    except UsageError:  # they are one already
        await tidy_tags.split(db, one)


async def move_note(db: Database, chance: random.Random) -> None:
    [chosen] = await some_ids(db, chance, 1)
    async with db.transaction() as tx:
        await entry_changes.set_parts(tx, [(chosen, chance.randrange(50))])


CHANGES: tuple[Change, ...] = (
    *(change_entry, add_entry, withdraw, hear_of_papers, merge_tags, move_note),
)


@pytest.mark.parametrize("seed", range(2))
async def test_a_kept_answer_is_what_would_be_found_now(archive: Path | PostgresAddress, seed: int):
    chance = random.Random(seed)
    differed = 0
    async with opened(archive) as db, opened(archive) as elsewhere:  # as in another process
        bot = bot_over(db)
        before = [await ask(bot, line) for line in ASKED]
        for _ in range(8):
            again = [await ask(bot, line) for line in ASKED]
            assert all(
                each is shown or shown.is_private  # nothing was found
                for each, shown in zip(again, before, strict=True)
            )
            change = chance.choice(CHANGES)
            await change(chance.choice([db, elsewhere]), chance)
            shown = [await ask(bot, line) for line in ASKED]
            assert shown == [await ask(bot_over(db), line) for line in ASKED], change
            differed += shown != before
            before = shown

    assert differed >= 3


async def test_each_way_to_ask_has_an_answer_of_its_own(archive: Path | PostgresAddress):
    ways: list[Callable[[Bot], Awaitable[Document]]] = [
        partial(ask, line="/paper 모델"),
        partial(ask, line="/paper 모델 page:2"),
        partial(ask, line="/paper 모델 language:ko"),
        partial(ask, line="/paper 모델", locale="ko"),
        partial(ask, line="/paper 모델", channel=ChannelRef(Platform.WEB, "", "general")),
        partial(ask, line="/paper #rl"),
    ]
    async with opened(archive) as db:
        bot = bot_over(db)
        first = [await way(bot) for way in ways]
        again = [await way(bot) for way in ways]
        fresh = [await way(bot_over(db)) for way in ways]

    assert first == again == fresh
    assert [first.index(one) for one in first] == [*range(len(ways))]
    assert all(one is other for one, other in zip(first, again, strict=True))


@pytest.mark.parametrize("line", ["/paper popular", "/paper #rl random", "/paper in:discussion"])
async def test_what_hangs_on_more_than_the_archive_is_not_kept(
    archive: Path | PostgresAddress, line: str
):
    async with opened(archive) as db:
        bot = bot_over(db)

        one, other = [await ask(bot, line) for _ in range(2)]

    assert one is not other


async def test_no_more_than_192_answers_are_kept_and_no_long_one(archive: Path | PostgresAddress):
    async with opened(archive) as db:
        [long] = await keep(db, an_entry(ko="글 " * 8_000, path="long.md"))
        bot = bot_over(db)
        gc.collect()
        before = sum(isinstance(each, Document) for each in gc.get_objects())
        line = f"/paper entry:{long}"
        shown = await ask(bot, line)
        assert await ask(bot, line) is not shown
        for number in range(1, 400):
            await ask(bot, f"/paper -word{number}")

        gc.collect()
        after = sum(isinstance(each, Document) for each in gc.get_objects())

    assert 150 < after - before <= 194
