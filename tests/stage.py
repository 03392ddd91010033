"""A vault, a database, a clock and a platform in memory: what tests of the outbox act on."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.archive.services.import_files import import_files
from bot.core.database.database import BUSY_SECONDS, Database
from bot.core.domain.document import Document
from bot.core.domain.extent import Extent
from bot.core.domain.i18n import ENGLISH, Translate
from bot.core.ports import (
    ChannelRef,
    Chat,
    ChatError,
    ChatRefusedError,
    DeliveryKey,
    Inbox,
    MessageRef,
    Platform,
    parse_channel,
)
from bot.digest.services.options.typed import TypedOptions
from bot.outbox.domain.delivery import Step
from bot.outbox.domain.rate_limit import RateLimits
from bot.outbox.services.calls_in_flight import Terms
from bot.outbox.services.changes import Changer
from bot.outbox.services.deliver import Deliverer
from bot.outbox.store.claims import Claimed
from tests.databases import throw_away
from tests.locations import Location

GENERAL = parse_channel("slack:T1/C1")
NINE_IN_SEOUL = TypedOptions(at="09:00", zone="Asia/Seoul")
MORNING = datetime(2026, 2, 3, 0, 0, tzinfo=UTC)
"""Nine o'clock in Seoul on 3 February 2026."""


def english(_locale: str) -> Translate:
    return ENGLISH


@dataclass(slots=True)
class Posted:
    """A message as the platform in memory keeps it."""

    id: str
    channel: ChannelRef
    root: str | None
    key: DeliveryKey
    document: Document
    at: datetime
    edits: int = 0


@dataclass(slots=True)
class MemoryChat:
    """A platform that does as it is told: `errors` are raised one by one, `None` is none.

    An error in `late_errors` is raised although the message was kept. `trouble` says of a channel
    and a thread in it what every call there raises, as long as it stands; `calls` counts them all.
    `attempts_since` has what `post` and `reply` were told of earlier attempts.
    """

    now: "Clock"
    platform: Platform = Platform.SLACK
    posted: list[Posted] = field(default_factory=list)
    errors: list[BaseException | None] = field(default_factory=list)
    late_errors: list[BaseException | None] = field(default_factory=list)
    find_errors: list[BaseException | None] = field(default_factory=list)
    edit_errors: list[BaseException | None] = field(default_factory=list)
    delete_errors: list[BaseException | None] = field(default_factory=list)
    direct_errors: list[BaseException | None] = field(default_factory=list)
    trouble: Callable[[ChannelRef, str | None], ChatError | None] | None = None
    attempts_since: list[datetime | None] = field(default_factory=list)
    calls: int = 0
    kept: int = 0

    async def post(
        self,
        channel: ChannelRef,
        document: Document,
        *,
        key: DeliveryKey,
        since: datetime | None = None,
    ) -> MessageRef:
        self.attempts_since.append(since)
        return self._keep(channel, None, document, key)

    async def reply(
        self,
        root: MessageRef,
        document: Document,
        *,
        key: DeliveryKey,
        since: datetime | None = None,
    ) -> MessageRef:
        self.attempts_since.append(since)
        return self._keep(root.channel, root.id, document, key)

    def _keep(
        self, channel: ChannelRef, root: str | None, document: Document, key: DeliveryKey
    ) -> MessageRef:
        self._meet(channel, root, self.errors)
        self.kept += 1
        message = Posted(f"m{self.kept}", channel, root, key, document, self.now())
        self.posted.append(message)
        _raise_next(self.late_errors)
        return MessageRef(channel, message.id)

    async def find(
        self,
        channel: ChannelRef,
        key: DeliveryKey,
        *,
        since: datetime,
        root: MessageRef | None = None,
    ) -> MessageRef | None:
        place = root.id if root is not None else None
        self._meet(channel, place, self.find_errors)
        for each in self.posted:
            if (each.channel, each.root, each.key) == (channel, place, key) and each.at >= since:
                return MessageRef(channel, each.id)
        return None

    async def edit(self, message: MessageRef, document: Document) -> None:
        found = next((each for each in self.posted if each.id == message.id), None)
        self._meet(message.channel, found.root if found else None, self.edit_errors)
        if found is None:
            raise ChatRefusedError("the message is gone", Extent.GONE)
        found.document = document
        found.edits += 1

    async def delete(self, message: MessageRef) -> None:
        found = next((each for each in self.posted if each.id == message.id), None)
        self._meet(message.channel, found.root if found else None, self.delete_errors)
        if found is not None:
            self.posted.remove(found)

    async def direct_channel(self, workspace: str, user: str) -> ChannelRef:
        _raise_next(self.direct_errors)
        return ChannelRef(self.platform, workspace, f"direct-{user}")

    async def run(self, inbox: Inbox) -> None:
        """Nobody talks to it."""

    def _meet(
        self, channel: ChannelRef, root: str | None, errors: list[BaseException | None]
    ) -> None:
        """What goes wrong with a call."""
        self.calls += 1
        error = self.trouble(channel, root) if self.trouble is not None else None
        if error is not None:
            raise error
        _raise_next(errors)


def _raise_next(errors: list[BaseException | None]) -> None:
    error = errors.pop(0) if errors else None
    if error is not None:
        raise error


class Clock:
    """A clock that tests turn."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def turn(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass(slots=True)
class Stage:
    """Everything around the outbox."""

    db: Database
    vault: Path
    clock: Clock
    chat: MemoryChat

    def write(
        self,
        name: str,
        on: date,
        words: str = "A fine paper.",
        tags: str = "#rl",
        *,
        authors: str = "Ada Lovelace",
    ) -> Path:
        """A note in the vault, not yet imported."""
        file = self.vault / f"{on:%y%m%d} {name}.md"
        file.write_text(f"*{name}* ({authors})\n\n{words}\n\n{tags}\n", encoding="utf-8")
        return file

    async def sync(self) -> None:
        """The vault as it is, into the database."""
        await import_files(self.db, [self.vault], now=self.clock(), withdraw_missing=True)

    async def note(
        self, name: str, on: date, words: str = "A fine paper.", tags: str = "#rl"
    ) -> None:
        """A note, imported."""
        self.write(name, on, words, tags)
        await self.sync()

    def deliverer(
        self,
        chats: Mapping[Platform, Chat] | None = None,
        observe: Callable[[Claimed, Step], None] = lambda _claimed, _step: None,
    ) -> Deliverer:
        return Deliverer(
            self.db,
            chats if chats is not None else {self.chat.platform: self.chat},
            owner="me",
            clock=self.clock,
            rate_limits=RateLimits({}),
            jitter=lambda: 0.5,
            terms=Terms(),
            observe=observe,
        )

    def changer(self, chats: Mapping[Platform, Chat] | None = None, **more: Any) -> Changer:
        return Changer(
            self.db,
            chats if chats is not None else {self.chat.platform: self.chat},
            clock=self.clock,
            rate_limits=RateLimits({}),
            jitter=lambda: 0.5,
            **more,
        )

    def said(self) -> list[str]:
        """What was posted, by its summary."""
        return [each.document.summary for each in self.chat.posted]


@asynccontextmanager
async def staged(
    folder: Path,
    at: datetime = MORNING,
    path: Location | None = None,
    busy_seconds: float = BUSY_SECONDS,
) -> AsyncIterator[Stage]:
    """A stage on a throw-away database, or on that one."""
    async with throw_away(path, busy_seconds=busy_seconds) as db:
        vault = folder / "vault"
        vault.mkdir(exist_ok=True)
        clock = Clock(at)
        yield Stage(db, vault, clock, MemoryChat(clock))
