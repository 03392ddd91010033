"""Slack's pages and methods of installations (OAuth 2), for an app that several workspaces share."""

import asyncio
import itertools
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from aiohttp import web

from tests.fakes.slack.organisation import FakeOrganisation
from tests.fakes.slack.server import FakeSlack
from tests.fakes.slack.world import APP_ID, BOT_USER, Json

CLIENT_ID, CLIENT_SECRET = "1.2", "fake-client-secret"
TOKEN_SECONDS = 43_200


@dataclass
class OAuth:
    """One app. `approves` is the workspace or organisation whose person confirms, or empty for one
    who cancels.

    Each installation gives a new bot token, and the former one is revoked. With `rotates` a bot token
    expires, and a refresh token can be used once.
    """

    of: Mapping[str, FakeSlack]
    organisations: dict[str, FakeOrganisation] = field(default_factory=dict)
    approves: str = ""
    redirect_uri: str = ""
    """The app's first redirect URL, where a request names none."""
    rotates: bool = False
    refreshes: list[str] = field(default_factory=list)
    """The answer to each use of a refresh token, in order."""
    asked: list[Mapping[str, str]] = field(default_factory=list)
    _codes: dict[str, tuple[str, str]] = field(default_factory=dict)
    _refresh_tokens: dict[str, str] = field(default_factory=dict)
    _count: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def add_to(self, application: web.Application) -> None:
        application.router.add_get("/oauth/v2/authorize", self.authorize)

    async def authorize(self, request: web.Request) -> web.Response:
        """The page on which a person confirms; here they do so at once."""
        asked = dict(request.query)
        self.asked.append(asked)
        if asked.get("client_id") != CLIENT_ID:
            return web.Response(status=400, text="invalid_client_id")
        redirect = asked.get("redirect_uri") or self.redirect_uri
        answer = {"state": asked.get("state", "")}
        if not self.approves:
            answer["error"] = "access_denied"
        else:
            code = f"code-{next(self._count)}"
            self._codes[code] = (self.approves, redirect)
            answer["code"] = code
            if self.approves in self.of:
                self.of[self.approves].world.scopes &= set(asked.get("scope", "").split(","))
        return web.Response(status=302, headers={"Location": f"{redirect}?{urlencode(answer)}"})

    async def access(self, request: web.Request) -> web.Response:
        """`oauth.v2.access`: a code, or a refresh token, for tokens."""
        login = b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {login}":
            return _refusal("bad_client_secret")
        args = dict(parse_qsl(await request.text()))
        if args.get("grant_type") == "refresh_token":
            return await self._refresh(args.get("refresh_token", ""))
        place, redirect = self._codes.pop(args.get("code", ""), ("", ""))
        if not place:
            return _refusal("invalid_code")
        if args.get("redirect_uri", redirect) != redirect:
            return _refusal("bad_redirect_uri")
        if place in self.organisations:
            return self._installed_everywhere(self.organisations[place])
        slack = self.of[place]
        slack.tokens[slack.bot_token] = "token_revoked"
        return web.json_response(
            self._tokens(slack)
            | {
                "app_id": APP_ID,
                "bot_user_id": BOT_USER,
                "scope": ",".join(sorted(slack.world.scopes)),
                "team": {"id": place, "name": f"Papers of {place}"},
                "enterprise": None,
                "authed_user": {"id": "U1"},
                "is_enterprise_install": False,
            }
        )

    async def _refresh(self, token: str) -> web.Response:
        place = self._refresh_tokens.pop(token, "")
        await asyncio.sleep(0.05)  # long enough for another process to come in between
        if not place:
            self.refreshes.append("invalid_refresh_token")
            return _refusal("invalid_refresh_token")
        if place in self.organisations:
            answer = self._organisation_tokens(self.organisations[place])
            self.refreshes.append("ok")
            return web.json_response(answer)
        slack = self.of[place]
        former = slack.bot_token
        answer = self._tokens(slack)
        slack.tokens[former] = "token_expired"
        self.refreshes.append("ok")
        return web.json_response(answer)

    def forget_refresh_tokens(self) -> None:
        """As if somebody else had used them."""
        self._refresh_tokens.clear()

    def _tokens(self, slack: FakeSlack) -> Json:
        team, number = slack.world.team, next(self._count)
        slack.bot_token = f"xoxb-installed-{team}-{number}"
        slack.tokens[slack.bot_token] = ""
        return self._answer(slack.bot_token, team, number)

    def _organisation_tokens(self, organisation: FakeOrganisation) -> Json:
        number = next(self._count)
        return self._answer(organisation.mint(number), organisation.id, number)

    def _answer(self, token: str, place: str, number: int) -> Json:
        answer: Json = {"ok": True, "token_type": "bot", "access_token": token}
        if not self.rotates:
            return answer
        refresh = f"xoxe-1-{place}-{number}"
        self._refresh_tokens[refresh] = place
        return answer | {"refresh_token": refresh, "expires_in": TOKEN_SECONDS}

    def _installed_everywhere(self, organisation: FakeOrganisation) -> web.Response:
        return web.json_response(
            self._organisation_tokens(organisation)
            | {
                "app_id": APP_ID,
                "bot_user_id": BOT_USER,
                "team": None,
                "enterprise": {"id": organisation.id, "name": "An organisation"},
                "authed_user": {"id": "U1"},
                "is_enterprise_install": True,
            }
        )


async def uninstall(slack: FakeSlack, *, at: float | None = None) -> None:
    """A person removes the app from a workspace: its token is dead, and the bot is told."""
    slack.tokens[slack.bot_token] = "account_inactive"
    when = int(time.time() if at is None else at)
    await revoked(slack, at=when)
    await slack.event({"type": "app_uninstalled"}, event_time=when)


async def revoked(slack: FakeSlack, *, at: float | None = None) -> None:
    """The bot's token is revoked, and the bot is told."""
    slack.tokens[slack.bot_token] = "token_revoked"
    tokens = {"oauth": [], "bot": [BOT_USER]}
    when = int(time.time() if at is None else at)
    await slack.event({"type": "tokens_revoked", "tokens": tokens}, event_time=when)


def _refusal(error: str) -> web.Response:
    return web.json_response({"ok": False, "error": error})
