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
    "comment",
    [
        "withdrawn",
        "[Withdrawn]",
        "WITHDRAWN.",
        "Withdrawn: an error in Theorem 3",
        "withdrawn by the authors",
        "Withdrawn due to a gap in the proof",
        "Withdrawn from arXiv because of an error",
        "Withdrawn -- see arXiv:2501.00001",
        "Withdrawn in favor of arXiv:2501.00001",
        "Withdrawn after an error was found",
        "Withdrawn at the authors\u2019 request",
        "Has been withdrawn due to an error",
        "The present paper has been withdrawn at the author's request",
        "The authors wish to withdraw this paper",
        "We are withdrawing this paper due to an error",
        "12 pages, 3 figures, withdrawn by the authors",
        "10 pages; 2 figures. Withdrawn because it is superseded by arXiv:2501.00001",
        "v2: withdrawn, see arXiv:2501.00001",
        "This paper has been withdrawn",
        "This paper has been withdrawn by the author",
        "This paper has been withdrawn by the author(s), due a crucial sign error in equation 1",
        "8 pages. This paper has been withdrawn by the authors; see arXiv:2501.00001",
        "Please note that this paper has now been withdrawn.",
        "This manuscript is withdrawn from the arXiv for further work",
        "The paper was temporarily withdrawn",
        "paper withdrawn due to an error",
        "Submission withdrawn",
        "Submitted to Phys. Rev. Lett. The paper has been withdrawn by its authors",
        "This version withdrawn by arXiv administrators because of a disputed authorship",
        "This submission has been withdrawn by arXiv administrators due to inappropriate text reuse",
        "arXiv admin note: this article has been withdrawn by arXiv administrators",
        "arXiv admin note: withdrawn by arXiv administrators",
        "The author has withdrawn this paper due to a crucial error",
        "Author(s) have withdrawn this submission",
        "The authors have withdrawn this article\nas its main theorem is wrong",
        "We withdraw this paper: Lemma 2 is false",
        "I have withdrawn the manuscript",
        "We would like to withdraw this paper",
        "Withdrawn from ICLR 2026. This paper has been withdrawn by the authors.",
    ],
)
def test_a_comment_says_that_its_paper_is_withdrawn(comment):
    assert replace(ONE, comment=comment).is_withdrawn


@pytest.mark.parametrize(
    "comment",
    [
        "12 pages",
        "Withdrawn from ICLR 2026; accepted at ICML 2026",
        "Withdrawn by the authors from ICLR 2026",
        "This paper was withdrawn from ICLR 2026 and accepted at ICML 2026",
        "The authors have withdrawn this paper from ICLR 2026",
        "ICLR 2026 submission (withdrawn)",
        "Withdrawn submission of ICLR 2026",
        "Supersedes the withdrawn arXiv:2501.00001",
        "Supersedes arXiv:2501.00001, which has been withdrawn",
        "Withdrawn arXiv:2501.00001 is the first part",
        "Comment on arXiv:2501.00001. The paper has been withdrawn by its authors",
        "arXiv admin note: text overlap with withdrawn arXiv:2501.00001",
        "arXiv admin note: text overlap with arXiv:2501.00001, withdrawn",
        "An earlier version of this paper has been withdrawn",
        "The previous version was withdrawn",
        "Theorem 3 has been withdrawn",
        "This paper is not withdrawn",
        "We withdraw the claim of Section 5",
        "We wish that authors withdrew more",
    ],
)
def test_a_comment_about_something_else_withdraws_no_paper(comment):
    assert not replace(ONE, comment=comment).is_withdrawn


@pytest.mark.parametrize(
    "abstract",
    [
        "This paper has been withdrawn due to an error.",
        "This paper has been withdrawn by the author(s).",
        "Withdrawn.",
        "withdrawn",
        "Withdrawn by the authors due to an error. It said more.",
        "The manuscript was withdrawn by the authors. It said more.",
        "The author has withdrawn this paper due to a crucial error",
        "We withdraw this paper. Lemma 2 is false.",
        "Paper withdrawn due to a wrong estimate.",
        "This submission has been withdrawn by arXiv administrators.",
    ],
)
def test_the_first_sentence_of_an_abstract_says_that_its_paper_is_withdrawn(abstract):
    assert replace(ONE, abstract=abstract).is_withdrawn


@pytest.mark.parametrize(
    "abstract",
    [
        "",
        "We study articles. Some were withdrawn later.",
        "Withdrawal of drugs is studied here.",
        "Withdrawn drugs return to the market.",
        "Patients were withdrawn from the trial.",
        "This work studies how training data can be withdrawn from language models.",
        "Our paper studies when a drug should be withdrawn from the market.",
        "The work withdrawn from a reservoir is measured.",
        "The report was withdrawn from the market of ideas.",
        "The work withdrawn by the engine is measured.",
        "The report was withdrawn by the court in 1998.",
        "Article withdrawal is rare.",
        "We show why this paper has been withdrawn by readers.",
    ],
)
def test_an_abstract_about_something_else_withdraws_no_paper(abstract):
    assert not replace(ONE, abstract=abstract).is_withdrawn


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
