"""How long until the program answers."""

import asyncio
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

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
            "page": _demo_answers,
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
    # What is imported once the address was said must not be what its first visitor waits for.
    yield Row(
        "paperbot demo, until that address has answered with the page",
        f"{medians['page'] * 1e3:.0f} ms",
        f"{medians['page'] / medians['demo']:.2f} × until it says the address",
        figures=(ratios(seconds["page"], seconds["demo"]),),
    )


async def _demo_ready() -> float:
    async with _demo() as (_, start):
        return time.perf_counter() - start


async def _demo_answers() -> float:
    jar = aiohttp.CookieJar(unsafe=True)  # it is opened by its number
    async with (
        aiohttp.ClientSession(cookie_jar=jar) as visitor,
        _demo() as (address, start),
        visitor.get(address) as page,
    ):
        assert "general" in await page.text()
        return time.perf_counter() - start


@asynccontextmanager
async def _demo() -> AsyncIterator[tuple[str, float]]:
    """A demo that has said its address, and when it was started."""
    start = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-u", "-m", "bot", "demo", "--port", "0"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), 60)
        found = [word for word in line.decode().split() if word.startswith("http://")]
        assert found, line
        yield found[0], start
    finally:
        process.terminate()
        await process.wait()


async def _run(*arguments: str) -> float:
    start = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdout=asyncio.subprocess.DEVNULL
    )
    status = await process.wait()
    assert status == 0
    return time.perf_counter() - start
