"""How the time of a function grows with its input: the exponent, and nothing about a machine.

A text that is twice as long may take twice as long. One that takes four times as long lets a
single title stop the event loop (issue 12, part E).

The time is that of the processor, for one input and for one sixteen times as large: linear work then
takes sixteen times as long, quadratic work 256 times. `LINEAR` is 64 times: a measurement may be wrong
by a factor of almost four, either way, and the answer stays right (tests/test_growth.py).
"""

import gc
import math
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

SMALL, LARGE = 2_000, 32_000
LINEAR = 1.5
"""The largest exponent taken as linear: half way from 16 times as long to 256 times."""

HARMLESS = 0.005
"""Seconds of the processor; what takes less at `LARGE` delays nobody, however it grows."""

_TRIES = 8
_SMALL_TRIES = 3
_STEP = 32
"""Characters; longer than any repeated piece."""


def exponent(
    work: Callable[[T], object],
    make: Callable[[int], T],
    clock: Callable[[], float] = time.thread_time,
    *,
    most: float = LINEAR,
) -> float:
    """The exponent with which the time of `work` grows with the size of what `make` makes.

    0 where the large input takes no time worth measuring. A busy machine only makes a measurement
    longer, so each size keeps its shortest time, and what seems to grow faster than `most` is measured
    again.
    """
    work(make(SMALL))  # what is compiled or loaded once takes its time here
    large = _seconds(work, make(LARGE), clock)
    if large < HARMLESS:
        return 0.0
    small = math.inf
    slope = math.inf
    for attempt in range(_TRIES):
        # Slightly larger each time: a cache must not answer for the sizes that it keeps.
        for place in range(1, _SMALL_TRIES + 1):
            size = SMALL + (attempt * _SMALL_TRIES + place) * _STEP
            small = min(small, _seconds(work, make(size), clock))
        slope = math.log(large / max(small, 1e-9), LARGE / SMALL)
        if slope < most:
            break
        large = min(large, _seconds(work, make(LARGE + (attempt + 1) * _STEP), clock))
    return slope


def _seconds(work: Callable[[T], object], value: T, clock: Callable[[], float]) -> float:
    gc.disable()  # a collection takes longer the more there is, whoever made it
    try:
        start = clock()
        work(value)
        return clock() - start
    finally:
        gc.enable()


def repeated(piece: str) -> Callable[[int], str]:
    """A text of a piece again and again, of about any size."""
    return lambda size: piece * (size // len(piece))
