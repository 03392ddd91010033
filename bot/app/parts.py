"""Which parts of the bot this process runs: all of them, or its share of them (issue 15, item 3).

On SQLite one process does everything. On PostgreSQL several share the work by leases: one for each
Slack workspace, Discord, its connections, the web chat's messages, planning, arXiv, the vault.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable
from contextlib import suppress
from datetime import timedelta

from bot.app.clock import now
from bot.app.posting_lease import Held, is_gone, this_process
from bot.core.database.database import Database, Transaction
from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import UserError
from bot.core.ports import Platform
from bot.core.services.holdings import Everything, Holdings
from bot.core.services.leases import LeaseLostError
from bot.core.services.shared_work import TOPIC, SharedWork
from bot.core.store import processes
from bot.core.store.leases import Process
from bot.outbox.domain.reach import Reach, whole
from bot.outbox.domain.request_share import RequestShare
from bot.settings import Settings

log = logging.getLogger(__name__)

PLAN, ARXIV, VAULT = "plan", "arxiv", "vault"
GATEWAY = "gateway:discord"
"""The family of Discord's connections."""

_STILL_COUNTED = {Platform.SLACK: 1.0, Platform.DISCORD: 5.0}
"""Seconds in which what the process before posted counts towards the limits of `RATES`."""
_DISCORD_TAKES = 50
"""Requests a second, from all processes together."""
_FINISHED_WITHIN = timedelta(minutes=1)
"""No call and no claim of the outbox lasts longer."""

_EVERYWHERE = whole(Platform)

_HINT = 0.1
"""Seconds in which a hint is sent."""

Finish = Callable[[Platform, str | None], Awaitable[None]]
Tick = Callable[[], Awaitable[object]]


def post(platform: Platform, workspace: str = "") -> str:
    """The name of posting on a platform, or in one of its workspaces."""
    return f"post:{platform}:{workspace}" if workspace else f"post:{platform}"


