"""How people sign in on the web, by the settings."""

from bot.platforms.web.visitors.proxies import ProxySignIn
from bot.settings import Settings


def proxy_sign_in(settings: Settings) -> ProxySignIn | None:
    """How a proxy tells who is signed in, if one does."""
    if settings.web_user_header is None or settings.web_proxy_secret is None:
        return None
    return ProxySignIn(settings.web_user_header, settings.web_proxy_secret.get_secret_value())
