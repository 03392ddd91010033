"""Ranking in its own process: it learns, keeps what it learnt, and gives reasons."""

import asyncio
import os
import random
import re
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.archive.domain.entry import EntryId
from bot.arxiv.domain.candidates import Example, NewPaper
from bot.arxiv.ranking.worker import ProcessRanker, is_installed
from bot.core.domain.errors import RankerError
from tests.waiting import until

pytestmark = pytest.mark.skipif(not is_installed(), reason="the extra `rank` is not installed")

REWARD = ["reward", "model", "preference", "policy", "alignment", "reasoning", "verifier"]
GALAXY = ["galaxy", "telescope", "redshift", "spectrum", "cluster", "dust", "survey"]


def text(words: list[str], seed: int) -> str:
    common = ["we", "study", "a", "method", "and", "show", "results"]
    return " ".join(random.Random(seed).choices(words * 2 + common, k=60))


PICKED = [Example(f"2401.{n:05}", text(REWARD, n), EntryId(n + 1)) for n in range(40)]
PASSED = [Example(f"2402.{n:05}", text(GALAXY, n)) for n in range(40)]
NEW = [NewPaper("2501.00001", text(REWARD, 999)), NewPaper("2501.00002", text(GALAXY, 998))]


@pytest.mark.slow
async def test_the_model_is_trained_scores_papers_and_gives_reasons(tmp_path: Path):
    await ProcessRanker(tmp_path / "taste").train(PICKED, PASSED)

    liked, disliked = await ProcessRanker(tmp_path / "taste").judge(NEW)

    assert liked.score > 0 > disliked.score
    assert liked.words
    assert all(set(word.split()) <= set(REWARD) for word in liked.words)
    likenesses = [near.likeness for near in liked.nearest]
    assert likenesses == sorted(likenesses, reverse=True)
    assert likenesses[0] > 0.3
    assert all(near.likeness < likenesses[0] for near in disliked.nearest)


def test_the_same_papers_teach_the_same():
    from bot.arxiv.ranking.model import RankingModel

    assert RankingModel.learn(PICKED, PASSED).judge(NEW) == RankingModel.learn(
        PICKED, PASSED
    ).judge(NEW)


def test_what_is_kept_judges_as_what_was_learnt(tmp_path: Path):
    from bot.arxiv.ranking.model import RankingModel

    trained = RankingModel.learn(PICKED, PASSED)
    trained.save(tmp_path / "taste")

    assert RankingModel.load(tmp_path / "taste").judge(NEW) == trained.judge(NEW)


def test_a_file_of_before_authors_counted_is_of_another_version(tmp_path: Path):
    import numpy as np

    from bot.arxiv.ranking.model import RankingModel

    RankingModel.learn(PICKED, PASSED).save(tmp_path / "new")
    with np.load(tmp_path / "new") as kept, (tmp_path / "old").open("wb") as file:
        parts = {name: kept[name] for name in kept if "author" not in name}
        np.savez_compressed(file, **(parts | {"format": np.array(1)}))

    with pytest.raises(RankerError, match="made by another version"):
        RankingModel.load(tmp_path / "old")


def by(papers: list[Example], *names: str) -> list[Example]:
    """The papers, every second one by these authors and the others by somebody each."""
    return [
        replace(each, authors=names if n % 2 else (f"Somebody {each.number}",))
        for n, each in enumerate(papers)
    ]


def test_an_author_whom_the_curator_follows_lifts_a_paper_and_is_a_reason(tmp_path: Path):
    from bot.arxiv.ranking.model import RankingModel

    picked, passed = by(PICKED, "Zoë  Lee", "Bo Kim", "Cy Park", ":"), by(PASSED, "Di Roe", ":")
    RankingModel.learn(picked, passed).save(tmp_path / "taste")
    names = [(), ("ZOE LEE",), ("Di Roe",), ("Somebody 2401.00000",), ("ZOE LEE", "Nobody"), (":",)]
    names += [("Zoe Lee", "Bo Kim", "Cy Park"), ("Zoe\x1b Lee",)]
    judged = RankingModel.load(tmp_path / "taste").judge(
        [NewPaper(f"2501.{n:05}", NEW[1].text, each) for n, each in enumerate(names)]
    )

    plain, followed, passed_over, once, with_another, sign, three, unprintable = judged
    assert followed.score > plain.score > passed_over.score
    assert (once.score, sign.score) == (plain.score, plain.score)
    assert with_another.score == followed.score  # a name that nobody knows takes nothing away
    assert followed.words[0] == "ZOE LEE"
    assert "Di Roe" not in passed_over.words
    assert len({"Zoe Lee", "Bo Kim", "Cy Park"} & set(three.words)) == 2
    assert all(word.isprintable() for word in unprintable.words)
    assert {each.nearest for each in judged} == {plain.nearest}


