"""Installations of Slack's app in the database. Imports no SDK."""

import logging
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime

from bot.core.database.database import Database
from bot.core.domain.errors import NotFoundError
from bot.digest.services import subscribe
from bot.platforms.slack.inbound.events import AppRemoved
from bot.platforms.slack.install.installed import InstalledWorkspace
from bot.settings import Settings
from bot.workspaces.domain.slack_app import Ended, Kind, SlackApp, Tokens
from bot.workspaces.services import install_states, slack_apps, token_refresh
from bot.workspaces.services.token_refresh import Exchange

log = logging.getLogger(__name__)


class SlackInstallations:
    """`Installations` of Slack's adapter, and what is done when a workspace removes the app."""

    def __init__(self, db: Database, settings: Settings, *, clock: Callable[[], datetime]) -> None:
        self._db = db
        self._keys = settings.secret_keys
        self._clock = clock

    async def issue_state(self) -> str:
        return await install_states.issue(self._db, now=self._clock())

    async def consume_state(self, state: str) -> bool:
        return await install_states.consume(self._db, state, now=self._clock())

    async def save(self, installed: InstalledWorkspace) -> None:
        """Serve a workspace; what stopped when it removed the app resumes.

        The workspaces of an organisation are served when it is asked for them (`slack_organisations`).
        """
        tokens = Tokens(
            installed.bot_token,
            refresh_token=installed.refresh_token,
            expires_at=installed.expires_at.isoformat() if installed.expires_at else None,
        )
        workspace = installed.workspace
        kind = Kind.ORGANISATION if installed.is_organisation else Kind.INSTALLED
        app = SlackApp(workspace, installed.name, tokens, self._clock(), kind)
        is_new = await slack_apps.add(self._db, app, self._keys)
        log.info("Slack: %s installed the app%s", workspace, "" if is_new else " again")
        await resume_stopped(self._db, {workspace}, now=self._clock())

    async def refresh(self, exchange: Exchange) -> None:
        """Replace the tokens that expire soon."""
        await token_refresh.refresh_due(self._db, self._keys, exchange, clock=self._clock)

    async def end(self, workspace: str, event: AppRemoved) -> None:
        """Serve a workspace no more: the next look at the workspaces disconnects it."""
        ended = Ended.REVOKED if event.is_revoked else Ended.UNINSTALLED
        stopped = await slack_apps.end(self._db, workspace, ended, at=event.at, now=self._clock())
        if stopped is not None:
            log.warning("Slack: %s: %s; digests stopped: %d", workspace, ended.value, stopped)


async def resume_stopped(db: Database, workspaces: Collection[str], *, now: datetime) -> None:
    """Resume the digests that stopped when these workspaces removed the app."""
    for channel in await slack_apps.find_stopped(db, workspaces):
        with suppress(NotFoundError):  # removed meanwhile
            await subscribe.resume(db, channel, now=now)
