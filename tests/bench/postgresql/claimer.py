"""One of the processes that claim and settle side by side, as the bot does or with psycopg alone.

It says `ready`, begins at the line `go SECONDS` on its input, and then says what it did, as JSON.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import psycopg

from bot.core.database.database import Database, opened
from bot.core.ports import Platform
from bot.core.store import processes
from bot.core.store.leases import Process
from bot.outbox.domain.delivery import State, Step
from bot.outbox.domain.reach import Reach
from bot.outbox.store import claims, deliveries
from bot.outbox.store.deliveries import Settled
from tests.locations import as_location

LEASE = timedelta(minutes=1)
REFRESH = 0.5
"""Seconds between two looks for channels that have something, as the deliverer has them."""


def now() -> datetime:
    return datetime.now(UTC)


class Ours:
    """What the deliverer does: one transaction settles a batch and claims the next."""

    def __init__(self, db: Database, workspaces: list[str], batch: int, name: str) -> None:
        self._db = db
        self._reach = Reach(workspaces=frozenset((Platform.SLACK, each) for each in workspaces))
        self._batch = batch
        self._me = Process(name, "bench", 1)

    async def join(self) -> None:
        async with self._db.transaction() as tx:
            await processes.join(tx, self._me, (), now())

    async def work(self, until: float) -> int:
        """How many were claimed and settled."""
        done: tuple[Settled, ...] = ()
        count, ready, look_at = 0, list[Any](), 0.0
        while (moment := time.perf_counter()) < until or done:
            if moment >= look_at or not ready:
                spans = self._reach.spans(Platform.SLACK)
                look = partial(claims.list_ready_channels, spans=spans, now=now(), limit=2000)
                ready = list(await self._db.read(look))
                look_at = moment + REFRESH
            chosen = ready[: self._batch] if moment < until else []
            del ready[: self._batch]
            async with self._db.transaction() as tx:
                late = await deliveries.settle(tx, done, now())
                assert await processes.is_there(tx, self._me.id)
                claimed = await claims.claim(
                    tx, chosen, owner=self._me.id, now=now(), lease_until=now() + LEASE
                )
            assert not late
            count += len(done)
            done = tuple(
                Settled(each, Step(State.SENT, message_id=str(each.id))) for each in claimed
            )
        return count


_TAKE = """
UPDATE delivery SET state = 'sending', attempt = attempt + 1, owner = %(owner)s,
                    not_before = %(until)s, tried_at = %(now)s, sending = wanted
 WHERE id IN (SELECT id FROM delivery
               WHERE state = 'planned' AND channel >= %(first)s AND channel < %(beyond)s
               ORDER BY channel, priority, id LIMIT %(batch)s FOR UPDATE SKIP LOCKED)
RETURNING id, document
"""
_DONE = """
UPDATE delivery SET state = 'sent', message_id = id::text, shown = sending, sent_at = %(now)s
 WHERE id = ANY(%(ids)s)
"""


def bare(address: str, workspaces: list[str], batch: int, name: str) -> Callable[[float], int]:
    """The same rows written by two statements and a commit, whatever their order."""
    connection = psycopg.connect(address, autocommit=True)

    def work(until: float) -> int:
        ids: list[int] = []
        count, turn = 0, 0
        while (going := time.perf_counter() < until) or ids:
            workspace = workspaces[turn % len(workspaces)]
            turn += 1
            values = {
                "owner": name, "until": now().isoformat(), "now": now().isoformat(), "ids": ids,
                "first": f"slack:{workspace}/", "beyond": f"slack:{workspace}0", "batch": batch,
            }  # fmt: skip
            with connection.transaction():
                connection.execute(_DONE, values)
                count += len(ids)
                ids = [row[0] for row in connection.execute(_TAKE, values)] if going else []
        return count

    return work


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", required=True)
    parser.add_argument("--workspaces", required=True, type=lambda text: text.split(","))
    parser.add_argument("--batch", required=True, type=int)
    parser.add_argument("--name", required=True)
    parser.add_argument("--bare", action="store_true")
    chosen = parser.parse_args()
    async with opened(as_location(chosen.database)) as db:
        ours = Ours(db, chosen.workspaces, chosen.batch, chosen.name)
        plain = bare(chosen.database, chosen.workspaces, chosen.batch, chosen.name)
        await ours.join()
        print("ready", flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            began, cpu = time.perf_counter(), time.process_time()
            until = began + float(line.split()[1])
            count = await (asyncio.to_thread(plain, until) if chosen.bare else ours.work(until))
            spent = time.perf_counter() - began
            cpu = time.process_time() - cpu
            print(json.dumps({"count": count, "seconds": spent, "cpu": cpu}), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
