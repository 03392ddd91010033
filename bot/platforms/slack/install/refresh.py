"""Exchanges a refresh token for new tokens."""

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.core.ports import ChatUncertainError
from bot.platforms.slack.access import Access
from bot.platforms.slack.api import call, open_client, sorted_errors
from bot.platforms.slack.install.installed import AppCredentials, FreshTokens


async def exchange(
    credentials: AppCredentials, refresh_token: str, *, clock: Callable[[], datetime]
) -> FreshTokens:
    """New tokens; the refresh token cannot be used again. Raises `ChatError`."""
    asked_at = clock()
    with sorted_errors():
        async with open_client(Access("", api_base=credentials.api_base)) as client:
            answer = await call(
                client.oauth_v2_access(
                    client_id=credentials.client_id,
                    client_secret=credentials.client_secret,
                    grant_type="refresh_token",
                    refresh_token=refresh_token,
                )
            )
    token, seconds, further = (
        answer.get(name) for name in ("access_token", "expires_in", "refresh_token")
    )
    if not isinstance(token, str) or not isinstance(seconds, int):
        raise ChatUncertainError("what Slack answers is not understood")
    return FreshTokens(
        token, further if isinstance(further, str) else None, asked_at + timedelta(seconds=seconds)
    )
