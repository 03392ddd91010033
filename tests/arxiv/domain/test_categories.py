"""arXiv's categories: every real one is known, in any case, and a slip is guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.archive.domain.arxiv_id import ArxivId, find_arxiv_ids, parse_arxiv_id
from bot.arxiv.domain.categories import (
    _SPELLINGS,
    _SUCCESSORS,
    belongs,
    find_category,
    has_classes,
    suggest_categories,
)

# Every archive that papers before April 2007 are numbered in.
OLD_ARCHIVES = (
    "acc-phys",
    "adap-org",
    "alg-geom",
    "ao-sci",
    "astro-ph",
    "atom-ph",
    "bayes-an",
    "chao-dyn",
    "chem-ph",
    "cmp-lg",
    "comp-gas",
    "cond-mat",
    "cs",
    "dg-ga",
    "funct-an",
    "gr-qc",
    "hep-ex",
    "hep-lat",
    "hep-ph",
    "hep-th",
    "math",
    "math-ph",
    "mtrl-th",
    "nlin",
    "nucl-ex",
    "nucl-th",
    "patt-sol",
    "physics",
    "plasm-ph",
    "q-alg",
    "q-bio",
    "quant-ph",
    "solv-int",
    "supr-con",
)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("cs.LG", "cs.LG"),
        ("CS.LG", "cs.LG"),
        ("cs.lg", "cs.LG"),
        ("q-bio.NC", "q-bio.NC"),
        ("q-fin.ST", "q-fin.ST"),
        ("cond-mat.soft", "cond-mat.soft"),
        ("Cond-Mat.Stat-Mech", "cond-mat.stat-mech"),
        ("cond-mat.quant-gas", "cond-mat.quant-gas"),
        ("physics.data-an", "physics.data-an"),
        ("physics.optics", "physics.optics"),
        ("astro-ph.CO", "astro-ph.CO"),
        ("math.IT", "math.IT"),
        ("cs", "cs"),
        ("hep-th", "hep-th"),
        ("quant-ph", "quant-ph"),
        ("MATH-PH", "math-ph"),
    ],
)
def test_a_category_or_an_archive_is_known_in_any_case(written: str, meant: str):
    assert find_category(written) == meant


@pytest.mark.parametrize(
    "written", ["", "cs.", ".LG", "cs.XX", "nope", "cs.LG.AI", "../x", "cs LG"]
)
def test_anything_else_is_none(written: str):
    assert find_category(written) is None


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("cs.LB", "cs.LG"),
        ("csLG", "cs.LG"),
        ("LG", "cs.LG"),
        ("soft", "cond-mat.soft"),
        ("optics", "physics.optics"),
        ("hepth", "hep-th"),
        ("cond-mat/soft", "cond-mat.soft"),
        ("cmp-lg", "cs.CL"),
        ("chao-dyn", "nlin.CD"),
    ],
)
def test_a_misspelt_category_gets_a_suggestion(written: str, meant: str):
    assert meant in suggest_categories(written)


def test_what_is_like_nothing_gets_no_guess():
    assert suggest_categories("zzzzzzzz") == ()


@given(st.text(max_size=20))
def test_whatever_is_written_at_most_three_real_ones_are_guessed(written: str):
    guesses = suggest_categories(written)

    assert len(guesses) <= 3
    assert all(find_category(guess) == guess for guess in guesses)


@pytest.mark.parametrize(
    ("listed", "category", "belonging"),
    [
        ("cs.LG", "cs.LG", True),
        ("cs.LG", "cs", True),
        ("cs.LG", "cs.CL", False),
        ("math-ph", "math", True),
        ("hep-th", "math", False),
        ("math-ph", "math.MP", True),
        ("math.NA", "cs.NA", True),
        ("hep-th", "hep-th", True),
    ],
)
def test_a_paper_belongs_to_its_category_to_its_twin_and_to_their_archive(
    listed: str, category: str, belonging: bool
):
    assert belongs(listed, category) is belonging


def test_some_archives_have_classes():
    assert has_classes("cs")
    assert has_classes("cond-mat")
    assert not has_classes("hep-th")
    assert not has_classes("cs.LG")


@pytest.mark.parametrize("name", sorted({*OLD_ARCHIVES, *_SUCCESSORS, *_SPELLINGS.values()}))
def test_an_id_of_every_archive_and_class_is_recognised(name: str):
    meant = ArxivId(f"{name.partition('.')[0]}/9901001", 2)

    assert parse_arxiv_id(f"{name}/9901001v2") == meant
    (mention,) = find_arxiv_ids(f"See arXiv:{name}/9901001v2.")
    assert mention.id == meant
