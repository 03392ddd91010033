"""The web chat: a full `Chat` whose platform is the bot's own web server.

Messages are stored on the `Board` and sent to every open page at once. It implements the whole
port. Differences from other platforms:

- `find` also finds deleted messages by their key, so that they are not posted again;
- it refuses only missing channels and messages;
- pressing a button never posts: see `talk.press`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, tzinfo
from typing import TypeVar

from aiohttp import web

from bot.core.domain.document import Document
from bot.core.domain.errors import UsageError, UserError
from bot.core.domain.extent import Extent
from bot.core.domain.i18n import Translate, translatable
from bot.core.ports import (
    ChannelRef,
    ChatRefusedError,
    ChatUnavailableError,
    DeliveryKey,
    Health,
    Inbox,
    MessageRef,
    Platform,
)
from bot.discussion.domain.entry_page import Library
from bot.feeds.domain.library import FeedLibrary, NoFeeds
from bot.platforms.web.addresses import channel_ref, message_ref
from bot.platforms.web.change_feed import ChangeFeed
from bot.platforms.web.connections import Connections, claim_descriptors
from bot.platforms.web.context import LookBack, Metrics, WebContext, no_recaps
from bot.platforms.web.rendering.view import View, make_view
from bot.platforms.web.server import build_name, make_application, read_static, serving
from bot.platforms.web.sign_in.ways import AssistantAccess, SignInWays
from bot.platforms.web.thread_inbound import ThreadInbound
from bot.platforms.web.visitors.access import Access, Signer
from bot.platforms.web.visitors.limits import RequestLimits, StreamLimits
from bot.platforms.web.visitors.proxies import Network, Proxies, ProxySignIn
from bot.webchat.domain.board import Board, BoardMessage

T = TypeVar("T")

PATIENCE = 10.0
"""Seconds that a request may take. While another process locks the database, statements wait in a
row, each for as long, and nobody waits for an answer that comes after all of them."""

_MOST_STREAMS = 500
"""Open streams of changes, over all visitors; the next request gets a 503."""

_NO_CHANNEL = translatable(
    "the web chat has no such channel: create it, or remove the subscription"
)
_GONE = translatable("the message no longer exists")


class WebChat:
    """`ports.Chat` in a browser, on `host` and `port` (0: any free one).

    `zone` decides which day it is in the archive's search. `names` are the host names that requests may use; IP addresses and `localhost` always work.
    `proxies` are the networks of trusted proxies (see `visitors.proxies`); `proxy_sign_in` says how
    such a proxy tells who is signed in, `sign_in` how people sign in by themselves, `assistants` how their assistants ask. `mounts` are
    applications under path prefixes of their own, such as `/slack`; `patience` is how many seconds a
    request may take. `tell_others` tells the other processes of a change, who then call `heard`.
    `look_back` makes recaps. `curators` are the people who may write notes (`person_id`); none:
    whoever manages a channel. `feeds` is what feeds are read from, `site` the public address.
    """

    platform = Platform.WEB

    def __init__(
        self,
        board: Board,
        library: Library,
        access: Access,
        *,
        host: str,
        port: int,
        voices: Callable[[str], Translate],
        now: Callable[[], datetime],
        health: Callable[[], Health],
        metrics: Callable[[], Awaitable[Metrics]],
        zone: tzinfo = UTC,
        names: tuple[str, ...] = (),
        proxies: tuple[Network, ...] = (),
        proxy_sign_in: ProxySignIn | None = None,
        sign_in: SignInWays | None = None,
        assistants: AssistantAccess | None = None,
        mounts: Mapping[str, web.Application] | None = None,
        patience: float = PATIENCE,
        tell_others: Callable[[], None] = lambda: None,
        look_back: LookBack = no_recaps,
        curators: frozenset[str] = frozenset(),
        feeds: FeedLibrary | None = None,
        site: str | None = None,
    ) -> None:
        self._board = board
        self._library = library
        self._host = host
        self._port = port
        self._voices = voices
        self._now = now
        self._zone = zone
        self._health = health
        self._metrics = metrics
        self._access = access
        self._names = frozenset(name.casefold() for name in names)
        self._proxies = Proxies(proxies)
        self._proxy_sign_in = proxy_sign_in
        self._sign_in = sign_in
        self._assistants = assistants
        self._mounts = dict(mounts or {})
        self._patience = patience
        self._tell_others = tell_others
        self._look_back = look_back
        self._curators = curators
        self._feeds = feeds or NoFeeds()
        self._site = site
        self._feed = ChangeFeed(board, tell_others)
        self._ready = asyncio.Event()
        self._address = ""
        self._view: View | None = None

    async def ready(self) -> str:
        """Wait until the server listens; its address, such as `http://127.0.0.1:8000/`."""
        await self._ready.wait()
        return self._address

    async def compile_pages(self) -> None:
        """Once it is ready: compile the pages before somebody opens them."""
        if self._view is not None:
            await self._view.compile_pages()

    def heard(self) -> None:
        """Another process has changed the board: show it on the pages of this one."""
        self._feed.wake()

    async def post(
        self,
        channel: ChannelRef,
        document: Document,
        *,
        key: DeliveryKey,
        since: datetime | None = None,  # noqa: ARG002 - the key prevents a second one
    ) -> MessageRef:
        name = await self._known(channel)
        return await self._add(self._board.add(name, document, at=self._now(), key=key))

    async def reply(
        self,
        root: MessageRef,
        document: Document,
        *,
        key: DeliveryKey,
        since: datetime | None = None,  # noqa: ARG002 - the key prevents a second one
    ) -> MessageRef:
        message = await self._find(root)
        if message is None or message.deleted:
            raise ChatRefusedError(_GONE, Extent.GONE)
        top = message.root or message.id
        return await self._add(
            self._board.add(message.channel, document, at=self._now(), root=top, key=key)
        )

    async def find(
        self,
        channel: ChannelRef,
        key: DeliveryKey,
        *,
        since: datetime,
        root: MessageRef | None = None,  # noqa: ARG002 - the key alone finds it here
    ) -> MessageRef | None:
        name = await self._known(channel)
        message = await _stored(self._board.find_by_key(name, key, since=since))
        return message_ref(name, message.id) if message else None

    async def edit(self, message: MessageRef, document: Document) -> None:
        present = await self._find(message)
        if present is None or not present.by_bot:
            raise ChatRefusedError(_GONE, Extent.GONE)
        if await _stored(self._board.update(present.id, document, at=self._now())) is None:
            raise ChatRefusedError(_GONE, Extent.GONE)
        self._feed.notify()

    async def delete(self, message: MessageRef) -> None:
        present = await self._find(message)
        if present is not None and present.by_bot:
            await _stored(self._board.remove(present.id, at=self._now()))
            self._feed.notify()

    async def direct_channel(self, workspace: str, user: str) -> ChannelRef:  # noqa: ARG002 - of none
        try:
            return channel_ref(await self._board.open_inbox(user, at=self._now()))
        except UsageError as error:
            raise ChatRefusedError(str(error)) from error

    async def run(self, inbox: Inbox) -> None:
        """Serve until cancelled; raises `UsageError` if it cannot listen on its address."""
        self._feed = ChangeFeed(self._board, self._tell_others)
        static = await asyncio.to_thread(read_static)
        build = build_name(static)
        self._view = make_view(self._voices, build=build)
        inbound = ThreadInbound(self._board, inbox)
        connections = Connections(claim_descriptors())
        context = WebContext(
            board=self._board,
            library=self._library,
            inbox=inbox,
            deliver_replies=inbound.deliver,
            feed=self._feed,
            view=self._view,
            voices=self._voices,
            now=self._now,
            zone=self._zone,
            health=self._health,
            metrics=self._metrics,
            static=static,
            build=build,
            access=self._access,
            signer=Signer(await self._access.signing_key()),
            names=self._names,
            proxies=self._proxies,
            connections=connections,
            requests=RequestLimits(),
            streams=StreamLimits(min(_MOST_STREAMS, connections.most * 2 // 3)),
            patience=self._patience,
            proxy_sign_in=self._proxy_sign_in,
            sign_in=self._sign_in,
            # Without people who sign in nobody could make a token.
            assistants=self._assistants if self._sign_in or self._proxy_sign_in else None,
            look_back=self._look_back,
            curators=self._curators,
            feeds=self._feeds,
            site=self._site,
        )
        hosts = self._names | {self._host.casefold()}
        application = make_application(context, hosts=hosts, mounts=self._mounts)
        await inbound.deliver()  # replies of before a crash
        async with serving(application, self._host, self._port) as address:
            self._address = address
            self._ready.set()
            try:
                await inbound.run()
            finally:
                self._ready.clear()

    async def _known(self, channel: ChannelRef) -> str:
        is_ours = channel == channel_ref(channel.id)
        if not is_ours or not await _stored(self._board.has_channel(channel.id)):
            raise ChatRefusedError(_NO_CHANNEL)
        return channel.id

    async def _find(self, ref: MessageRef) -> BoardMessage | None:
        name = await self._known(ref.channel)
        if not (ref.id.isascii() and ref.id.isdigit() and len(ref.id) < 19):
            return None
        message = await _stored(self._board.find(int(ref.id)))
        return message if message is not None and message.channel == name else None

    async def _add(self, adding: Awaitable[BoardMessage]) -> MessageRef:
        message = await _stored(adding)
        self._feed.notify()
        return message_ref(message.channel, message.id)


async def _stored(work: Awaitable[T]) -> T:
    """The result of `work`; an error of the database is temporary and has changed nothing."""
    try:
        return await work
    except UserError as error:
        raise ChatUnavailableError(str(error)) from error
