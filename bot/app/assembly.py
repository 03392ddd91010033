"""The composition root: what shows pages is built and wired here, and the rest in `bot.app.work`."""

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from datetime import timedelta
from functools import cached_property, partial
from importlib import import_module
from importlib.metadata import version
from typing import Protocol

from bot.app.clock import now
from bot.app.parts import ARXIV, PLAN, VAULT, Parts, families, post
from bot.app.platforms import Given, Joined, addresses, find_slack_apps, join
from bot.app.posting_lease import Held
from bot.app.sign_in import assistants, proxy_sign_in, sign_in, site_names
from bot.app.wakes import BOARD, Wakes
from bot.core.catalogue import Catalogues
from bot.core.database.database import Database
from bot.core.domain.errors import UserError
from bot.core.domain.late import late
from bot.core.ports import ChannelRef, Chat, Condition, Health, Inbox, Measure, Platform, User
from bot.core.services.holdings import Holdings
from bot.core.services.leases import until_stored
from bot.core.store.key_value import DatabaseKeyValue
from bot.core.store.processed_events import DatabaseProcessedEvents
from bot.discussion.services.library import DatabaseLibrary
from bot.discussion.store.kept_replies import DatabaseReplies
from bot.feeds.services.feed_library import DatabaseFeeds
from bot.operations.pumps import Pumps
from bot.operations.services import reindex
from bot.operations.services.health import HealthMonitor
from bot.operations.services.supervise import Supervised
from bot.platforms.web.chat import WebChat
from bot.platforms.web.context import Metrics
from bot.recap.services.pages import RecapPages
from bot.settings import Settings
from bot.webchat.services.access import WebAccess, one_time_address
from bot.webchat.store.board import DatabaseBoard

log = logging.getLogger(__name__)

Announce = Callable[[str], None]
"""Told the one-time address of the web chat once it answers."""

TIME_TO_FINISH = timedelta(seconds=9)
"""How long what is in flight has after SIGTERM; the supervisor's patience is ten seconds."""
_WORK = "bot.app.work.work"
"""The module of `Working`, imported in a thread: the event loop would wait for it."""
_ADDRESS_FIRST = timedelta(seconds=1)
"""The longest that the pumps wait at start until the web chat's address is announced."""


async def _nothing() -> None:
    """The default of `then`."""


class Working(Protocol):
    """What the bot does besides showing pages: `bot.app.work.work.Work`, as it is run here."""

    inbox: Inbox
    pumps: Pumps

    async def run(self, held: Holdings) -> None:
        """Follow the vault and arXiv while this process holds them, until cancelled."""
        ...

    def clock_stepped(self, by: timedelta) -> None:
        """The wall clock was set."""
        ...

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """For `/healthz`: of the pumps and of the vault."""
        ...

    @property
    def minor_conditions(self) -> tuple[Condition, ...]:
        """For `/healthz`: of what nothing that posts needs."""
        ...

    @property
    def arxiv_condition(self) -> Condition | None:
        """For `/healthz`; `None` where arXiv is not asked, or its status was not read yet."""
        ...

    @property
    def arxiv_measures(self) -> tuple[Measure, ...]:
        """For `/metrics`."""
        ...


