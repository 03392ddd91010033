"""An arXiv that is unwell is asked seldom, and nothing is written off because of it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.fakes.arxiv import FaultKind
from tests.services.arxiv_stage import Stage, staged

NOW = datetime(2026, 11, 14, 7, tzinfo=UTC)  # a Saturday: no feed is in the way


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path / "vault", NOW, categories=()) as made:
        made.world.invents = True
        yield made


def note(first: int, last: int) -> str:
    cited = " ".join(f"https://arxiv.org/abs/2501.{n:05}" for n in range(first + 1, last + 1))
    return f"https://arxiv.org/abs/2501.{first:05}\n\n*A title* (Kim Example)\n\n생각. {cited}\n"


async def rounds(stage: Stage, *, minutes: int) -> None:
    """What the bot does in that time."""
    for _ in range(minutes):
        await stage.round()
        stage.time.pass_by(minutes=1)


async def test_redirects_in_a_circle_are_climbed_away_from(stage: Stage):
    await stage.write("250101 One", note(1, 5))
    stage.arxiv.fail(FaultKind.REDIRECT, value="/api/query?id_list=2501.00001", times=9999)
    await rounds(stage, minutes=120)

    # Half a minute, two, ten, an hour: five tries of three requests each.
    assert len(stage.arxiv.log) == 15
    assert stage.arxiv.impolite() == []


async def test_a_redirect_before_a_refusal_starts_no_ladder_anew(stage: Stage):
    await stage.write("250101 One", note(1, 5))
    for _ in range(200):
        stage.arxiv.fail(FaultKind.REDIRECT, value="/api/query?id_list=2501.00001")
        stage.arxiv.fail(FaultKind.UNAVAILABLE)
    await rounds(stage, minutes=120)

    assert len(stage.arxiv.log) == 10
