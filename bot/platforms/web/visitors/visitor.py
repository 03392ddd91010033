"""The visitor of a request: identity, name, language, cookies.

Browsers send cookies to every port of a host. So the names of ours end in a mark of the database's
key, and two bots on one host do not overwrite each other's. Cookies without a mark, of earlier
versions, are still read.
"""

import hashlib
import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote, unquote

from aiohttp import web

from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import StorageError
from bot.core.domain.i18n import Translate
from bot.core.ports import Identity, Platform, Session, User, person_id
from bot.platforms.web.addresses import channel_ref
from bot.platforms.web.context import CONTEXT, WebContext
from bot.platforms.web.rendering.view import LANGUAGES
from bot.platforms.web.visitors.access import (
    OPERATOR_FOR,
    is_operator,
    new_visitor,
    operator_cookie,
)
from bot.platforms.web.visitors.names import clean_name, is_reserved
from bot.platforms.web.visitors.proxies import SECRET_HEADER
from bot.webchat.domain.board import Author, inbox_of, may_read

log = logging.getLogger(__name__)

VISITOR_COOKIE = "paperbot_visitor"
OPERATOR_COOKIE = "paperbot_operator"
NAME_COOKIE = "paperbot_name"
LANGUAGE_COOKIE = "paperbot_language"
SESSION_COOKIE = "paperbot_session"
ATTEMPT_COOKIE = "paperbot_sign_in"
_A_YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Visitor:
    """The sender of a request. `token` is their secret; the public `user.id` is its hash.

    `address` is the IPv4 address or IPv6 network that limits apply to. `by_tls` says that a
    trusted proxy received the request over TLS. `is_signed_in` says that the id and the name are
    of somebody who signed in; `may_write` is false for others where people sign in. `session` is
    set for who signed in with an account, `proxied` for who did by a proxy. `can_sign_in` says that there
    are accounts, `has_account_page` that they are shown one.
    """

    user: User
    token: str
    is_new: bool
    is_named: bool
    say: Translate
    address: str
    by_tls: bool
    is_signed_in: bool = False
    may_write: bool = True
    session: Session | None = None
    proxied: Identity | None = None
    can_sign_in: bool = False
    has_account_page: bool = False

    @property
    def person(self) -> Identity | None:
        """Who is signed in, either way."""
        return self.session.who if self.session is not None else self.proxied

    @property
    def limit_key(self) -> str | None:
        """What the visitor's own limits apply to; `None` for an unknown one without our cookie."""
        return None if self.is_new and not self.is_signed_in else self.user.id

    @property
    def inbox(self) -> str:
        """The channel of the visitor's direct messages, which exists once there was one."""
        return inbox_of(self.user.id)

    @property
    def author(self) -> Author:
        """The visitor as the author of a message."""
        return Author(self.user.id, self.user.name, self.say.locale)


VISITOR = web.RequestKey("visitor", Visitor)


async def can_read(context: WebContext, visitor: Visitor, channel: str) -> bool:
    """Whether there is such a channel for the visitor; other people's inboxes are none."""
    if not may_read(channel, visitor.user.id):
        return False
    return channel == visitor.inbox or await context.board.has_channel(channel)


def may_note(context: WebContext, visitor: Visitor) -> bool:
    """Whether the visitor is shown ways to write notes; the form itself says who may not.

    Who manages only channels of other platforms writes there.
    """
    if not visitor.may_write:
        return False
    person = person_id(channel_ref(visitor.inbox), visitor.user.id)
    if context.curators:
        return not context.curators.isdisjoint({person, *visitor.user.known_as})
    return visitor.user.can_manage


async def find_session(request: web.Request, context: WebContext) -> Session | None:
    """`current_session`; nobody is signed in while the database cannot tell."""
    try:
        return await current_session(request, context)
    except StorageError as error:  # a guest, for now
        log.warning("who is signed in is unknown: %s", error)
        return None


async def current_session(request: web.Request, context: WebContext) -> Session | None:
    """The session of a request's cookie, if its person is still in a workspace of the bot.

    Raises `StorageError`.
    """
    ways = context.sign_in
    secret = context.signer.read(SESSION_COOKIE, read_cookie(request, SESSION_COOKIE))
    if ways is None or secret is None:
        return None
    session = await ways.sessions.find(secret, at=context.now())
    if session is None:
        return None
    who = await ways.rights.current(session.who)
    if who is None:
        log.info("%s is signed out: the bot shares no workspace with them", session.who.person)
        # This one alone: another one may be of a workspace that the person is in.
        await ways.sessions.end(session)
        return None
    return replace(session, who=who)


