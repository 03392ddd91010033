"""How much of a limit each of several processes may use, though each learns late who is there.

The process that posts has the most, and each other one request. Seconds are those of a monotonic
clock.
"""

from bot.outbox.domain.request_window import ARRIVED_WITHIN

_SEEN_WITHIN = 3.0
"""Seconds in which all others have seen that a process is there: they look every two."""
_STILL_COUNTED = ARRIVED_WITHIN + 1.1
"""Seconds in which what another process has sent counts within a limit of a second."""
_FEW = 1


def share_of(most: int, processes: int, posts: bool) -> int:
    """How many of `most` requests a second one of so many processes may send.

    The one that posts gets all but one for each other. One process alone leaves one for whoever
    joins, since it sees that only at its next look.
    """
    if not posts:
        return _FEW
    return max(_FEW, most - _FEW * max(1, processes - 1))


class RequestShare:
    """The share of one process. A smaller one counts at once.

    A larger one counts when nothing counts any more that others have sent before. So a process that
    joins sends nothing at first, the longer where the others must see it before: one that posts
    alone leaves one request for a second process, but two use all that there is.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._learnt: list[tuple[float, int]] = []

    def looked(self, now: float, processes: int, *, posts: bool, is_inherited: bool) -> None:
        """So many processes are there, this one included; `is_inherited`: another posted before."""
        if not self._learnt and (processes > 1 or is_inherited):
            self._learnt.append((now, 0))
            now += _SEEN_WITHIN if processes > 2 else 0.0
        share = share_of(self._most, processes, posts)
        if not self._learnt or self._learnt[-1][1] != share:
            self._learnt.append((now, share))

    def at(self, now: float, *, posts: bool) -> int:
        """How many requests a second it may send; none before the first look."""
        while len(self._learnt) > 1 and self._learnt[1][0] <= now - _STILL_COUNTED:
            del self._learnt[0]
        share = min((share for _, share in self._learnt), default=0)
        return share if posts else min(share, _FEW)
