"""What the row of the ranking says of any folder of days."""

from datetime import date
from pathlib import Path

from tests.bench.ranking import REAL, SPLIT, Announced, Noted, Outcome, list_days, splits_of
from tests.bench.ranking_rows import interval, quality_row, resampled
from tests.bench.verdict import Verdict


def a_note(number: str) -> Noted:
    return Noted(number, date(2020, 1, 1), number, number)


def announced(number: str, on: date) -> Announced:
    return Announced(number, on, number, number)


def outcome(hits: tuple[float, ...], areas: tuple[float, ...], chance: float = 0.1) -> Outcome:
    count = max(len(hits), 1)
    return Outcome(
        split=SPLIT,
        picks=len(hits),
        recall=sum(hits) / count,
        area=sum(areas) / count,
        chance=chance,
        picked=50,
        passed=500,
        hits=hits,
        areas=areas,
        days=len(hits),
    )


def test_lines_that_are_no_paper_are_left_out(tmp_path: Path) -> None:
    paper = '{"id": "2510.00001v2", "title": "A", "summary": "B"}'
    (tmp_path / "2025-10-01.jsonl").write_text(
        f'{paper}\n\nnull\n{{"id": 7}}\n[1]\n{{"id": "x"}}\n'
    )
    (tmp_path / "2025-99-99.jsonl").write_text(paper)
    (tmp_path / "notes.jsonl").write_text(paper)

    assert [(each.number, each.on) for each in list_days(tmp_path)] == [
        ("2510.00001", date(2025, 10, 1))
    ]


def test_the_split_lies_among_the_days_of_noted_papers() -> None:
    days = [announced(f"p{n}", date(2019, 3, n)) for n in range(1, 11)]
    notes = [a_note(f"p{n}") for n in (2, 4, 6, 8)]

    assert splits_of(notes, days) == [date(2019, 3, 6)]
    assert splits_of([a_note("another")], days) == []
    around = [announced("p2", date(2025, 1, 1)), announced("p4", date(2025, 12, 1))]
    assert SPLIT in splits_of(notes, around)


def test_a_pool_with_nothing_to_judge_is_said_to_have_none() -> None:
    row = quality_row(REAL, outcome((), ()))

    assert (row.result, row.verdict) == ("not measured", Verdict.NO_AIM)
    assert "no day has papers with and without a note" in row.compared


def test_few_papers_cannot_tell_whether_the_aim_is_held() -> None:
    few = quality_row(REAL, outcome((1.0, 1.0, 1.0, 0.0), (0.99, 0.98, 0.99, 0.9)))
    none = quality_row(REAL, outcome((0.0,) * 200, (0.5,) * 200))
    all_ = quality_row(REAL, outcome((1.0,) * 200, (0.99,) * 200))

    assert few.verdict is Verdict.NOISE
    assert "one paper is 0.250 of recall" in few.compared
    assert (none.verdict, all_.verdict) == (Verdict.MISSED, Verdict.HELD)


def test_days_of_ten_papers_are_not_judged() -> None:
    row = quality_row(REAL, outcome((1.0,) * 200, (0.5,) * 200, chance=0.99))

    assert row.verdict is Verdict.NO_AIM
    assert "too few papers a day to tell" in row.compared


def test_samples_are_the_same_in_every_run_and_lie_around_the_mean() -> None:
    means = resampled((1.0, 0.0, 1.0, 1.0))
    low, high = interval(means)

    assert means == resampled((1.0, 0.0, 1.0, 1.0))
    assert low < 0.75 < high
