"""“Sign in with Discord”: OAuth 2's code flow with PKCE (https://discord.com/developers/docs/topics/oauth2)."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp

from bot.core.domain.i18n import translatable
from bot.core.domain.untrusted.incoming_text import well_formed
from bot.core.ports import ChatError, Identity, Platform, SignInError, SignInRequest

_NO_ANSWER = translatable("Discord does not answer. Try again in a moment.")
_REFUSED = translatable("Discord did not confirm who you are. Try again.")
_SECONDS = 8.0


class DiscordSignIn:
    """`ports.SignIn` with Discord; `guilds` lists the ids of the guilds that the bot is in.

    The scope `guilds` tells which of them the person is in; asking each guild would take a request
    for every guild of the bot.
    """

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        *,
        api_base: str,
        guilds: Callable[[], Awaitable[frozenset[str]]],
    ) -> None:
        parts = urlsplit(api_base)
        self._authorize = f"{parts.scheme}://{parts.netloc}/oauth2/authorize"
        self._is_local = parts.hostname in {"127.0.0.1", "localhost", "::1"}
        self._api = api_base.rstrip("/")
        self._client_id = client_id
        self._client_secret = client_secret
        self._guilds = guilds

    async def address(self, request: SignInRequest) -> str:
        asked = {
            "response_type": "code",
            "scope": "identify guilds",
            "client_id": self._client_id,
            "redirect_uri": request.redirect,
            "state": request.state,
            "code_challenge": request.challenge,
            "code_challenge_method": "S256",
            "prompt": "none",  # whoever agreed once is not asked again
        }
        return f"{self._authorize}?{urlencode(asked)}"

    async def identify(self, request: SignInRequest, code: str) -> Identity:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": self._client_id,
            "client_secret": self._client_secret,
            "redirect_uri": request.redirect,
            "code_verifier": request.verifier,
        }
        answer = await self._fetch("/oauth2/token", form=form)
        token = answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(token, str) or not token:
            detail = str(answer.get("error", "")) if isinstance(answer, dict) else ""
            raise SignInError(_REFUSED, detail[:80] or "no access_token")
        headers = {"Authorization": f"Bearer {token}"}
        user = await self._fetch("/users/@me", headers=headers)
        theirs = await self._fetch("/users/@me/guilds", headers=headers)
        try:
            ours = await self._guilds()
        except ChatError as error:
            raise SignInError(_NO_ANSWER, str(error)) from error
        return _identity(user, theirs, ours)

    async def _fetch(
        self,
        path: str,
        *,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        timeout = aiohttp.ClientTimeout(total=_SECONDS)
        method = "GET" if form is None else "POST"
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, trust_env=not self._is_local) as session,
                session.request(
                    method, self._api + path, data=form, headers=headers, allow_redirects=False
                ) as response,
            ):
                return json.loads(await response.read())
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise SignInError(_NO_ANSWER, f"{type(error).__name__} at {path}") from error


def _identity(user: Any, guilds: Any, ours: frozenset[str]) -> Identity:
    id_ = user.get("id") if isinstance(user, dict) else None
    if not isinstance(id_, str) or not (id_.isascii() and id_.isdigit()) or user.get("bot"):
        raise SignInError(_REFUSED, "/users/@me names no user")
    if not isinstance(guilds, list):
        raise SignInError(_REFUSED, "/users/@me/guilds lists no guilds")
    theirs = {str(each.get("id")) for each in guilds if isinstance(each, dict)}
    name = str(user.get("global_name") or user.get("username") or "")
    return Identity(Platform.DISCORD, tuple(sorted(theirs & ours)), id_, well_formed(name))