def identify(request: web.Request, context: WebContext, session: Session | None) -> Visitor:
    """The visitor of a request, by its session, proxy or cookies; a new one without any of ours.

    What a proxy says comes first: it is what the operator put in front of everything.
    """
    known = context.signer.read(VISITOR_COOKIE, _cookie(request, VISITOR_COOKIE))
    token = known or new_visitor()
    say = context.voices(chosen_language(request))
    proxied = _proxied_user(request, context)
    session = session if proxied is None else None
    # The purpose keeps the ids of people apart from those of visitors, who get random secrets.
    secret, given = token, unquote(_cookie(request, NAME_COOKIE))
    if proxied is not None:
        secret, given = f"user of the proxy: {proxied}", proxied
    elif session is not None:
        secret, given = f"account: {session.who.person}", session.who.name
    public = hashlib.sha256(secret.encode()).hexdigest()[:16]
    name = clean_name(given)
    if is_reserved(name):
        name = ""
    user = User(
        id=public,
        name=name or say("Guest {number}", number=public[:4]),
        can_manage=is_operator(
            context.signer, _cookie(request, OPERATOR_COOKIE), now=context.now()
        ),
        known_as=(session.who.person,) if session is not None else (),
    )
    is_signed_in = proxied is not None or session is not None
    return Visitor(
        user,
        token,
        is_new=known is None,
        is_named=bool(name),
        say=say,
        address=context.proxies.visitor_address(
            request.remote, request.headers.getall("X-Forwarded-For", ())
        ),
        by_tls=context.proxies.came_by_tls(
            request.remote, request.headers.getall("X-Forwarded-Proto", ())
        ),
        is_signed_in=is_signed_in,
        may_write=is_signed_in or user.can_manage or not context.people_sign_in,
        session=session,
        proxied=Identity(Platform.WEB, ("",), public, user.name) if proxied is not None else None,
        can_sign_in=context.sign_in is not None and proxied is None,
        has_account_page=(
            context.sign_in is not None if proxied is None else context.assistants is not None
        ),
    )


def _proxied_user(request: web.Request, context: WebContext) -> str | None:
    sign_in = context.proxy_sign_in
    if sign_in is None:
        return None
    return sign_in.user(
        context.proxies,
        request.remote,
        users=request.headers.getall(sign_in.user_header, ()),
        secrets=request.headers.getall(SECRET_HEADER, ()),
    )


def _cookie(request: web.Request, name: str) -> str:
    marked = request.cookies.get(_marked(request, name))
    return marked if marked is not None else request.cookies.get(name, "")


def read_cookie(request: web.Request, name: str) -> str:
    """A cookie that `set_account_cookie` set."""
    return unquote(request.cookies.get(_marked(request, name), ""))


def _marked(request: web.Request, name: str) -> str:
    return f"{name}_{request.app[CONTEXT].signer.mark}"


def chosen_language(request: web.Request) -> str:
    """The language that the visitor chose, else the browser's."""
    chosen = _cookie(request, LANGUAGE_COOKIE)
    return chosen if chosen in LANGUAGES else preferred_language(request.headers)


def preferred_language(headers: Mapping[str, str]) -> str:
    """`ko` or `en` by `Accept-Language` (RFC 9110, section 12.5.4); `en` by default."""
    wanted: list[tuple[float, int, str]] = []
    for location, part in enumerate(headers.get("Accept-Language", "").split(",")[:20]):
        name, *parameters = part.split(";")
        language, quality = name.strip().partition("-")[0].casefold(), _quality(parameters)
        if language in LANGUAGES and quality > 0:
            wanted.append((-quality, location, language))
    return min(wanted)[2] if wanted else "en"


def _quality(parameters: Iterable[str]) -> float:
    """The weight of a language, 1 without one; there may be spaces around each parameter."""
    for name, _, value in (each.partition("=") for each in parameters):
        if name.strip().casefold() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def set_visitor_cookie(request: web.Request, response: web.StreamResponse) -> None:
    """Give a new visitor's browser its signed identity."""
    signed = request.app[CONTEXT].signer.sign(VISITOR_COOKIE, request[VISITOR].token)
    set_cookie(request, response, VISITOR_COOKIE, signed)


def asks_as_operator(request: web.Request) -> bool:
    """Whether the browser has the operator's rights; for requests without a visitor."""
    context = request.app[CONTEXT]
    return is_operator(context.signer, _cookie(request, OPERATOR_COOKIE), now=context.now())


def set_operator_cookie(request: web.Request, response: web.StreamResponse) -> None:
    """Give the visitor's browser the operator's rights."""
    context = request.app[CONTEXT]
    cookie = operator_cookie(context.signer, now=context.now())
    set_cookie(request, response, OPERATOR_COOKIE, cookie, time=OPERATOR_FOR)


def set_cookie(
    request: web.Request,
    response: web.StreamResponse,
    name: str,
    value: str,
    *,
    time: timedelta = _A_YEAR,
    by_tls: bool = False,
) -> None:
    """Set a cookie that scripts cannot read and other sites cannot send with a POST."""
    response.set_cookie(
        _marked(request, name),
        quote(value, safe=""),
        max_age=int(time.total_seconds()),
        path="/",
        httponly=True,
        samesite="Lax",
        secure=by_tls or request[VISITOR].by_tls,
    )


def set_account_cookie(
    request: web.Request, response: web.StreamResponse, name: str, value: str, *, time: timedelta
) -> None:
    """Set a cookie of somebody's account; for TLS only where the site is reached over TLS."""
    ways = request.app[CONTEXT].sign_in
    by_tls = ways is not None and ways.is_by_tls
    set_cookie(request, response, name, value, time=time, by_tls=by_tls)


def set_session_cookie(
    request: web.Request, response: web.StreamResponse, secret: str | None
) -> None:
    """Give the browser a session, or take it away."""
    if secret is None:
        delete_cookie(request, response, SESSION_COOKIE)
        return
    signed = request.app[CONTEXT].signer.sign(SESSION_COOKIE, secret)
    # Kept for longer than any session: when that ends is the server's decision.
    set_account_cookie(request, response, SESSION_COOKIE, signed, time=OPERATOR_FOR)


def delete_cookie(request: web.Request, response: web.StreamResponse, name: str) -> None:
    """Take a cookie away from the browser."""
    set_account_cookie(request, response, name, "", time=timedelta())
