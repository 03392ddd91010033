"""The pages behind the links of messages: to confirm, and to unsubscribe.

Scanners of mail open every link, so GET changes nothing and shows a button. The button's POST, and that
of a mail program (RFC 8058), have the token as their only proof: they come without cookies and from
other origins. A press may be repeated.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from html import escape

from aiohttp import web

from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import StorageError
from bot.core.domain.i18n import AWAY, Translate, translatable
from bot.mail.domain.subscriber import Answer, Subscriber, Subscribers

log = logging.getLogger(__name__)

_LONGEST_TOKEN = 100
_UNKNOWN = translatable(
    "This link belongs to no subscription, so that nothing was changed. If messages go on, tell whoever "
    "runs this bot."
)
_EXPIRED = translatable(
    "This link has expired, or you have unsubscribed since. Ask for the digest again."
)
_ENDED = translatable(
    "The subscription was removed before it was confirmed. Ask for the digest again."
)


@dataclass(frozen=True, slots=True)
class PageStyle:
    """How pages look: `voice` gives a language by its name, `by_headers` that of a browser."""

    voice: Callable[[str], Translate]
    by_headers: Callable[[Mapping[str, str]], str]
    stylesheets: Sequence[str] = ()


class Pages:
    """The pages over the subscribers."""

    def __init__(self, subscribers: Subscribers, style: PageStyle) -> None:
        self._subscribers = subscribers
        self._style = style

    def application(self) -> web.Application:
        """What is mounted at `/mail`."""
        served = web.Application()
        served.add_routes(
            [
                web.get("/confirm/{token}", self._ask_to_confirm),
                web.post("/confirm/{token}", self._confirm),
                web.get("/unsubscribe/{token}", self._ask_to_unsubscribe),
                web.post("/unsubscribe/{token}", self._unsubscribe),
            ]
        )
        return served

    async def _ask_to_confirm(self, request: web.Request) -> web.Response:
        def shown(found: Subscriber, say: Translate) -> web.Response:
            words = say("{address} will get the digest by e-mail.", address=found.address)
            title = say("Confirm the subscription")
            return self._page(say, title, words, button=say("Confirm"))

        return await self._show(request, self._subscribers.find_by_confirmation, shown)

    async def _ask_to_unsubscribe(self, request: web.Request) -> web.Response:
        def shown(found: Subscriber, say: Translate) -> web.Response:
            if found.unsubscribed_at is not None:
                return self._unsubscribed(found, say)
            words = say("{address} will get no further message.", address=found.address)
            return self._page(say, say("Unsubscribe"), words, button=say("Unsubscribe"))

        return await self._show(request, self._subscribers.find_by_token, shown)

    async def _confirm(self, request: web.Request) -> web.Response:
        def shown(found: Subscriber, say: Translate) -> web.Response:
            words = say(
                "{address} gets the digest from now on. Each message has a link to unsubscribe.",
                address=found.address,
            )
            return self._page(say, say("Confirmed"), words)

        token = _token(request)
        return await self._change(
            request, token, self._subscribers.find_by_confirmation, self._subscribers.confirm, shown
        )

    async def _unsubscribe(self, request: web.Request) -> web.Response:
        token = _token(request)
        return await self._change(
            request,
            token,
            self._subscribers.find_by_token,
            self._subscribers.unsubscribe,
            self._unsubscribed,
        )

    def _unsubscribed(self, found: Subscriber, say: Translate) -> web.Response:
        words = say("{address} gets no further message.", address=found.address)
        return self._page(say, say("Unsubscribed"), words)

    async def _show(
        self,
        request: web.Request,
        find: Callable[[str], Awaitable[Subscriber | None]],
        shown: Callable[[Subscriber, Translate], web.Response],
    ) -> web.Response:
        try:
            found = await find(_token(request))
        except StorageError as error:
            return self._busy(request, error)
        if found is None:
            return self._failed(request, _UNKNOWN, 404)
        return shown(found, self._style.voice(found.locale))

    async def _change(
        self,
        request: web.Request,
        token: str,
        find: Callable[[str], Awaitable[Subscriber | None]],
        act: Callable[[str], Awaitable[Answer]],
        shown: Callable[[Subscriber, Translate], web.Response],
    ) -> web.Response:
        try:
            answer = await act(token)
            found = await find(token)
        except StorageError as error:
            return self._busy(request, error)
        if answer is Answer.DONE and found is not None:
            return shown(found, self._style.voice(found.locale))
        words, status = {
            Answer.EXPIRED: (_EXPIRED, 410),
            Answer.ENDED: (_ENDED, 410),
        }.get(answer, (_UNKNOWN, 404))
        return self._failed(request, words, status, found)

    def _failed(
        self, request: web.Request, words: str, status: int, found: Subscriber | None = None
    ) -> web.Response:
        locale = found.locale if found is not None else self._style.by_headers(request.headers)
        say = self._style.voice(locale)
        return self._page(say, say("That does not work here."), say(words), status=status)

    def _busy(self, request: web.Request, error: StorageError) -> web.Response:
        log.error("%s %s: %s", request.method, request.path.rpartition("/")[0], error)
        return self._failed(request, AWAY, 503)

    def _page(
        self, say: Translate, title: str, words: str, *, button: str = "", status: int = 200
    ) -> web.Response:
        sheets = "".join(
            f'<link rel="stylesheet" href="{escape(sheet)}">' for sheet in self._style.stylesheets
        )
        form = f'<form method="post"><button type="submit">{escape(button)}</button></form>'
        html = (
            f'<!doctype html><html lang="{escape(say.locale)}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            '<meta name="robots" content="noindex">'
            f"<title>{escape(title)}</title>{sheets}</head>"
            f'<body class="reading"><main id="content"><h1>{escape(title)}</h1><p>{escape(words)}</p>'
            f"{form if button else ''}</main></body></html>"
        )
        return web.Response(
            text=html,
            content_type="text/html",
            status=status,
            headers={"Cache-Control": "no-store"},
        )


def _token(request: web.Request) -> str:
    token = request.match_info["token"]
    return token if len(token) <= _LONGEST_TOKEN and token.isascii() else ""
