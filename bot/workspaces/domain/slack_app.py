"""A Slack workspace's app: what it is called and the credentials that it gave."""

from dataclasses import field
from datetime import datetime
from enum import StrEnum

from bot.core.domain.dataclass import dataclass

SHORTEST_KEY = 32
"""Characters of a key that encrypts tokens; `openssl rand -base64 32` makes 44."""


class Kind(StrEnum):
    """How a workspace came to the bot."""

    OWN = "own"
    """It brought an app of its own (`paperbot slack add`)."""
    INSTALLED = "installed"
    """It installed the app of the settings ("Add to Slack")."""
    ORGANISATION = "organisation"
    """An Enterprise organisation installed that app, for the workspaces that it grants it to."""


class Ended(StrEnum):
    """Why a workspace is not served any more; its row, subscriptions and messages stay."""

    NOT = ""
    UNINSTALLED = "uninstalled"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Tokens:
    """The credentials of an app; with an app-level token it uses Socket Mode.

    Where tokens rotate, `refresh_token` is for the next bot token and can be used once; the present
    one is valid until `expires_at`, an instant in ISO form.
    """

    bot_token: str = field(repr=False)
    app_token: str | None = field(default=None, repr=False)
    signing_secret: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_at: str | None = None


@dataclass(frozen=True, slots=True)
class SlackApp:
    """The app of one workspace: `workspace` is Slack's id of it (`T0123`), `name` its name.

    For an organisation that is the organisation's id (`E0123`).
    """

    workspace: str
    name: str
    tokens: Tokens
    added_at: datetime
    kind: Kind = Kind.OWN
