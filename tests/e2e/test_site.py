"""`paperbot site` as a process that is killed (issue 18, item 1)."""

import signal
from pathlib import Path

from bot.core.database.database import opened
from tests.archive_stage import keep
from tests.conftest import ROOT
from tests.e2e.process import paperbot
from tests.site.test_site import content, generated, written

KILLS = '''
"""Kills the process when it puts a file in its place for the nth time."""
import os, signal, sys

left = [{n}]

def audit(event, arguments):
    if event == "os.rename":
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(audit)
'''


async def test_a_killed_run_is_finished_by_the_next_and_nothing_of_it_is_left(tmp_path: Path):
    async with opened(tmp_path / "data" / "paperbot.db") as db:
        await keep(db, *generated(6))
        await written(db, tmp_path / "whole", base=None)
    hook = tmp_path / "hook"
    hook.mkdir()
    for n in (2, 40):  # the first page, and one of the others
        (hook / "sitecustomize.py").write_text(KILLS.format(n=n), encoding="utf-8")
        status, _, _ = await paperbot(tmp_path, "site", "cut", PYTHONPATH=f"{hook}:{ROOT}")
        assert status == -signal.SIGKILL
        assert content(tmp_path / "cut").keys() != content(tmp_path / "whole").keys()

    status, out, err = await paperbot(tmp_path, "site", "cut")

    assert (status, err) == (0, "")
    assert "Pages written" in out
    assert content(tmp_path / "cut") == content(tmp_path / "whole")
