"""The workspaces that organisations granted the app to (issue 14, item 2).

Slack lists them, and tells of each change. A list that it made before a change may come after it, so
a workspace that was just taken out is not believed to be back by a list alone.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.database.database import Database
from bot.workspaces.domain.slack_app import Kind
from bot.workspaces.services.slack_apps import GUARD, WITHDRAWN, stop
from bot.workspaces.store import grants, slack_apps
from bot.workspaces.store.grants import Grant

BELIEVED_AFTER = timedelta(minutes=2)
"""How long after a withdrawal a list that still has the workspace is taken for an old one."""


async def list_grants(db: Database) -> tuple[Grant, ...]:
    """What is granted now, by workspace."""
    async with db.reading() as tx:
        return tuple(each for each in await grants.list_all(tx) if each.withdrawn_at is None)


async def put_list(
    db: Database, organisation: str, teams: Mapping[str, str], *, now: datetime
) -> tuple[str, ...]:
    """Store Slack's whole list, with names; returns the workspaces that are new in it.

    The digests of those that are missing stop.
    """
    async with db.reading() as tx:
        kept = {each.workspace: each for each in await grants.list_all(tx)}
    theirs = {name for name, each in kept.items() if each.organisation == organisation}
    gone = [name for name in theirs - {*teams} if kept[name].withdrawn_at is None]
    changed = {
        workspace: name
        for workspace, name in teams.items()
        if kept.get(workspace) != Grant(workspace, organisation, name)
        and not _is_too_early(kept.get(workspace), organisation, now)
    }
    new = await grant(db, organisation, changed) if changed else ()
    if gone:
        # A list may also be older than a grant: then the next one brings it back at once.
        await withdraw(db, organisation, gone, now=now, at=now - BELIEVED_AFTER)
    return new


def _is_too_early(former: Grant | None, organisation: str, now: datetime) -> bool:
    if former is None or former.withdrawn_at is None or former.organisation != organisation:
        return False
    return now - former.withdrawn_at < BELIEVED_AFTER


async def grant(db: Database, organisation: str, teams: Mapping[str, str]) -> tuple[str, ...]:
    """Serve these workspaces, if the organisation is served; returns those that are new.

    A name that is empty is not known yet.
    """
    async with db.transaction() as tx:
        await tx.guard(GUARD)
        app = await slack_apps.find(tx, organisation)
        if app is None or app.kind is not Kind.ORGANISATION or app.ended:
            return ()
        kept = {each.workspace: each for each in await grants.list_all(tx)}
        new = []
        for workspace, name in teams.items():
            former = kept.get(workspace)
            known = name or (former.name if former is not None else workspace)
            if former is None or former.withdrawn_at or former.organisation != organisation:
                new.append(workspace)
            await grants.put(tx, Grant(workspace, organisation, known))
        return tuple(new)


async def withdraw(
    db: Database,
    organisation: str,
    teams: Collection[str],
    *,
    now: datetime,
    at: datetime | None = None,
) -> int:
    """Serve these workspaces no more by the organisation; returns how many digests stopped.

    One that has an app of its own goes on with that. `at` is when they were withdrawn, if not now.
    """
    unserved = set()
    async with db.transaction() as tx:
        await tx.guard(GUARD)
        for each in await grants.list_all(tx):
            is_theirs = each.organisation == organisation and each.workspace in teams
            if not is_theirs or each.withdrawn_at is not None:
                continue
            await grants.put(tx, replace(each, withdrawn_at=at or now))
            own = await slack_apps.find(tx, each.workspace)
            if own is None or own.ended:
                unserved.add(each.workspace)
        return await stop(tx, unserved, WITHDRAWN, now)
