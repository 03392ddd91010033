"""Servers that sign people in: Slack's OpenID provider, and Discord's OAuth 2.

Both check what the real ones check: client, redirect address, PKCE, and that a code is used once.
"""

import base64
import hashlib
import itertools
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT_ID, CLIENT_SECRET = "client-1", "client-secret-1"
KEY = RSAKey.generate_key(2048, {"kid": "1", "use": "sig", "alg": "RS256"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "1", "use": "sig", "alg": "RS256"})

Json = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class FakeAccounts:
    """Use as `async with`. `user` is who agrees, `workspace` Slack's, `guilds` Discord's."""

    def __init__(self) -> None:
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.user = "U1"
        self.name = "Ada"
        self.workspace = "T1"
        self.guilds = ["1"]
        self.claims: Json = {}
        """Claims to replace in the next tokens; `None` leaves one out."""
        self.sign: Callable[[Json], str] = signed
        self.declines = False
        self.down = False
        self.asked: list[Json] = []
        """The parameters of each request to agree."""
        self._codes: dict[str, Json] = {}
        self._count = itertools.count(1)
        self.port = 0

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.add_routes([*self.slack_routes(), *self.discord_routes()])
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    def slack_routes(self) -> list[web.RouteDef]:
        """For a server of its own, or for one that stands in for all of Slack on `port`."""
        return [
            web.get("/.well-known/openid-configuration", self._configuration),
            web.get("/openid/connect/authorize", self._authorize),
            web.get("/openid/connect/keys", self._keys),
            web.post("/api/openid.connect.token", self._slack_token),
        ]

    def discord_routes(self, bots: Handler | None = None) -> list[web.RouteDef]:
        """As `slack_routes`; `bots` answers what is asked with the token of a bot."""

        def for_people(handler: Handler) -> Handler:
            async def serve(request: web.Request) -> web.StreamResponse:
                is_bot = request.headers.get("Authorization", "").startswith("Bot ")
                return await (bots if bots is not None and is_bot else handler)(request)

            return serve

        return [
            web.get("/oauth2/authorize", self._authorize),
            web.post("/api/v10/oauth2/token", self._discord_token),
            web.get("/api/v10/users/@me", for_people(self._me)),
            web.get("/api/v10/users/@me/guilds", for_people(self._guilds)),
        ]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def slack_api(self) -> str:
        return f"{self.address}/api/"

    @property
    def discord_api(self) -> str:
        return f"{self.address}/api/v10"

    async def _configuration(self, _: web.Request) -> web.Response:
        if self.down:
            return web.Response(status=503, text="down")
        return web.json_response(
            {
                "issuer": self.address,
                "authorization_endpoint": f"{self.address}/openid/connect/authorize",
                "token_endpoint": f"{self.address}/api/openid.connect.token",
                "jwks_uri": f"{self.address}/openid/connect/keys",
                "code_challenge_methods_supported": ["S256"],
            }
        )

    async def _authorize(self, request: web.Request) -> web.Response:
        asked = dict(request.query)
        self.asked.append(asked)
        assert asked["client_id"] == CLIENT_ID
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        if self.declines:
            answer = {"error": "access_denied", "state": asked["state"]}
        else:
            code = f"code-{next(self._count)}"
            self._codes[code] = asked
            answer = {"code": code, "state": asked["state"]}
        raise web.HTTPFound(f"{asked['redirect_uri']}?{urlencode(answer)}")

    async def _redeem(self, request: web.Request) -> Json | None:
        form = dict(parse_qsl(await request.text()))
        asked = self._codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        good = asked is not None and (
            (form["client_id"], form["client_secret"]) == (CLIENT_ID, CLIENT_SECRET)
            and form["redirect_uri"] == asked["redirect_uri"]
            and challenge == asked["code_challenge"]
        )
        return asked if good else None

    async def _slack_token(self, request: web.Request) -> web.Response:
        asked = await self._redeem(request)
        if asked is None:
            return web.json_response({"ok": False, "error": "invalid_code"})
        now = self.clock()
        claims: Json = {
            "iss": self.address,
            "sub": self.user,
            "aud": CLIENT_ID,
            "exp": int((now + timedelta(minutes=5)).timestamp()),
            "iat": int(now.timestamp()),
            "nonce": asked["nonce"],
            "https://slack.com/team_id": self.workspace,
            "https://slack.com/user_id": self.user,
            "name": self.name,
        }
        claims = {k: v for k, v in (claims | self.claims).items() if v is not None}
        return web.json_response({"ok": True, "access_token": "a", "id_token": self.sign(claims)})

    async def _keys(self, _: web.Request) -> web.Response:
        return web.json_response({"keys": [KEY.as_dict(private=False)]})

    async def _discord_token(self, request: web.Request) -> web.Response:
        if await self._redeem(request) is None:
            return web.json_response({"error": "invalid_grant"}, status=400)
        return web.json_response({"access_token": "person-1", "token_type": "Bearer"})

    async def _me(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != "Bearer person-1":
            return web.json_response({"message": "401: Unauthorized", "code": 0}, status=401)
        return web.json_response({"id": self.user, "username": "ada", "global_name": self.name})

    async def _guilds(self, _: web.Request) -> web.Response:
        return web.json_response([{"id": guild, "name": "x"} for guild in self.guilds])


def signed(claims: Json, *, key: RSAKey = KEY) -> str:
    """A token as Slack signs it."""
    return jwt.encode({"alg": "RS256", "kid": "1"}, claims, key)
