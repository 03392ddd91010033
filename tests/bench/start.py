"""How long until the program answers."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator

from tests.bench.measure import Row, interleaved


async def rows(quick: bool) -> AsyncIterator[Row]:
    """The rows of the table."""
    medians = await interleaved(
        5 if quick else 15,
        {
            "ours": lambda: _run("-m", "bot", "--version"),
            "python": lambda: _run("-c", "pass"),
        },
    )
    yield Row(
        "paperbot --version",
        f"{medians['ours'] * 1e3:.0f} ms",
        f"{medians['ours'] / medians['python']:.1f} × python -c pass",
        "< 1.5 s",
        medians["ours"] < 1.5,
    )


async def _run(*arguments: str) -> float:
    start = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdout=asyncio.subprocess.DEVNULL
    )
    status = await process.wait()
    assert status == 0
    return time.perf_counter() - start
