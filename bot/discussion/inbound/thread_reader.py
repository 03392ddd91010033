"""What the backfill needs of a platform: reading its threads."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Hashable
from datetime import datetime
from typing import Protocol, TypeVar

from bot.core.domain.dataclass import dataclass
from bot.core.ports import MessageRef
from bot.discussion.inbound.thread_queue import Outcome


class NoThreadError(Exception):
    """The platform does not show this thread."""


@dataclass(frozen=True, slots=True)
class FoundMessage:
    """A message in a thread; `id` is that of its `MessageRef`.

    `hand_on` gives this version to the inbox, with the lock of `thread` held. It is `None` for what
    the inbox does not want: the bot's own messages and the platform's.
    """

    id: str
    thread: Hashable
    at: datetime
    edited_at: datetime | None = None
    hand_on: Callable[[], Awaitable[Outcome]] | None = None


Thread = TypeVar("Thread", bound=Hashable)


class ThreadReader(Protocol[Thread]):
    """Reads the threads of one workspace, slowly and whole.

    Raises `ChatError`; `ChatRefusedError` where the bot may not read. Whatever is read was read to
    its end, or an error is raised.
    """

    async def channels(self, since: datetime) -> Collection[str]:
        """The channels that may have threads with messages after that."""
        ...

    async def threads(self, channel: str, since: datetime) -> Collection[Thread]:
        """The threads of a channel with messages after that."""
        ...

    def messages(self, thread: Thread, since: datetime) -> AsyncIterator[FoundMessage]:
        """The messages of a thread since that instant, oldest first. Raises `NoThreadError`."""
        ...

    async def find(self, root: MessageRef) -> Thread | None:
        """The thread of a root; `None` if it is not shown. May raise `NoThreadError`."""
        ...

    def time_of(self, message: MessageRef) -> datetime | None:
        """When a message was said, as far as its id says so."""
        ...

    async def shows_all(self, root: MessageRef, found: Collection[str]) -> bool:
        """Whether a message that is not among the `found` was deleted, not only hidden."""
        ...

    async def is_deleted(self, root: MessageRef) -> bool:
        """Whether a thread that raised `NoThreadError` was deleted, not only hidden."""
        ...

    async def hand_on_deletion(self, message: MessageRef) -> None:
        """Tell the inbox that a message was deleted."""
        ...

    def receives_all(self) -> bool:
        """Whether the bot gets events from the whole workspace; else the position does not move."""
        ...


@dataclass(frozen=True, slots=True)
class PositionFormat:
    """How a workspace's position is stored: the key, and the text."""

    name: str
    read: Callable[[str], datetime]
    write: Callable[[datetime], str]
