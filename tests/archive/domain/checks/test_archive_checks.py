"""Which tags look misspelt, and which entries are about one paper on neighbouring days."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.archive.domain.checks.archive_checks import (
    Dated,
    find_misspelt,
    find_neighbours,
    is_misspelling,
)

KNOWN = (
    "reasoning",
    "long-context",
    "optimizer",
    "diffusion-model",
    "llama-2",
    "ml/training",
    "moe",
)


@pytest.mark.parametrize(
    ("tag", "meant"),
    [
        ("reasnoing", "reasoning"),
        ("reasoing", "reasoning"),
        ("reasooning", "reasoning"),
        ("reasaning", "reasoning"),
        ("reasonign", "reasoning"),
        ("longcontext", "long-context"),
        ("difusion-model", "diffusion-model"),
        ("ml/trainning", "ml/training"),
        ("optimiser", "optimizer"),
    ],
)
def test_a_slip_inside_a_word_is_a_misspelling(tag: str, meant: str):
    assert find_misspelt([tag], KNOWN) == {tag: meant}


@pytest.mark.parametrize(
    "tag",
    [
        *("optimizers", "diffusion-models", "llama-3", "seasoning", "optimized", "mle"),
        *("moe-2", "context", "reasoning-model", "reason", "reasoner", "ml/retraining", "강화학습"),
    ],
)
def test_plurals_numbers_and_other_words_are_tags_of_their_own(tag: str):
    assert find_misspelt([tag], KNOWN) == {}


@given(st.text("ab-/12", max_size=9), st.text("ab-/12", max_size=9))
def test_misspelling_is_mutual_and_found_by_the_index_where_it_holds(tag: str, other: str):
    assert is_misspelling(tag, other) == is_misspelling(other, tag)
    if tag != other and abs(len(tag) - len(other)) <= 1:
        found = find_misspelt([tag], [other])
        assert bool(found) <= is_misspelling(tag, other)


def test_only_pairs_with_a_new_entry_on_neighbouring_days_are_found():
    old = [Dated(date(2025, 2, day), f"{day}.md", is_new=False) for day in (1, 2, 20)]
    new = [Dated(date(2025, 2, day), f"{day}.md", is_new=True) for day in (5, 19, 28)]

    pairs = [(a.path, b.path) for a, b in find_neighbours((*new, *old))]

    assert pairs == [("2.md", "5.md"), ("19.md", "20.md")]