def test_what_was_picked_long_ago_counts_less():
    from bot.arxiv.ranking.model import RankingModel

    old = [Example(f"2301.{n:05}", text(GALAXY, n + 500), weight=0.05) for n in range(20)]
    today = [replace(each, weight=1.0) for each in old]

    _, faded = RankingModel.learn([*PICKED, *old], PASSED).judge(NEW)
    _, fresh = RankingModel.learn([*PICKED, *today], PASSED).judge(NEW)

    assert fresh.score > faded.score


COMMON = [
    "reward",
    "model",
    "the",
    "of",
    "re-rank",
    "Café",
    "CAFÉ",
    "ﬁne",
    "naïve",
    "İstanbul",
    "x",
    "a1",
    "보상",
    "²",
    "!",
]


@given(st.lists(st.lists(st.one_of(st.sampled_from(COMMON), st.text(max_size=3)), max_size=8)))
@example([["the", "of"], [], ["a1"] * 7])
def test_rows_are_those_of_scikit_learn(papers: list[list[str]]):
    import numpy as np
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer

    from bot.arxiv.ranking.features import SETTINGS, Features

    texts = [" ".join(words) for words in papers]
    theirs = TfidfVectorizer(**SETTINGS).fit([" ".join(COMMON), " ".join(COMMON[::-1])])
    ours = Features(
        tuple(theirs.get_feature_names_out()), frozenset(ENGLISH_STOP_WORDS), theirs.idf_
    )

    assert ours.matrix(texts).shape == (len(texts), len(theirs.vocabulary_))
    if texts:  # scikit-learn takes no empty list
        expected = theirs.transform(texts).toarray()
        assert np.allclose(ours.matrix(texts).toarray(), expected, rtol=1e-6)


def test_judging_does_not_load_scikit_learn(tmp_path: Path):
    from bot.arxiv.ranking.model import RankingModel

    RankingModel.learn(PICKED, PASSED).save(tmp_path / "taste")
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from bot.arxiv.domain.candidates import NewPaper\n"
        "from bot.arxiv.ranking.model import RankingModel\n"
        f"judged = RankingModel.load(Path({str(tmp_path / 'taste')!r}))"
        ".judge([NewPaper('2501.00001', 'reward')])\n"
        "assert judged[0].words == ('reward',)\n"
        "assert 'sklearn' not in sys.modules"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("content", [b"", b"junk", b"PK\x03\x04 no archive"])
def test_a_damaged_file_is_refused_and_replaced_whole(tmp_path: Path, content: bytes):
    from bot.arxiv.ranking.model import RankingModel

    path = tmp_path / "taste"
    path.write_bytes(content)
    with pytest.raises(RankerError, match="damaged"):
        RankingModel.load(path)
    RankingModel.learn(PICKED, PASSED).save(path)

    assert len(RankingModel.load(path).judge(NEW)) == 2
    assert [file.name for file in tmp_path.iterdir()] == ["taste"]


