"""The requests of “Add to Slack”, by the settings. Imports Slack's SDK."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from bot.core.domain.errors import UserError
from bot.core.domain.i18n import Translate
from bot.platforms.slack.install.flow import REDIRECT, InstallRequests
from bot.platforms.slack.install.installed import AppCredentials, Installations
from bot.platforms.slack.install.pages import PageStyle
from bot.platforms.slack.install.refresh import exchange
from bot.platforms.web.visitors.limits import Rate, RateLimiter
from bot.platforms.web.visitors.proxies import Proxies
from bot.platforms.web.visitors.visitor import preferred_language
from bot.settings import Settings
from bot.workspaces.domain.slack_app import Tokens
from bot.workspaces.services.install_states import TOO_MANY
from bot.workspaces.services.token_refresh import Exchange

log = logging.getLogger(__name__)

_STYLESHEETS = ("/static/slack/base.css", "/static/slack/reading.css")
"""Of the web pages, which serve them under any build's name."""
_BEGUN_BY_ADDRESS = Rate(20, 0.1)
"""Far below what all may begin (`install_states.MOST`)."""


def make(
    settings: Settings, installations: Installations, voices: Callable[[str], Translate]
) -> InstallRequests:
    """What answers `/slack/install` and `/slack/oauth_redirect`; `settings.slack_installs` is true."""
    if not settings.curators:
        log.warning(
            "Slack: anybody can add the app, and PAPERBOT_CURATORS is empty: people of workspaces that "
            "added it themselves may not write notes. Name there who may"
        )

    def voice(headers: Mapping[str, str]) -> Translate:
        return voices(preferred_language(headers))

    style = PageStyle(voice, _STYLESHEETS)
    return InstallRequests(_credentials(settings), installations, style, _limit(settings))


def _limit(settings: Settings) -> Callable[[str | None, Sequence[str]], None]:
    """Raises `UserError` for a visitor's address that begins too many installations."""
    proxies, limiter = Proxies(settings.web_proxies), RateLimiter(_BEGUN_BY_ADDRESS)

    def check(remote: str | None, forwarded_for: Sequence[str]) -> None:
        address = proxies.visitor_address(remote, forwarded_for)
        if limiter.wait(address, asyncio.get_running_loop().time()):
            raise UserError(TOO_MANY)

    return check


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
