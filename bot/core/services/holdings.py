"""What of the bot's work this process does: all of it, or its share (`bot.core.services.shared_work`)."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Holdings(Protocol):
    """What this process may do now; names are those of leases, such as `plan`."""

    @property
    def owner(self) -> str:
        """This process, as claims of deliveries name it."""

    @property
    def names(self) -> frozenset[str] | None:
        """All that it holds now, the same object while that is the same; `None` for everything."""

    @property
    def processes(self) -> int | None:
        """How many processes share the work, this one included.

        0 while it does not take part; `None` where none ever does.
        """

    def holds(self, name: str) -> bool:
        """Whether to do the work of that name now."""

    def is_inherited(self, name: str) -> bool:
        """Whether another process did it before, perhaps until a moment ago."""

    def using(self, name: str) -> AbstractContextManager[bool]:
        """Whether to do the work of that name; no other process gets it meanwhile."""

    async def while_held(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` whenever the name is held; cancel it before another process gets it.

        Until cancelled, or until `work` ends by itself or raises.
        """

    async def alone(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` while no other process runs it under that name; waits for its turn."""


class Everything:
    """`Holdings` of a process that shares with no other."""

    names: frozenset[str] | None = None
    processes: int | None = None

    def __init__(self, owner: str) -> None:
        self.owner = owner

    def holds(self, _name: str) -> bool:
        """Always."""
        return True

    def is_inherited(self, _name: str) -> bool:
        """Never."""
        return False

    @contextmanager
    def using(self, _name: str) -> Iterator[bool]:
        """Always."""
        yield True

    async def while_held(self, _name: str, work: Callable[[], Awaitable[None]]) -> None:
        """At once."""
        await work()

    async def alone(self, _name: str, work: Callable[[], Awaitable[None]]) -> None:
        """At once."""
        await work()
