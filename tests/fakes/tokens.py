"""What the fake platforms take for a bot's tokens."""

BOT_TOKEN, APP_TOKEN, SIGNING_SECRET = "xoxb-fake-bot", "xapp-fake-app", "fake-signing-secret"
"""Slack's."""
TOKEN = "bot-token"  # one that nobody else knows
"""Discord's."""


def tokens_of(team: str) -> tuple[str, str]:
    """The bot token and the app-level token of a Slack workspace's app."""
    if team == "T1":
        return BOT_TOKEN, APP_TOKEN
    return f"{BOT_TOKEN}-{team}", f"{APP_TOKEN}-{team}"
