"""A request gate that lets everything through at once, and records it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bot.arxiv.ports import SourceFailureError


class OpenGate:
    """`ports.RequestGate` without a wait; it records requests, failures, and requests with a response."""

    def __init__(self) -> None:
        self.turns: list[str] = []
        self.failures: list[SourceFailureError] = []
        self.answered: list[str] = []

    @asynccontextmanager
    async def turn(self, target: str) -> AsyncIterator[Callable[[], None]]:
        self.turns.append(target)
        try:
            yield lambda: self.answered.append(target)
        except SourceFailureError as failure:
            self.failures.append(failure)
            raise
