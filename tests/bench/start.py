"""How long until the program answers."""

import asyncio
import statistics
import sys
import time
from collections.abc import AsyncIterator

from tests.bench.measure import Row, in_turn, ratios
from tests.bench.verdict import Figure

_LIBRARIES = """
import gc; gc.disable()
import aiohttp.web, aiohttp_sse, aiosqlite, pydantic_settings, typer
"""
"""The floor of a start: the libraries that the demo has imported when it says its address."""


async def rows(quick: bool) -> AsyncIterator[Row]:
    """The rows of the table."""
    seconds = await in_turn(
        5 if quick else 15,
        {
            "ours": lambda: _run("-m", "bot", "--version"),
            "python": lambda: _run("-c", "pass"),
            "libraries": lambda: _run("-c", _LIBRARIES),
            "demo": _demo_ready,
        },
    )
    medians = {kind: statistics.median(each) for kind, each in seconds.items()}
    yield Row(
        "paperbot --version",
        f"{medians['ours'] * 1e3:.0f} ms",
        f"{medians['ours'] / medians['python']:.1f} × python -c pass",
        "< 1.5 s",
        figures=(
            ratios(seconds["ours"], seconds["python"]),
            Figure(tuple(seconds["ours"]), "s", at_most=1.5),
        ),
    )
    yield Row(
        "paperbot demo, until it says its address",
        f"{medians['demo'] * 1e3:.0f} ms",
        f"{medians['demo'] / medians['libraries']:.1f} × its libraries alone "
        f"({medians['libraries'] * 1e3:.0f} ms)",
        "≤ 0.8 s",
        figures=(
            ratios(seconds["demo"], seconds["libraries"]),
            Figure(tuple(seconds["demo"]), "s", at_most=0.8),
        ),
    )


async def _demo_ready() -> float:
    start = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-u", "-m", "bot", "demo", "--port", "0"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 60)
    seconds = time.perf_counter() - start
    process.terminate()
    await process.wait()
    assert b"http://" in line
    return seconds


async def _run(*arguments: str) -> float:
    start = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdout=asyncio.subprocess.DEVNULL
    )
    status = await process.wait()
    assert status == 0
    return time.perf_counter() - start
