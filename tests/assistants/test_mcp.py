"""An assistant asks `paperbot mcp` as a process, through the SDK's own client."""

import hashlib
import json
import os
import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from bot.archive.services.export import entry_json
from bot.archive.services.import_files import import_files
from bot.assistants.domain.answer import MOST_TOKENS, count_tokens
from bot.core.database.database import Database, opened, opened_to_read
from bot.core.domain.errors import StorageError, UserError
from bot.lookup.services.lookup import look_up
from bot.samples import PAGE
from tests.archive_stage import NOW, keep
from tests.assistants.asking import call
from tests.lookup import generated
from tests.lookup.store.test_engines_agree import talk, texts_of
from tests.waiting import HANGING

mcp = pytest.importorskip("mcp", reason="the extra “mcp” is not installed")

ASKED = 500


@asynccontextmanager
async def asking(database: Path) -> AsyncIterator[Any]:
    """A client of the program, which runs as a process of its own."""
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "PAPERBOT_DATABASE": f"sqlite:///{database}",
    }
    program = mcp.StdioServerParameters(
        command=sys.executable, args=["-m", "bot", "mcp"], env=environment, cwd=database.parent
    )
    async with mcp.Client(program, read_timeout_seconds=HANGING) as client:
        yield client


async def refusal(client: Any, tool: str, **arguments: object) -> str:
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    return str(result.content[0].text)


@pytest.fixture
async def database(tmp_path: Path) -> Path:
    """A database with the bundled samples, which no process has open."""
    path = tmp_path / "paperbot.db"
    async with opened(path) as db:
        await import_files(db, [PAGE], now=NOW)
    return path


def digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


async def test_five_hundred_queries_find_what_lookup_finds(tmp_path: Path):
    path, chance = tmp_path / "paperbot.db", random.Random(18)
    async with opened(path) as db:
        ids = await keep(db, *generated.entries(chance, 120))
        await talk(db, generated.replies(chance, 60, len(ids)), list(ids))
        asked = [
            query
            for query in islice(generated.look_ups(chance, await texts_of(db)), 2 * ASKED)
            if "random" not in query
        ][:ASKED]
    before, same = digest_of(path), 0

    async with asking(path) as client, opened_to_read(path) as db:
        for query in asked:
            result = await client.call_tool("lookup", {"query": query, "limit": 5})
            said = result.content[0].text
            try:
                found = await look_up(db, query.strip(), per_page=5)
            except UserError:
                assert result.is_error
                continue
            answered = json.loads(said)
            shown, whole = answered["entries"], [entry_json(each) for each in found.entries]
            assert [each["id"] for each in shown] == [each["id"] for each in whole[: len(shown)]]
            for entry, wanted in zip(shown, whole, strict=False):
                assert entry == wanted or entry["shortened"], query
                same += entry == wanted
            assert answered["total"] == found.total
            is_last = not found.more and len(shown) == len(whole)
            assert answered["next"] == (None if is_last else len(shown))

    assert same > 2 * ASKED
    assert digest_of(path) == before


async def test_lists_go_on_where_they_say_until_their_total(database: Path):
    async with asking(database) as client:
        page = await call(client, "lookup", limit=3)
        whole = [each["id"] for each in page["entries"]]
        while page["next"] is not None:
            page = await call(client, "lookup", limit=3, start=page["next"])
            whole += [each["id"] for each in page["entries"]]
        tags = await call(client, "tags", limit=2)
        related = await call(client, "related", ref=f"entry:{whole[0]}", limit=2)

    assert len(whole) == len(set(whole)) == page["total"]
    assert (len(tags["tags"]), tags["next"]) == (2, 2)
    assert [each["id"] != whole[0] for each in related["entries"]] == [True, True]


