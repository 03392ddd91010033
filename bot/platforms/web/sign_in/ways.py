"""The ways to sign in with an account, and the cookie of an attempt."""

import base64
import binascii
import json
import secrets
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import field
from datetime import UTC, datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit

from yarl import URL

from bot.core.domain.dataclass import dataclass
from bot.core.ports import AssistantTokens, Platform, Sessions, SignIn, SignInRequest
from bot.platforms.web.responses import own_address
from bot.platforms.web.sign_in.rights import RightsOfPeople
from bot.platforms.web.visitors.access import Signer

NAMES: Mapping[Platform, str] = {Platform.SLACK: "Slack", Platform.DISCORD: "Discord"}

ATTEMPT_FOR = timedelta(minutes=10)
"""How long an attempt to sign in may take."""

_PURPOSE = "attempt to sign in"
_LONGEST_PATH = 500


class Answering(Protocol):
    """Answers the requests of assistants."""

    async def __call__(
        self, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body for a request with those headers and that body."""
        ...


Assistants = Callable[[], AbstractAsyncContextManager[Answering]]
"""Opens what answers assistants, for as long as the server runs."""


@dataclass(frozen=True, slots=True)
class AssistantAccess:
    """How people's assistants ask over HTTP: by which tokens, and what answers them."""

    tokens: AssistantTokens
    opened: Assistants


@dataclass(frozen=True, slots=True)
class SignInWays:
    """How people sign in with accounts; `address` is the site's, such as `https://papers.example.org`."""

    address: str
    platforms: Mapping[Platform, SignIn]
    rights: RightsOfPeople
    sessions: Sessions

    @property
    def is_by_tls(self) -> bool:
        """Whether browsers reach the site over TLS; then cookies are for TLS only."""
        return self.address.startswith("https://")

    @property
    def host(self) -> str:
        """The site's host name, with the port if it has one."""
        return urlsplit(self.address).netloc

    def redirect(self, platform: Platform) -> str:
        """Where the platform sends the browser back to."""
        return f"{self.address}/sign-in/{platform}/done"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to sign in, kept in the browser's signed cookie; `path` is where it goes on."""

    platform: Platform
    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    path: str
    expires_at: datetime

    def request(self, redirect: str) -> SignInRequest:
        """The attempt as the platform sees it."""
        return SignInRequest(self.state, self.nonce, self.verifier, redirect)


def new_attempt(platform: Platform, path: str, *, now: datetime) -> Attempt:
    """An attempt with fresh secrets."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    return Attempt(platform, state, nonce, verifier, path, now + ATTEMPT_FOR)


def write_attempt(signer: Signer, attempt: Attempt) -> str:
    """The value of the attempt's cookie."""
    values = [attempt.platform.value, attempt.state, attempt.nonce, attempt.verifier, attempt.path]
    text = json.dumps([*values, int(attempt.expires_at.timestamp())])
    return signer.sign(_PURPOSE, base64.urlsafe_b64encode(text.encode()).decode())


def read_attempt(signer: Signer, cookie: str, *, now: datetime) -> Attempt | None:
    """The attempt that we wrote into a cookie, unless it has expired."""
    value = signer.read(_PURPOSE, cookie)
    if value is None:
        return None
    try:
        platform, state, nonce, verifier, path, until = json.loads(base64.urlsafe_b64decode(value))
        expires_at = datetime.fromtimestamp(until, UTC)
        attempt = Attempt(Platform(platform), state, nonce, verifier, path, expires_at)
    except (ValueError, TypeError, binascii.Error):
        return None  # of another version
    return attempt if now < attempt.expires_at else None


def safe_path(text: str) -> str:
    """A path of this site to go on at; `/` for anything that could lead elsewhere."""
    if not text.startswith("/") or len(text) > _LONGEST_PATH or not text.isprintable():
        return "/"
    if "\\" in text or text.startswith("//"):
        return "/"
    try:
        return own_address(URL(text).with_fragment(None))
    except ValueError:
        return "/"
