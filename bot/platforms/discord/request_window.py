"""Which requests Discord still counts, told from when they were sent and answered."""

from collections import deque
from dataclasses import dataclass

WINDOW = 1.0
"""Seconds for which Discord counts a request."""
ARRIVED_WITHIN = 1.0
"""Seconds after which a request has arrived, though it is not answered yet."""

_LAST = 200
"""How many of the last answers tell how fast one comes at best."""
_SURE = 0.9
"""How much of the fastest answer's time any request takes: a faster one may come."""


@dataclass(slots=True, eq=False)
class Request:
    """A request that counts until a time, in seconds of the event loop."""

    counts_until: float
    sent_at: float | None = None


class RequestWindow:
    """The requests that count, by times that the caller gives.

    Discord counts a request when it arrives, and two that are sent a second apart arrive closer to
    each other where the first was slow on its way. So a request counts for a second, and for as
    long as its answer took more than the fastest one of late: the way there, the work and the way
    back take every request as long as that. One without an answer counts as arrived after
    `ARRIVED_WITHIN`, so that a server that hangs does not hold back the requests to all others.
    """

    def __init__(self) -> None:
        self._counted: list[Request] = []
        self._took: deque[float] = deque(maxlen=_LAST)

    def free_at(self, now: float, most: int) -> float | None:
        """`None` where fewer than `most` count now; else when the next of them stops counting."""
        self._counted = [each for each in self._counted if each.counts_until > now]
        if len(self._counted) < most:
            return None
        return min(each.counts_until for each in self._counted)

    def add(self, now: float) -> Request:
        """A request that may be sent now."""
        request = Request(now + ARRIVED_WITHIN + WINDOW)
        self._counted.append(request)
        return request

    def sent(self, request: Request, now: float) -> None:
        """It has left: a connection may have been made before."""
        request.sent_at = now

    def answered(self, request: Request, now: float) -> None:
        """Its answer is here, or its connection is lost."""
        if request.sent_at is not None:
            self._took.append(now - request.sent_at)
        saved = _SURE * min(self._took, default=0.0)
        request.counts_until = min(request.counts_until, now - saved + WINDOW)

    def refused(self) -> None:
        """Discord counted more than we did: for a while, no request is taken to need any time."""
        self._took.append(0.0)
