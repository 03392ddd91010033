"""What the bench says of its figures: held, missed, too noisy to say; and what changed since."""

import json

import pytest

from tests.bench.measure import Row, machine_seconds, printed
from tests.bench.report import as_json, compare, named, read, slowdown, summary
from tests.bench.verdict import Figure, Verdict, change


@pytest.mark.parametrize(
    ("figure", "verdict"),
    [
        (Figure((0.5,), at_least=0.45), Verdict.HELD),
        (Figure((0.4,), at_least=0.45), Verdict.MISSED),
        (Figure((1.2, 1.3, 1.25, 1.2, 9.0), at_most=1.4), Verdict.HELD),
        (Figure((1.5, 1.6, 1.7, 1.5, 0.1), at_most=1.4), Verdict.MISSED),
        (Figure((1.0, 1.3, 1.5, 1.8), at_most=1.4), Verdict.NOISE),
        (Figure((0.0, 0.0, 0.0), at_most=0.0), Verdict.HELD),
        (Figure((3.0, 4.0)), Verdict.NO_AIM),
    ],
)
def test_a_figure_is_judged_where_its_rounds_can_tell(figure: Figure, verdict: Verdict) -> None:
    assert figure.verdict is verdict


def test_a_row_with_several_figures_is_held_only_if_all_are() -> None:
    held, noisy = Figure((1.0,), at_most=2), Figure((1.0, 3.0), at_most=2)
    assert Row("a", "b", figures=(held, noisy)).verdict is Verdict.NOISE
    assert Row("a", "b", figures=(noisy, Figure((3.0,), at_most=2))).verdict is Verdict.MISSED
    assert Row("a", "b", held=True).verdict is Verdict.HELD


def test_a_row_that_is_only_printed_is_not_judged() -> None:
    missed = Row("commands", "9/s", "", "≥ 30", figures=(Figure((9.0,), "/s", at_least=30),))
    shown = Row("commands, on a server", "9/s", figures=(Figure((9.0,), "/s"),))
    assert printed(missed, "on a server") == shown
    assert printed(Row("… refused", "3", "", "0", held=False), "on a server") == Row(
        "… refused", "3"
    )


def test_the_last_line_says_what_was_missed_and_what_is_not_known() -> None:
    rows = named(
        "slack",
        [
            Row("commands", "30 a second", held=True),
            Row("… p99", "13 ms", "1.8 × bare", "≤ 1.4 ×", figures=(Figure((1.8,), at_most=1.4),)),
            Row("… of 16", "200/s", "", "≥ 0.45 ×", figures=(Figure((0.3, 0.6), at_least=0.45),)),
        ],
    )
    assert summary(rows) == (
        "1 held, 1 missed: slack: commands … p99 (13 ms, 1.8 × bare; aim ≤ 1.4 ×). "
        "Not judged for noise: slack: commands … of 16 (200/s; aim ≥ 0.45 ×)"
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (Figure((2.0, 2.1), at_most=3), Figure((1.0, 1.1), at_most=3), "0.51 ×, better"),
        (Figure((1.0, 1.1), at_least=1), Figure((0.5, 0.6), at_least=1), "0.52 ×, worse"),
        (Figure((1.0, 2.0)), Figure((1.2, 2.4)), "1.20 ×, within the noise"),
        (Figure((1.0, 1.0)), Figure((2.0, 2.0)), "2.00 ×, changed"),
        (Figure((4.0,)), Figure((2.0,)), "0.50 ×, one round each: the noise is not known"),
        (Figure((0.0,), "turned away"), Figure((0.0,), "turned away"), "the same"),
        (Figure((0.0, 0.0), "ms"), Figure((2.0, 2.0), "ms"), "+2 ms, changed"),
    ],
)
def test_two_runs_are_compared_by_the_spread_of_their_rounds(
    old: Figure, new: Figure, said: str
) -> None:
    assert change(old, new) == said


@pytest.mark.parametrize(
    ("unit", "slower", "new", "said"),
    [
        ("ms", 2.0, 1.9, "1.90 ×, as the machine may explain"),
        ("ms", 2.0, 2.5, "2.50 ×, worse"),
        ("ms", 2.0, 0.8, "0.80 ×, better"),
        ("ms", 0.5, 0.6, "0.60 ×, as the machine may explain"),
        ("ms", 1.05, 1.05, "1.05 ×, worse"),
        ("/s", 2.0, 0.55, "0.55 ×, as the machine may explain"),
        ("/s", 0.5, 1.9, "1.90 ×, as the machine may explain"),
        ("×", 2.0, 1.9, "1.90 ×, worse"),
        ("MB", 2.0, 1.9, "1.90 ×, worse"),
    ],
)
def test_a_machine_that_became_slower_explains_longer_times_but_no_ratios(
    unit: str, slower: float, new: float, said: str
) -> None:
    least, most = (1.0, None) if unit == "/s" else (None, 1.0)
    then, now = Figure((1.0, 1.0), unit, least, most), Figure((new, new), unit, least, most)
    assert change(then, now, slower) == said


def test_a_run_says_how_quick_the_machine_was() -> None:
    assert 0 < machine_seconds() < 60
    run = read(as_json([], quick=True, speed=[0.1, 0.2, 0.2]))
    assert slowdown(run, [0.1, 0.1]) == 0.5
    before_it_was_measured = {**run, "machine": {"processors": 2}}
    assert slowdown(before_it_was_measured, [0.1]) == 1.0


def test_a_run_is_written_and_compared_row_by_row() -> None:
    old = named(
        "start",
        [
            Row("demo", "1.5 s", figures=(Figure((1.5, 1.6), "s", at_most=0.8),)),
            Row("gone", "1"),
        ],
    )
    run = read(as_json(old, quick=True))
    assert run["quick"] is True
    assert run["rows"][0]["verdict"] == "missed"
    now = named(
        "start",
        [
            Row("demo", "0.7 s", figures=(Figure((0.7, 0.7), "s", at_most=0.8),)),
            Row("new", "2"),
        ],
    )
    assert compare(run, now) == [
        ("start: demo", "1.5 s", "0.7 s", "0.45 ×, better"),
        ("start: new", "", "2", "new"),
        ("start: gone", "1", "", "gone"),
    ]


@pytest.mark.parametrize("text", ["no JSON", json.dumps([1]), json.dumps({"form": 7})])
def test_another_file_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read(text)
