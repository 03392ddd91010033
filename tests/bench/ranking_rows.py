"""Ranking: how quickly it learns and judges, and how good its order is; see `ranking.py` for how."""

import asyncio
import random
import statistics
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

from bot.archive.domain.entry import EntryId
from bot.arxiv.domain.candidates import Example, NewPaper, example_text, picked_weight
from bot.arxiv.ranking.worker import ProcessRanker, is_installed
from tests.bench.arxiv import WORDS, lag_of
from tests.bench.measure import Row
from tests.bench.ranking import (
    EASY,
    HARD,
    REAL,
    SPLIT,
    Announced,
    Noted,
    Outcome,
    evaluate,
    list_archive,
    list_days,
    list_pool,
    splits_of,
)
from tests.bench.verdict import Figure

SHARED = Path(__file__).resolve().parents[3] / "shared" / "samples"
_SIMULATED = 5
_MOST_CHANCE = 0.25
"""Recall of no order, above which days are too small to tell anything."""
_AREAS = {REAL: 0.97, EASY: 0.85}


async def rows(
    quick: bool, announced: Path = SHARED / "announced", vault: Path = SHARED / "vault"
) -> AsyncIterator[Row]:
    """The rows of the table; `announced` has the days of the pool `REAL`, `vault` the notes."""
    if not is_installed():
        yield Row("ranking", "the extra `rank` is not installed")
        return
    async for row in _speed_rows(archive=800 if quick else 3800):
        yield row
    measured = _quality_rows(announced, vault)

    def following() -> Row | None:
        return next(measured, None)

    while (found := await asyncio.to_thread(following)) is not None:
        yield found


async def _speed_rows(archive: int) -> AsyncIterator[Row]:
    chance = random.Random(2)

    def text() -> str:
        made_up = (f"term{chance.randrange(20_000)}" for _ in range(100))
        return example_text("A title", " ".join((*chance.choices(WORDS, k=80), *made_up)))

    def names() -> tuple[str, ...]:
        return tuple(f"Name{chance.randrange(20_000)} Surname" for _ in range(8))

    picked = [Example(f"p{n}", text(), EntryId(n + 1), authors=names()) for n in range(archive)]
    passed = [Example(f"q{n}", text(), authors=names()) for n in range(3000)]
    day = [NewPaper(f"n{n}", text(), names()) for n in range(200)]
    with tempfile.TemporaryDirectory() as folder:
        ranker = ProcessRanker(Path(folder) / "taste")
        lag, learning = await lag_of(lambda: ranker.train(picked, passed))
        again, judging = await lag_of(lambda: ranker.judge(day))
    yield Row(
        f"ranking: learn from {archive:,} picked and 3,000 passed papers, nightly",
        f"{learning:.1f} s",
        f"worst lag of the loop {lag * 1e3:.0f} ms",
    )
    yield Row(
        "ranking: judge a day of 200 papers, reasons and neighbours included",
        f"{judging:.2f} s",
        f"worst lag of the loop {again * 1e3:.0f} ms",
        "≤ 1 s",
        figures=(Figure((judging,), "s", at_most=1.0),),
    )


def _quality_rows(announced: Path, vault: Path) -> Iterator[Row]:
    """How good the order is, on notes of a vault, each row as soon as it is measured.

    See `tests/bench/ranking.py` for how.
    """
    archive = list_archive(vault) if vault.is_dir() else ()
    if not archive:
        yield Row("ranking: quality", f"no dated notes with an abstract in {vault}")
        return
    yield from _announced_rows(archive, announced)
    if not SHARED.is_dir() or not vault.is_relative_to(SHARED):
        return
    for pool in (HARD, EASY):
        papers = list_pool(SHARED, pool)
        outcome = evaluate(archive, papers, SPLIT)
        yield quality_row(pool, outcome)
        if pool != EASY:
            yield _liked_row(archive, papers, outcome)


def _announced_rows(archive: Sequence[Noted], folder: Path) -> Iterator[Row]:
    """On days of announced papers; one row that says why, where there is nothing to judge."""
    days = list_days(folder) if folder.is_dir() else ()
    if not days:
        why = f"no files like 2025-10-01.jsonl with papers in {folder}"
        yield Row(f"ranking: among {REAL}", "not measured", why)
        return
    splits = splits_of(archive, days)
    if not splits:
        why = f"none of the {len(days):,} announced papers is in a note"
        yield Row(f"ranking: among {REAL}", "not measured", why)
    for split in splits:
        outcome = evaluate(archive, days, split)
        yield quality_row(REAL, outcome)
        if outcome.picks:
            yield _liked_row(archive, days, outcome)


def quality_row(pool: str, outcome: Outcome) -> Row:
    """What was reached, what that is worth, and whether the aim of issue 19 is held.

    Only real days are judged by it, and only where ten places are few: else chance alone would hold
    the aim. The rounds of its figures are samples, with repetition, of the
    judged papers: so many papers would have given such figures.
    """
    learnt = f"learnt from {outcome.picked} picked + {outcome.passed} passed"
    name = f"ranking: {outcome.picks} papers noted after {outcome.split}, among {pool}"
    if not outcome.picks:
        return Row(name, "not measured", f"no day has papers with and without a note; {learnt}")
    tells = outcome.chance <= _MOST_CHANCE
    is_measure = pool == REAL and tells
    recalls, areas = resampled(outcome.hits), resampled(outcome.areas)
    figures = (
        Figure(recalls, "recall@10", at_least=0.78 if is_measure else None),
        Figure(areas, "AUC", at_least=_AREAS.get(pool) if is_measure or pool == EASY else None),
    )
    low, high = interval(recalls)
    return Row(
        name,
        f"recall@10 {outcome.recall:.2f}, AUC {outcome.area:.2f}",
        f"chance {outcome.chance:.2f}, 0.50; worth: {outcome.days} days, one paper is "
        f"{1 / outcome.picks:.3f} of recall, 95 % of samples {low:.2f} to {high:.2f}; {learnt}"
        + ("" if tells or pool != REAL else "; too few papers a day to tell, so not judged"),
        {REAL: "recall@10 ≥ 0.78, AUC ≥ 0.97", EASY: "AUC ≥ 0.85"}.get(pool, ""),
        figures=figures,
    )


def resampled(of_each: Sequence[float], samples: int = 200) -> tuple[float, ...]:
    """The means of samples with repetition, as large as the whole; the same in every run."""
    chance = random.Random(19)
    size = len(of_each)
    return tuple(statistics.mean(chance.choices(of_each, k=size)) for _ in range(samples))


def interval(means: Sequence[float]) -> tuple[float, float]:
    """Between what 95 % of them lie."""
    cuts = statistics.quantiles(means, n=40, method="inclusive")
    return cuts[0], cuts[-1]


def _liked_row(archive: Sequence[Noted], papers: Sequence[Announced], before: Outcome) -> Row:
    """What likes at random change, the mean of some simulations; one paper is 1/picks of recall."""
    recall, area = [], []
    for chance in map(random.Random, range(_SIMULATED)):
        weights = {note.number: picked_weight(chance.randrange(8)) for note in archive}
        after = evaluate(archive, papers, before.split, weights=weights)
        recall.append(after.recall - before.recall)
        area.append(after.area - before.area)
    return Row(
        "… with likes at random, which should change nothing",
        f"recall@10 {statistics.mean(recall):+.3f}, AUC {statistics.mean(area):+.4f}",
        f"means of {_SIMULATED}; one paper is {1 / before.picks:.3f}",
    )
