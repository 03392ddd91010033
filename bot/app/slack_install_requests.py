"""The web pages of “Add to Slack”, by the settings. Imports Slack's SDK."""

from collections.abc import Callable, Mapping

from bot.core.domain.i18n import Translate
from bot.platforms.slack.install.flow import REDIRECT, InstallRequests
from bot.platforms.slack.install.installed import AppCredentials, Installations
from bot.platforms.slack.install.pages import PageStyle
from bot.platforms.web.visitors.visitor import preferred_language
from bot.settings import Settings

_STYLESHEETS = ("/static/slack/base.css", "/static/slack/reading.css")
"""Of the web pages, which serve them under any build's name."""


def make(
    settings: Settings, installations: Installations, voices: Callable[[str], Translate]
) -> InstallRequests:
    """What answers `/slack/install` and `/slack/oauth_redirect`; `settings.slack_installs` is true."""
    secret = settings.slack_client_secret
    address = settings.web_url
    credentials = AppCredentials(
        settings.slack_client_id or "",
        secret.get_secret_value() if secret is not None else "",
        settings.slack_api_base,
        f"{address.rstrip('/')}/slack{REDIRECT}" if address else None,
    )

    def voice(headers: Mapping[str, str]) -> Translate:
        return voices(preferred_language(headers))

    return InstallRequests(credentials, installations, PageStyle(voice, _STYLESHEETS))
