"""`paperbot poll` and `paperbot run` against an arXiv of our own, whose log is the judge."""

import asyncio
import json
import math
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.arxiv.ranking.worker import is_installed
from tests.e2e.process import bot, paperbot, ready, starting
from tests.fakes.arxiv import FakeArxiv, FaultKind, Paper, World
from tests.waiting import HANGING, eventually

pytestmark = pytest.mark.slow


@pytest.fixture
async def arxiv() -> AsyncIterator[FakeArxiv]:
    async with FakeArxiv(World(invents=True)) as server:
        today = datetime.now(UTC).astimezone(ZoneInfo("America/New_York")).date()
        server.world.announce(today, *(fresh(n) for n in range(1, 31)))
        yield server


def fresh(n: int) -> Paper:
    text = "reward model reasoning" if n % 3 == 0 else "galaxy dust survey"
    categories = ("cs.LG", "cs.CL") if n % 2 else ("cs.CL",)
    return Paper(f"2699.{n:05}", f"New {text} {n}", abstract=f"{text} " * 20, categories=categories)


def settings(arxiv: FakeArxiv) -> dict[str, str]:
    return {
        "ARXIV_API_URL": arxiv.api_url,
        "ARXIV_FEED_URL": arxiv.feed_url,
        "ARXIV_CONTACT": "ops@example.org",
        "ARXIV_CATEGORIES": "cs.CL cs.LG",
    }


async def poll(folder: Path, arxiv: FakeArxiv, *options: str) -> dict[str, Any]:
    _, out, err = await paperbot(folder, "poll", "--json", *options, **settings(arxiv))
    assert out, err
    answer: dict[str, Any] = json.loads(out)
    return answer


def write_vault(folder: Path, notes: int, references: int) -> Path:
    """Notes about as many papers, with so many references each to papers of their own."""
    vault = folder / "vault"
    vault.mkdir()
    for n in range(notes):
        cited = " ".join(
            f"https://arxiv.org/abs/2301.{n * references + r + 1:05}" for r in range(references)
        )
        text = (
            f"https://arxiv.org/abs/2401.{n + 1:05}\n\n*Paper {n}* (Ada Example)\n\n생각. {cited}\n"
        )
        (vault / f"240102 Note {n}.md").write_text(text, encoding="utf-8")
    return vault


def rows(folder: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(folder / "data" / "paperbot.db")) as db:
        return db.execute(sql).fetchall()


def id_batches(arxiv: FakeArxiv) -> list[list[str]]:
    return [
        request.query["id_list"].split(",") for request in arxiv.log if "id_list" in request.query
    ]


async def test_the_sample_vault_is_resolved_in_the_fewest_requests(
    tmp_path: Path, shared: Path, arxiv: FakeArxiv
):
    await paperbot(tmp_path, "import", str(shared / "samples" / "vault"))
    await paperbot(tmp_path, "import", str(shared / "samples" / "digests" / "2025-02-04.txt"))
    ((papers,),) = rows(tmp_path, "SELECT count(arxiv_id) FROM paper")

    first = await poll(tmp_path, arxiv)
    asked = len(arxiv.log)
    second = await poll(tmp_path, arxiv)

    batches = id_batches(arxiv)
    assert papers > 300
    assert len(batches) == math.ceil(papers / 100)
    assert (
        sum(map(len, batches)) == len({number for batch in batches for number in batch}) == papers
    )
    searches = [request for request in arxiv.log if "search_query" in request.query]
    assert len(searches) == 1
    assert asked == 2 + len(searches) + len(batches)
    assert first["papers"]["known"] == papers
    assert first["done"]["events"] == 0
    assert {each["state"] for each in first["categories"]} <= {"fresh", "waiting"}
    assert second["done"]["requests"] == 0
    assert len(arxiv.log) == asked
    assert arxiv.impolite() == []
    assert {request.agent.split("/")[0] for request in arxiv.log} == {"paper-digest-bot"}


async def test_throttling_on_the_way_is_obeyed_and_everything_is_there_in_the_end(
    tmp_path: Path, arxiv: FakeArxiv
):
    await paperbot(tmp_path, "import", str(write_vault(tmp_path, 50, 5)))
    arxiv.fail(FaultKind.THROTTLED, value="5", path="/api/", after=1)
    arxiv.fail(FaultKind.THROTTLED, value="4", path="/atom/cs.LG")

    answer = await poll(tmp_path, arxiv)

    assert answer["papers"]["known"] == 300
    assert answer["waits"] == []
    assert {each["kind"]: each["times"] for each in answer["refusals"]} == {"throttled": 1}
    assert len(answer["refusals"]) == 2
    assert arxiv.impolite() == []
    for before, after in zip(arxiv.log, arxiv.log[1:], strict=False):
        if before.status == 429:
            assert before.ended_at is not None
            assert after.at - before.ended_at >= 4


