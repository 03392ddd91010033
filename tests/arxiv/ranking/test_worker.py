"""What the bot makes of a worker that does not behave; none of it needs scikit-learn."""

import asyncio
import json
import os
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.archive.domain.entry import EntryId
from bot.arxiv.domain.candidates import Example, NewPaper
from bot.arxiv.ranking.lines import (
    read_examples,
    read_failure,
    read_new_papers,
    write_examples,
    write_failure,
    write_new_papers,
)
from bot.arxiv.ranking.worker import ProcessRanker
from bot.core.domain.errors import RankerError
from tests.arxiv.ranking.test_model import children
from tests.waiting import until

NEW = [NewPaper("2501.00001", "reward", ("Ada Lee", "이하나"))]
PICKED = [Example("2401.00001", "reward", EntryId(1), 0.25, ("Ada Lee", "이하나"))]
PASSED = [Example("2402.00001", "galaxy")]
LINE = json.dumps(["2501.00001", 1.0, ["reward"], [[1, 0.5]]])


def ranker(tmp_path: Path, code: str) -> ProcessRanker:
    """One whose worker runs this."""
    return ProcessRanker(
        tmp_path / "taste",
        program=(sys.executable, "-c", f"import os, sys, time\n{code}"),
        train_within=timedelta(seconds=20),
        judge_within=timedelta(seconds=20),
    )


async def test_the_result_of_a_worker_is_used(tmp_path: Path):
    (judgement,) = await ranker(tmp_path, f"sys.stdin.read()\nprint({LINE!r})").judge(NEW)

    assert (judgement.number, judgement.words) == ("2501.00001", ("reward",))


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (f"print({LINE!r}, flush=True)\nos.kill(os.getpid(), 9)", "exit status -9"),
        (f"print({LINE!r})\nsys.exit(1)", "exit status 1"),
        ("print('[\"2501.00001\", 1.0')", "unreadable output"),
        ("print('[1]')", "unreadable output"),
        ("print('nonsense')", "unreadable output"),
        ("raise MemoryError('too much')", "MemoryError: too much"),
        ("sys.stderr.write('x' * 3_000_000 + chr(10) + 'last')\nsys.exit(4)", "last"),
        ("sys.exit(3)", "not installed"),
    ],
)
async def test_the_output_of_a_failed_worker_is_not_used(tmp_path: Path, code: str, reason: str):
    with pytest.raises(RankerError, match=reason):
        await ranker(tmp_path, code).judge(NEW)


@pytest.mark.parametrize(
    "code", ["time.sleep(60)", "for n in range(3):\n    os.close(n)\ntime.sleep(60)"]
)
async def test_a_worker_that_hangs_is_killed_whatever_it_closed(tmp_path: Path, code: str):
    before = children()
    hanging = ProcessRanker(
        tmp_path / "taste",
        program=(sys.executable, "-c", f"import os, sys, time\n{code}"),
        judge_within=timedelta(seconds=2),
    )

    with pytest.raises(RankerError, match="took longer"):
        await hanging.judge(NEW)

    assert children() <= before


async def test_a_program_that_cannot_be_started_is_said(tmp_path: Path):
    missing = ProcessRanker(tmp_path / "taste", program=(str(tmp_path / "nothing"),))

    with pytest.raises(RankerError, match="No such file"):
        await missing.train(PICKED, PASSED)


async def test_a_cancelled_question_leaves_no_process(tmp_path: Path):
    pid = tmp_path / "pid"
    code = f"print(os.getpid(), file=open({str(pid)!r}, 'w'), flush=True)\ntime.sleep(60)"
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(ranker(tmp_path, code).judge(NEW))
        await until(lambda: pid.exists() and pid.read_text().endswith("\n"))
        asking.cancel()

    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_papers_to_learn_from_that_were_cut_off_are_not_learnt_from():
    lines = list(write_examples(PICKED, PASSED))

    assert read_examples(lines) == (PICKED, PASSED)
    for length in range(len(lines)):
        with pytest.raises(RankerError, match="cut off"):
            read_examples(lines[:length])


def test_papers_to_judge_survive_the_protocol():
    assert read_new_papers(write_new_papers([*NEW, NewPaper("2501.00002", "")])) == [
        *NEW,
        NewPaper("2501.00002", ""),
    ]


@given(st.text(), st.integers())
def test_an_error_survives_the_protocol(text: str, n: int):
    told = read_failure(write_failure(RankerError("{a} and {b}", a=text, b=n)).encode())

    assert (told.message, told.values) == ("{a} and {b}", {"a": text, "b": n})


@given(st.binary(max_size=60))
def test_any_last_output_becomes_an_error(line: bytes):
    assert str(read_failure(line)) is not None
