"""Work that the bots on one database share: each holds the leases of its part (issue 15, item 3).

Every process looks every `LOOK_EVERY` at which others there are, computes which names each should
have (`bot.core.domain.lease_shares`), stops and releases what another should have, and takes what is
its own and free. To look renews everything that it holds: a lease lasts as long as the row of its
holder, which others delete when it was not renewed for `processes.TERM`.

While the database is away nobody can take anything, so everything goes on.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import (
    Awaitable,
    Callable,
    Collection,
    Coroutine,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bot.core.database.database import Database, Transaction
from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import StorageError
from bot.core.domain.i18n import ENGLISH, error_text
from bot.core.domain.lease_shares import Member, share
from bot.core.services.ending import ends_before
from bot.core.services.leases import Leases, until_stored
from bot.core.store import processes
from bot.core.store.leases import Process
from bot.core.store.processes import Holder, Seen

log = logging.getLogger(__name__)

LOOK_EVERY = timedelta(seconds=2)
CLOCKS_APART = timedelta(seconds=20)
"""A message's lease outlives its call by 30 s: with clocks further apart it could be posted twice."""
TOPIC = "leases"
"""The hint that leases are free."""


@dataclass(slots=True, eq=False)
class _Held:
    """A lease of ours, how many use it, and whether another process is to have it."""

    token: int
    users: int = 0
    is_leaving: bool = False


async def _at_once(_name: str) -> None:
    """Nothing is in flight."""


