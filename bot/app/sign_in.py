"""How people sign in on the web, by the settings."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from importlib.metadata import version
from urllib.parse import urlsplit

from bot.app.platforms import Joined
from bot.core.database.database import Database
from bot.core.ports import Platform, SignIn
from bot.platforms.web.sign_in.rights import RightsOfPeople
from bot.platforms.web.sign_in.ways import AssistantAccess, SignInWays
from bot.platforms.web.visitors.proxies import ProxySignIn
from bot.settings import Settings
from bot.webchat.services.sessions import DatabaseSessions


def proxy_sign_in(settings: Settings) -> ProxySignIn | None:
    """How a proxy tells who is signed in, if one does."""
    if settings.web_user_header is None or settings.web_proxy_secret is None:
        return None
    return ProxySignIn(settings.web_user_header, settings.web_proxy_secret.get_secret_value())


def sign_in(
    settings: Settings,
    joined: Mapping[Platform, Joined],
    db: Database,
    *,
    clock: Callable[[], datetime],
) -> SignInWays | None:
    """How people sign in with accounts, if they can. Raises `UsageError` if an extra is missing."""
    ways: dict[Platform, SignIn] = {}
    slack, discord = joined.get(Platform.SLACK), joined.get(Platform.DISCORD)
    chosen = settings.web_sign_in
    if (
        Platform.SLACK in chosen
        and slack is not None
        and settings.slack_client_id
        and settings.slack_client_secret
    ):
        from bot.platforms.slack import sign_in as with_slack  # noqa: PLC0415 - as in `platforms`

        with_slack.check_extra()
        ways[Platform.SLACK] = with_slack.SlackSignIn(
            settings.slack_client_id,
            settings.slack_client_secret.get_secret_value(),
            api_base=settings.slack_api_base,
            clock=clock,
        )
    if (
        Platform.DISCORD in chosen
        and discord is not None
        and discord.guilds is not None
        and settings.discord_client_id
        and settings.discord_client_secret
    ):
        from bot.platforms.discord.sign_in import DiscordSignIn  # noqa: PLC0415 - as above

        ways[Platform.DISCORD] = DiscordSignIn(
            settings.discord_client_id,
            settings.discord_client_secret.get_secret_value(),
            api_base=settings.discord_api_base,
            guilds=discord.guilds,
        )
    if not ways or settings.web_url is None:
        return None
    rights = {
        platform: rights for platform in ways if (rights := joined[platform].rights) is not None
    }
    return SignInWays(
        settings.web_url, ways, RightsOfPeople(rights, clock=clock), DatabaseSessions(db)
    )


def assistants(
    settings: Settings, db: Database, *, clock: Callable[[], datetime]
) -> AssistantAccess | None:
    """How the assistants of people who sign in ask, if the extra is installed."""
    if not settings.web_sign_in and settings.web_user_header is None:
        return None
    from bot.assistants import over_http  # noqa: PLC0415 - nobody signs in to the demo
    from bot.assistants.services.tools import Tools  # noqa: PLC0415 - as above
    from bot.webchat.services.tokens import DatabaseAssistantTokens  # noqa: PLC0415 - as above

    if not over_http.is_installed():
        return None
    tools = Tools(db, clock, settings.timezone, with_discussions=False)
    return AssistantAccess(
        DatabaseAssistantTokens(db),
        partial(over_http.answering, tools, version("paper-digest-bot")),
    )


def site_names(settings: Settings) -> tuple[str, ...]:
    """The host names by which people reach the page."""
    own = urlsplit(settings.web_url).hostname if settings.web_url else None
    return (*settings.web_names, own) if own else settings.web_names
