"""`paperbot` on PostgreSQL: what it does on SQLite, and a server that goes away (issue 15)."""

import json
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.databases import PostgresServer, own_server
from tests.e2e.process import Running, bot, paperbot, starting
from tests.e2e.test_discussion import meeting, times
from tests.e2e.test_run import NOTE, write_vault
from tests.fakes.discord import text_of
from tests.waiting import eventually, until

PASSWORD = "s3cr3t-%2F"


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    with own_server() as made:
        yield made


@pytest.fixture
def settings(server: PostgresServer) -> dict[str, str]:
    address = server.dsn.replace("postgres@", f"postgres:{PASSWORD}@")
    return {"PAPERBOT_DATABASE": address}


async def say(running: Running, text: str) -> tuple[int, Any]:
    """What a visitor writes in the web chat, and the answer."""
    own = {"Sec-Fetch-Site": "same-origin", "Origin": running.address.rstrip("/")}
    body = {"channel": "general", "text": text, "nonce": secrets.token_hex(8)}
    async with (
        aiohttp.ClientSession() as session,
        session.post(running.address + "api/say", json=body, headers=own) as answer,
    ):
        return answer.status, await answer.json()


async def shows(running: Running, path: str, wanted: str) -> bool:
    return wanted in await running.text(path)


async def test_everything_works_on_postgresql_and_goes_on_after_the_server_was_away(
    tmp_path: Path, server: PostgresServer, settings: dict[str, str]
):
    vault = write_vault(tmp_path)
    said: list[str] = []

    async def run(*arguments: str) -> str:
        status, out, err = await paperbot(tmp_path, *arguments, **settings)
        said.extend((out, err))
        assert (status, err) == (0, ""), err
        return out

    assert "2 new" in await run("import", str(vault))
    await run("channel", "add", "web:general", "--at", "09:00", "--tz", "UTC")
    async with bot(tmp_path, **settings) as running:
        _, answer = await say(running, "/paper Paper 2")
        assert "2번째 생각입니다" in str(answer)
        await run("post", "2025-02-04", "--channel", "web:general")
        await eventually(lambda: shows(running, "", "2번째 생각입니다."))

        server.stop()
        status, answer = await say(running, "/paper Paper 1")
        assert status == 503
        assert "cannot reach its database right now" in answer["error"]
        # Before a pump has failed, one may be late, which is not well either.
        await eventually(lambda: shows(running, "healthz", "the database does not work for now"))
        ill = await running.get("healthz")
        server.start()
        await eventually(lambda: is_well(running))

        _, answer = await say(running, "/paper Paper 1")
        assert "1번째 생각입니다" in str(answer)
        (vault / "250205 Paper 3.md").write_text(NOTE.format(n=3), encoding="utf-8")
        await run("import", str(vault))
        await run("post", "2025-02-05", "--channel", "web:general")
        await eventually(lambda: shows(running, "", "3번째 생각입니다."))
        assert await running.stop() == 0
    said += running.log

    async with bot(tmp_path, **settings) as again:
        page = await again.text("")
        # The database's numbers are read at intervals, the first time soon after the start.
        await eventually(lambda: shows(again, "metrics", "paperbot_database_connections"))
        metrics = await again.text("metrics")
        findings = json.loads(await run("doctor", "--json"))
        assert await again.stop() == 0
    said += again.log

    # The first two were also found by a look-up, whose answer stands in the channel.
    assert [len(re.findall(f"{n}번째 생각입니다", page)) for n in (1, 2, 3)] == [2, 2, 1]
    states = [each["state"] for each in json.loads(await run("deliveries", "--json"))]
    assert set(states) == {"sent"}
    assert ill["ok"] is False
    assert "postgresql://" not in json.dumps(ill)
    assert 'paperbot_database_connections{state="idle"}' in metrics
    (about,) = [each["words"] for each in findings if each["subject"] == "PAPERBOT_DATABASE"]
    assert re.search(r"127\.0\.0\.1:\d+/postgres: PostgreSQL \d+.*, entries: 3; connections", about)
    (bots,) = [each["words"] for each in findings if each["subject"] == "Bot"]
    assert str(again.process.pid) in bots
    assert "Traceback" not in "".join(said)
    assert "s3cr3t" not in "".join(said) + page + metrics


async def is_well(running: Running) -> bool:
    return bool((await running.get("healthz"))["ok"])


async def test_while_the_server_is_away_people_are_told_and_what_they_say_is_kept(
    tmp_path: Path, server: PostgresServer, settings: dict[str, str]
):
    away = "cannot reach its database right now"
    async with meeting(tmp_path, settings) as here, here.running() as process:
        root, thread = await here.roots()
        await here.link()

        server.stop()
        asked = await here.slack.command("/paper reasoning")
        typed = await here.discord.types("paper", {"query": "reasoning"})
        await here.slack.say("Said in Slack meanwhile", thread=root)
        said = await here.discord.says("Said in Discord meanwhile", by=102, at=thread)
        await here.discord.edits(said, "Edited in Discord meanwhile")
        (told,) = await here.slack.until(lambda: asked.answers)
        assert away in str(told)
        answered = await typed.until(lambda asked: bool(asked.follow_ups))  # to them alone
        assert away in text_of(answered.follow_ups[0])
        server.start()

        await until(lambda: times(here.in_discord(thread), "Said in Slack meanwhile"))
        await until(lambda: times(here.in_slack(root), "Edited in Discord meanwhile"))
        await process.ticks("deliver")
        assert times(here.in_discord(thread), "Said in Slack meanwhile") == 1
        assert times(here.in_slack(root), "in Discord meanwhile") == 1
        server.stop()
        assert await process.stop() == 0

    assert "Traceback" not in "".join(process.log)


async def test_what_only_a_file_has_is_refused_with_where_to_read_on(
    tmp_path: Path, settings: dict[str, str]
):
    for command in ("backup", "restore"):
        status, out, err = await paperbot(tmp_path, command, "file.db", **settings)

        assert (status, out) == (2, "")
        assert "pg_dump" in err
        assert len(err.splitlines()) == 1


async def test_without_its_libraries_postgresql_says_what_to_install(tmp_path: Path):
    missing = tmp_path / "packages" / "psycopg"
    missing.mkdir(parents=True)
    (missing / "__init__.py").write_text("raise ImportError\n")
    chosen = {
        "PYTHONPATH": os.pathsep.join((str(missing.parent), str(Path(__file__).parents[2]))),
        "PAPERBOT_DATABASE": "postgresql://bot:s3cr3t@127.0.0.1:1/bot",
    }
    async with starting(tmp_path, "run", settings=chosen) as running:
        assert await running.process.wait() == 2
    _, findings, _ = await paperbot(tmp_path, "doctor", **chosen)

    assert len(running.log) == 1
    for text in (running.log[0], findings):
        assert "pip install 'paper-digest-bot[postgres]'" in text
        assert "s3cr3t" not in text
