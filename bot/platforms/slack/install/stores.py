"""slack-bolt's stores of states and installations, over what the bot does with them."""

import logging
from datetime import datetime

from slack_bolt.error import BoltError
from slack_sdk.oauth.installation_store import Installation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore

from bot.core.domain.errors import StorageError, UserError
from bot.core.domain.i18n import translatable
from bot.platforms.slack.api import sdk_logger
from bot.platforms.slack.install.installed import Installations, InstalledWorkspace

_NO_BOT_TOKEN = translatable("Slack gave no bot token: the app has no bot user")


class NotInstalledError(BoltError):
    """Slack gave tokens, and the bot does not take them; `error` says why."""

    def __init__(self, error: UserError) -> None:
        super().__init__(str(error))
        self.error = error


class StateStore(AsyncOAuthStateStore):
    """slack-bolt's store of states."""

    def __init__(self, installations: Installations) -> None:
        self._installations = installations

    @property
    def logger(self) -> logging.Logger:
        return sdk_logger()

    async def async_issue(self, *_: object, **__: object) -> str:
        return await self._installations.issue_state()

    async def async_consume(self, state: str) -> bool:
        return await self._installations.consume_state(state)


class InstallationStore(AsyncInstallationStore):
    """slack-bolt's store of installations; it only saves, since the bot reads them itself."""

    def __init__(self, installations: Installations) -> None:
        self._installations = installations

    @property
    def logger(self) -> logging.Logger:
        return sdk_logger()

    async def async_save(self, installation: Installation) -> None:
        """Save an installation; raises `NotInstalledError` and `StorageError`."""
        try:
            await self._installations.save(_workspace(installation))
        except StorageError:
            raise
        except UserError as error:
            raise NotInstalledError(error) from error


def _workspace(installation: Installation) -> InstalledWorkspace:
    is_organisation = bool(installation.is_enterprise_install)
    place, name = installation.team_id, installation.team_name
    if is_organisation:
        place, name = installation.enterprise_id, installation.enterprise_name
    if not (installation.bot_token and place):
        raise UserError(_NO_BOT_TOKEN)
    expires = installation.bot_token_expires_at
    return InstalledWorkspace(
        place,
        name or place,
        installation.bot_token,
        installation.bot_refresh_token,
        datetime.fromtimestamp(expires).astimezone() if expires is not None else None,
        is_organisation,
    )
