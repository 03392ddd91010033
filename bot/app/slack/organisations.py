"""Organisations that installed Slack's app: which workspaces they grant it to, and when they end it.

Each is asked once a minute, and soon after it installed the app, or a request named a workspace of it
that is not served.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from bot.app.slack.installations import SlackInstallations, resume_stopped
from bot.core.database.database import Database
from bot.core.domain.errors import UsageError
from bot.core.ports import ChatError, Condition
from bot.platforms.slack.access import Access
from bot.platforms.slack.inbound.events import AppGranted, OrganisationRemoved
from bot.platforms.slack.requests.request_body import organisations
from bot.settings import Settings
from bot.workspaces.domain.slack_app import Kind
from bot.workspaces.services import grants, slack_apps
from bot.workspaces.store.slack_apps import StoredApp

log = logging.getLogger(__name__)

ASK_EVERY = 60.0
"""Seconds between two looks at the workspaces of one organisation."""
SOONEST = 5.0
"""Seconds between them if there is a reason: Slack allows twenty a minute."""


class SlackOrganisations:
    """What Slack's adapter tells of organisations, and what it is to ask them."""

    def __init__(self, db: Database, settings: Settings, *, clock: Callable[[], datetime]) -> None:
        self._db = db
        self._settings = settings
        self._clock = clock
        self._installations = SlackInstallations(db, settings, clock=clock)
        self._asked: dict[str, tuple[str, float]] = {}
        self._in_doubt: set[str] = set()
        self._conditions: dict[str, Condition] = {}

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """One for each organisation that installed the app, named `slack:E0123`."""
        return tuple(self._conditions.values())

    async def look(self) -> None:
        """Ask those whose turn it is; raises `StorageError`."""
        stored = [
            each
            for each in await slack_apps.list_stored(self._db)
            if each.kind is Kind.ORGANISATION and not each.ended
        ]
        for gone in {*self._conditions} - {each.workspace for each in stored}:
            del self._conditions[gone]
        due = [each for each in stored if self._is_due(each)]
        for each in due:
            self._asked[each.workspace] = each.tokens, time.monotonic()
            self._in_doubt.discard(each.workspace)
        await asyncio.gather(*map(self._ask, due))

    def _is_due(self, app: StoredApp) -> bool:
        tokens, asked_at = self._asked.get(app.workspace, ("", 0.0))
        since = time.monotonic() - asked_at
        pause = SOONEST if app.workspace in self._in_doubt else ASK_EVERY
        return tokens != app.tokens or since >= pause

    async def _ask(self, app: StoredApp) -> None:
        from bot.platforms.slack.install.organisations import list_teams  # noqa: PLC0415 - an SDK

        organisation = app.workspace
        name = f"slack:{organisation}"
        try:
            tokens = slack_apps.decrypted(app, self._settings.secret_keys).tokens
        except UsageError as error:
            if organisation not in self._conditions or self._conditions[organisation].ok:
                log.error("Slack: %s: %s", organisation, error)
            self._conditions[organisation] = Condition(name, ok=False, detail=str(error))
            return
        access = Access(tokens.bot_token, api_base=self._settings.slack_api_base)
        try:
            teams = await list_teams(access)
        except ChatError as error:
            log.warning("Slack: the workspaces of %s are unknown: %s", organisation, error)
            self._conditions[organisation] = Condition(
                name, ok=False, detail=f"organisation; its workspaces are unknown: {error}"
            )
            return
        now = self._clock()
        new = await grants.put_list(self._db, organisation, teams, now=now)
        # All, not those that are new: a process may have ended between a grant and what follows.
        granted = await grants.list_grants(self._db)
        served = {each.workspace for each in granted if each.organisation == organisation}
        await self._begin(organisation, new, resume=served)
        self._conditions[organisation] = Condition(
            name, ok=True, detail=f"organisation; workspaces: {len(teams)}", last_ok_at=now
        )

    async def _begin(
        self, organisation: str, teams: tuple[str, ...], *, resume: Collection[str]
    ) -> None:
        for team in teams:
            log.info("Slack: %s granted the app to %s", organisation, team)
        await resume_stopped(self._db, resume, now=self._clock())

    async def on_told(self, told: AppGranted | OrganisationRemoved) -> None:
        """Do what an organisation changed. One that is not served changes nothing."""
        organisation = told.organisation
        if isinstance(told, OrganisationRemoved):
            await self._installations.end(organisation, told.event)
        elif told.is_withdrawn:
            stopped = await grants.withdraw(self._db, organisation, told.teams, now=self._clock())
            log.warning(
                "Slack: %s took the app out of %s; digests stopped: %d",
                organisation,
                ", ".join(told.teams),
                stopped,
            )
        else:
            new = await grants.grant(self._db, organisation, dict.fromkeys(told.teams, ""))
            await self._begin(organisation, new, resume=new)
            self._in_doubt.add(organisation)  # their names

    def on_unknown(self, body: Mapping[str, Any]) -> None:
        """Ask the organisations that a request names, since its workspace is not served."""
        self._in_doubt |= organisations(body) & {*self._asked}
