"""What people like may weigh in the ranking only where it does not become worse (issue 16, item 2).

The protocol is that of `tests/bench/ranking.py`. Readers are simulated: some like past notes of one
subject, and the later notes of that subject should stand higher; others like at random, and the
curator's later notes should stand no lower.
"""

import random
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.archive.domain.formats import vault_note
from bot.archive.domain.formats.decode import decode
from bot.arxiv.domain.candidates import NewPaper, picked_weight
from bot.arxiv.ranking.worker import is_installed
from tests.bench.ranking import EASY, SPLIT, Noted, evaluate, list_archive, list_pool

pytestmark = pytest.mark.skipif(not is_installed(), reason="the extra `rank` is not installed")

SUBJECTS = ("reward-model", "reasoning", "diffusion")
READERS = 5


@dataclass(frozen=True)
class Vault:
    notes: tuple[Noted, ...]
    tags: dict[str, set[str]]


@pytest.fixture(scope="module")
def vault(shared: Path) -> Vault:
    folder = shared / "samples" / "vault"
    tags = {}
    for path in sorted(folder.rglob("*.md")):
        name = path.relative_to(folder).as_posix()
        (entry,) = vault_note.parse(decode(path.read_bytes(), name), name).entries
        if entry.paper.arxiv_id is not None:
            tags[entry.paper.arxiv_id.number] = set(entry.tags)
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
