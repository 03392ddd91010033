from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.arxiv import ArxivId
from bot.domain.identify import (
    CERTAIN,
    best_match,
    confidence,
    is_searchable,
    surnames,
    title_words,
)
from bot.domain.record import ArxivRecord

AT = datetime(2025, 2, 3, tzinfo=UTC)
AUTHORS = ("Ada Example", "Bo Sample", "Chu Muster")


def record(
    title: str, authors: tuple[str, ...] = AUTHORS, number: str = "2502.00001"
) -> ArxivRecord:
    return ArxivRecord(ArxivId(number, 1), title, authors, "", ("cs.LG",), AT, AT)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Scaling Test-Time Compute", "Scaling test time compute"),
        ("Deep Nets: A Study", "Deep nets - a study"),
        ("On $\\alpha$-Divergences of Priors", "On \\alpha-divergences of priors"),
        ("Schrödinger Bridges", 'Schr\\"odinger bridges'),
        ("Learning with the Right Loss", "Learning with Right Loss"),
        ("Self-Supervised Pretraining Revisited", "Selfsupervised Pre-training Revisited"),
        ("Transformers Without Normalisation", "Transformers without Normalization"),
        ("\\textbf{Bold} Rewards", "Bold Rewards"),
    ],
)
def test_two_spellings_of_a_title_are_one_paper(ours: str, theirs: str):
    assert confidence(ours, AUTHORS, record(theirs)) >= CERTAIN


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Small Kernels Everywhere, Part I", "Small Kernels Everywhere, Part II"),
        ("Model 2 Technical Report", "Model 2.5 Technical Report"),
        ("Modelo Technical Report", "Modelo2 Technical Report"),
        ("Learning from Images", "Learning from Videos"),
        ("Learning from Images", "Learning from Images: The Missing Half"),
        ("A Survey of Rewards", "A Survey of Awards in Teaching"),
        ("Attention", "Attention Is All You Need"),
    ],
)
def test_another_paper_of_the_same_authors_is_not_it(ours: str, theirs: str):
    assert confidence(ours, AUTHORS, record(theirs)) < CERTAIN


def test_the_same_title_by_others_is_not_it():
    assert (
        confidence("Learning Rewards Well", AUTHORS, record("Learning Rewards Well", ("X Y",))) == 0
    )


def test_one_author_in_ten_may_be_missing():
    many = tuple(f"Given{n} Name{chr(97 + n)}" for n in range(10))

    assert confidence("A Title", many, record("A Title", many[:9])) >= CERTAIN
    assert confidence("A Title", many, record("A Title", many[:8])) < CERTAIN


def test_without_authors_only_a_long_title_word_by_word_is_enough():
    assert confidence("Five Words Make A Title", (), record("Five words make a title")) >= CERTAIN
    assert confidence("Five Words Made A Title", (), record("Five words make a title")) < CERTAIN
    assert confidence("Trellis", (), record("Trellis")) < CERTAIN


def test_two_certain_papers_are_none():
    match, best = best_match(
        "A Title", AUTHORS, [record("A Title"), record("A title", number="2502.00002")]
    )

    assert match is None
    assert best >= CERTAIN


def test_an_exact_title_beats_one_with_a_slip():
    exact = record("Transformers without Normalization")
    slip = record("Transformers without Normalisation", number="2502.00002")

    match, _ = best_match("Transformers without Normalization", AUTHORS, [slip, exact])

    assert match is not None
    assert match.record is exact


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ada Example", ("example",)),
        ("Example, Ada", ("example",)),
        ("de Example, Ada", ("de", "example")),
        ("Robert Roe Jr.", ("roe",)),
        ("Ada Example et al.", ("example",)),
        ("Daniel P\\'erez", ("perez",)),
        ("이영희", ("이영희",)),
    ],
)
def test_a_surname_is_found_in_a_name(name: str, expected: tuple[str, ...]):
    assert surnames(name) == expected


@pytest.mark.parametrize(
    ("title", "authors", "expected"),
    [
        ("MelGAN", (), False),
        ("MelGAN", ("A B",), True),
        ("Five Words Make A Title", (), True),
        ("한국어 제목만 있는 메모 하나", (), False),
        ("", ("A B",), False),
    ],
)
def test_only_what_could_be_found_is_searched_for(title: str, authors, expected: bool):
    assert is_searchable(title, authors) is expected


@given(st.text(max_size=80), st.lists(st.text(max_size=20), max_size=4), st.text(max_size=80))
def test_confidence_is_a_share_and_nothing_raises(title: str, authors: list[str], other: str):
    value = confidence(title, authors, record(other))

    assert 0 <= value <= 1
    assert " ".join(title_words(title)).split() == list(title_words(title))


@given(st.text(alphabet="abcdefgh ", min_size=1, max_size=60))
def test_a_title_is_itself(title: str):
    if title_words(title):
        assert confidence(title, AUTHORS, record(title)) == 1
