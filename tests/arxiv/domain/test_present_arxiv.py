"""How arXiv's categories stand, in words for people."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from bot.arxiv.domain.batches import CategoryStatus, State, Trouble
from bot.arxiv.domain.present_arxiv import REFUSALS, detail_words, refusal_words, status_line
from bot.arxiv.ports import Refusal
from bot.arxiv.services.polling import ArxivStatus, Round
from bot.arxiv.services.refresh import Resolved
from bot.arxiv.services.title_search import Searched
from bot.arxiv.store.asked_papers import Coverage
from bot.arxiv.store.request_gate import Refused, Wait
from bot.cli.output.arxiv_forms import status_json, status_lines
from bot.core.catalogue import Catalogues
from bot.core.domain.i18n import ENGLISH

KOREAN = Catalogues()("ko")
NOW = datetime(2026, 11, 17, 15, tzinfo=UTC)
FRESH = CategoryStatus("cs.LG", State.FRESH, 12, False, 0, NOW, NOW)  # noqa: FBT003 - a row of values
EVERYTHING = replace(
    FRESH,
    state=State.FAILED,
    is_cut=True,
    older=date(2026, 11, 16),
    missed=(date(2026, 11, 12), date(2026, 11, 13)),
    lost=(date(2026, 11, 10),),
    refusal="server_error",
    reason="HTTP 503",
)


def test_every_kind_of_refusal_has_words():
    assert set(REFUSALS) == set(Refusal)


def test_a_category_where_all_is_well_has_no_detail():
    assert detail_words(FRESH, ENGLISH) == ""
    assert status_line([FRESH], Trouble.NONE, ENGLISH) == (
        "arXiv — cs.LG: today's papers are here (12)"
    )


def test_everything_that_a_person_should_know_is_in_the_line():
    assert detail_words(EVERYTHING, ENGLISH) == (
        "arXiv's server has an error (HTTP 503), the papers received are of 16 November 2026, "
        "cut off by arXiv at 12 items; the rest is fetched by date, "
        "missed, being fetched by date: 12 November 2026, 13 November 2026, "
        "missed and not found: 10 November 2026"
    )


def test_a_category_that_is_none_and_was_never_asked_says_so():
    never = replace(FRESH, category="../x", state=State.FAILED)

    assert detail_words(never, ENGLISH) == "not an arXiv category"


@pytest.mark.parametrize("kind", Refusal)
def test_in_korean_nothing_but_names_and_technical_reasons_is_english(kind: Refusal):
    line = status_line([replace(EVERYTHING, refusal=kind)], Trouble.WARNING, KOREAN)

    assert set(re.findall(r"[A-Za-z][A-Za-z.]*", line)) <= {"arXiv", "cs.LG", "HTTP"}


def test_a_reason_is_told_where_it_says_more_than_its_kind():
    assert refusal_words("server_error", "HTTP 503", ENGLISH).endswith(" (HTTP 503)")
    assert refusal_words("html", "a page of HTML", ENGLISH) == REFUSALS["html"]
    assert refusal_words("", "HTTP 503", ENGLISH) == "HTTP 503"


def status() -> ArxivStatus:
    return ArxivStatus(
        categories=(EVERYTHING,),
        trouble=Trouble.WARNING,
        coverage=Coverage(known=1, withdrawn=0, missing=(), absent=(), refused=(), unreadable=()),
        identified=0,
        open=(),
        refusals=(Refused("feed:cs.LG", Refusal.HTML, 1, "a page of HTML in place", NOW),),
        waits=(Wait("*", 1, NOW, "a page of HTML in place"),),
        requests=3,
    )


DONE = Round(0, Searched(0, 0), Resolved(0, 0, 0), 0, 3)


def test_poll_tells_people_in_their_language_and_scripts_in_english():
    *_, wait = status_lines(status(), DONE, say=KOREAN)
    form = status_json(status(), DONE)

    assert "웹 페이지" in wait
    assert isinstance(form["categories"], list)
    (category,) = form["categories"]
    assert set(category) == {
        *("category", "state", "items", "cut", "recovered", "checked_at", "next_at", "detail"),
    }
    assert category["detail"] == detail_words(EVERYTHING, ENGLISH)
