"""What every handler of the web server can reach through its application."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import field
from datetime import date, datetime, tzinfo

from aiohttp import web

from bot.core.domain.dataclass import dataclass
from bot.core.domain.document import Document, notice
from bot.core.domain.i18n import Translate
from bot.core.ports import Health, Inbox
from bot.discussion.domain.entry_page import Library
from bot.feeds.domain.library import FeedLibrary, NoFeeds
from bot.platforms.web.change_feed import ChangeFeed
from bot.platforms.web.connections import Connections
from bot.platforms.web.feeds.freshness import Freshness
from bot.platforms.web.rendering.shown_graph import ShownGraphs
from bot.platforms.web.rendering.view import View
from bot.platforms.web.sign_in.ways import AssistantAccess, SignInWays
from bot.platforms.web.visitors.access import Access, Signer
from bot.platforms.web.visitors.limits import RequestLimits, StreamLimits
from bot.platforms.web.visitors.proxies import Proxies, ProxySignIn
from bot.recap.domain.period import Period
from bot.webchat.domain.board import Board


@dataclass(frozen=True, slots=True)
class Metrics:
    """The bot's metrics in Prometheus's text format, with its content type."""

    body: bytes
    content_type: str


LookBack = Callable[[Period, date, Collection[str], Translate], Awaitable[Document]]
"""Gives the recap of a period, as of today, for readers of the web chat and of these channels (REFs)."""


async def no_recaps(
    _period: Period, _today: date, _channels: Collection[str], say: Translate
) -> Document:
    """The default where there is no archive to look back on."""
    return notice(say("There are no papers yet."))


@dataclass(frozen=True, slots=True)
class WebContext:
    """Everything that a handler may need.

    `deliver_replies` hands new replies in threads to the inbox; call it after each change of one.
    `zone` decides which day it is. `names` are the host names of the site behind a proxy; `build`
    is the version of the static files; `patience` is how many seconds a request may take.
    Where a proxy signs people in, `proxy_sign_in` says how, and `sign_in` where they do it themselves;
    `assistants` is how their assistants ask, if they can.
    `curators` are the people who may write notes (`person_id`); none: whoever manages a channel.
    `site` is the public address of this server, without a path; `None`: it is not known.
    """

    board: Board
    library: Library
    inbox: Inbox
    deliver_replies: Callable[[], Awaitable[None]]
    feed: ChangeFeed
    view: View
    voices: Callable[[str], Translate]
    now: Callable[[], datetime]
    zone: tzinfo
    health: Callable[[], Health]
    metrics: Callable[[], Awaitable[Metrics]]
    static: Mapping[str, bytes]
    build: str
    access: Access
    signer: Signer
    names: frozenset[str]
    proxies: Proxies
    connections: Connections
    requests: RequestLimits
    streams: StreamLimits
    patience: float
    proxy_sign_in: ProxySignIn | None = None
    sign_in: SignInWays | None = None
    assistants: AssistantAccess | None = None
    look_back: LookBack = no_recaps
    curators: frozenset[str] = frozenset()
    feeds: FeedLibrary = field(default_factory=NoFeeds)
    site: str | None = None
    freshness: Freshness = field(default_factory=Freshness)
    graphs: ShownGraphs = field(default_factory=ShownGraphs)

    @property
    def people_sign_in(self) -> bool:
        """Whether there is a way to sign in; then writing needs it."""
        return self.proxy_sign_in is not None or self.sign_in is not None

    def kept_for(self, seconds: int) -> str:
        """`Cache-Control` of an answer that is the same for everybody, and need not be asked for again.

        Where a proxy lets people in, no cache in between may answer others.
        """
        scope = "private" if self.proxy_sign_in is not None else "public"
        return f"{scope}, max-age={seconds}"


CONTEXT = web.AppKey("context", WebContext)
TIME = web.RequestKey("time", asyncio.Timeout)
"""How long a request may take; a handler may move its end."""
