# ruff: noqa: ARG002 - methods have the parameters of their protocols
"""The backfill reads whatever was missed, whatever fails on the way, and believes only the whole."""

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.domain.errors import StorageError
from bot.core.domain.extent import Extent
from bot.core.ports import (
    ChannelRef,
    ChatRefusedError,
    ChatUnavailableError,
    KeptReply,
    MessageRef,
    Platform,
)
from bot.discussion.inbound.backfill import Backfill
from bot.discussion.inbound.thread_queue import Outcome, ThreadQueue
from bot.discussion.inbound.thread_reader import FoundMessage, NoThreadError, PositionFormat
from tests.platforms.memory import Notes

NOW = datetime(2026, 2, 3, 9, tzinfo=UTC)
MARGIN = timedelta(minutes=2)
SHOWN_AFTER = timedelta(minutes=1.5)
NOTE = PositionFormat("heard", datetime.fromisoformat, datetime.isoformat)
CHANNEL = ChannelRef(Platform.SLACK, "T1", "C1")
ROOT = MessageRef(CHANNEL, "root")


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


@dataclass
class Room:
    """A platform with one channel, its inbox, and the bot's notes; a `ProcessedEvents`, a `Replies`."""

    threads: dict[str, list[tuple[str, datetime, datetime | None]]] = field(default_factory=dict)
    notes: Notes = field(default_factory=Notes)
    clock: datetime = NOW
    failures: list[Exception] = field(default_factory=list)
    """What the next readings of a thread raise."""
    refuses_to_store: int = 0
    kept: list[KeptReply] = field(default_factory=list)
    shows: bool = True
    heard: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    readings: list[str] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    pauses: list[float] = field(default_factory=list)

    def build(self) -> "Backfill[str]":
        """A bot that was started just now."""
        self.queue = ThreadQueue(Platform.SLACK, seen=self, sleep=self.sleep)
        return Backfill(
            Platform.SLACK,
            self.queue,
            memo=self.notes,
            replies=self,
            clock=lambda: self.clock,
            sleep=self.sleep,
            margin=MARGIN,
            shown_after=SHOWN_AFTER,
        )

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.clock += timedelta(seconds=seconds)

    async def is_known(self, event_id: str) -> bool:
        return event_id in self.known

    async def first_time(self, event_id: str) -> bool:
        self.known.add(event_id)
        return True

    async def roots(self, platform: Platform, since: datetime) -> tuple[MessageRef, ...]:
        return (ROOT,)

    async def papers(self, platform: Platform, since: datetime) -> tuple[MessageRef, ...]:
        return ()

    async def kept_in(self, root: MessageRef) -> tuple[KeptReply, ...]:
        return tuple(self.kept)

    async def deal(self, name: str) -> None:
        if self.refuses_to_store:
            self.refuses_to_store -= 1
            raise StorageError("full")
        self.heard.append(name)

    async def take(self, name: str) -> Outcome:
        return await self.queue.once(name, partial(self.deal, name))

    async def hand_on(self, name: str) -> Outcome:
        return await self.queue.hand_on(name, partial(self.take, name))

    async def channels(self, since: datetime) -> Collection[str]:
        return ["C1"]

    async def threads_of(self, since: datetime) -> list[str]:
        return [
            name
            for name, messages in self.threads.items()
            if any(said > since for _, said, _ in messages)
        ]


