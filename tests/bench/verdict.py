"""Whether a figure holds its aim, whether the rounds can tell, and what changed between two runs."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

_OF_TIME = ("s", "ms", "/s")
_STEADY = 1.1
"""A machine's speed varies by so much without a reason."""


class Verdict(Enum):
    """What a run says of a row's aim."""

    HELD = "held"
    MISSED = "missed"
    NOISE = "noise"
    NO_AIM = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """What each round measured, and between what its median should lie.

    `unit` is for the reader: `×`, `ms`. One round has no spread, so its figure is judged as it is.
    """

    rounds: tuple[float, ...]
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None

    @property
    def median(self) -> float:
        return statistics.median(self.rounds)

    @property
    def middle(self) -> tuple[float, float]:
        """The lower and the upper quartile of the rounds."""
        if len(self.rounds) < 2:
            return self.rounds[0], self.rounds[0]
        low, _, high = statistics.quantiles(self.rounds, n=4, method="inclusive")
        return low, high

    @property
    def verdict(self) -> Verdict:
        """`NOISE` where the middle half of the rounds lies on both sides of the aim."""
        aims = [aim for aim in (self.at_least, self.at_most) if aim is not None]
        if not aims:
            return Verdict.NO_AIM
        low, high = self.middle
        if any(low < aim < high for aim in aims):
            return Verdict.NOISE
        above = self.at_least is None or self.median >= self.at_least
        below = self.at_most is None or self.median <= self.at_most
        return Verdict.HELD if above and below else Verdict.MISSED


def verdict_of(figures: Sequence[Figure]) -> Verdict:
    """That of a row with several figures: what is missed counts most, then what is not known."""
    found = {each.verdict for each in figures}
    order = (Verdict.MISSED, Verdict.NOISE, Verdict.HELD)
    return next((each for each in order if each in found), Verdict.NO_AIM)


def change(old: Figure, new: Figure, slower: float = 1.0) -> str:
    """`0.80 ×, better`; `within the noise` where the middle halves of the rounds overlap.

    A machine that is `slower` than it was, by that factor, explains times up to so much longer.
    """
    if old.median == new.median:
        return "the same"
    ratio = f"{new.median / old.median:.2f} ×" if old.median else f"{new.median:+.3g} {new.unit}"
    (low, high), (new_low, new_high) = old.middle, new.middle
    if new_low <= high and low <= new_high:
        return f"{ratio}, within the noise"
    if old.median and _is_explained(new.median / old.median, new.unit, slower):
        return f"{ratio}, as the machine may explain"
    if len(old.rounds) == len(new.rounds) == 1:
        return f"{ratio}, one round each: the noise is not known"
    if new.at_most is None and new.at_least is None:
        return f"{ratio}, changed"
    is_better = (new.median < old.median) == (new.at_most is not None)
    return f"{ratio}, {'better' if is_better else 'worse'}"


def _is_explained(ratio: float, unit: str, slower: float) -> bool:
    """Whether a figure in seconds may have changed because the speed of the machine did."""
    if unit not in _OF_TIME or 1 / _STEADY < slower < _STEADY:
        return False
    expected = 1 / slower if unit == "/s" else slower
    return min(1, expected) / _STEADY <= ratio <= max(1, expected) * _STEADY
