"""What an installation needs of the bot, and what it gives. Imports no SDK."""

from dataclasses import field
from datetime import datetime
from typing import Protocol

from bot.core.domain.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class AppCredentials:
    """The credentials of the app that workspaces install; `redirect_uri` is `None` for the app's own."""

    client_id: str
    client_secret: str = field(repr=False)
    api_base: str
    redirect_uri: str | None = None


@dataclass(frozen=True, slots=True)
class InstalledWorkspace:
    """What Slack gave for a workspace; `expires_at` is set where the app's tokens rotate.

    With `is_organisation` for a whole organisation, whose id `workspace` then is.
    """

    workspace: str
    name: str
    bot_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None
    is_organisation: bool = False


@dataclass(frozen=True, slots=True)
class FreshTokens:
    """What Slack gave for a refresh token."""

    bot_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_at: datetime


class Installations(Protocol):
    """What the bot does with installations. All raise `UserError` for what a person is told."""

    async def issue_state(self) -> str:
        """A new state, valid once for a few minutes."""
        ...

    async def consume_state(self, state: str) -> bool:
        """Whether the state is valid; it is not afterwards."""
        ...

    async def save(self, installed: InstalledWorkspace) -> None:
        """Serve a workspace from now on, with these tokens; may be repeated."""
        ...