def test_a_file_that_was_cut_off_anywhere_is_refused(tmp_path: Path):
    from bot.arxiv.ranking.model import RankingModel

    path = tmp_path / "taste"
    RankingModel.learn(PICKED, PASSED).save(path)
    whole = path.read_bytes()
    for length in range(0, len(whole), len(whole) // 20):
        path.write_bytes(whole[:length])
        with pytest.raises(RankerError, match="damaged"):
            RankingModel.load(path)


def test_an_unfinished_file_of_a_killed_worker_is_ignored_and_removed_later(tmp_path: Path):
    from bot.arxiv.ranking.model import RankingModel

    path = tmp_path / "taste"
    old, new = tmp_path / "taste.17.part", tmp_path / "taste.18.part"
    for remains in (old, new):
        remains.write_bytes(b"half a file")
    two_hours_ago = time.time() - 7200
    os.utime(old, (two_hours_ago, two_hours_ago))
    with pytest.raises(RankerError, match="no ranking model yet"):
        RankingModel.load(path)
    RankingModel.learn(PICKED, PASSED).save(path)

    # Another process may still be writing the new one.
    assert {file.name for file in tmp_path.iterdir()} == {"taste", "taste.18.part"}
    assert len(RankingModel.load(path).judge(NEW)) == 2


def test_papers_without_entries_have_no_neighbours(tmp_path: Path):
    from bot.arxiv.ranking.model import RankingModel

    open_title = [Example(each.number, each.text) for each in PICKED]
    RankingModel.learn(open_title, PASSED).save(tmp_path / "taste")

    assert [each.nearest for each in RankingModel.load(tmp_path / "taste").judge(NEW)] == [(), ()]


@pytest.mark.parametrize("text", ["", "보상 모델 학습", "the of and", "\x00 \u202e"])
def test_papers_without_words_teach_nothing_and_that_is_said(text: str):
    from bot.arxiv.ranking.model import RankingModel

    papers = [Example(f"2401.{n:05}", text) for n in range(20)]

    with pytest.raises(RankerError, match="no words in common"):
        RankingModel.learn(papers, papers)


def test_the_words_that_weighed_are_plain_whatever_stood_in_the_papers():
    from bot.arxiv.ranking.model import RankingModel

    bad = "\x1b[2Jreward \u202emodel\u2066 re\u200bward <b>policy</b> @everyone ｒｅｗａｒｄ \x9bcluster"
    picked = [Example(each.number, f"{each.text} {bad}", each.entry_id) for each in PICKED]
    judged = RankingModel.learn(picked, PASSED).judge([NewPaper("2501.00001", bad)])

    assert judged[0].words
    assert all(re.fullmatch("[a-z0-9 -]+", word) for word in judged[0].words)


@pytest.mark.slow
async def test_what_is_wrong_comes_over_as_a_message_with_values(tmp_path: Path):
    with pytest.raises(RankerError) as told:
        await ProcessRanker(tmp_path / "taste").judge(NEW)

    assert told.value.message == "There is no ranking model yet"


@pytest.mark.slow
async def test_too_little_to_learn_from_is_said(tmp_path: Path):
    ranker = ProcessRanker(tmp_path / "taste")

    with pytest.raises(RankerError, match="at least 10"):
        await ranker.train(PICKED[:3], PASSED)


@pytest.mark.slow
async def test_a_worker_that_takes_too_long_is_killed(tmp_path: Path):
    ranker = ProcessRanker(tmp_path / "taste", train_within=timedelta(seconds=0))

    with pytest.raises(RankerError, match="longer"):
        await ranker.train(PICKED, PASSED)


def children() -> set[str]:
    """The ids of the processes that this one has started and that still run."""
    tasks = Path("/proc/self/task").glob("*/children")
    return {each for task in tasks for each in task.read_text().split()}


@pytest.mark.slow
async def test_a_cancelled_worker_process_ends(tmp_path: Path):
    ranker = ProcessRanker(tmp_path / "taste")
    before = children()
    async with asyncio.TaskGroup() as group:
        learning = group.create_task(ranker.train(PICKED * 200, PASSED * 200))
        await until(lambda: children() - before)
        learning.cancel()

    assert learning.cancelled()
    assert children() <= before


async def test_nothing_to_judge_starts_no_process(tmp_path: Path):
    assert await ProcessRanker(tmp_path / "none").judge([]) == ()


def test_the_bot_itself_never_loads_the_libraries():
    code = (
        "import sys, bot.arxiv.ranking.worker, bot.arxiv.services.candidates\n"
        "assert not {'numpy', 'scipy', 'sklearn'} & set(sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
