"""A turnstile that lets everything through at once, and remembers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.ports import SourceFailureError


class OpenGate:
    """`ports.Turnstile` without a wait; `turns` and `failures` are what went through it."""

    def __init__(self) -> None:
        self.turns: list[str] = []
        self.failures: list[SourceFailureError] = []

    @asynccontextmanager
    async def turn(self, target: str) -> AsyncIterator[None]:
        self.turns.append(target)
        try:
            yield
        except SourceFailureError as failure:
            self.failures.append(failure)
            raise