@pytest.mark.chaos
async def test_a_kill_at_any_moment_costs_one_batch_and_no_politeness(
    tmp_path: Path, arxiv: FakeArxiv
):
    await paperbot(tmp_path, "import", str(write_vault(tmp_path, 50, 5)))
    kills = 3
    for _ in range(kills):
        arxiv.arrived.clear()
        arxiv.fail(FaultKind.HANGS, value="30")
        async with starting(tmp_path, "poll", settings=settings(arxiv)) as running:
            await asyncio.wait_for(arxiv.arrived.wait(), HANGING)
            await running.kill()

    answer = await poll(tmp_path, arxiv)

    assert answer["papers"]["known"] == 300
    assert arxiv.impolite() == []
    assert len(arxiv.log) == kills + 2 + 3
    assert rows(tmp_path, "PRAGMA integrity_check") == [("ok",)]


async def test_two_processes_share_one_arxiv(tmp_path: Path, arxiv: FakeArxiv):
    await paperbot(tmp_path, "import", str(write_vault(tmp_path, 50, 5)))

    async with asyncio.TaskGroup() as group:
        answers = [group.create_task(poll(tmp_path, arxiv)) for _ in range(2)]

    assert [each.result()["papers"]["known"] for each in answers] == [300, 300]
    assert sorted(each.result()["done"]["requests"] for each in answers) == [0, 5]
    assert [each.result()["done"]["left"] for each in answers] == [False, False]
    # As many as one alone makes: two feeds, three batches of papers.
    assert len(arxiv.log) == 5
    assert sum(map(len, id_batches(arxiv))) == 300
    assert arxiv.impolite() == []


async def test_a_poll_beside_a_running_bot_asks_nothing_again(tmp_path: Path, arxiv: FakeArxiv):
    await paperbot(tmp_path, "import", str(write_vault(tmp_path, 50, 5)))

    async with bot(tmp_path, **settings(arxiv)) as running:
        await asyncio.wait_for(arxiv.arrived.wait(), HANGING)
        answer = await poll(tmp_path, arxiv)
        health = await running.get("healthz")
        status = await running.stop()

    assert answer["papers"]["known"] == 300
    assert len(arxiv.log) == 5
    assert arxiv.impolite() == []
    assert health["ok"] is True
    assert status == 0


async def test_a_round_that_another_process_is_at_for_long_is_left_to_it(
    tmp_path: Path, arxiv: FakeArxiv
):
    arxiv.fail(FaultKind.HANGS, times=100, value="600")

    async with bot(tmp_path, **settings(arxiv)) as running:
        await asyncio.wait_for(arxiv.arrived.wait(), HANGING)
        status, out, err = await paperbot(tmp_path, "poll", "--once", "--json", **settings(arxiv))
        await running.kill()
    hanging = len(arxiv.log)  # on a slow machine the bot has given one up, and asked again
    arxiv.faults.clear()
    answer = await poll(tmp_path, arxiv)

    done = json.loads(out)["done"]
    assert (status, done["left"], done["requests"]) == (1, True, 0)
    assert "Another process" in err
    assert len(arxiv.log) == hanging + 2
    assert answer["done"]["requests"] == 2
    assert arxiv.impolite() == []


async def test_with_arxiv_hanging_the_bot_answers_as_before(tmp_path: Path, arxiv: FakeArxiv):
    await paperbot(tmp_path, "import", str(write_vault(tmp_path, 20, 2)))
    arxiv.fail(FaultKind.HANGS, times=100, value="600")

    async def question(running: Any) -> float:
        began = time.perf_counter()
        await running.text("digest/2024-01-02")
        await running.get("healthz")
        return time.perf_counter() - began

    async with bot(tmp_path) as running:
        free = sorted([await question(running) for _ in range(30)])
    async with bot(tmp_path, **settings(arxiv)) as running:
        await asyncio.wait_for(arxiv.arrived.wait(), HANGING)
        hanging = sorted([await question(running) for _ in range(30)])
        await paperbot(tmp_path, "post", "2024-01-02", "--channel", "web:general")

        async def is_posted() -> bool:
            return "Paper 1" in await running.text("")

        await eventually(is_posted)
        health = await running.get("healthz")
        status = await running.stop()

    # Whoever waited on arXiv would take 40 s, however quick the machine is.
    assert hanging[15] < 20 + free[15]
    assert all(request.status is None for request in arxiv.log)  # nothing was ever answered
    assert health["ok"] is True
    assert status == 0


async def test_the_running_bot_follows_arxiv_and_says_how_it_is(tmp_path: Path, arxiv: FakeArxiv):
    await paperbot(tmp_path, "import", str(write_vault(tmp_path, 30, 2)))
    arxiv.fail(FaultKind.HTML, path="/atom/cs.LG")
    async with bot(tmp_path, **settings(arxiv)) as running:

        async def is_known() -> bool:
            health = await running.get("healthz")
            known = rows(tmp_path, "SELECT count(*) FROM arxiv_record") == [(90,)]
            counted = 'kind="html"' in await running.text("metrics")
            return known and counted and "refused" in health["arxiv"]["detail"]

        await eventually(is_known)
        health = await running.get("healthz")
        metrics = await running.text("metrics")
        status = await running.stop()

    assert "cs.LG failed" in health["arxiv"]["detail"]
    assert "arxiv_requests" in metrics
    assert 'kind="html"' in metrics
    assert status == 0
    assert arxiv.impolite() == []


