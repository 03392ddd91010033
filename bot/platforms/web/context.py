"""What the handlers of the web server share, and who is asking them."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote, unquote

from aiohttp import web
from yarl import URL

from bot.core.domain.i18n import Translate
from bot.core.ports import ChannelRef, Health, Inbox, MessageRef, Platform, User
from bot.discussion.domain.entry_page import Library
from bot.platforms.web.change_feed import Hub
from bot.platforms.web.connections import Connections
from bot.platforms.web.rendering.view import LANGUAGES, View
from bot.platforms.web.visitors.access import (
    OPERATOR_FOR,
    Access,
    Signer,
    is_operator,
    new_visitor,
    operator_cookie,
)
from bot.platforms.web.visitors.limits import RequestLimits, StreamLimits
from bot.platforms.web.visitors.names import clean_name, is_reserved
from bot.platforms.web.visitors.proxies import Proxies
from bot.webchat.domain.board import Author, Board

VISITOR_COOKIE = "paperbot_visitor"
OPERATOR_COOKIE = "paperbot_operator"
NAME_COOKIE = "paperbot_name"
LANGUAGE_COOKIE = "paperbot_language"
_A_YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Metrics:
    """The counters of the bot in Prometheus's text format, with its content type."""

    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Site:
    """Everything that a handler may need; `tell` has the bot hear what people said.

    `names` are those by which the site is known beside its address.
    """

    board: Board
    library: Library
    inbox: Inbox
    tell: Callable[[], Awaitable[None]]
    hub: Hub
    view: View
    voices: Callable[[str], Translate]
    now: Callable[[], datetime]
    health: Callable[[], Health]
    metrics: Callable[[], Metrics]
    static: Mapping[str, bytes]
    build: str
    access: Access
    signer: Signer
    names: frozenset[str]
    proxies: Proxies
    connections: Connections
    requests: RequestLimits
    streams: StreamLimits


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever sent the request. `token` is their secret; `user.id` is public and made of it.

    `address` is what their requests are counted by beside their cookie; `by_tls`: they came by
    TLS, as far as a known proxy says so.
    """

    user: User
    token: str
    is_new: bool
    is_named: bool
    say: Translate
    address: str
    by_tls: bool

    @property
    def counted_as(self) -> str | None:
        """By what the visitor's own requests are counted; `None` for one without a cookie."""
        return None if self.is_new else self.user.id

    @property
    def author(self) -> Author:
        """The visitor as the author of a message."""
        return Author(self.user.id, self.user.name)


SITE = web.AppKey("site", Site)
VISITOR = web.RequestKey("visitor", Visitor)


def recognise(request: web.Request, site: Site) -> Visitor:
    """The visitor by their cookies; a new one where there are none that we made."""
    known = site.signer.read(VISITOR_COOKIE, request.cookies.get(VISITOR_COOKIE, ""))
    token = known or new_visitor()
    say = site.voices(chosen_language(request))
    public = hashlib.sha256(token.encode()).hexdigest()[:16]
    name = clean_name(unquote(request.cookies.get(NAME_COOKIE, "")))
    if is_reserved(name):
        name = ""
    user = User(
        id=public,
        name=name or say("Guest {number}", number=public[:4]),
        can_manage=is_operator(
            site.signer, request.cookies.get(OPERATOR_COOKIE, ""), now=site.now()
        ),
    )
    return Visitor(
        user,
        token,
        is_new=known is None,
        is_named=bool(name),
        say=say,
        address=site.proxies.visitor_address(
            request.remote, request.headers.getall("X-Forwarded-For", ())
        ),
        by_tls=site.proxies.came_by_tls(
            request.remote, request.headers.getall("X-Forwarded-Proto", ())
        ),
    )


def chosen_language(request: web.Request) -> str:
    """The language that the visitor chose, else the one their browser prefers."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    return chosen if chosen in LANGUAGES else preferred_language(request.headers)


def preferred_language(headers: Mapping[str, str]) -> str:
    """`ko` or `en` by `Accept-Language`; English where neither is wanted."""
    wanted: list[tuple[float, int, str]] = []
    for place, part in enumerate(headers.get("Accept-Language", "").split(",")[:20]):
        name, _, quality = part.strip().partition(";q=")
        language = name.partition("-")[0].casefold()
        if language in LANGUAGES:
            wanted.append((-_quality(quality), place, language))
    return min(wanted)[2] if wanted else "en"


def _quality(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0


def keep_visitor(request: web.Request, response: web.StreamResponse) -> None:
    """Have the visitor's browser remember who it is."""
    signed = request.app[SITE].signer.sign(VISITOR_COOKIE, request[VISITOR].token)
    keep_cookie(request, response, VISITOR_COOKIE, signed)


def keep_operator(request: web.Request, response: web.StreamResponse) -> None:
    """Make the visitor's browser the operator's."""
    site = request.app[SITE]
    cookie = operator_cookie(site.signer, now=site.now())
    keep_cookie(request, response, OPERATOR_COOKIE, cookie, time=OPERATOR_FOR)


def keep_cookie(
    request: web.Request,
    response: web.StreamResponse,
    name: str,
    value: str,
    *,
    time: timedelta = _A_YEAR,
) -> None:
    """Remember something in the visitor's browser, out of scripts' reach."""
    response.set_cookie(
        name,
        quote(value, safe=""),
        max_age=int(time.total_seconds()),
        path="/",
        httponly=True,
        samesite="Lax",
        secure=request[VISITOR].by_tls,
    )


def channel_ref(name: str) -> ChannelRef:
    """The channel of that name."""
    return ChannelRef(Platform.WEB, "", name)


def message_ref(channel: str, message: int) -> MessageRef:
    """The message of that id."""
    return MessageRef(channel_ref(channel), str(message))


def own_address(url: URL) -> str:
    """The address of a page of this site as a path, which no browser takes for another site.

    A path that begins with two slashes, or with a backslash, would name a host.
    """
    path = "/" + url.raw_path.lstrip("/\\")
    return f"{path}?{url.raw_query_string}" if url.raw_query_string else path


def page_response(text: str, *, status: int = 200) -> web.Response:
    """A page; it is about this visitor now, so nobody keeps it."""
    return web.Response(
        text=text,
        status=status,
        content_type="text/html",
        charset="utf-8",
        headers={"Cache-Control": "no-store"},
    )


def json_response(value: object, *, status: int = 200) -> web.Response:
    """A value for a script."""
    return web.Response(
        text=value if isinstance(value, str) else json.dumps(value, ensure_ascii=False),
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