class Assembly:
    """A running bot: the platforms and the pages, and `Working`, which is made later."""

    def __init__(
        self,
        db: Database,
        settings: Settings,
        held: Held | None,
        stopping: asyncio.Event,
        voices: Catalogues,
    ) -> None:
        self._db = db
        self._settings = settings
        self._stopping = stopping
        self._announced = asyncio.Event()
        self._started_with = _parts(db, settings)
        self._voices = voices
        self._monitor = HealthMonitor(db, clock=now)
        self._parts = Parts(
            db,
            held,
            families=families(settings),
            wanted=self._wanted,
            tell=self._monitor.note_lease,
        )
        self._pumps = Pumps(now, stepped=self._clock_stepped)
        self._joined = join(
            settings,
            Given(
                DatabaseProcessedEvents(db, clock=now),
                DatabaseKeyValue(db),
                DatabaseReplies(db),
                self._voices,
                now,
                self._parts.work,
                self._parts.requests_a_second,
            ),
            db,
            find_apps=partial(find_slack_apps, db, settings),
            mail=self._mail(settings) if settings.mail_is_on else None,
        )
        self._address = addresses(self._joined)
        self._wakes = Wakes(self._pumps, db, (Platform.WEB, *self._joined))
        self._board = DatabaseBoard(db)
        self._access = WebAccess(db)
        self._web = WebChat(
            self._board,
            DatabaseLibrary(db, link=self._address),
            self._access,
            host=settings.web_host,
            port=settings.web_port,
            voices=self._voices,
            now=now,
            zone=settings.timezone,
            health=self._health,
            metrics=self._metrics,
            names=site_names(settings),
            tell_others=lambda: db.hint(BOARD),
            proxies=settings.web_proxies,
            proxy_sign_in=proxy_sign_in(settings),
            look_back=RecapPages(db, zone=settings.timezone),
            curators=settings.curators,
            feeds=DatabaseFeeds(db),
            site=settings.web_url,
            sign_in=sign_in(settings, self._joined, db, clock=now),
            assistants=assistants(settings, db, clock=now),
            mounts={
                prefix: mounted
                for joined in self._joined.values()
                for prefix, mounted in joined.mounts.items()
            },
        )
        self._chats: dict[Platform, Chat] = {
            Platform.WEB: self._web,
            **{platform: joined.chat for platform, joined in self._joined.items()},
        }
        inbox: Inbox = late(lambda: self._work.inbox)
        self._platforms = {
            platform: Supervised(
                platform.value, self._serving(chat, inbox), clock=now, sleep=asyncio.sleep
            )
            for platform, chat in self._chats.items()
        }

    @cached_property
    def _work(self) -> Working:
        from bot.app.work.work import Work  # noqa: PLC0415 - see `_until_announced`

        return Work(
            self._db,
            self._settings,
            self._chats,
            self._joined,
            board=self._board,
            link=self._address,
            voices=self._voices,
            pumps=self._pumps,
            wakes=self._wakes,
            parts=self._parts,
            monitor=self._monitor,
            open_inbox=self._open_inbox,
            stopping=self._stopping,
        )

    def _mail(self, settings: Settings) -> Callable[[], Joined]:
        def confirmed() -> None:
            self._wakes.wake("plan")

        def join_mail() -> Joined:
            from bot.app import mail  # noqa: PLC0415 - few bots use it

            return mail.join_mail(
                self._db, settings, voices=self._voices, clock=now, changed=confirmed
            )

        return join_mail

    def _wanted(self) -> Collection[str]:
        """The names of all parts that there are now, by which processes share them."""
        names = {PLAN, post(Platform.WEB)}
        names |= {ARXIV} if self._settings.arxiv_poll else set()
        names |= {VAULT} if self._settings.vault is not None else set()
        for joined in self._joined.values():
            names.update(joined.parts())
        return names

    async def _open_inbox(self, channel: ChannelRef, user: User) -> ChannelRef:
        chat = self._chats.get(channel.platform)
        if chat is None:
            raise UserError("The bot is not connected to this platform")
        return await chat.direct_channel(channel.workspace, user.id)

    def _clock_stepped(self, by: timedelta) -> None:
        self._work.clock_stepped(by)

    def _serving(self, chat: Chat, inbox: Inbox) -> Callable[[], Awaitable[None]]:
        return lambda: chat.run(inbox)

    async def run(self, announce: Announce, then: Callable[[], Awaitable[None]] = _nothing) -> None:
        """Until the bot is to stop; then what is in flight is finished, and the rest ended.

        `then` is what comes after the address is said and, where it takes less than a second, before
        anything is posted.
        """
        # What start-up made stays for good: a collection that walks through it would block the
        # event loop for longer than anybody may (issue 3: 20 ms).
        gc.collect()
        gc.freeze()
        try:
            async with asyncio.TaskGroup() as tasks:
                concerns = [tasks.create_task(part.run()) for part in self._platforms.values()]
                concerns.append(tasks.create_task(self._parts.run()))
                listening = tasks.create_task(self._db.listen(self._heard))
                concerns.append(tasks.create_task(self._announce(announce, then)))
                concerns.append(tasks.create_task(self._run_parts()))
                await self._pump()
                for concern in concerns:
                    concern.cancel()
                await asyncio.wait(concerns)
                await self._parts.leave()
                listening.cancel()  # only now: it tells the others that the work is free
        except BaseExceptionGroup as group:
            raise _told_to_a_person(group) from None
        finally:
            await self._parts.leave()  # where something has failed

    async def _pump(self) -> None:
        """Run the pumps until the bot is to stop, and give what runs then time to finish."""
        async with asyncio.TaskGroup() as tasks:
            ringing = tasks.create_task(self._ring())
            await self._stopping.wait()
            log.info("stopping: finishing the calls in flight")
            done, _ = await asyncio.wait((ringing,), timeout=TIME_TO_FINISH.total_seconds())
            if not done:
                log.warning(
                    "some calls did not finish in time; the next start searches for their messages"
                )
                ringing.cancel()

    async def _ring(self) -> None:
        await self._until_announced()
        if self._stopping.is_set():
            return
        async with self._work.pumps.running():
            await self._stopping.wait()

    async def _run_parts(self) -> None:
        await self._until_announced()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._work.run(self._parts.work))
            tasks.create_task(self._index())

    async def _until_announced(self) -> None:
        """Wait until the address is said, then for what is imported after it.

        A fifth of all modules serves no page: whoever starts the bot need not wait for them (issue 19).
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(_ADDRESS_FIRST.total_seconds()):
                await self._announced.wait()
        await asyncio.to_thread(import_module, _WORK)

    def _heard(self, topic: str) -> None:
        """Another process says that it is worth looking now."""
        if topic == BOARD:
            self._web.heard()
        self._wakes.heard(topic)
        self._parts.heard(topic)

    async def _announce(self, announce: Announce, then: Callable[[], Awaitable[None]]) -> None:
        address = await self._web.ready()

        async def prepare() -> str:
            await self._access.note_address(address)
            return await self._access.new_token(at=now())

        token = await until_stored(prepare, sleep=asyncio.sleep)
        others = ", ".join(platform.value for platform in self._joined) or "no other platform"
        log.info("started: %s, web chat at %s, %s", self._started_with, address, others)
        announce(one_time_address(address, token))
        await then()
        self._announced.set()
        await self._web.compile_pages()

    async def _index(self) -> None:
        """Index anew what an earlier version indexed and was too much for the start."""

        async def index() -> None:
            await reindex.bring_up_to_date(self._db)
            await self._stopping.wait()

        indexing = Supervised("search index", index, clock=now, sleep=asyncio.sleep)
        await self._parts.work.while_held(PLAN, indexing.run)

    def _health(self) -> Health:
        return self._monitor.health(
            map(self._condition, self._platforms),
            self._work.conditions,
            minor=self._work.minor_conditions,
            arxiv=self._work.arxiv_condition,
            workspaces=[each for joined in self._joined.values() for each in joined.workspaces()],
        )

    def _condition(self, platform: Platform) -> Condition:
        """What supervises the platform says first; while that is well, the platform itself."""
        running = self._platforms[platform].condition
        if running.ok and platform in self._joined:
            return self._joined[platform].condition()
        return running

    async def _metrics(self) -> Metrics:
        # Imported here: Prometheus's client is slow to import, and few ask for `/metrics`. In a thread,
        # since the event loop would wait for it.
        await asyncio.to_thread(import_module, "bot.operations.prometheus")
        await asyncio.to_thread(import_module, _WORK)
        from bot.operations.prometheus import CONTENT_TYPE, render_measures  # noqa: PLC0415

        measures = (*self._monitor.measures(self._work.pumps.failures), *self._work.arxiv_measures)
        return Metrics(render_measures(measures), CONTENT_TYPE)


def _parts(db: Database, settings: Settings) -> str:
    """What the bot was started with, for the log."""
    vault = f"vault {settings.vault}" if settings.vault is not None else "no vault"
    arxiv = "arXiv is asked" if settings.arxiv_poll else "arXiv is not asked"
    return f"paperbot {version('paper-digest-bot')}, database {db.location}, {vault}, {arxiv}"


def _told_to_a_person(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The one error that a person can act on, where there is one; else all of them."""
    for error in group.exceptions:
        if isinstance(error, UserError):
            return error
        if isinstance(error, BaseExceptionGroup):
            inner = _told_to_a_person(error)
            if isinstance(inner, UserError):
                return inner
    return group