async def test_what_was_found_by_title_is_told_and_undone_for_good(
    tmp_path: Path, arxiv: FakeArxiv
):
    title = "Small Kernels Everywhere"
    arxiv.world.add(Paper("2501.00002", title, authors=("Dora Beispiel",)))
    page = tmp_path / "2026-11-20.txt"
    page.write_text(f"2026-11-20\n\n{title}\n(Dora Beispiel)\n생각.\n#kernel\n", encoding="utf-8")
    await paperbot(tmp_path, "import", str(page))
    first = await poll(tmp_path, arxiv)

    _, told, _ = await paperbot(tmp_path, "show", "1")
    status, _, _ = await paperbot(tmp_path, "identify", "1", "--open")
    await paperbot(tmp_path, "import", str(page))
    second = await poll(tmp_path, arxiv)
    _, shown, _ = await paperbot(tmp_path, "show", "1", "--json")
    await paperbot(tmp_path, "identify", "1", "2501.00002")
    _, named, _ = await paperbot(tmp_path, "show", "1", "--json")

    assert (first["identified"], second["identified"], second["done"]["searched"]) == (1, 0, 0)
    assert "found by title with a confidence of 1.00" in told
    assert status == 0
    assert json.loads(shown)["arxiv_id"] is None
    assert [each["id"] for each in second["open"]] == [1]
    assert json.loads(named)["arxiv_id"] == "2501.00002"


async def test_where_polling_is_off_and_in_the_demo_nothing_is_ever_asked(
    tmp_path: Path, arxiv: FakeArxiv
):
    quiet = settings(arxiv) | {"ARXIV_POLL": "off"}
    status, _, err = await paperbot(tmp_path, "poll", **quiet)

    assert status == 2
    assert "ARXIV_POLL is off" in err
    async with bot(tmp_path, **quiet) as running:
        await running.ticks("look")
        health = await running.get("healthz")
    assert health["arxiv"] is None
    async with starting(tmp_path, "demo", "--port", "0", settings=settings(arxiv)) as running:
        await (await ready(running)).ticks("look")
    assert arxiv.log == []


async def test_by_default_a_running_bot_asks_arxiv_and_names_itself(
    tmp_path: Path, arxiv: FakeArxiv
):
    servers = settings(arxiv)
    del servers["ARXIV_CONTACT"]
    async with bot(tmp_path, **servers):
        await eventually(lambda: asyncio.sleep(0, bool(arxiv.log)))

    assert {each.agent.split("/")[0] for each in arxiv.log} == {"paper-digest-bot"}


async def test_where_polling_is_off_a_cited_papers_thread_is_told_all_the_same(tmp_path: Path):
    vault = write_vault(tmp_path, 1, 1)
    await paperbot(tmp_path, "import", str(vault))
    async with bot(tmp_path) as running:
        await paperbot(tmp_path, "post", "2024-01-02", "--channel", "web:general")
        await eventually(lambda: said(tmp_path, "Paper 0"))
        text = "https://arxiv.org/abs/2401.09999\n\n*Sequel* (Ada Example)\n\n2401.00001 다음. "
        later = vault / f"{datetime.now(UTC):%y%m%d} Sequel.md"
        later.write_text(f"{text}https://arxiv.org/abs/2401.00001\n", encoding="utf-8")
        await paperbot(tmp_path, "import", str(vault))
        await eventually(lambda: said(tmp_path, "Sequel", place="IS NOT NULL"))
        status = await running.stop()

    assert status == 0


async def said(folder: Path, words: str, *, place: str = "IS NULL") -> bool:
    """Whether a message with these words was sent; one in a thread names its root."""
    sql = f"SELECT document FROM delivery WHERE state = 'sent' AND root_id {place}"
    return any(words in document for (document,) in rows(folder, sql))


@pytest.mark.skipif(not is_installed(), reason="the extra `rank` is not installed")
async def test_candidates_come_in_the_order_of_taste_with_reasons(tmp_path: Path, arxiv: FakeArxiv):
    vault = tmp_path / "vault"
    vault.mkdir()
    for n in range(15):
        text = (
            f"https://arxiv.org/abs/2401.{n + 1:05}\n\n*Reward note {n}* (Ada Example)\n\n"
            f"> reward model reasoning policy {n}\n\n보상 모델 생각.\n\n#reward-model\n"
        )
        (vault / f"240102 Note {n}.md").write_text(text, encoding="utf-8")
    await paperbot(tmp_path, "import", str(vault))
    await poll(tmp_path, arxiv)

    status, out, err = await paperbot(tmp_path, "candidates", "--json", **settings(arxiv))

    found = json.loads(out)
    assert (status, err) == (0, "")
    assert len(found) == 20
    assert all("reward" in each["title"] for each in found[:10])
    assert not any("reward" in each["title"] for each in found[10:])
    assert found[0]["tags"] == ["reward-model"]
    assert found[0]["like"][0]["title"].startswith("Reward note")
    assert set(" ".join(found[0]["words"]).split()) <= {"reward", "model", "reasoning", "new"}
