"""A Slack workspace's own app: what it is called and the credentials that it gave."""

from dataclasses import dataclass, field
from datetime import datetime

SHORTEST_KEY = 32
"""Characters of a key that encrypts tokens; `openssl rand -base64 32` makes 44."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The credentials of an app; with an app-level token it uses Socket Mode."""

    bot_token: str = field(repr=False)
    app_token: str | None = field(default=None, repr=False)
    signing_secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SlackApp:
    """The app of one workspace: `workspace` is Slack's id of it (`T0123`), `name` its name."""

    workspace: str
    name: str
    tokens: Tokens
    added_at: datetime
