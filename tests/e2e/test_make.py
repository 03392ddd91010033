"""The README's first command, as a newcomer types it."""

import asyncio
import os
import re
import shutil
import signal
from pathlib import Path

import aiohttp
import pytest


async def test_make_demo_prints_an_address_that_answers(root: Path):
    if shutil.which("make") is None or not (root / ".venv" / ".runtime").exists():
        pytest.skip("not installed by make")

    process = await asyncio.create_subprocess_exec(
        # Those of `make test ARGS=…` are pytest's, and make hands them on.
        *("make", "--no-print-directory", "demo", "PORT=0", "ARGS="),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=root,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        printed = ""
        while not (address := re.search(r"http://127\.0\.0\.1:\d+/", printed)):
            line = await process.stdout.readline()
            assert line, printed
            printed += line.decode()
        async with aiohttp.ClientSession() as session, session.get(address[0]) as answer:
            assert answer.status == 200
            assert "paperbot" in await answer.text()
    finally:
        os.killpg(process.pid, signal.SIGINT)
        await process.communicate()
