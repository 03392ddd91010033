"""`paperbot doctor`: what is wrong with the bot's own parts, and what to do about it."""

import asyncio
import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from bot.domain.errors import StorageError
from bot.domain.subscription import Standing, Subscription
from bot.domain.words import Say
from bot.ports import ChannelRef, Finding, Platform, parse_channel
from bot.store import integrity, outbox, ownership, subscriptions
from bot.store.database import Database, opened
from bot.store.totals import totals

_LITTLE_SPACE = 200_000_000
_MEGABYTE = 1_000_000


async def check_database(path: Path, *, now: datetime, say: Say) -> tuple[Finding, ...]:
    """The file, the disk it is on, and what stands in it; makes no database."""
    subject = "PAPERBOT_DATABASE"
    if not await asyncio.to_thread(path.exists):
        words = say("{path} is not there yet; the first import or run makes it", path=path)
        return (Finding(subject, ok=True, words=words), _check_disk(path, say))
    try:
        async with opened(path) as db:
            return (
                await _check_whole(db, subject, say),
                _check_disk(path, say),
                await _check_owner(db, now, say),
                await _check_outbox(db, say),
                *await _check_subscriptions(db, say),
            )
    except StorageError as error:
        text = say(error.message, **error.values)
        return (Finding(subject, ok=False, words=f"{path}: {text}"),)


async def subscribed(path: Path, platform: Platform) -> tuple[ChannelRef, ...]:
    """The channels of a platform that are posted to; none where the database cannot be read."""
    if not await asyncio.to_thread(path.exists):
        return ()
    try:
        async with opened(path) as db, db.reading() as tx:
            every = await subscriptions.list_all(tx)
    except StorageError:
        return ()
    channels = (parse_channel(each.channel) for each in every)
    return tuple(channel for channel in channels if channel.platform is platform)


async def check_vault(folder: Path, *, say: Say) -> Finding:
    """Whether the notes are there and can be read."""
    subject = "PAPERBOT_VAULT"
    try:
        notes = await asyncio.to_thread(_count_notes, folder)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        words = say("{path} cannot be read: {reason}", path=folder, reason=reason)
        return Finding(subject, ok=False, words=words)
    if not notes:
        words = say("{path} holds no notes (*.md); is it the right folder?", path=folder)
        return Finding(subject, ok=False, words=words)
    words = say.count("{path}: {n} note", "{path}: {n} notes", notes, path=folder)
    return Finding(subject, ok=True, words=words)


def _count_notes(folder: Path) -> int:
    next(folder.iterdir(), None)  # rglob is silent where the folder is missing
    return sum(1 for path in folder.rglob("*.md") if path.is_file())


async def _check_whole(db: Database, subject: str, say: Say) -> Finding:
    async with db.reading() as tx:
        damage = await integrity.find_damage(tx)
        found = await totals(tx)
    if damage is not None:
        words = say("it is damaged ({damage}): put a backup in its place", damage=damage)
        return Finding(subject, ok=False, words=f"{db.path}: {words}")
    size = f"{db.path.stat().st_size / _MEGABYTE:.1f}"
    words = say(
        "{path}: {size} MB, {entries} entries", path=db.path, size=size, entries=found.entries
    )
    return Finding(subject, ok=True, words=words)


def _check_disk(path: Path, say: Say) -> Finding:
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    free = shutil.disk_usage(folder).free
    size = free // _MEGABYTE
    if free < _LITTLE_SPACE:
        words = say("only {size} MB are free where the database is: make room", size=size)
        return Finding(say("Disk"), ok=False, words=words)
    return Finding(say("Disk"), ok=True, words=say("{size} MB free", size=size))


async def _check_owner(db: Database, now: datetime, say: Say) -> Finding:
    """Told for information: a bot need not run while the doctor looks."""
    async with db.reading() as tx:
        holder = await ownership.find_holder(tx)
    if holder is None or holder.lease_until < now:
        return Finding(say("Bot"), ok=True, words=say("none runs on this database now"))
    words = say("process {pid} runs on this database", pid=holder.process.pid)
    return Finding(say("Bot"), ok=True, words=words)


async def _check_outbox(db: Database, say: Say) -> Finding:
    async with db.reading() as tx:
        tally = await outbox.tally(tx)
    if tally.held:
        words = say(
            "{held} messages wait for you: see “paperbot deliveries --state held”", held=tally.held
        )
        return Finding(say("Outbox"), ok=False, words=words)
    words = say("{open} on their way, {dead} given up", open=tally.open, dead=tally.dead)
    return Finding(say("Outbox"), ok=True, words=words)


async def _check_subscriptions(db: Database, say: Say) -> Sequence[Finding]:
    async with db.reading() as tx:
        every = await subscriptions.list_all(tx)
    if not every:
        words = say("none; “paperbot channel add --help” says how")
        return (Finding(say("Subscriptions"), ok=True, words=words),)
    refused = [each for each in every if each.standing is Standing.REFUSED]
    count = Finding(say("Subscriptions"), ok=True, words=str(len(every)))
    return (count, *(_refused(each, say) for each in refused))


def _refused(subscription: Subscription, say: Say) -> Finding:
    reason = " ".join(filter(None, (say(subscription.reason), subscription.detail)))
    words = say(
        "{reason}; when it is mended: paperbot channel resume {channel}",
        reason=reason,
        channel=subscription.channel,
    )
    return Finding(subscription.channel, ok=False, words=words)
