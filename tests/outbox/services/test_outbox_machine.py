"""The outbox against a plain model: whatever happens in whatever order, one message each.

The machine plays everybody: processes that plan, claim and settle, a platform that keeps what
reaches it (perhaps late, but within the lease), crashes, searches, editors, an operator. The
model is a list of records in memory; after every step the database must say what it says.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import product
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from bot.channels.store import subscriptions
from bot.core.domain.document import Document, Paragraph, Text
from bot.core.domain.extent import Extent
from bot.core.ports import ChannelRef, DeliveryKey, Platform
from bot.digest.services import subscribe
from bot.outbox.domain.content_hash import content_hash
from bot.outbox.domain.delivery import (
    Absent,
    Accepted,
    Attempt,
    NotNow,
    Priority,
    Refused,
    State,
    Step,
    Uncertain,
    Unsearchable,
    Unsearched,
    after_call,
    after_search,
    delivery_key,
)
from bot.outbox.domain.reach import whole
from bot.outbox.services import operator_actions
from bot.outbox.store import claims, deliveries, edits
from bot.outbox.store.claims import Claimed
from bot.outbox.store.deliveries import Draft, Settled
from bot.outbox.store.waiting import held
from tests.databases import open_throw_away
from tests.outbox_stage import add_slot

T = TypeVar("T")

CHANNELS = tuple(ChannelRef(Platform.SLACK, "T1", f"C{n}") for n in range(2))
LEASE = timedelta(seconds=60)
START = datetime(2026, 2, 3, tzinfo=UTC)

PLACES = ("thread", "channel")
"""What messages wait for together."""

places = st.integers(0, 100)


@dataclass(slots=True)
class Record:
    """What the model knows of one delivery."""

    id: int
    channel: ChannelRef
    key: str
    root: "Record | None"
    content_hash: str
    state: State = State.PLANNED
    priority: Priority = Priority.DIGEST
    attempt: int = 0
    ready_at: datetime = START
    failures: int = 0
    operator_confirmed: bool = False
    in_doubt: bool = False
    waits_for: str | None = None
    sending: str | None = None
    shown: str | None = None
    out_of_turn: bool = False
    by_hand: bool = False
    closed: bool = False

    @property
    def is_open(self) -> bool:
        return self.state in (State.PLANNED, State.SENDING)

    @property
    def waits_for_a_place(self) -> bool:
        return self.state is State.HELD and self.waits_for in PLACES


@dataclass(slots=True)
class Call:
    """A request of some process, alive or not; `on_message` is the document that it carries."""

    record: Record
    claimed: Claimed
    said: str
    arrived: bool = False


@dataclass(slots=True)
class World:
    """The platform: what it kept, in order, and what each message says."""

    kept: list[tuple[ChannelRef, str]] = field(default_factory=list)
    shows: dict[str, str] = field(default_factory=dict)


class Outbox(RuleBasedStateMachine):
    """Everybody at once."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.now = START
        self.records: list[Record] = []
        self.calls: list[Call] = []  # their processes live
        self.searches: list[Call] = []
        self.ghosts: list[Call] = []  # their processes are dead, or have given up waiting
        self.world = World()
        self.refused: set[ChannelRef] = set()
        self.db = self.run(open_throw_away())
        self.slots = {channel: self.run(self._slot(channel)) for channel in CHANNELS}

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    async def _slot(self, channel: ChannelRef) -> int:
        async with self.db.transaction() as tx:
            return await add_slot(tx, channel, self.now)

    def teardown(self) -> None:
        try:
            self._settle_down()
        finally:
            self.run(self.db.close())
            self.runner.close()

    @initialize()
    def begin_with_something_to_do(self) -> None:
        for channel in CHANNELS:
            self.plan(channel, replies=1, doubtful=False)

    # What processes do.

    @rule(channel=st.sampled_from(CHANNELS), replies=st.integers(0, 2), doubtful=st.booleans())
    def plan(self, channel: ChannelRef, replies: int, doubtful: bool) -> None:
        """A message and perhaps replies to it; perhaps somebody else has posted them before."""
        root: Record | None = None
        for number in range(1 + replies):
            part = f"part {len(self.records)}"
            draft = Draft(
                key=DeliveryKey(delivery_key(str(channel), part)),
                channel=channel,
                part=part,
                document=document(part),
                slot_id=self.slots[channel],
                reply_to=f"part {root.id - 1}" if root is not None else None,
                doubt_from=self.now if doubtful else None,
            )
            self.run(self._add(draft))
            record = Record(
                len(self.records) + 1,
                channel,
                draft.key,
                root,
                content_hash(draft.document),
                ready_at=self.now,
            )
            if doubtful:
                record.state, record.sending = State.SENDING, ""
            self.records.append(record)
            root = root if number else record

    async def _add(self, draft: Draft) -> None:
        async with self.db.transaction() as tx:
            assert await deliveries.add(tx, [draft], self.now) == 1

    @precondition(lambda self: self.records)
    @rule(place=places)
    def reply_later(self, place: int) -> None:
        """A reply to a message that was planned before, whatever became of it."""
        roots = [record for record in self.records if record.root is None]
        root = roots[place % len(roots)]
        part = f"part {len(self.records)}"
        key = DeliveryKey(delivery_key(str(root.channel), part))
        draft = Draft(key, root.channel, part, document(part), root_id=root.id)
        self.run(self._add(draft))
        reply = Record(
            len(self.records) + 1,
            root.channel,
            key,
            root,
            content_hash(draft.document),
            ready_at=self.now,
        )
        reply.priority = Priority.ANSWER  # it is no part of the slot
        self.records.append(reply)
        before = [r for r in self.records if r.waits_for_a_place and self._is_in_the_way(r, reply)]
        if root.state in (State.HELD, State.DEAD):
            reply.state, reply.waits_for = State.HELD, "root"
        elif root.state is State.SENT and before:
            ahead = min(before, key=lambda r: (r.waits_for == "channel", r.id))
            reply.state, reply.waits_for = State.HELD, ahead.waits_for
            reply.ready_at = ahead.ready_at

    def _is_in_the_way(self, waits: Record, reply: Record) -> bool:
        """Whether a reply is to go where another one waits."""
        if waits.waits_for == "channel":
            return waits.channel == reply.channel and reply.root is not None
        return waits.root is reply.root

    @rule(channel=st.sampled_from(CHANNELS))
    def claim(self, channel: ChannelRef) -> None:
        """The model says whether there is something to claim, and what."""
        head = self._head(channel)
        expected = head if head and head.state is State.PLANNED and head.ready_at <= self.now else None  # fmt: skip

        claimed = self.run(self._claim(channel))

        assert [each.id for each in claimed] == ([expected.id] if expected else [])
        if expected is not None:
            expected.state = State.SENDING
            expected.attempt += 1
            expected.ready_at = self.now + LEASE
            expected.sending = expected.content_hash
            assert claimed[0].attempt == expected.attempt
            assert claimed[0].document is not None
            said = content_hash(claimed[0].document)
            assert said == expected.content_hash
            self.calls.append(Call(expected, claimed[0], said))

    def _head(self, channel: ChannelRef) -> Record | None:
        waiting = [r for r in self.records if r.channel == channel and r.is_open]
        return min(waiting, key=lambda record: (record.priority, record.id), default=None)

    async def _claim(self, channel: ChannelRef) -> tuple[Claimed, ...]:
        async with self.db.transaction() as tx:
            return await claims.claim(
                tx, [channel], owner="x", now=self.now, lease_until=self.now + LEASE
            )

    @rule(
        channel=st.sampled_from(CHANNELS),
        fate=st.sampled_from(["answer", "answer", "lose", "crash"]),
        arrives=st.booleans(),
    )
    def send(self, channel: ChannelRef, fate: str, arrives: bool) -> None:
        """A claim and what becomes of it, without anything in between."""
        before = len(self.calls)
        self.claim(channel)
        if len(self.calls) > before:
            if arrives or fate == "answer":
                self._arrive(self.calls[-1])
            self.end(before, fate)

    @precondition(lambda self: self._on_their_way())
    @rule(place=places)
    def arrive(self, place: int) -> None:
        """A request reaches the platform, whether anybody still waits for it or not."""
        self._arrive(self._on_their_way()[place % len(self._on_their_way())])

    def _on_their_way(self) -> list[Call]:
        """Requests that may still arrive: they do not outlive their leases."""
        everything = [*self.ghosts, *self.calls]
        return [
            call
            for call in everything
            if not call.arrived and self.now < call.claimed.state.lease_until
        ]

    def _arrive(self, call: Call) -> None:
        call.arrived = True
        self.world.kept.append((call.record.channel, call.record.key))
        self.world.shows[call.record.key] = call.said

    @precondition(lambda self: self.calls)
    @rule(place=places, what=st.sampled_from(["answer", "answer", "lose", "crash"]))
    def end(self, place: int, what: str) -> None:
        """The answer comes, or does not; or the process dies."""
        call = self.calls.pop(place % len(self.calls))
        if what == "answer" and call.arrived:
            self._settle(call, after_call(self._attempt(call), Accepted(f"m{call.record.id}"), now=self.now, jitter=0.5))  # fmt: skip
            return
        self.ghosts.append(call)
        if what == "lose":
            self._settle(call, after_call(self._attempt(call), Uncertain("reset"), now=self.now, jitter=0.5))  # fmt: skip

    @precondition(lambda self: any(not call.arrived for call in self.calls))
    @rule(
        place=places,
        refuses=st.none() | st.sampled_from(Extent),
        wait=st.none() | st.integers(1, 100),
    )
    def turn_away(self, place: int, refuses: Extent | None, wait: int | None) -> None:
        """The platform does not take it, for now or until somebody mends something."""
        waiting = [call for call in self.calls if not call.arrived]
        call = waiting[place % len(waiting)]
        self.calls.remove(call)
        retry_after = timedelta(seconds=wait) if wait is not None else None
        outcome = Refused("no", refuses) if refuses else NotNow("limit", retry_after)
        step = after_call(self._attempt(call), outcome, now=self.now, jitter=0.5)
        self._settle(call, step)

    def _attempt(self, call: Call) -> Attempt:
        return call.claimed.state

    def _settle(self, call: Call, step: Step) -> None:
        record = call.record
        mine = record.state is State.SENDING and record.attempt == call.claimed.attempt

        late = self.run(self._write(Settled(call.claimed, step)))

        assert late == (() if mine else (record.id,))
        if mine:
            self._apply(record, step)

    async def _write(self, settled: Settled) -> tuple[int, ...]:
        async with self.db.transaction() as tx:
            late = await deliveries.settle(tx, [settled], self.now)
            if settled.step.stops_subscription and not late:
                channel = str(settled.claimed.channel)
                await subscriptions.refuse(tx, channel, "refused", "archived", self.now)
            return late

    def _apply(self, record: Record, step: Step) -> None:
        record.state, record.failures = step.state, step.failures
        record.ready_at = step.not_before or record.ready_at
        record.in_doubt, record.waits_for = step.in_doubt, step.waits_for
        if step.state is State.SENT:
            record.shown = record.sending
            for reply in self._replies(record):
                if reply.state is State.HELD and reply.waits_for == "root":
                    # What may be there is looked for in the thread that is known now.
                    again = State.SENDING if reply.sending == "" else State.PLANNED
                    reply.state, reply.waits_for, reply.out_of_turn = again, None, True
            for waits in self.records:
                if waits.waits_for_a_place and (
                    waits.root is record.root
                    if waits.waits_for == "thread"
                    else waits.channel == record.channel
                ):
                    self._plan_again(waits)
                    waits.ready_at = self.now
        if step.state in (State.HELD, State.DEAD):
            self._hold(self._replies(record), "root")
        if step.waits_for in PLACES:
            self._wait_for_place(record, step, step.waits_for or "")
        record.closed = step.closes_thread
        if step.closes_thread:
            for other in self._to_come(record):
                if other.root is record.root:
                    other.state, other.waits_for, other.closed = State.DEAD, None, True
        if step.stops_subscription:
            self.refused.add(record.channel)
            self._wait_for_place(record, step, "channel")
            self._hold([r for r in self.records if r.channel == record.channel], "resume")

    def _plan_again(self, record: Record) -> None:
        record.state, record.waits_for, record.out_of_turn = State.PLANNED, None, True

    def _to_come(self, record: Record) -> list[Record]:
        """What else is to be posted as a reply in a message's channel."""
        return [
            each
            for each in self.records
            if each is not record
            and each.channel == record.channel
            and (each.state is State.PLANNED or each.waits_for_a_place)
            and each.root is not None
        ]

    def _wait_for_place(self, record: Record, step: Step, waits_for: str) -> None:
        assert step.not_before is not None
        for other in self._to_come(record):
            in_a_thread = other.root is not None and other.root.state is State.SENT
            if other.root is record.root or (waits_for == "channel" and in_a_thread):
                other.state, other.waits_for = State.HELD, waits_for
                other.ready_at = step.not_before

    def _replies(self, record: Record) -> list[Record]:
        return [each for each in self.records if each.root is record]

    def _hold(self, records: list[Record], waits_for: str) -> None:
        waiting = (State.PLANNED, State.SENDING) if waits_for == "root" else (State.PLANNED,)
        for record in records:
            if record.state in waiting:
                record.state, record.waits_for = State.HELD, waits_for

    @rule(seconds=st.sampled_from([1, 30, 60, 3600]))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @precondition(lambda self: any(record.waits_for_a_place for record in self.records))
    @rule()
    def try_again(self) -> None:
        """One message of each place that took nothing."""
        first: dict[object, Record] = {}
        for record in self.records:
            if record.waits_for_a_place:
                place = record.channel if record.waits_for == "channel" else id(record.root)
                first.setdefault(place, record)
        due = [
            record
            for record in first.values()
            if record.ready_at <= self.now
            and not any(
                other.is_open and other.root is not None and self._is_in_the_way(record, other)
                for other in self.records
            )
        ]

        assert self.run(self._is_due()) == bool(due)
        assert self.run(self._try_again()) == len(due)

        for record in due:
            self._plan_again(record)

    async def _is_due(self) -> bool:
        return await self.db.read(partial(held.is_due, now=self.now))

    async def _try_again(self) -> int:
        async with self.db.transaction() as tx:
            return await held.try_again(tx, self.now)

    @precondition(lambda self: self._in_doubt())
    @rule()
    def begin_searches(self) -> None:
        """Whatever is in doubt and whose lease has ended is to be looked for."""
        due = self._in_doubt()

        found = self.run(self._claim_searches())

        assert sorted(each.id for each in found) == sorted(record.id for record in due)
        for claimed in found:
            record = self.records[claimed.id - 1]
            record.attempt += 1
            record.ready_at = self.now + LEASE
            assert (claimed.attempt, claimed.state.operator_confirmed) == (
                record.attempt,
                record.operator_confirmed,
            )
            self.searches.append(Call(record, claimed, ""))

    @precondition(lambda self: self._in_doubt())
    @rule()
    def search(self) -> None:
        """All of them, without anything in between."""
        before = len(self.searches)
        self.begin_searches()
        while len(self.searches) > before:
            self.end_search(before, "yes")

    def _in_doubt(self) -> list[Record]:
        """What is to be looked for: a reply once it is known where its thread is."""
        return [
            r
            for r in self.records
            if r.state is State.SENDING
            and r.ready_at <= self.now
            and not (r.root is not None and r.root.is_open)
        ]

    @precondition(lambda self: self.searches)
    @rule(place=places, works=st.sampled_from(["yes", "yes", "not now", "never", "crash"]))
    def end_search(self, place: int, works: str) -> None:
        search = self.searches.pop(place % len(self.searches))
        if works == "crash":
            return
        # A search sees the channel as it is when it ends; it does not outlive its lease.
        if self.now >= search.claimed.state.lease_until:
            works = "not now"
        operator_confirmed = search.record.operator_confirmed
        step = after_search(
            search.claimed.state, self._look(search.record, works), now=self.now, jitter=0.5
        )
        self._settle(search, step)
        search.record.operator_confirmed = (
            operator_confirmed and search.record.state is State.SENDING
        )

    def _look(self, record: Record, works: str) -> Accepted | Absent | Unsearched | Unsearchable:
        if works == "not now":
            return Unsearched("limit")
        if works == "never" and not record.operator_confirmed:
            return Unsearchable("no access")
        there = (record.channel, record.key) in self.world.kept
        return Accepted(f"m{record.id}") if there else Absent()

    async def _claim_searches(self) -> tuple[Claimed, ...]:
        async with self.db.transaction() as tx:
            return await claims.claim_searches(
                tx,
                Platform.SLACK,
                "T1",
                owner="x",
                now=self.now,
                lease_until=self.now + LEASE,
                limit=1000,
            )

    # What people do.

    @precondition(lambda self: self.records)
    @rule(place=places, words=st.text(max_size=3))
    def change_an_entry(self, place: int, words: str) -> None:
        record = self.records[place % len(self.records)]
        if record.state is State.DEAD:
            return
        changed = document(f"changed to {words}")
        self.run(self._want(record.id, changed))
        record.content_hash = content_hash(changed)

    async def _want(self, delivery_id: int, changed: Document) -> None:
        async with self.db.transaction() as tx:
            await edits.want(tx, delivery_id, changed)

    @rule()
    def edit(self) -> None:
        """Everything posted that does not say what it should is edited."""
        due = [r for r in self.records if r.state is State.SENT and r.shown != r.content_hash]

        found = self.run(self._unshown())

        assert sorted(each.id for each in found) == sorted(record.id for record in due)
        for each in found:
            record = self.records[each.id - 1]
            self.world.shows[record.key] = content_hash(each.document)
            self.run(self._shown(each))
            record.shown = each.content_hash

    async def _unshown(self) -> tuple[edits.Unshown, ...]:
        async with self.db.reading() as tx:
            return await edits.list_unshown(tx, whole([Platform.SLACK]), self.now, 1000)

    async def _shown(self, edited: edits.Unshown) -> None:
        async with self.db.transaction() as tx:
            await edits.mark_shown(tx, edited)

    @rule(channel=st.sampled_from(CHANNELS))
    def pause_and_resume(self, channel: ChannelRef) -> None:
        if channel not in self.refused:
            self.run(subscribe.pause(self.db, channel, now=self.now))
        self.run(subscribe.resume(self.db, channel, now=self.now))
        self.refused.discard(channel)
        for record in self.records:
            if record.channel == channel and record.waits_for in ("resume", *PLACES):
                record.state, record.waits_for = State.PLANNED, None
                record.ready_at, record.failures = self.now, 0
                record.out_of_turn = True

    @precondition(lambda self: any(r.state in (State.HELD, State.DEAD) for r in self.records))
    @rule(place=places, drops=st.booleans())
    def set_right(self, place: int, drops: bool) -> None:
        """An operator tries a stuck one again, or drops it."""
        stuck = [r for r in self.records if r.state in (State.HELD, State.DEAD)]
        record = stuck[place % len(stuck)]
        if drops:
            self.run(operator_actions.drop(self.db, record.id, now=self.now))
            for each in [record, *self._replies(record)]:
                if each is record or each.state in (State.PLANNED, State.HELD):
                    each.state, each.waits_for, each.closed = State.DEAD, None, False
            return
        self.run(operator_actions.retry(self.db, record.id, now=self.now))
        for other in self.records if record.closed else ():
            if other.closed and other.root is record.root:
                other.state, other.closed = State.PLANNED, False
                other.attempt, other.failures, other.ready_at = other.attempt + 1, 0, self.now
                other.out_of_turn = other.by_hand = True
        record.state = State.SENDING if record.in_doubt else State.PLANNED
        record.operator_confirmed, record.in_doubt = record.in_doubt, False
        record.attempt += 1
        record.failures, record.ready_at, record.waits_for = 0, self.now, None
        record.out_of_turn = record.by_hand = True

    # What must always hold.

    @invariant()
    def the_database_says_what_the_model_says(self) -> None:
        rows = self.run(self._rows())

        assert [
            (row["id"], row["state"], row["attempt"], row["waits_for"], row["wanted"], row["shown"])
            for row in rows
        ] == [
            (r.id, r.state, r.attempt, r.waits_for, r.content_hash, r.shown) for r in self.records
        ]

    async def _rows(self) -> Any:
        async with self.db.reading() as tx:
            return await tx.all("SELECT * FROM delivery ORDER BY id")

    @invariant()
    def nothing_is_posted_twice(self) -> None:
        assert len(self.world.kept) == len(set(self.world.kept))

    @invariant()
    def what_is_sent_was_posted(self) -> None:
        kept = set(self.world.kept)
        for record in self.records:
            if record.state is State.SENT:
                assert (record.channel, record.key) in kept
                assert self.world.shows[record.key] == record.shown

    @invariant()
    def everything_is_posted_in_its_turn(self) -> None:
        for channel, priority in product(CHANNELS, Priority):
            numbers = {
                record.key: record.id
                for record in self.records
                if record.priority is priority and not record.out_of_turn
            }
            posted = [numbers[key] for place, key in self.world.kept if place == channel and key in numbers]  # fmt: skip
            assert posted == sorted(posted)

    @invariant()
    def replies_keep_their_order_whatever_held_them(self) -> None:
        by_key = {record.key: record for record in self.records if not record.by_hand}
        threads: dict[int, list[int]] = {}
        for _, key in self.world.kept:
            reply = by_key.get(key)
            if reply is not None and reply.root is not None and not reply.root.by_hand:
                threads.setdefault(reply.root.id, []).append(reply.id)
        assert all(posted == sorted(posted) for posted in threads.values())

    def _settle_down(self) -> None:
        """Nothing goes wrong any more: then everything that is not given up is posted."""
        for channel in CHANNELS:
            self.pause_and_resume(channel)
        while any(record.is_open for record in self.records):
            self.now += timedelta(hours=1)
            self.ghosts += self.calls
            self.calls.clear()
            self.searches.clear()
            self.search()
            for channel in CHANNELS:
                self.send(channel, "answer", arrives=True)
        self.edit()
        self.the_database_says_what_the_model_says()
        self.nothing_is_posted_twice()
        self.what_is_sent_was_posted()
        assert all(r.shown == r.content_hash for r in self.records if r.state is State.SENT)


def document(words: str) -> Document:
    return Document((Paragraph((Text(words),)),), words)


TestOutbox = Outbox.TestCase
TestOutbox.settings = settings(max_examples=60, stateful_step_count=50, deadline=None)
