"""What the handlers of the web server share, and who is asking them."""

import hashlib
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, unquote

from aiohttp import web

from bot.core.domain.i18n import Translate
from bot.core.ports import ChannelRef, Health, Inbox, MessageRef, Platform, User
from bot.discussion.domain.entry_page import Library
from bot.platforms.web.hub import Hub
from bot.platforms.web.security import clean_name, is_on_this_machine
from bot.platforms.web.view import LANGUAGES, View
from bot.webchat.domain.board import Author, Board

VISITOR_COOKIE = "paperbot_visitor"
NAME_COOKIE = "paperbot_name"
LANGUAGE_COOKIE = "paperbot_language"
_A_YEAR = 365 * 24 * 3600
_TOKEN_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Metrics:
    """The counters of the bot in Prometheus's text format, with its content type."""

    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Site:
    """Everything that a handler may need; `tell` has the bot hear what people said."""

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


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever sent the request. `token` is their secret; `user.id` is public and made of it."""

    user: User
    token: str
    is_new: bool
    is_named: bool
    say: Translate

    @property
    def author(self) -> Author:
        """The visitor as the author of a message."""
        return Author(self.user.id, self.user.name)


SITE = web.AppKey("site", Site)
VISITOR = web.RequestKey("visitor", Visitor)


def recognise(request: web.Request, voices: Callable[[str], Translate]) -> Visitor:
    """The visitor by their cookies; a new one where there are none that we made."""
    token = request.cookies.get(VISITOR_COOKIE, "")
    is_new = len(token) != _TOKEN_LENGTH or not set(token) <= set("0123456789abcdef")
    if is_new:
        token = secrets.token_hex(_TOKEN_LENGTH // 2)
    say = voices(chosen_language(request))
    public = hashlib.sha256(token.encode()).hexdigest()[:16]
    name = clean_name(unquote(request.cookies.get(NAME_COOKIE, "")))
    user = User(
        id=public,
        name=name or say("Guest {number}", number=public[:4]),
        can_manage=is_on_this_machine(request.remote, request.headers),
    )
    return Visitor(user, token, is_new, bool(name), say)


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


def keep_cookie(request: web.Request, response: web.StreamResponse, name: str, value: str) -> None:
    """Remember something in the visitor's browser for a year, out of scripts' reach."""
    response.set_cookie(
        name,
        quote(value, safe=""),
        max_age=_A_YEAR,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=request.secure,
    )


def channel_ref(name: str) -> ChannelRef:
    """The channel of that name."""
    return ChannelRef(Platform.WEB, "", name)


def message_ref(channel: str, message: int) -> MessageRef:
    """The message of that id."""
    return MessageRef(channel_ref(channel), str(message))


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
