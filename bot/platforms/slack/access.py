"""The credentials for Slack. Imports no SDK."""

from dataclasses import field

from bot.core.domain.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Access:
    """The operator's credentials; with an app-level token the bot uses Socket Mode.

    The token of a whole `organisation` (`E0123`) is for one of its workspaces, `team`. Otherwise both
    are empty: Slack tells which workspace a token is for.
    """

    bot_token: str = field(repr=False)
    app_token: str | None = field(default=None, repr=False)
    signing_secret: str | None = field(default=None, repr=False)
    api_base: str = "https://slack.com/api/"
    team: str = ""
    organisation: str = ""
