"""The credentials for Slack. Imports no SDK."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Access:
    """The operator's credentials; with an app-level token the bot uses Socket Mode."""

    bot_token: str = field(repr=False)
    app_token: str | None = field(default=None, repr=False)
    signing_secret: str | None = field(default=None, repr=False)
    api_base: str = "https://slack.com/api/"
