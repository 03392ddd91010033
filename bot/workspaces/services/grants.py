"""The workspaces that organisations granted the app to (issue 14, item 2).

Slack lists them, and tells of each change. A list that it made before a change may come after it, so
a workspace that was just taken out is not believed to be back by a list alone.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.database.database import Database, Transaction
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
        kept = await grants.list_all(tx)
    if not any(_compare(kept, organisation, teams, now)):
        return ()  # as nearly always: nobody waits for the guard
    async with db.transaction() as tx:
        await tx.guard(GUARD)
        # A workspace may have been taken out since.
        kept = await grants.list_all(tx)
        changed, gone = _compare(kept, organisation, teams, now)
        new = await _grant(tx, organisation, changed)
        # A list may also be older than a grant: then the next one brings it back at once.
        await _withdraw(tx, organisation, gone, now=now, at=now - BELIEVED_AFTER)
        return new


def _compare(
    kept: Iterable[Grant], organisation: str, teams: Mapping[str, str], now: datetime
) -> tuple[Mapping[str, str], Collection[str]]:
    """What a list changes: the workspaces to store, with names, and those that are missing in it."""
    by_workspace = {each.workspace: each for each in kept}
    changed = {
        workspace: name
        for workspace, name in teams.items()
        if by_workspace.get(workspace) != Grant(workspace, organisation, name)
        and not _is_too_early(by_workspace.get(workspace), organisation, now)
    }
    gone = [
        each.workspace
        for each in by_workspace.values()
        if each.organisation == organisation
        and each.withdrawn_at is None
        and each.workspace not in teams
    ]
    return changed, gone


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
        return await _grant(tx, organisation, teams)


async def _grant(tx: Transaction, organisation: str, teams: Mapping[str, str]) -> tuple[str, ...]:
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
    db: Database, organisation: str, teams: Collection[str], *, now: datetime
) -> int:
    """Serve these workspaces no more by the organisation; returns how many digests stopped.

    One that has an app of its own goes on with that.
    """
    async with db.transaction() as tx:
        await tx.guard(GUARD)
        return await _withdraw(tx, organisation, teams, now=now, at=now)


async def _withdraw(
    tx: Transaction, organisation: str, teams: Collection[str], *, now: datetime, at: datetime
) -> int:
    """The same; they were withdrawn at that instant."""
    unserved = set()
    for each in await grants.list_all(tx):
        is_theirs = each.organisation == organisation and each.workspace in teams
        if not is_theirs or each.withdrawn_at is not None:
            continue
        await grants.put(tx, replace(each, withdrawn_at=at))
        own = await slack_apps.find(tx, each.workspace)
        if own is None or own.ended:
            unserved.add(each.workspace)
    return await stop(tx, unserved, WITHDRAWN, now)