async def test_a_day_and_an_entry_are_tools_and_resources(database: Path):
    async with asking(database) as client:
        day = await call(client, "digest")
        ref = str(day["entries"][0]["id"])
        entry = await call(client, "entry", ref=ref)
        tools = (await client.list_tools()).tools
        as_resource = await client.read_resource(f"paperbot://entry/{ref}")
        as_day = await client.read_resource(f"paperbot://day/{day['date']}")

    assert {tool.name for tool in tools} == {"lookup", "entry", "related", "digest", "tags"}
    assert all(tool.annotations.read_only_hint for tool in tools)
    assert day["total"] == len(day["entries"])
    assert entry["title"] == day["entries"][0]["title"]
    assert "no instructions" in entry["note"]
    assert json.loads(as_resource.contents[0].text) == entry
    assert json.loads(as_day.contents[0].text) == day


async def test_what_fails_says_what_to_do(database: Path):
    async with asking(database) as client:
        nothing = await call(client, "lookup", query="xyzzyx")
        misspelt = await refusal(client, "lookup", query="date:2025-99")
        unknown = await refusal(client, "entry", ref="2512.99999")
        too_many = await refusal(client, "lookup", limit=1000)
        no_day = await refusal(client, "digest", date="yesterday")
        before_the_first = await refusal(client, "tags", start=-1)

    assert (nothing["entries"], nothing["total"], nothing["next"]) == ([], 0, None)
    assert "tags" in nothing["hints"][-1]
    assert "2025-99" in misspelt
    assert "no entry about" in unknown
    assert "1 to 50" in too_many
    assert "2025-02-04" in no_day
    assert "from 0" in before_the_first


def damage(database: Path) -> None:
    """Make every page but the first unreadable."""
    first, size = 4096, database.stat().st_size
    with database.open("r+b") as file:
        file.seek(first)
        file.write(b"\xff" * (size - first))


async def test_of_a_database_that_cannot_be_read_the_reason_is_not_told(database: Path):
    async with asking(database) as client:
        await call(client, "tags")
        damage(database)
        told = await refusal(client, "lookup", query="reasoning")

    assert told.endswith("The bot cannot reach its database right now. Try again in a moment.")
    assert str(database) not in told


async def test_a_client_that_sends_anything_breaks_nothing(database: Path):
    chance, before = random.Random(18), digest_of(database)
    values = [
        "",
        "\x00",
        "'; DROP TABLE entry; --",
        "가" * 20_000,
        -1,
        2**70,
        None,
        [],
        {},
        1.5,
        True,
    ]
    async with asking(database) as client:
        for _ in range(150):
            tool = chance.choice(["lookup", "entry", "related", "digest", "tags", "nope"])
            names = chance.sample(["query", "ref", "limit", "start", "date", "other"], 3)
            arguments = {name: chance.choice(values) for name in names}
            try:
                await client.call_tool(tool, arguments)
            except mcp.MCPError:
                continue
        alive = await call(client, "lookup", limit=1)

    assert len(alive["entries"]) == 1
    assert digest_of(database) == before


async def test_no_answer_is_larger_than_an_assistant_reads(tmp_path: Path):
    path = tmp_path / "paperbot.db"
    note = "*Long {n}* (A B)\n\n" + "긴 글입니다. " * 4_000 + "\n\n#long\n"
    for number in range(1, 13):
        (tmp_path / f"2502{number:02} Long.md").write_text(note.format(n=number), encoding="utf-8")
    async with opened(path) as db:
        await import_files(db, [tmp_path], now=NOW)

    async with asking(path) as client:
        page = await call(client, "lookup", query="#long", limit=50)
        rest = await call(client, "lookup", query="#long", limit=50, start=page["next"])
        one = await call(client, "entry", ref=str(page["entries"][0]["id"]))

    assert count_tokens(page) <= MOST_TOKENS + 1000
    assert 0 < len(page["entries"]) < page["total"] == 12
    assert rest["entries"][0]["id"] not in {each["id"] for each in page["entries"]}
    assert one["shortened"]["commentary.ko"] > 25_000


async def test_nothing_is_written_through_a_database_that_is_read(database: Path):
    async def write(db: Database) -> None:
        async with db.transaction() as tx:
            await tx.run("DELETE FROM entry")

    async with opened_to_read(database) as db:
        with pytest.raises(StorageError):
            await write(db)
