"""Measuring on a shared machine: interleaved rounds, medians, and ratios inside one run."""

import statistics
import time
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from tests.bench.verdict import Figure, Verdict, verdict_of

Name = TypeVar("Name", bound=Hashable)
Timed = Callable[[], Awaitable[float]]
"""Does the work once; the seconds that count."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what was measured, what was published, what it is measured by.

    `aim` is what the project promises itself. Whether this run kept it is judged by the `figures`;
    a row that has none says it in `held`.
    """

    name: str
    result: str
    compared: str = ""
    aim: str = ""
    held: bool | None = None
    figures: tuple[Figure, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Whether the aim was held, or the rounds cannot tell."""
        if self.held is not None:
            return Verdict.HELD if self.held else Verdict.MISSED
        return verdict_of(self.figures)


def printed(row: Row, where: str) -> Row:
    """The row of a measurement that has no aim there."""
    figures = tuple(replace(each, at_least=None, at_most=None) for each in row.figures)
    name = row.name if row.name.startswith("…") else f"{row.name}, {where}"
    return replace(row, name=name, aim="", held=None, figures=figures)


async def interleaved(rounds: int, works: Mapping[Name, Timed]) -> dict[Name, float]:
    """The median seconds of each work in `in_turn`."""
    seconds = await in_turn(rounds, works)
    return {name: statistics.median(measured) for name, measured in seconds.items()}


async def in_turn(rounds: int, works: Mapping[Name, Timed]) -> dict[Name, list[float]]:
    """The seconds of each work by round; in every round each has its turn, so noise hits all."""
    seconds: dict[Name, list[float]] = {name: [] for name in works}
    for place in range(rounds):
        turn = list(works.items())
        for name, work in turn if place % 2 else reversed(turn):
            seconds[name].append(await work())
    return seconds


def ratios(
    ours: Iterable[float],
    others: Iterable[float],
    *,
    at_least: float | None = None,
    at_most: float | None = None,
) -> Figure:
    """Our figure by the other one, round by round."""
    found = (mine / theirs for mine, theirs in zip(ours, others, strict=True))
    return Figure(tuple(found), "×", at_least, at_most)


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    """The seconds of one call."""
    start = time.perf_counter()
    await work()
    return time.perf_counter() - start


def repeated(work: Callable[[], Awaitable[object]], times: int) -> Timed:
    """A `Timed` of the mean of several calls, for work too short to be timed alone."""

    async def mean() -> float:
        start = time.perf_counter()
        for _ in range(times):
            await work()
        return (time.perf_counter() - start) / times

    return mean


def microseconds(seconds: float) -> str:
    """`431 µs`, or milliseconds where there are many."""
    return f"{seconds * 1e6:.0f} µs" if seconds < 0.01 else f"{seconds * 1e3:.0f} ms"


def against(name: str, ours: float, floor: float) -> str:
    """`1.9 × plain sqlite3`."""
    return f"{ours / floor:.1f} × {name}"


def machine_seconds() -> float:
    """How long this machine takes now for the same plain Python: 500,000 additions, the best of three.

    One that is shared may be twice as slow an hour later, and with it every time that is measured.
    """
    return min(_additions() for _ in range(3))


def _additions() -> float:
    start, total = time.perf_counter(), 0
    for each in range(500_000):
        total += each
    return time.perf_counter() - start
