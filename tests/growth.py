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

SIZES = (2_000, 4_000, 8_000, 16_000)
LINEAR = 1.65
"""The largest exponent taken as linear: caches, allocation and a busy machine add to 1."""

_TRIES = 6
_MEASURABLE = 0.003
"""Seconds; what is quicker at the largest size is measured with inputs four times as large."""


def exponent(work: Callable[[T], object], make: Callable[[int], T]) -> float:
    """The exponent with which the time of `work` grows with the size of what `make` makes.

    0 where even large inputs take no time that can be measured. What seems to grow too fast is
    measured again: a busy moment can spoil a measurement, and no moment can improve it.
    """
    least = math.inf
    for _ in range(_TRIES):
        least = min(least, _measured(work, make))
        if least < LINEAR:
            break
    return least


def _measured(work: Callable[[T], object], make: Callable[[int], T]) -> float:
    sizes: Sequence[int] = SIZES
    times = _times(work, make, sizes)
    if times[-1] < _MEASURABLE:
        sizes = tuple(4 * size for size in SIZES)
        times = _times(work, make, sizes)
    return _slope(sizes, times) if times[-1] >= _MEASURABLE else 0.0


def _times(
    work: Callable[[T], object], make: Callable[[int], T], sizes: Sequence[int]
) -> list[float]:
    times = []
    gc.collect()
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
