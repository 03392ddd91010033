from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.arxiv_record import (
    ArxivRecord,
    Change,
    PaperEventKind,
    changes,
    next_sweep,
    sweep_day,
)

AT = datetime(2025, 2, 3, tzinfo=UTC)
ONE = ArxivRecord(ArxivId("2502.00001", 1), "A", ("B",), "We do.", ("cs.LG",), AT, AT)
TWO = replace(ONE, id=ArxivId("2502.00001", 2))


@pytest.mark.parametrize(
    ("comment", "abstract", "withdrawn"),
    [
        ("This paper has been withdrawn by the author", "We do.", True),
        ("Withdrawn: an error in Theorem 3", "We do.", True),
        (None, "This paper has been withdrawn due to an error.", True),
        (None, "Withdrawn.", True),
        (None, "The manuscript was withdrawn by the authors. It said more.", True),
        (None, "We study articles. Some were withdrawn later.", False),
        (None, "Withdrawal of drugs is studied here.", False),
        (None, "Patients were withdrawn from the trial.", False),
        ("12 pages", "We do.", False),
        (None, "", False),
    ],
)
def test_a_withdrawal_is_read_from_the_comment_or_the_abstracts_first_sentence(
    comment, abstract, withdrawn
):
    assert replace(ONE, comment=comment, abstract=abstract).is_withdrawn is withdrawn


GONE = replace(TWO, comment="withdrawn")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (None, ONE, []),
        (None, GONE, []),
        (ONE, ONE, []),
        (ONE, TWO, [Change(PaperEventKind.VERSION, 1, 2)]),
        (ONE, GONE, [Change(PaperEventKind.WITHDRAWN, 1, 2)]),
        (GONE, TWO, [Change(PaperEventKind.REINSTATED, 2, 2)]),
        (GONE, replace(GONE, id=ArxivId("2502.00001", 3)), []),
        (TWO, ONE, []),
    ],
)
def test_what_becomes_of_a_paper(old, new, expected):
    assert list(changes(old, new)) == expected


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(2020, 1, 1)), st.booleans())  # noqa: DTZ001
def test_no_paper_is_asked_for_twice_on_one_of_arxivs_days(at: datetime, daily: bool):
    if at.year > 9000:
        return
    due = next_sweep(at, is_daily=daily)

    assert sweep_day(due) - sweep_day(at) == timedelta(days=1 if daily else 7)
    assert sweep_day(due - timedelta(microseconds=1)) < sweep_day(due)


def test_arxivs_day_begins_in_the_morning():
    assert sweep_day(datetime(2026, 11, 17, 5, 59, tzinfo=UTC)) == date(2026, 11, 16)
    assert sweep_day(datetime(2026, 11, 17, 6, tzinfo=UTC)) == date(2026, 11, 17)
