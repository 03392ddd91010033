"""Signing in on the web with an account of a platform, and what that platform says of the person.

Tokens of people are used once, to learn who they are; what they may do is asked with the bot's own
token each time, so that it ends when the platform ends it.
"""

import base64
import hashlib
from collections.abc import Collection, Mapping
from dataclasses import field
from datetime import datetime
from typing import Protocol

from bot.core.domain.dataclass import dataclass
from bot.core.ports.values import ChannelRef, Platform, person_id


@dataclass(frozen=True, slots=True)
class Identity:
    """A person as their platform knows them; `workspaces` are those that they share with the bot."""

    platform: Platform
    workspaces: tuple[str, ...]
    user: str
    name: str

    @property
    def person(self) -> str:
        """The id with the platform and, for Slack, the workspace, as `person_id` makes it."""
        workspace = self.workspaces[0] if self.workspaces else ""
        return person_id(ChannelRef(self.platform, workspace, ""), self.user)

    def is_of(self, channel: ChannelRef) -> bool:
        """Whether the channel is in a workspace of this person."""
        return channel.platform is self.platform and channel.workspace in self.workspaces


@dataclass(frozen=True, slots=True)
class SignInRequest:
    """One attempt to sign in. `state`, `nonce` and `verifier` are random; `redirect` is our address.

    `verifier` is the secret of PKCE (RFC 7636).
    """

    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    redirect: str

    @property
    def challenge(self) -> str:
        """What PKCE's method `S256` sends ahead of the verifier."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class SignInError(Exception):
    """Nobody was signed in. The text is for the person and can be translated; `detail` for the log."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.detail = detail


class SignIn(Protocol):
    """A platform that tells who somebody is: an OAuth 2 authorization server."""

    async def address(self, request: SignInRequest) -> str:
        """Where to send the browser; raises `SignInError`."""
        ...

    async def identify(self, request: SignInRequest, code: str) -> Identity:
        """The person for whom the platform gave `code`; raises `SignInError`."""
        ...


class Rights(Protocol):
    """What a platform says of its people now. Each call raises `ChatError` where it cannot tell."""

    async def shared_workspaces(self, who: Identity) -> tuple[str, ...]:
        """Those of the person's workspaces that they are still in, together with the bot."""
        ...

    async def may_manage(self, who: Identity, channel: ChannelRef) -> bool:
        """Whether the platform lets the person manage the channel, as for its commands."""
        ...

    async def list_visible(
        self, who: Identity, channels: Collection[ChannelRef]
    ) -> Mapping[ChannelRef, str]:
        """Those of the channels that the person can read, with their names."""
        ...


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that is signed in; `hash` is that of the secret in its cookie."""

    hash: str
    who: Identity


class Sessions(Protocol):
    """The browsers that are signed in. Instants are aware UTC."""

    async def begin(self, who: Identity, *, at: datetime) -> str:
        """A new session; returns the secret for its cookie, which is stored as a hash only."""
        ...

    async def find(self, secret: str, *, at: datetime) -> Session | None:
        """The session, unless it was ended or has expired."""
        ...

    async def end(self, session: Session) -> None:
        """End one session; ending it again succeeds."""
        ...

    async def end_all(self, person: str) -> None:
        """End every session of a person, on all devices."""
        ...

    async def use_once(self, state: str, *, at: datetime, until: datetime) -> bool:
        """Use up an attempt to sign in, which is good until an instant; false if it was used."""
        ...


@dataclass(frozen=True, slots=True)
class AssistantToken:
    """A token that somebody made for an assistant; `label` is what they call it."""

    number: int
    label: str
    made_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class FoundToken:
    """A token that an assistant sent: its number, its owner, and when it was made."""

    number: int
    who: Identity
    made_at: datetime


class AssistantTokens(Protocol):
    """The tokens with which people's assistants ask over HTTP. Instants are aware UTC."""

    async def make(self, who: Identity, label: str, *, at: datetime) -> str:
        """A new token, which is stored as a hash only; raises `UsageError` if there are too many."""
        ...

    async def find(self, secret: str, *, at: datetime) -> FoundToken | None:
        """The token, unless it was revoked; this is noted as a use."""
        ...

    async def list_of(self, person: str) -> tuple[AssistantToken, ...]:
        """A person's tokens, the oldest first."""
        ...

    async def revoke(self, person: str, number: int) -> None:
        """Revoke a token of the person; revoking it again succeeds."""
        ...