class SharedWork:
    """`Holdings` (`bot.core.services.holdings`) of one of several processes.

    `can` are the families of names that it can do, `wanted` gives the names that there are now.
    `is_gone` says that a process certainly no longer runs. `tell` is told after each look what is
    wrong, or the empty string. `before_release` is awaited after a name is no longer held and
    before another process can get it.
    """

    def __init__(
        self,
        db: Database,
        process: Process,
        *,
        can: Iterable[str],
        wanted: Callable[[], Collection[str]],
        clock: Callable[[], datetime],
        sleep: Callable[[float], Coroutine[Any, Any, None]],
        is_gone: Callable[[Process], bool],
        tell: Callable[[str], None] = lambda _trouble: None,
        before_release: Callable[[str], Awaitable[None]] = _at_once,
    ) -> None:
        self._db = db
        self._process = process
        self._can = frozenset(can)
        self._wanted = wanted
        self._clock = clock
        self._sleep = sleep
        self._is_gone = is_gone
        self._tell = tell
        self._before_release = before_release
        self._held: dict[str, _Held] = {}
        self._names: frozenset[str] = frozenset()
        self._is_listed = True
        self._has_joined = False
        self._clock_off = timedelta()  # when the shared clock was read last
        self.processes: int | None = 0
        self._leases = Leases(db, process, clock=clock, sleep=sleep, is_gone=is_gone)
        self._trouble = ""
        self._released: dict[str, int] = {}  # the token with which we released a name last
        self._changed: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._look_now = asyncio.Event()

    @property
    def owner(self) -> str:
        """This process."""
        return self._process.id

    @property
    def names(self) -> frozenset[str] | None:
        """All that it holds now."""
        if not self._is_listed:
            names = (name for name, held in self._held.items() if not held.is_leaving)
            listed = frozenset(names)
            self._names = self._names if listed == self._names else listed
            self._is_listed = True
        return self._names

    def holds(self, name: str) -> bool:
        """Whether to do the work of that name now."""
        held = self._held.get(name)
        return held is not None and not held.is_leaving

    def is_inherited(self, name: str) -> bool:
        """Whether another process did it before."""
        held = self._held.get(name)
        return held is not None and held.token > 1

    @contextmanager
    def using(self, name: str) -> Iterator[bool]:
        """Whether to do the work of that name; no other process gets it meanwhile."""
        held = self._held.get(name)
        if held is None or held.is_leaving:
            yield False
            return
        held.users += 1
        try:
            yield True
        finally:
            self._end_use(name, held)

    def _end_use(self, name: str, held: _Held) -> None:
        held.users -= 1
        if held.is_leaving:
            self._notify(name)

    async def while_held(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` whenever the name is held; cancel it before another process gets it."""
        while True:
            await self._until(name, lambda: self.holds(name))
            with self.using(name) as is_held:
                lost = partial(self._until, name, lambda: not self.holds(name))
                if is_held and await ends_before(lost, work):
                    return

    async def alone(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` while no other process runs it under that name."""
        await self._leases.alone(name, work)

    def look_now(self) -> None:
        """Look at once: what is wanted has changed, or leases are free."""
        self._look_now.set()

    async def run(self) -> None:
        """Take part until cancelled; then `leave`."""
        async with asyncio.TaskGroup() as leaving:
            while True:
                trouble = ""
                try:
                    trouble = await self._look(leaving)
                except StorageError as error:
                    trouble = error_text(error, ENGLISH)  # everybody reads it in /healthz
                self._note(trouble)
                await self._rest()

    async def leave(self) -> None:
        """Let others take what is held at once, as far as the database can be written."""
        self._forget_all()
        with suppress(StorageError):
            async with self._db.transaction() as tx:
                await processes.leave(tx, self.owner)
            self._db.hint(TOPIC)

    async def _rest(self) -> None:
        """Until the next look is due, or asked for."""
        async with asyncio.TaskGroup() as tasks:
            sleeping = tasks.create_task(self._sleep(LOOK_EVERY.total_seconds()))
            asked = tasks.create_task(self._look_now.wait())
            await asyncio.wait((sleeping, asked), return_when=asyncio.FIRST_COMPLETED)
            sleeping.cancel()
            asked.cancel()
        self._look_now.clear()

    def _note(self, trouble: str) -> None:
        if trouble and not self._trouble:
            log.error("leases: %s; trying again", trouble)
        elif self._trouble and not trouble:
            log.info("leases: well again")
        self._trouble = trouble
        self._tell(trouble)

    async def _look(self, leaving: asyncio.TaskGroup) -> str:
        """Renew, see who is there, and take or release; returns what is wrong."""
        at = await self._renew()
        async with self._db.reading() as tx:
            seen = await processes.list_all(tx)
            holders = await processes.list_holders(tx)
        dead = [each for each in seen if self._is_dead(each, at)]
        if dead:
            await self._remove(dead)
        gone = {each.process.id for each in dead}
        living = [each for each in seen if each.process.id not in gone]
        holders = {name: each for name, each in holders.items() if each.process_id not in gone}
        trouble = self._clock_trouble()
        if trouble and len(living) > 1 and self._has_joined:
            await self.leave()
            self._has_joined = False
        self.processes = len(living) if self._has_joined else 0
        if not self._has_joined:
            return trouble
        self._reconcile(holders)
        mine = await asyncio.to_thread(
            _names_of,
            self.owner,
            frozenset(self._wanted()),
            {name: each.process_id for name, each in holders.items()},
            [each.member for each in living],
        )
        left = _LEFT - sum(held.is_leaving for held in self._held.values())
        others = [n for n, held in self._held.items() if n not in mine and not held.is_leaving]
        for name in others[: max(left, 0)]:
            self._held[name].is_leaving = True
            leaving.create_task(self._release(name, self._held[name]))
        free = sorted(mine - holders.keys() - self._held.keys())
        await self._take(free[:_TAKEN])
        if len(free) > _TAKEN:
            self._look_now.set()
        return trouble

    async def _renew(self) -> datetime:
        """Be there for another `processes.TERM`; returns the instant by the shared clock.

        With a wrong clock, it leaves the work to others while there are any.
        """
        if self._has_joined:
            async with self._db.transaction() as tx:
                at = await self._server_now(tx)
                if await processes.see(tx, self.owner, at):
                    return at
            log.warning(
                "this process was not seen for %d s and lost its leases",
                processes.TERM.total_seconds(),
            )
            self._forget_all()
        async with self._db.transaction() as tx:
            await tx.guard(processes.GUARD)
            await processes.leave(tx, self.owner)  # what it held before, if nobody took it
            at = await self._server_now(tx)
            others = any(not self._is_dead(each, at) for each in await processes.list_all(tx))
            if joins := not (others and self._clock_trouble()):
                await processes.join(tx, self._process, self._can, at)
        self._has_joined = joins
        return at

    async def _server_now(self, tx: Transaction) -> datetime:
        """The instant by the shared clock; notes how far off it this machine's clock is.

        However long the answer takes: a process that is stopped meanwhile has no wrong clock.
        """
        before = self._clock()
        at = await processes.server_now(tx, before)
        self._clock_off = max(before - at, at - self._clock(), timedelta())
        return at

    def _is_dead(self, seen: Seen, at: datetime) -> bool:
        if seen.process.id == self.owner:
            return False
        return at - seen.seen_at > processes.TERM or self._is_gone(seen.process)

    async def _remove(self, dead: Iterable[Seen]) -> None:
        async with self._db.transaction() as tx:
            await tx.guard(processes.GUARD)
            removed = [
                each.process
                for each in dead
                if await processes.remove(tx, each.process.id, not_seen_since=each.seen_at)
            ]
        for process in removed:
            log.warning(
                "the bot of process %d on %s is gone; others take its work over",
                process.pid,
                process.machine.partition(" ")[0],
            )
        if removed:
            self._db.hint(TOPIC)

    def _clock_trouble(self) -> str:
        if self._clock_off <= CLOCKS_APART:
            return ""
        return (
            f"this machine's clock is {self._clock_off.total_seconds():.0f} s off that of the database "
            "server: set both by NTP"
        )

    def _reconcile(self, holders: Mapping[str, Holder]) -> None:
        """Believe the database: a commit may have failed, or succeeded, without our knowing.

        It was read before what we have released since.
        """
        mine = {
            name: each.token
            for name, each in holders.items()
            if each.process_id == self.owner and each.token > self._released.get(name, 0)
        }
        for name in [name for name, held in self._held.items() if mine.get(name) != held.token]:
            del self._held[name]
            self._notify(name)
        for name in mine.keys() - self._held.keys():
            self._held[name] = _Held(mine[name])
            self._notify(name)

    async def _take(self, names: Collection[str]) -> None:
        if not names:
            return
        async with self._db.transaction() as tx:
            await tx.guard(processes.GUARD)
            if not await processes.is_there(tx, self.owner):
                return
            taken = await processes.take(tx, names, self._process, self._clock())
        for name, token in taken.items():
            self._held[name] = _Held(token)
            self._notify(name)
            await asyncio.sleep(0)  # thousands of parts do not begin in one go
        if taken:
            log.info("this process does from now on: %s", _named(taken))

    async def _release(self, name: str, held: _Held) -> None:
        """Stop the work of that name, and only then let another process have it."""
        self._notify(name)
        await self._before_release(name)
        await self._until(name, lambda: not held.users)

        async def release() -> None:
            async with self._db.transaction() as tx:
                await processes.release(tx, name, held.token)

        self._released[name] = held.token
        # Any: while another server takes over, the old one may say that it is read-only.
        await until_stored(release, sleep=self._sleep, passing=StorageError)
        if self._held.get(name) is held:
            del self._held[name]
        log.info("this process no longer does: %s", name)
        self._db.hint(TOPIC)
        if not any(each.is_leaving for each in self._held.values()):
            self.look_now()  # there may be more to give up

    def _forget_all(self) -> None:
        names = tuple(self._held)
        self._held.clear()
        for name in names:
            self._notify(name)

    def _notify(self, name: str) -> None:
        """Wake whoever waits for a change of that name."""
        self._is_listed = False
        if (changed := self._changed.pop(name, None)) is not None:
            changed.set()

    async def _until(self, name: str, condition: Callable[[], bool]) -> None:
        while not condition():
            await self._changed[name].wait()


def _names_of(
    owner: str, names: Collection[str], holders: Mapping[str, str], members: Sequence[Member]
) -> frozenset[str]:
    """The names that this process should have; thousands take a while, so it runs in a thread."""
    shares = share(names, holders, members)
    return frozenset(name for name, member in shares.items() if member == owner)


_TAKEN, _LEFT = 1000, 200
"""At most so many names are taken in one transaction, and so many given up at a time."""
_NAMED = 5


def _named(names: Collection[str]) -> str:
    """The names for the log, not all where they are many."""
    shown = ", ".join(sorted(names)[:_NAMED])
    return shown if len(names) <= _NAMED else f"{shown} and {len(names) - _NAMED} more"
