"""Processes that share a limit never exceed it, whoever comes and goes."""

from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import count

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.outbox.domain.request_share import RequestShare, share_of
from bot.outbox.domain.request_window import RequestWindow

MOST = 12
STEP = 0.05
LOOK_EVERY = 2.0
BEST = 0.02, 0.03
"""The seconds of the fastest way there, and back."""


@dataclass(eq=False)
class Process:
    """One bot: its window, its share, when it looks next, and what it waits for."""

    looks_at: float
    share: RequestShare = field(default_factory=lambda: RequestShare(MOST))
    window: RequestWindow = field(default_factory=lambda: RequestWindow(1.0))
    answers: list[tuple[float, object]] = field(default_factory=list)
    posts: bool = False
    inherits: bool = False


class World:
    """The processes that are there, the lease of posting, and what the platform has seen."""

    def __init__(self, delays: list[float]) -> None:
        self.now = 0.0
        self.there: list[Process] = []
        self.arrivals: list[float] = []
        self._was_held = False
        self._delays = delays
        self._sent = count()

    def join(self) -> None:
        """It sees at once who is there, and is seen by the others at their next look."""
        self.there.append(Process(looks_at=self.now))

    def leave(self, place: int) -> None:
        """It is killed, or has stopped: what it has sent still arrives."""
        if self.there:
            self.there.pop(place % len(self.there))

    def hand_over(self) -> None:
        """The one that posts gives that up, and whoever looks next takes it."""
        for each in self.there:
            each.posts = False

    def run(self, seconds: float) -> None:
        """Everybody sends as much as it may."""
        until = self.now + seconds
        while self.now < until:
            for each in self.there:
                if each.looks_at <= self.now:
                    self._look(each)
                self._send(each)
            self.now += STEP

    def _look(self, process: Process) -> None:
        process.looks_at = self.now + LOOK_EVERY
        if not any(each.posts for each in self.there):
            process.posts, process.inherits, self._was_held = True, self._was_held, True
        process.share.looked(
            self.now, len(self.there), posts=process.posts, is_inherited=process.inherits
        )

    def _send(self, process: Process) -> None:
        for answer in [each for each in process.answers if each[0] <= self.now]:
            process.answers.remove(answer)
            process.window.answered(answer[1], answer[0])  # type: ignore[arg-type]
        while True:
            most = process.share.at(self.now, posts=process.posts)
            if not most or process.window.ready_at(self.now, most) > self.now:
                return
            number = next(self._sent)
            late = self._delays[number % len(self._delays)]
            there, back = BEST[0] + late, BEST[1]
            request = process.window.add(self.now, most)
            self.arrivals.append(self.now + there)
            process.answers.append((self.now + there + back, request))


def most_within_a_second(times: list[float]) -> int:
    ordered = sorted(times)
    return max(
        (bisect_left(ordered, at + 1 - 1e-6) - place for place, at in enumerate(ordered)),
        default=0,
    )


CHANGES = st.one_of(
    st.just(("join", 0)), st.tuples(st.just("leave"), st.integers(0, 3)), st.just(("hand over", 0))
)


@settings(max_examples=60)
@given(
    delays=st.lists(st.floats(0, 0.9), min_size=1, max_size=7),
    changes=st.lists(st.tuples(CHANGES, st.floats(0, 6)), min_size=1, max_size=8),
)
@example(
    delays=[0.9],
    changes=[
        (("hand over", 0), 2.6),
        (("join", 0), 5.5),
        (("hand over", 0), 1.8),
        (("hand over", 0), 4.0),
    ],
)
def test_processes_that_share_a_limit_never_exceed_it(
    delays: list[float], changes: list[tuple[tuple[str, int], float]]
):
    """However long requests are on their way, up to `ARRIVED_WITHIN`."""
    world = World([*delays, 0.0])
    world.join()
    for (change, place), pause in changes:
        match change:
            case "join" if len(world.there) < 4:
                world.join()
            case "leave":
                world.leave(place)
            case "hand over":
                world.hand_over()
        world.run(pause)

    assert most_within_a_second(world.arrivals) <= MOST


def test_the_one_that_posts_uses_nearly_all_of_it():
    world = World([0.0])
    world.join()
    world.run(3.0)
    world.join()
    world.run(10.0)

    late = [at for at in world.arrivals if 8 <= at < 13]
    assert len(late) > 0.9 * MOST * 5


@pytest.mark.parametrize("processes", [1, 2, 3, 10, 20])
def test_the_shares_are_the_whole_limit(processes: int):
    posts = share_of(50, processes, posts=True)
    others = share_of(50, processes, posts=False)

    assert posts + max(1, processes - 1) * others == 50
