"""How arXiv is, as `/healthz` tells it."""

from datetime import UTC, datetime

from bot.app.arxiv import condition_of
from bot.core.ports import Condition

AT = datetime(2026, 11, 16, 6, tzinfo=UTC)
STATE = Condition("arxiv", ok=True, detail="cs.LG fresh", last_ok_at=AT)
WELL = Condition("ranking", ok=True)
PAST = Condition("arxiv", ok=True, detail="well again after ValueError at 2026-11-16T05:00Z")
BROKEN = Condition("ranking", ok=False, detail="ValueError, 1 in a row")


def test_a_part_that_is_broken_hides_nothing_of_what_arxiv_answers():
    assert condition_of(STATE, [WELL, WELL]) == STATE
    assert condition_of(STATE, [WELL, BROKEN]) == Condition(
        "arxiv", ok=False, detail="ranking: ValueError, 1 in a row; cs.LG fresh", last_ok_at=AT
    )


def test_what_is_over_is_told_and_is_no_trouble():
    condition = condition_of(STATE, [PAST, WELL])

    assert condition is not None
    assert condition.ok
    assert condition.detail.endswith("05:00Z; cs.LG fresh")


def test_before_arxiv_was_looked_at_only_what_is_broken_is_told():
    assert condition_of(None, [WELL]) is None
    assert condition_of(None, [BROKEN]) == Condition(
        "arxiv", ok=False, detail="ranking: ValueError, 1 in a row"
    )
