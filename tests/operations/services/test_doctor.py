"""What the doctor says of arXiv: from the database, in both languages, with what to do."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.core.catalogue import Catalogues
from bot.core.domain.i18n import ENGLISH, Translate
from bot.core.ports import Finding
from bot.operations.services.doctor import check_arxiv
from tests.arxiv.stage import Stage, staged
from tests.fakes.arxiv import FaultKind, Paper

MONDAY = datetime(2026, 11, 16, 6, tzinfo=UTC)
VOICES = Catalogues()


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    file = tmp_path / "bot.db"
    async with staged(tmp_path / "vault", MONDAY, database=file, categories=("cs.LG",)) as made:
        yield made


async def look(
    stage: Stage,
    *,
    is_on: bool = True,
    contact: str | None = "ops@example.org",
    say: Translate = ENGLISH,
) -> Sequence[Finding]:
    return await check_arxiv(
        Path(str(stage.db.location)),
        stage.categories,
        is_on=is_on,
        contact=contact,
        now=stage.time(),
        say=say,
    )


async def test_that_arxiv_is_not_asked_is_said(stage: Stage):
    (found,) = await look(stage, is_on=False)

    assert found.ok
    assert found.words == "not asked, because ARXIV_POLL is off"


async def test_a_contact_is_wished_for_and_not_required(stage: Stage):
    (found,) = await look(stage, contact=None)

    assert found.ok
    assert "please set ARXIV_CONTACT" in found.words


async def test_a_missing_database_is_reported_with_how_to_begin(tmp_path: Path):
    (found,) = await check_arxiv(
        tmp_path / "none.db",
        ("cs.LG", "cs.CL"),
        is_on=True,
        contact="me@x.org",
        now=MONDAY,
        say=ENGLISH,
    )

    assert found.ok
    assert found.words == (
        "contact: me@x.org; cs.LG cs.CL: not polled yet; run “paperbot run” or “paperbot poll”"
    )
    assert not (tmp_path / "none.db").exists()


async def test_how_each_category_stands_is_one_line_and_nothing_is_asked(stage: Stage):
    stage.world.announce(MONDAY.date(), Paper("2611.00001", "A"))
    await stage.round()
    requests = len(stage.arxiv.log)

    (found,) = await look(stage)

    assert found.ok
    assert found.words == "contact: ops@example.org; cs.LG: today's papers are here (1)"
    assert len(stage.arxiv.log) == requests


async def test_a_refused_category_a_long_wait_and_a_standstill_are_wrong_with_what_to_do(
    stage: Stage,
):
    stage.world.announce(MONDAY.date(), Paper("2611.00001", "A"))
    await stage.round()
    stage.arxiv.fail(FaultKind.UNAVAILABLE, times=99, path="/atom/")
    for hour in range(4, 16):
        stage.time.now = datetime(2026, 11, 17, hour, 31, tzinfo=UTC)
        await stage.round()
    standing, standstill, wait = await look(stage)

    assert standing.ok
    assert "arXiv's server has an error (HTTP 503)" in standing.words
    assert not standstill.ok
    assert "https://status.arxiv.org" in standstill.words
    assert not wait.ok
    assert "feed:cs.LG: no requests until 2026-11-18" in wait.words
    assert "5 times in a row" in wait.words

    stage.arxiv.faults.clear()
    stage.categories = ("nope",)
    await stage.round()
    refused = (await look(stage))[1]
    assert not refused.ok
    assert "correct ARXIV_CATEGORIES" in refused.words


async def test_a_short_wait_is_told_and_nothing_is_wrong(stage: Stage):
    stage.world.announce(MONDAY.date(), Paper("2611.00001", "A"))
    stage.arxiv.fail(FaultKind.THROTTLED, value="120", path="/atom/")
    await stage.round()

    found = await look(stage)

    assert all(finding.ok for finding in found)
    assert found[-1].words == (
        "arXiv: no requests until 2026-11-16T06:02:00+00:00: "
        "arXiv limits the bot's requests (HTTP 429)"
    )


async def test_a_korean_reader_gets_korean(stage: Stage):
    stage.world.announce(MONDAY.date(), Paper("2611.00001", "A"))
    stage.arxiv.fail(FaultKind.HTML, path="/atom/")
    await stage.round()

    for is_on, contact in ((False, None), (True, None), (True, "ops@example.org")):
        for found in await look(stage, is_on=is_on, contact=contact, say=VOICES("ko")):
            assert any("가" <= letter <= "힣" for letter in found.words)
            assert not {"is", "the", "not", "asked"} & set(found.words.partition("(")[0].split())
