"""The requests of “Add to Slack”, by the settings. Imports Slack's SDK."""

from collections.abc import Callable, Mapping
from datetime import datetime

from bot.core.domain.i18n import Translate
from bot.platforms.slack.install.flow import REDIRECT, InstallRequests
from bot.platforms.slack.install.installed import AppCredentials, Installations
from bot.platforms.slack.install.pages import PageStyle
from bot.platforms.slack.install.refresh import exchange
from bot.platforms.web.visitors.visitor import preferred_language
from bot.settings import Settings
from bot.workspaces.domain.slack_app import Tokens
from bot.workspaces.services.token_refresh import Exchange

_STYLESHEETS = ("/static/slack/base.css", "/static/slack/reading.css")
"""Of the web pages, which serve them under any build's name."""


def make(
    settings: Settings, installations: Installations, voices: Callable[[str], Translate]
) -> InstallRequests:
    """What answers `/slack/install` and `/slack/oauth_redirect`; `settings.slack_installs` is true."""

    def voice(headers: Mapping[str, str]) -> Translate:
        return voices(preferred_language(headers))

    return InstallRequests(_credentials(settings), installations, PageStyle(voice, _STYLESHEETS))


def exchange_by(settings: Settings, *, clock: Callable[[], datetime]) -> Exchange:
    """How refresh tokens are exchanged where the app's tokens rotate."""

    async def exchanged(refresh_token: str) -> Tokens:
        fresh = await exchange(_credentials(settings), refresh_token, clock=clock)
        return Tokens(
            fresh.bot_token,
            refresh_token=fresh.refresh_token,
            expires_at=fresh.expires_at.isoformat(),
        )

    return exchanged


def _credentials(settings: Settings) -> AppCredentials:
    secret = settings.slack_client_secret
    address = settings.web_url
    return AppCredentials(
        settings.slack_client_id or "",
        secret.get_secret_value() if secret is not None else "",
        settings.slack_api_base,
        f"{address.rstrip('/')}/slack{REDIRECT}" if address else None,
    )
