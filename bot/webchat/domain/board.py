"""The memory of the web chat: its channels and messages."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Protocol

from bot.core.domain.dataclass import dataclass
from bot.core.domain.document import Document

COMPLETED_WITHIN = timedelta(minutes=1)

_INBOX = "@"
"""How the names of inboxes begin, and those of no other channels."""


def inbox_of(person: str) -> str:
    """The name of the channel that a person alone reads."""
    return f"{_INBOX}{person}"


def may_read(channel: str, person: str) -> bool:
    """Whether a person reads a channel: everybody reads all but other people's inboxes."""
    return not channel.startswith(_INBOX) or channel == inbox_of(person)


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a message of the web chat, under the name and in the language they had then."""

    id: str
    name: str
    locale: str = ""


@dataclass(frozen=True, slots=True)
class BoardMessage:
    """One message of the web chat as the board keeps it.

    `content` is a document for the bot's messages and text for people's; it is empty text once
    `deleted`. `author` of a message of the bot is whoever asked for it, with `question` the
    command line, or `None`. `root` is the message in whose thread it stands; `replies` counts
    what is left in its own thread, `likes` the people who like it here. Every change, also of the thread, gives the message a higher
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
    likes: int = 0

    @property
    def is_marked_edited(self) -> bool:
        """Whether readers are told that the message was edited.

        Not for a message of the bot that is completed after it was posted: the titles of a digest
        become links as soon as the papers' messages are there, and no word changes.
        """
        if self.edited_at is None or self.deleted:
            return False
        return not self.by_bot or self.edited_at - self.posted_at > COMPLETED_WITHIN


class Board(Protocol):
    """The memory of the web chat: its channels and messages. Instants are aware UTC."""

    async def list_channels(self) -> tuple[str, ...]:
        """Their names without inboxes, oldest first; `general` is always there."""
        ...

    async def has_channel(self, name: str) -> bool:
        """Whether there is such a channel or inbox."""
        ...

    async def open_inbox(self, person: str, *, at: datetime) -> str:
        """The name of a person's inbox, which this makes exist. Raises `UsageError`."""
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
        """Store a message; a repeated `key` returns the stored message unchanged.

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
        """Replace a message's content (and `question`); `None` when it was deleted."""
        ...

    async def remove(self, message: int, *, at: datetime) -> BoardMessage | None:
        """Delete a message's content; `None` when there is no such message. May be repeated."""
        ...

    async def touch(self, message: int) -> BoardMessage | None:
        """Give a message a new revision, since its likes have changed; `None` when there is none."""
        ...

    async def list_liked(
        self, person: str, channel: str, messages: Collection[int]
    ) -> frozenset[int]:
        """Those of the messages of a channel that a person likes."""
        ...

    async def list_unprocessed(self, *, limit: int) -> tuple[BoardMessage, ...]:
        """Replies in threads that the inbox has not got yet, or not as they are now, in order.

        Each post, edit and deletion of a person lists its message here until `mark_processed`.
        """
        ...

    async def mark_processed(self, message: BoardMessage) -> None:
        """The inbox has got this revision of the message; a later one stays listed."""
        ...

    async def list_messages(
        self, channel: str, *, limit: int, root: int | None = None, before: int | None = None
    ) -> tuple[BoardMessage, ...]:
        """The newest `limit` messages with an id below `before`, oldest of them first.

        They are the channel's own, or those in the thread of `root`. Deleted ones are left out
        unless there are replies to them.
        """
        ...

    async def list_changes(
        self, after: int, *, limit: int, reader: str | None = None
    ) -> tuple[BoardMessage, ...]:
        """The messages with a revision above `after`, in that order, deleted ones included.

        With a `reader` those that this person may read (`may_read`).
        """
        ...

    async def newest_revision(self) -> int:
        """The highest revision there is, or 0."""
        ...
