"""Which of several bots in one process does which part; tests move parts as leases do."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from functools import partial

from bot.core.services.ending import ends_before


@dataclass
class Owners:
    """Who does what. A part that is moved ends at its old owner before it begins at the new one."""

    of: dict[Hashable, str] = field(default_factory=dict)
    running: set[Hashable] = field(default_factory=set)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def part(self, owner: str, name: Hashable) -> "OwnedPart":
        """The part as that bot sees it."""
        return OwnedPart(self, owner, name)

    def move(self, name: Hashable, owner: str) -> None:
        self.of[name] = owner
        self._changed.set()
        self._changed = asyncio.Event()

    async def alone(self, work: Callable[[], Awaitable[None]]) -> None:
        """One bot after the other."""
        async with self._turn:
            await work()

    async def until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            await self._changed.wait()

    def ended(self, name: Hashable) -> None:
        self.running.discard(name)
        self._changed.set()
        self._changed = asyncio.Event()


@dataclass(frozen=True)
class OwnedPart:
    """`ports.Part` of one bot."""

    owners: Owners
    owner: str
    name: Hashable

    def is_ours(self) -> bool:
        return self.owners.of.get(self.name) == self.owner

    async def while_ours(self, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            await self.owners.until(lambda: self.is_ours() and self.name not in self.owners.running)
            self.owners.running.add(self.name)
            try:
                lost = partial(self.owners.until, lambda: not self.is_ours())
                await ends_before(lost, work)
            finally:
                self.owners.ended(self.name)
