"""One request at a time, well apart, over restarts and processes; long left alone after a no."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from bot.arxiv.domain.backoff import BACKOFF_STEPS, SPACING
from bot.arxiv.ports import (
    Refusal,
    SourceQuestionError,
    SourceThrottledError,
    SourceUnavailableError,
    SourceWaitError,
)
from bot.arxiv.services.request_gate import LEASE, WRONG_QUESTIONS, DatabaseRequestGate
from bot.arxiv.store import request_gate
from bot.core.database.database import Database, Transaction, opened
from bot.core.database.sqlite.database import SqliteDatabase
from bot.core.domain.errors import StorageError
from bot.core.store import leases
from bot.core.store.leases import Process
from tests.arxiv.stage import Time
from tests.databases import throw_away
from tests.waiting import until, until_guarded_out
from tests.wrapped_database import WrappedDatabase

NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)


def shared(
    db: Database, time: Time, *, patience: timedelta = timedelta(seconds=10)
) -> DatabaseRequestGate:
    return DatabaseRequestGate(
        db,
        clock=time,
        sleep=time.sleep,
        jitter=lambda: 0.0,
        patience=patience,
        process=Process("me", "machine", 1),
    )


async def hold(tx: Transaction, process: str, until: datetime) -> None:
    """Another process takes its turn, and is heard of no more."""
    await leases.take(tx, "arxiv request", Process(process, "machine", 2), until)


async def test_requests_are_apart_from_the_end_of_one_to_the_start_of_the_next():
    time = Time(NOW)
    starts = []
    async with throw_away() as db:
        gate = shared(db, time)
        for _ in range(4):
            async with gate.turn("papers"):
                starts.append(time.now)
                time.pass_by(seconds=2)

    gaps = [later - earlier for earlier, later in pairwise(starts)]
    assert all(gap >= SPACING + timedelta(seconds=2) for gap in gaps)


async def test_two_processes_never_ask_at_once():
    time = Time(NOW)
    inside = 0
    most = 0
    starts = []

    async def ask(db: Database) -> None:
        nonlocal inside, most
        gate = shared(db, time, patience=timedelta(minutes=5))
        for _ in range(5):
            async with gate.turn("papers"):
                inside += 1
                most = max(most, inside)
                starts.append(time.now)
                await time.sleep(0.5)
                inside -= 1

    async with (
        throw_away() as one,
        opened(one.location) as other,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(ask(one))
        group.create_task(ask(other))

    assert most == 1
    assert len(starts) == 10
    assert all(later - earlier >= SPACING for earlier, later in pairwise(starts))


async def test_a_gate_taken_while_we_waited_for_our_turn_to_write_is_noticed():
    time = Time(NOW)
    async with throw_away() as one, opened(one.location) as other:
        gate = shared(one, time)
        async with asyncio.TaskGroup() as group, other.transaction() as tx:
            await tx.guard("arxiv request")
            await request_gate.free_at(tx)  # from here on nobody else writes
            asking = group.create_task(told_to_wait(gate))
            if isinstance(one, SqliteDatabase):
                await until(one._write_lock.locked)
            else:
                await until_guarded_out(other)
            time.pass_by(milliseconds=5)
            held_until = time.now + LEASE
            await hold(tx, "the other", held_until)

    assert asking.result() == held_until


async def told_to_wait(gate: DatabaseRequestGate) -> datetime:
    with pytest.raises(SourceWaitError) as wait:
        async with gate.turn("papers"):
            raise AssertionError("nothing may be asked")
    return wait.value.until


async def test_a_lease_of_a_machine_whose_clock_is_ahead_is_respected():
    time = Time(NOW)
    async with throw_away() as db:
        async with db.transaction() as tx:
            await hold(tx, "elsewhere", NOW + LEASE + timedelta(seconds=20))

        until = await told_to_wait(shared(db, time))

    assert until == NOW + LEASE + timedelta(seconds=20)


async def test_a_restart_keeps_the_distance():
    time = Time(NOW)
    async with throw_away() as db:
        async with shared(db, time).turn("papers"):
            pass
        ended = time.now
        async with opened(db.location) as again, shared(again, time).turn("feed:cs.LG"):
            started = time.now

    assert started - ended >= SPACING


async def test_a_process_that_died_asking_is_waited_for_and_then_forgotten():
    time = Time(NOW)
    async with throw_away() as db:
        async with db.transaction() as tx:
            await hold(tx, "the dead", NOW + LEASE)

        with pytest.raises(SourceWaitError) as early:
            async with shared(db, time).turn("papers"):
                pass
        async with shared(db, time, patience=timedelta(minutes=5)).turn("papers"):
            started = time.now

    assert early.value.until == NOW + LEASE
    assert started >= NOW + LEASE


async def test_a_process_that_surely_died_is_followed_at_a_distance():
    time = Time(NOW)
    async with throw_away() as db:
        async with db.transaction() as tx:
            await hold(tx, "the dead", NOW + LEASE)
        gate = DatabaseRequestGate(
            db,
            clock=time,
            sleep=time.sleep,
            jitter=lambda: 0.0,
            process=Process("me", "machine", 1),
            is_gone=lambda process: process.id == "the dead",
        )
        async with gate.turn("papers"):
            started = time.now
        async with db.transaction() as tx:
            await hold(tx, "the living", time.now + LEASE)
        with pytest.raises(SourceWaitError):
            async with gate.turn("papers"):
                pass

    assert started == NOW + SPACING


async def test_who_took_over_is_not_disturbed_by_the_one_thought_dead():
    time = Time(NOW)
    async with throw_away() as db:
        async with shared(db, time).turn("papers"):
            time.pass_by(seconds=LEASE.total_seconds() + 1)
            async with db.transaction() as tx:
                await hold(tx, "another", time.now + LEASE)
        async with db.reading() as tx:
            lease = await leases.find(tx, "arxiv request")

    assert lease is not None
    assert (lease.process.id, lease.expires_at) == ("another", time.now + LEASE)


async def test_throttling_backs_off_all_targets_and_other_failures_only_their_own():
    time = Time(NOW)
    async with throw_away() as db:
        gate = shared(db, time)
        with pytest.raises(SourceUnavailableError):
            async with gate.turn("feed:cs.LG"):
                raise SourceUnavailableError(Refusal.SERVER_ERROR, "HTTP 503")
        with pytest.raises(SourceWaitError):
            async with gate.turn("feed:cs.LG"):
                raise AssertionError("nothing may be asked")
        async with gate.turn("feed:cs.CL"):
            pass
        with pytest.raises(SourceThrottledError):
            async with gate.turn("papers"):
                raise SourceThrottledError(Refusal.THROTTLED, "HTTP 429")
        with pytest.raises(SourceWaitError):
            async with gate.turn("feed:cs.CL"):
                raise AssertionError("nothing may be asked")


async def test_backoff_grows_with_failures_and_ends_with_a_response():
    time = Time(NOW)
    waits = []
    async with throw_away() as db:
        gate = shared(db, time)
        for _ in range(6):
            with pytest.raises(SourceUnavailableError):
                async with gate.turn("papers"):
                    raise SourceUnavailableError(Refusal.SERVER_ERROR, "HTTP 503")
            with pytest.raises(SourceWaitError) as wait:
                async with gate.turn("papers"):
                    pass
            waits.append(wait.value.until - time.now)
            time.now = wait.value.until
        async with gate.turn("papers") as answered:
            answered()
        async with db.reading() as tx:
            left = await request_gate.list_waits(tx)

    assert waits[:4] == [
        timedelta(seconds=30),
        timedelta(minutes=2),
        timedelta(minutes=10),
        timedelta(minutes=60),
    ]
    assert NOW + timedelta(hours=20) < NOW + sum(waits[:5], timedelta()) < NOW + timedelta(days=1)
    assert waits[5] == timedelta(days=1)
    assert left == ()


async def test_retry_after_is_honoured_to_the_second():
    time = Time(NOW)
    wish = timedelta(seconds=77)
    async with throw_away() as db:
        gate = shared(db, time)
        with pytest.raises(SourceThrottledError):
            async with gate.turn("papers"):
                raise SourceThrottledError(Refusal.THROTTLED, "429", retry_after=wish)
        with pytest.raises(SourceWaitError) as wait:
            async with gate.turn("feed:cs.LG"):
                pass

    assert wait.value.until == NOW + wish


async def test_a_short_wait_is_waited_out():
    time = Time(NOW)
    async with throw_away() as db:
        gate = shared(db, time)
        with pytest.raises(SourceThrottledError):
            async with gate.turn("papers"):
                raise SourceThrottledError(
                    Refusal.THROTTLED, "429", retry_after=timedelta(seconds=8)
                )
        async with gate.turn("papers"):
            started = time.now

    assert started == NOW + timedelta(seconds=8)


async def test_a_rejected_request_is_counted_without_backoff():
    time = Time(NOW)
    async with throw_away() as db:
        gate = shared(db, time)
        with pytest.raises(SourceQuestionError):
            async with gate.turn("papers"):
                raise SourceQuestionError("incorrect id format for abc", culprit="abc")
        async with gate.turn("papers"):
            pass
        async with db.reading() as tx:
            (refused,) = await request_gate.list_refusals(tx)

    assert (refused.target, refused.kind, refused.times) == ("papers", Refusal.QUESTION, 1)


async def test_a_server_that_calls_every_question_wrong_is_left_alone():
    time = Time(NOW)
    waits = []
    async with throw_away() as db:
        gate = shared(db, time, patience=timedelta(0))
        for _ in range(WRONG_QUESTIONS + 5):
            time.now += SPACING
            with pytest.raises(SourceQuestionError):
                async with gate.turn("papers"):
                    raise SourceQuestionError("HTTP 400")
            async with db.reading() as tx:
                (wait,) = await request_gate.list_waits(tx)
            waits.append(wait.until - time.now)
            time.now = wait.until

    assert waits[: WRONG_QUESTIONS + 4] == [timedelta(0)] * WRONG_QUESTIONS + list(BACKOFF_STEPS)
    assert waits[-1] > timedelta(hours=12)


async def test_a_cancelled_request_frees_the_gate():
    time = Time(NOW)
    async with throw_away() as db:
        gate = shared(db, time)
        with pytest.raises(asyncio.CancelledError):
            async with gate.turn("papers"):
                raise asyncio.CancelledError
        async with gate.turn("papers"):
            started = time.now

    assert started == NOW + SPACING


class Away(WrappedDatabase):
    """A database that cannot be written while it `is_away`."""

    is_away = False

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        if self.is_away:
            raise StorageError("The database cannot be reached")
        async with self.inner.transaction() as tx:
            yield tx


@pytest.mark.parametrize(
    "error",
    [asyncio.CancelledError(), SourceUnavailableError(Refusal.SERVER_ERROR, "HTTP 503")],
    ids=lambda error: type(error).__name__,
)
async def test_a_request_ends_as_it_did_while_the_database_is_away(error, caplog):
    time = Time(NOW)
    async with throw_away() as db:
        away = Away(db)

        async def ask() -> None:
            async with shared(away, time).turn("papers"):
                away.is_away = True
                raise error

        with pytest.raises(type(error)) as ended:
            await ask()
        away.is_away = False
        time.now += LEASE
        async with shared(away, time).turn("papers"):
            started = time.now

    assert ended.value is error
    assert started == NOW + LEASE
    assert "The database cannot be reached" in caplog.text


async def test_a_clock_that_is_set_back_during_a_wait_prolongs_no_wait():
    class SetBack(Time):
        """A clock that is set back by nine hours in the first sleep."""

        def __init__(self) -> None:
            super().__init__(NOW)
            self.slept: list[float] = []

        async def sleep(self, seconds: float) -> None:
            await super().sleep(seconds)
            if not self.slept:
                self.now -= timedelta(hours=9)
            self.slept.append(seconds)

    time = SetBack()
    async with throw_away() as db:
        gate = shared(db, time)
        async with gate.turn("papers"):
            pass
        async with gate.turn("papers"):
            pass

    assert timedelta(seconds=sum(time.slept)) <= 2 * SPACING


async def test_a_clock_that_is_set_back_stops_nothing_for_long():
    time = Time(NOW + timedelta(days=400))
    async with throw_away() as db:
        gate = shared(db, time)
        with pytest.raises(SourceThrottledError):
            async with gate.turn("papers"):
                raise SourceThrottledError(Refusal.THROTTLED, "429")
        time.now = NOW
        async with gate.turn("papers"):
            started = time.now

    assert started - NOW <= SPACING
