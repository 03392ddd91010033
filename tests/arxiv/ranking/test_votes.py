"""What people like may weigh in the ranking only where it does not become worse (issue 16, item 2).

The protocol and the pools are those of `tests/bench/ranking.py`. Readers are simulated: some like past
notes of one subject, and the later notes of that subject should stand higher; others like at random,
and the curator's later notes should stand no lower. On the pool that is hard one paper more or less
among the first ten is chance: a change is compared with it over several simulations.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import pytest

from bot.arxiv.domain.candidates import NewPaper, picked_weight
from bot.arxiv.ranking.worker import is_installed
from tests.bench.ranking import (
    EASY,
    HARD,
    SPLIT,
    Noted,
    Outcome,
    evaluate,
    list_archive,
    list_entries,
    list_pool,
)

pytestmark = pytest.mark.skipif(not is_installed(), reason="the extra `rank` is not installed")

SUBJECTS = ("reward-model", "reasoning", "diffusion")
"""Of each, the curator notes a larger share after the split than before."""
READERS = 5


@dataclass(frozen=True)
class Vault:
    notes: tuple[Noted, ...]
    tags: dict[str, set[str]]


@pytest.fixture(scope="module")
def vault(shared: Path) -> Vault:
    folder = shared / "samples" / "vault"
    tags = {
        entry.paper.arxiv_id.number: set(entry.tags)
        for entry in list_entries(folder)
        if entry.paper.arxiv_id is not None
    }
    return Vault(list_archive(folder), tags)


def likes_of(vault: Vault, subject: str) -> dict[str, int]:
    """Five readers like seven of ten past notes of a subject, and one of twenty others."""
    chance = random.Random(subject)
    return {
        note.number: sum(
            chance.random() < (0.7 if subject in vault.tags[note.number] else 0.05)
            for _ in range(READERS)
        )
        for note in vault.notes
        if note.on < SPLIT
    }


def area(vault: Vault, shared: Path, subject: str, likes: dict[str, int]) -> float:
    """How likely a later note of the subject stands before another later note."""
    weights = {number: picked_weight(n) for number, n in likes.items()}
    later = [note for note in vault.notes if note.on >= SPLIT]
    papers = [NewPaper(note.number, note.text) for note in later]
    pool = list_pool(shared / "samples", EASY)
    scores = evaluate(vault.notes, pool, weights=weights, asked=papers).scores
    inside = [scores[note.number] for note in later if subject in vault.tags[note.number]]
    outside = [scores[note.number] for note in later if subject not in vault.tags[note.number]]
    return sum(one > other for one in inside for other in outside) / len(inside) / len(outside)


def test_what_readers_like_stands_higher(vault: Vault, shared: Path):
    without = [area(vault, shared, subject, {}) for subject in SUBJECTS]
    with_likes = [area(vault, shared, subject, likes_of(vault, subject)) for subject in SUBJECTS]

    assert sum(with_likes) > sum(without)


def test_likes_at_random_cost_the_curator_nothing(vault: Vault, shared: Path):
    pool = list_pool(shared / "samples", EASY)
    before = evaluate(vault.notes, pool)
    chance = random.Random(16)
    weights = {note.number: picked_weight(chance.randrange(8)) for note in vault.notes}

    after = evaluate(vault.notes, pool, weights=weights)

    assert after.recall >= before.recall
    assert after.area >= before.area


@pytest.fixture(scope="module")
def ranked(vault: Vault, shared: Path) -> Callable[[Mapping[str, int]], Outcome]:
    """How the later notes are placed in the hard pool, with the likes of past ones."""
    pool = list_pool(shared / "samples", HARD)

    def with_likes(likes: Mapping[str, int]) -> Outcome:
        weights = {number: picked_weight(n) for number, n in likes.items()}
        return evaluate(vault.notes, pool, weights=weights)

    return with_likes


def test_likes_of_what_the_curator_goes_on_with_raise_recall_and_area(
    vault: Vault, ranked: Callable[[Mapping[str, int]], Outcome]
):
    before = ranked({})

    after = [ranked(likes_of(vault, subject)) for subject in SUBJECTS]

    assert 0.05 < before.recall < 0.5  # there is something to lose, and to gain
    assert 0.6 < before.area < 0.9
    assert mean(each.recall for each in after) > before.recall
    assert mean(each.area for each in after) > before.area


def test_likes_at_random_cost_no_more_than_chance_where_there_is_something_to_lose(
    vault: Vault, ranked: Callable[[Mapping[str, int]], Outcome]
):
    before = ranked({})

    after = [
        ranked({note.number: chance.randrange(8) for note in vault.notes})
        for chance in map(random.Random, range(3))
    ]

    assert mean(each.recall for each in after) >= before.recall - 1 / before.picks
    assert mean(each.area for each in after) >= before.area - 0.01
