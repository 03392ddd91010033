"""How the time of a function grows with its input: the exponent, and nothing about a machine.

A text that is twice as long may take twice as long. One that takes four times as long lets a
single title stop the event loop (issue 12, part E).
"""

import gc
import math
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

SIZES = (1_000, 2_000, 4_000, 8_000)
LINEAR = 1.65
"""The largest exponent taken as linear: caches, allocation and a busy machine add to 1."""

_TRIES = 12
_MEASURABLE = 0.002
"""Seconds; what is quicker at the largest size is measured with inputs four times as large."""
_NEGLIGIBLE = 0.0003
"""Seconds; what is quicker at the largest size stays under 5 ms at four times that size, even if
it grows with the square."""
_STEP = 32
"""Characters; longer than any repeated piece."""


def exponent(
    work: Callable[[T], object], make: Callable[[int], T], sizes: Sequence[int] = SIZES
) -> float:
    """The exponent with which the time of `work` grows with the size of what `make` makes.

    0 where even large inputs take no time worth measuring. What seems to grow too fast is measured
    again, and each size keeps its shortest time: a busy machine only makes a measurement longer, so
    more of them bring the result nearer to the truth, and what is quadratic stays so.
    """
    _times(work, make, sizes[:1])  # what is compiled or loaded once takes its time here
    first = _times(work, make, sizes[-1:])[0]
    if first < _NEGLIGIBLE:
        return 0.0
    if first < _MEASURABLE:
        sizes = [4 * size for size in sizes]
    shortest = [math.inf] * len(sizes)
    slope = math.inf
    for attempt in range(1, _TRIES + 1):
        # Slightly larger each time: a cache must not answer for the sizes that it keeps.
        taken = _times(work, make, [size + attempt * _STEP for size in sizes])
        shortest = list(map(min, shortest, taken))
        slope = _slope(sizes, shortest)
        if slope < LINEAR:
            break
    return slope


def _times(
    work: Callable[[T], object], make: Callable[[int], T], sizes: Sequence[int]
) -> list[float]:
    times = []
    gc.disable()  # a collection takes longer the more there is, whoever made it
    try:
        for value in map(make, sizes):
            start = time.thread_time()
            work(value)
            times.append(time.thread_time() - start)
    finally:
        gc.enable()
    return times


def _slope(sizes: Sequence[int], times: Sequence[float]) -> float:
    """The slope of the line through the logarithms, by least squares."""
    x = [math.log(size) for size in sizes]
    y = [math.log(max(taken, 1e-6)) for taken in times]
    middle_x, middle_y = sum(x) / len(x), sum(y) / len(y)
    above = sum((a - middle_x) * (b - middle_y) for a, b in zip(x, y, strict=True))
    return above / sum((a - middle_x) ** 2 for a in x)


def repeated(piece: str) -> Callable[[int], str]:
    """A text of a piece again and again, of about any size."""
    return lambda size: piece * (size // len(piece))
