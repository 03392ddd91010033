"""“Sign in with Slack”: OpenID Connect's code flow (https://docs.slack.dev/authentication/sign-in-with-slack).

The `id_token` is verified even though it comes straight from Slack: signature, issuer, audience,
times and nonce. Its library is an extra and imported here only.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp

from bot.core.domain.errors import UsageError
from bot.core.domain.i18n import translatable
from bot.core.ports import Identity, Platform, SignInError, SignInRequest
from bot.platforms.slack.well_formed import well_formed

MISSING_EXTRA = translatable(
    "Signing in with Slack needs the packages joserfc and cryptography: pip install "
    "'paper-digest-bot[workspaces]'"
)
_NO_ANSWER = translatable("Slack does not answer. Try again in a moment.")
_REFUSED = translatable("Slack did not confirm who you are. Try again.")
_TEAM = "https://slack.com/team_id"
_USER = "https://slack.com/user_id"
_ALGORITHMS = ("RS256",)
_METADATA_FOR = timedelta(hours=1)
_SECONDS = 8.0
_LEEWAY = 60
"""Seconds by which the clocks may differ."""


def check_extra() -> None:
    """Raise `UsageError` where the extra with the libraries is not installed."""
    try:
        import cryptography  # noqa: F401, PLC0415 - an extra
        import joserfc  # noqa: F401, PLC0415 - an extra
    except ImportError:
        raise UsageError(MISSING_EXTRA) from None


class SlackSignIn:
    """`ports.SignIn` with Slack, whose issuer is the origin of `api_base`."""

    def __init__(
        self, client_id: str, client_secret: str, *, api_base: str, clock: Callable[[], datetime]
    ) -> None:
        parts = urlsplit(api_base)
        self._issuer = f"{parts.scheme}://{parts.netloc}"
        self._is_local = parts.hostname in {"127.0.0.1", "localhost", "::1"}
        self._client_id = client_id
        self._client_secret = client_secret
        self._clock = clock
        self._metadata: Mapping[str, Any] = {}
        self._good_until: datetime | None = None

    async def address(self, request: SignInRequest) -> str:
        metadata = await self._find_metadata()
        asked = {
            "response_type": "code",
            "scope": "openid profile",
            "client_id": self._client_id,
            "redirect_uri": request.redirect,
            "state": request.state,
            "nonce": request.nonce,
        }
        if _offers_pkce(metadata):
            asked |= {"code_challenge": request.challenge, "code_challenge_method": "S256"}
        return f"{metadata['authorization_endpoint']}?{urlencode(asked)}"

    async def identify(self, request: SignInRequest, code: str) -> Identity:
        metadata = await self._find_metadata()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": self._client_id,
            "client_secret": self._client_secret,
            "redirect_uri": request.redirect,
        }
        if _offers_pkce(metadata):
            form["code_verifier"] = request.verifier
        answer = await self._fetch(str(metadata["token_endpoint"]), form)
        token = answer.get("id_token")
        if not answer.get("ok", True) or not isinstance(token, str):
            raise SignInError(_REFUSED, str(answer.get("error", "no id_token"))[:80])
        keys = await self._fetch(str(metadata["jwks_uri"]))
        return _identity(self._verified(token, keys, request.nonce))

    def _verified(self, token: str, keys: Mapping[str, Any], nonce: str) -> Mapping[str, Any]:
        """The claims of an `id_token`; raises `SignInError` if one of its checks fails."""
        from joserfc import jwt  # noqa: PLC0415 - an extra
        from joserfc.errors import JoseError  # noqa: PLC0415 - an extra
        from joserfc.jwk import KeySet  # noqa: PLC0415 - an extra

        now = int(self._clock().timestamp())
        expected = jwt.JWTClaimsRegistry(
            now=now,
            leeway=_LEEWAY,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._client_id},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            found = jwt.decode(token, KeySet.import_key_set(dict(keys)), algorithms=_ALGORITHMS)  # type: ignore[arg-type]
            expected.validate(found.claims)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise SignInError(_REFUSED, f"id_token: {type(error).__name__}: {error}") from error
        # OpenID Connect Core, 3.1.3.7: no audience beside us, none of which we would trust.
        if found.claims["aud"] not in (self._client_id, [self._client_id]):
            raise SignInError(_REFUSED, "id_token: it is for others too")
        return found.claims

    async def _find_metadata(self) -> Mapping[str, Any]:
        """OpenID's discovery document, kept for an hour."""
        if self._good_until is None or self._good_until <= self._clock():
            found = await self._fetch(f"{self._issuer}/.well-known/openid-configuration")
            needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            if found.get("issuer") != self._issuer or not all(
                self._is_safe(found.get(name)) for name in needed
            ):
                raise SignInError(_NO_ANSWER, "openid-configuration is not Slack's")
            self._metadata, self._good_until = found, self._clock() + _METADATA_FOR
        return self._metadata

    def _is_safe(self, url: object) -> bool:
        """Whether the client's secret may be sent there: encrypted, or to the issuer itself."""
        return isinstance(url, str) and url.startswith(("https://", f"{self._issuer}/"))

    async def _fetch(self, url: str, form: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        """The JSON object at an address, or the answer to a form."""
        timeout = aiohttp.ClientTimeout(total=_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, trust_env=not self._is_local) as session,
                session.request(
                    "GET" if form is None else "POST", url, data=form, allow_redirects=False
                ) as response,
            ):
                found = json.loads(await response.read())
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise SignInError(_NO_ANSWER, f"{type(error).__name__} at {url}") from error
        if not isinstance(found, dict):
            raise SignInError(_NO_ANSWER, f"no JSON object at {url}")
        return dict(well_formed(found))


def _offers_pkce(metadata: Mapping[str, Any]) -> bool:
    methods = metadata.get("code_challenge_methods_supported")
    return isinstance(methods, list) and "S256" in methods


def _identity(claims: Mapping[str, Any]) -> Identity:
    team, user = claims.get(_TEAM), claims.get(_USER)
    if not isinstance(team, str) or not isinstance(user, str) or not team or not user:
        raise SignInError(_REFUSED, "id_token names no workspace or no user")
    return Identity(Platform.SLACK, (team,), user, str(claims.get("name") or ""))
