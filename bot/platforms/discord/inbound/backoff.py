"""How long to wait before the next connection: longer after each one that did not last."""

from collections.abc import Callable


class Backoff:
    """Doubles from `first` to `longest` seconds; a connection that lasted `lasting` resets it.

    Each pause is spread by up to a quarter either way, so that bots that were thrown out together
    do not come back together. `chance` gives a number in [0, 1).
    """

    def __init__(
        self, *, first: float, longest: float, lasting: float, chance: Callable[[], float]
    ) -> None:
        self._first = first
        self._longest = longest
        self._lasting = lasting
        self._chance = chance
        self._failures = 0

    def lasted(self, lived: float) -> bool:
        """Whether a connection that was up for so many seconds counts as one that worked."""
        return lived >= self._lasting

    def pause(self, lived: float) -> float:
        """Seconds to wait after a connection that was up for `lived` seconds."""
        if self.lasted(lived):
            self._failures = 0
        doubled: float = self._first * 2 ** min(self._failures, 16)
        self._failures += 1
        return min(doubled, self._longest) * (0.75 + self._chance() / 2)
