"""Who may manage a channel's digest: asked, named, removed. Each change is logged."""

import logging
from collections.abc import Mapping
from datetime import datetime

from bot.channels.domain.managers import MOST_NAMED, Manager, ManagersChange
from bot.channels.store import channel_managers
from bot.core.database.database import Database
from bot.core.domain.errors import UsageError
from bot.core.ports import ChannelRef, User, person_id

log = logging.getLogger(__name__)


async def may_manage(db: Database, channel: ChannelRef, user: User) -> bool:
    """Whether a person may manage the channel's digest: by the platform, or by being named."""
    if user.can_manage:
        return True
    person = person_id(channel, user.id)
    async with db.reading() as tx:
        named = await channel_managers.find(tx, str(channel), person)
    if named is not None and named.name != user.name:
        async with db.transaction() as tx:
            await channel_managers.rename(tx, str(channel), Manager(person, user.name))
    return named is not None


async def list_named(db: Database, channel: ChannelRef) -> tuple[Manager, ...]:
    """The people who were named in a channel."""
    async with db.reading() as tx:
        return await channel_managers.list_of(tx, str(channel))


async def change(
    db: Database,
    channel: ChannelRef,
    wanted: ManagersChange,
    *,
    names: Mapping[str, str],
    changed_by: str,
    now: datetime,
) -> None:
    """Name people and remove others; `names` has names by id where they are known.

    May be repeated. Raises `UsageError` if somebody to remove is not named, or too many would be.
    """
    place = str(channel)
    async with db.transaction() as tx:
        await tx.guard(f"managers:{place}")
        before = {manager.person: manager for manager in await channel_managers.list_of(tx, place)}
        for id_ in wanted.removed:
            if not await channel_managers.remove(tx, place, person_id(channel, id_)):
                shown = names.get(id_) or f"@{id_}"
                raise UsageError("{person} is not named in this channel", person=shown)
        added = [
            Manager(person, names.get(id_) or _known_name(before, person))
            for id_ in wanted.added
            for person in (person_id(channel, id_),)
        ]
        if len(before.keys() | {manager.person for manager in added}) > MOST_NAMED:
            raise UsageError("At most {most} people can be named in a channel", most=MOST_NAMED)
        for manager in added:
            await channel_managers.put(tx, place, manager, named_by=changed_by, now=now)
    by = changed_by or "the command line"
    for manager in added:
        log.info("%s: %s named %s to manage the digest", place, by, manager.person)
    for id_ in wanted.removed:
        log.info("%s: %s removed %s from the managers", place, by, person_id(channel, id_))


def _known_name(known: Mapping[str, Manager], person: str) -> str:
    return known[person].name if person in known else ""
