"""What the operator has from Slack. No SDK is imported here."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Access:
    """What Slack gave the operator; with an app-level token the bot uses Socket Mode."""

    bot_token: str = field(repr=False)
    app_token: str | None = field(default=None, repr=False)
    signing_secret: str | None = field(default=None, repr=False)
    api_base: str = "https://slack.com/api/"
