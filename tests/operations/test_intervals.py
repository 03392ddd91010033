"""Calls at an interval: where they are made, and that they end."""

import asyncio
import logging
import threading
from datetime import timedelta

import pytest

from bot.operations.intervals import Intervals
from tests.waiting import until

OFTEN = timedelta(milliseconds=1)


async def test_calls_are_made_in_the_event_loop():
    """An `asyncio.Event` is set there: it is not safe from another thread."""
    threads: list[int] = []
    intervals = Intervals()
    intervals.add(lambda: threads.append(threading.get_ident()), OFTEN)

    intervals.start()
    await until(lambda: len(threads) > 3)
    await intervals.stop()

    assert set(threads) == {threading.get_ident()}


async def test_to_stop_while_something_is_called_is_no_error(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    for _ in range(20):
        called = asyncio.Event()
        intervals = Intervals()
        for _ in range(5):
            intervals.add(called.set, OFTEN)
        intervals.start()
        await called.wait()
        await intervals.stop()

    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []
