"""A part of a platform's work that one process does at a time, where several share it."""

from collections.abc import Awaitable, Callable
from typing import Protocol


class Part(Protocol):
    """Whether this process does it; that may change at any time."""

    def is_ours(self) -> bool:
        """Whether it does now."""

    async def while_ours(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` whenever it does; cancel it before another process begins.

        Until cancelled, or until `work` ends by itself or raises.
        """


class Alone:
    """`Part` of a process that shares with no other."""

    def is_ours(self) -> bool:
        """Always."""
        return True

    async def while_ours(self, work: Callable[[], Awaitable[None]]) -> None:
        """Once."""
        await work()


ALONE = Alone()
