"""Waiting for what has no event: another process, or the inside of a library."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def until(holds: Callable[[], T], seconds: float = 10.0) -> T:
    """The first true value of `holds`, asked every few milliseconds; raises `TimeoutError`."""
    async with asyncio.timeout(seconds):
        while not (value := holds()):  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.005)
        return value
