"""The memory of the web chat: its channels and messages."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.core.domain.document import Document


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a message of the web chat, under the name they had then."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class BoardMessage:
    """One message of the web chat as the board keeps it.

    `content` is a document for the bot's messages and text for people's; it is empty text once
    `deleted`. `author` of a message of the bot is whoever asked for it, with `question` the
    command line, or `None`. `root` is the message in whose thread it stands; `replies` counts
    what is left in its own thread. Every change, also of the thread, gives the message a higher
    `revision` than any message had before.
    """

    id: int
    channel: str
    root: int | None
    author: Author | None
    by_bot: bool
    question: str
    content: Document | str
    posted_at: datetime
    edited_at: datetime | None
    deleted: bool
    key: str | None
    replies: int
    last_reply_at: datetime | None
    revision: int


class Board(Protocol):
    """The memory of the web chat: its channels and messages. Instants are aware UTC."""

    async def list_channels(self) -> tuple[str, ...]:
        """Their names, oldest first; `general` is always there."""
        ...

    async def add_channel(self, name: str, *, at: datetime) -> None:
        """Make the channel exist; repeating it changes nothing. Raises `UsageError`."""
        ...

    async def add(
        self,
        channel: str,
        content: Document | str,
        *,
        at: datetime,
        root: int | None = None,
        author: Author | None = None,
        question: str = "",
        key: str | None = None,
    ) -> BoardMessage:
        """Keep a message; the same `key` again gives the message that is there, unchanged.

        The channel, and the root where there is one, must exist.
        """
        ...

    async def find(self, message: int) -> BoardMessage | None:
        """The message of that id, deleted ones included."""
        ...

    async def find_by_key(self, channel: str, key: str, *, since: datetime) -> BoardMessage | None:
        """The message with that key in that channel, if posted at or after `since`."""
        ...

    async def update(
        self, message: int, content: Document | str, *, at: datetime, question: str | None = None
    ) -> BoardMessage | None:
        """Replace what a message says (and its `question`); `None` when it is gone."""
        ...

    async def remove(self, message: int, *, at: datetime) -> BoardMessage | None:
        """Forget what a message said; `None` when there never was one. May be repeated."""
        ...

    async def list_unheard(self, *, limit: int) -> tuple[BoardMessage, ...]:
        """What people wrote, changed or took back in threads and the bot has not heard, in order.

        It is noted with the change itself, and stands here until `mark_heard`.
        """
        ...

    async def mark_heard(self, heard: BoardMessage) -> None:
        """The bot has heard the message as it is in `heard`; a change after that stays unheard."""
        ...

    async def list_messages(
        self, channel: str, *, limit: int, root: int | None = None, before: int | None = None
    ) -> tuple[BoardMessage, ...]:
        """The newest `limit` messages with an id below `before`, oldest of them first.

        They are the channel's own, or those in the thread of `root`. Deleted ones are left out
        unless there are replies to them.
        """
        ...

    async def list_changes(self, after: int, *, limit: int) -> tuple[BoardMessage, ...]:
        """The messages with a revision above `after`, in that order, deleted ones included."""
        ...

    async def newest_revision(self) -> int:
        """The highest revision there is, or 0."""
        ...