@dataclass(frozen=True, slots=True)
class HeldPart:
    """`ports.Part` by the lease of that name."""

    work: Holdings
    name: str

    def is_ours(self) -> bool:
        """Whether this process holds it."""
        return self.work.holds(self.name)

    async def while_ours(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` while this process holds it."""
        await self.work.while_held(self.name, work)


def families(settings: Settings) -> frozenset[str]:
    """The families of names that a process with these settings can do."""
    found = {PLAN, post(Platform.WEB)}
    found |= {ARXIV} if settings.arxiv_poll else set()
    found |= {VAULT} if settings.vault is not None else set()
    found |= {post(Platform.SLACK)} if settings.slack_is_on or settings.secret_key else set()
    found |= {post(Platform.DISCORD), GATEWAY} if settings.discord_is_on else set()
    found |= {post(Platform.MAIL)} if settings.mail_is_on else set()
    return frozenset(found)


class Parts:
    """What this process does now.

    `held` is the posting lease of the one process of an SQLite database; `None` shares. `wanted` gives
    the names of all parts that there are, `families` are those that it can do. `tell` is told what
    is wrong with the leases. `is_gone` says that a process certainly no longer runs.
    """

    def __init__(
        self,
        db: Database,
        held: Held | None,
        *,
        families: Iterable[str],
        wanted: Callable[[], Collection[str]],
        tell: Callable[[str], None],
        is_gone: Callable[[Process], bool] = is_gone,
    ) -> None:
        self._held = held
        self._tell = tell
        self._shared: SharedWork | None = None
        self.work: Holdings
        if held is not None:
            self.work = Everything(held.lease.process.id)
        else:
            self.work = self._shared = SharedWork(
                db,
                this_process(),
                can=families,
                wanted=wanted,
                clock=now,
                sleep=asyncio.sleep,
                is_gone=is_gone,
                tell=self._looked,
                before_release=self._before_release,
            )
        self._share = RequestShare(_DISCORD_TAKES)
        self._has_left = False
        self.finish: Finish | None = None
        """Waits for what is in flight on a platform, or in a workspace, that was just lost."""
        self._names: frozenset[str] | None = None
        self._usable_at: dict[str, float] = {}
        self._reach = Reach()
        self._until = 0.0

    async def run(self) -> None:
        """Keep the leases until cancelled; raises `UserError` where the only one is lost."""
        if self._shared is not None:
            await self._shared.run()
            return
        if self._held is None:
            return
        try:
            await self._held.leases.keep(self._held.lease, tell=self._tell)
        except LeaseLostError as error:
            raise UserError(
                "Another bot process has taken over this database: only one may run on it"
            ) from error

    async def leave(self) -> None:
        """Let the other processes do the work of this one, which is finished."""
        if self._shared is not None and not self._has_left:
            self._has_left = True
            await self._shared.leave()
            await asyncio.sleep(_HINT)

    def heard(self, topic: str) -> None:
        """Another process gave a hint."""
        if self._shared is not None and topic == TOPIC:
            self._shared.look_now()

    def look_now(self) -> None:
        """What there is to do has changed."""
        self.heard(TOPIC)

    def only_with(self, name: str, tick: Tick) -> Tick:
        """`tick` in the process that holds the name, nothing in the others."""

        async def held() -> None:
            with self.work.using(name) as is_held:
                if is_held:
                    await tick()

        return held

    async def may_claim(self, tx: Transaction) -> bool:
        """Whether the other processes have not declared this one dead."""
        return self._shared is None or await processes.is_there(tx, self.work.owner)

    def requests_a_second(self) -> int:
        """How many requests this process may send to Discord, which counts those of all."""
        if self._shared is None:
            return _DISCORD_TAKES
        now = asyncio.get_running_loop().time()
        return self._share.at(now, posts=self.work.holds(post(Platform.DISCORD)))

    def _looked(self, trouble: str) -> None:
        """The leases and the processes that are there were looked at."""
        if processes := self.work.processes:
            name = post(Platform.DISCORD)
            self._share.looked(
                asyncio.get_running_loop().time(),
                processes,
                posts=self.work.holds(name),
                is_inherited=self.work.is_inherited(name),
            )
        self._tell(trouble)

    def reach(self) -> Reach:
        """The channels that this process posts to; the same object while they are the same."""
        names = self.work.names
        if names is None:
            return _EVERYWHERE
        at = asyncio.get_running_loop().time()
        if names is not self._names or at >= self._until:
            self._usable_at = {
                name: self._usable_at.get(name, at + self._pause(name))
                for name in names
                if name.startswith("post:")
            }
            self._names = names
            self._until = min((x for x in self._usable_at.values() if x > at), default=float("inf"))
            self._reach = _reach_of(name for name, since in self._usable_at.items() if since <= at)
        return self._reach

    def reach_on(self, platform: Platform) -> Reach:
        """Those of one platform."""
        return self.reach().on(platform)

    def _pause(self, name: str) -> float:
        """For how long a name that this process got just now is left alone."""
        platform, _ = _posting(name)
        return _STILL_COUNTED.get(platform, 0.0) if self.work.is_inherited(name) else 0.0

    async def _before_release(self, name: str) -> None:
        if name.startswith("post:") and self.finish is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(_FINISHED_WITHIN.total_seconds()):
                    await self.finish(*_posting(name))


def _posting(name: str) -> tuple[Platform, str | None]:
    """The platform and the workspace of a name of `post`."""
    _, platform, *workspace = name.split(":", 2)
    return Platform(platform), workspace[0] if workspace else None


def _reach_of(names: Iterable[str]) -> Reach:
    places = [_posting(name) for name in names]
    return Reach(
        frozenset(platform for platform, workspace in places if workspace is None),
        frozenset((platform, workspace) for platform, workspace in places if workspace is not None),
    )