class Reader:
    """`ThreadReader` over a room."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def channels(self, since: datetime) -> Collection[str]:
        return await self._room.channels(since)

    async def threads(self, channel: str, since: datetime) -> Collection[str]:
        return await self._room.threads_of(since)

    async def messages(self, thread: str, since: datetime) -> AsyncIterator[FoundMessage]:
        self._room.readings.append(thread)
        if self._room.failures:
            raise self._room.failures.pop(0)
        for name, said, edited in self._room.threads[thread]:
            if said >= since:
                hand_on = partial(self._room.hand_on, f"{name}/{edited}" if edited else name)
                yield FoundMessage(name, thread, said, edited, hand_on)

    async def find(self, root: MessageRef) -> str | None:
        return root.id if root.id in self._room.threads else None

    def time_of(self, message: MessageRef) -> datetime | None:
        return None

    async def shows_all(self, root: MessageRef, found: Collection[str]) -> bool:
        return self._room.shows

    async def is_deleted(self, root: MessageRef) -> bool:
        return self._room.shows

    async def hand_on_deletion(self, message: MessageRef) -> None:
        self._room.deleted.append(message.id)
        self._room.kept = [each for each in self._room.kept if each.message != message]

    def receives_all(self) -> bool:
        return True


def kept(name: str, said: datetime, edited: datetime | None = None) -> KeptReply:
    return KeptReply(MessageRef(CHANNEL, name), said, edited)


async def restarted(room: Room, heard_to: datetime) -> "Backfill[str]":
    room.notes.kept["heard"] = heard_to.isoformat()
    backfill = room.build()
    await backfill.restore(NOTE)
    backfill.resumed()
    return backfill


async def test_messages_after_the_position_are_read_in_order_and_once():
    room = Room({"a": [("1", at(-9), None), ("2", at(-7), None), ("3", at(-6), None)]})
    backfill = await restarted(room, at(-8))

    assert await backfill.catch_up(Reader(room))
    assert await backfill.catch_up(Reader(room))

    assert room.heard == ["2", "3"]
    assert room.notes.kept["heard"] == at(-2).isoformat()
    assert not backfill.has_gap


async def test_a_first_start_reads_no_old_messages():
    room = Room({"a": [("1", at(-9), None)]})
    backfill = room.build()
    await backfill.restore(NOTE)

    await backfill.catch_up(Reader(room))

    assert room.heard == []


async def test_a_thread_that_fails_is_read_again_before_the_position_moves():
    room = Room({"a": [("1", at(-5), None)], "b": [("2", at(-4), None)]})
    room.failures = [ChatUnavailableError("busy"), ChatUnavailableError("busy")]
    backfill = await restarted(room, at(-8))

    await backfill.catch_up(Reader(room))

    assert sorted(room.heard) == ["1", "2"]
    assert room.readings == ["a", "b", "a", "b"]
    assert room.pauses == [2.0]


@pytest.mark.parametrize("error", [ChatRefusedError("no", Extent.CHANNEL), NoThreadError()])
async def test_a_thread_that_may_not_be_read_or_is_gone_stops_nothing(error: Exception):
    room = Room({"a": [("1", at(-5), None)]}, failures=[error])
    backfill = await restarted(room, at(-8))

    assert await backfill.catch_up(Reader(room))

    assert room.notes.kept["heard"] == at(-2).isoformat()


async def test_an_interruption_ends_the_reading_and_keeps_the_position():
    room = Room({"a": [("1", at(-5), None)]}, failures=[ChatUnavailableError("busy")])
    backfill = await restarted(room, at(-8))

    async def interrupted(_seconds: float) -> None:
        backfill.interrupted()

    backfill._sleep = interrupted

    assert not await backfill.catch_up(Reader(room))
    assert room.notes.kept["heard"] == at(-8).isoformat()
    assert backfill.has_gap


@given(seconds=st.floats(0, 3600), full=st.integers(0, 3))
async def test_a_message_that_is_not_stored_yet_is_read_after_a_restart(seconds: float, full: int):
    said = NOW - timedelta(seconds=seconds)
    room = Room({"a": [("1", said, None)]})
    backfill = await restarted(room, at(-120))

    with room.queue.holding(said):
        await backfill.move(Reader(room), NOW)
    room.refuses_to_store = full
    after = room.build()
    await after.restore(NOTE)
    after.resumed()
    await after.catch_up(Reader(room))

    assert room.heard == ["1"]


async def test_missed_messages_of_a_thread_come_before_a_new_one():
    room = Room({"a": [("1", at(-5), None)], "b": [("2", at(-4), None)]})
    backfill = await restarted(room, at(-8))

    await backfill.before(Reader(room), "a")
    await backfill.before(Reader(room), "a")

    assert room.heard == ["1"]
    assert room.readings == ["a"]


async def test_newer_versions_and_deletions_are_handed_on():
    room = Room({"root": [("1", at(-60), None), ("2", at(-50), at(-40))]})
    room.kept = [kept("1", at(-60)), kept("2", at(-50)), kept("3", at(-45)), kept("4", at(-1))]
    backfill = await restarted(room, NOW)

    assert await backfill.compare(Reader(room))

    assert room.heard == [f"2/{at(-40)}"]
    assert room.deleted == ["3", "4"]
    assert room.pauses == [pytest.approx(30, abs=0.1)]  # before that 4 might not be shown yet


async def test_a_reply_that_is_shown_late_is_not_taken_for_deleted():
    room = Room({"root": [("1", at(-60), None)]})
    room.kept = [kept("1", at(-60)), kept("2", at(-1)), kept("3", at(-0.5))]
    backfill = await restarted(room, NOW)

    async def shown(seconds: float) -> None:
        room.threads["root"] += [("2", at(-1), None)]
        room.clock += timedelta(seconds=seconds)

    backfill._sleep = shown

    assert await backfill.compare(Reader(room))

    assert room.deleted == ["3"]


async def test_replies_that_came_after_the_comparison_began_are_left_to_their_events():
    room = Room({"root": [("1", at(-60), None)]})
    room.kept = [kept("1", at(-60)), kept("2", at(0.1))]
    backfill = await restarted(room, NOW)

    assert await backfill.compare(Reader(room))

    assert (room.deleted, room.pauses) == ([], [])


@pytest.mark.parametrize("error", [None, NoThreadError()])
async def test_hidden_messages_are_not_taken_for_deleted(error: Exception | None):
    room = Room({"root": []}, shows=False, failures=[error] if error else [])
    room.kept = [kept("1", at(-60))]
    backfill = await restarted(room, NOW)

    assert await backfill.compare(Reader(room))

    assert room.deleted == []


async def test_a_thread_read_incompletely_deletes_nothing_and_is_compared_again():
    room = Room({"root": []}, failures=[ChatUnavailableError("busy")])
    room.kept = [kept("1", at(-60))]
    backfill = await restarted(room, NOW)

    assert await backfill.compare(Reader(room))

    assert room.deleted == ["1"]
    assert room.readings == ["root", "root"]
