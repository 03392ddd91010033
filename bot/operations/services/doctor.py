"""`paperbot doctor`: what is wrong with the bot's own parts, and what to do about it."""

import asyncio
import shlex
import shutil
import stat
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from bot.archive.services.files.find_files import find_files
from bot.arxiv.domain.backoff import BACKOFF_STEPS
from bot.arxiv.domain.batches import Trouble
from bot.arxiv.domain.present_arxiv import refusal_words, status_line, wait_words
from bot.arxiv.ports import Refusal
from bot.arxiv.services.daily_batches import kind_of
from bot.arxiv.services.polling import ArxivStatus, get_status
from bot.channels.domain.digest_options import RecapChoice
from bot.channels.domain.subscription import Standing, Subscription
from bot.channels.store import subscriptions
from bot.core.database.address import PostgresAddress, may_be_there
from bot.core.database.database import Database, opened
from bot.core.database.postgresql.server import describe_server
from bot.core.database.sqlite import integrity
from bot.core.domain.errors import StorageError, UsageError
from bot.core.domain.i18n import Translate, error_text
from bot.core.picture import find_lack
from bot.core.ports import ChannelRef, Finding, Platform, parse_channel
from bot.core.store import leases, processes
from bot.digest.services.filtered import find_problem
from bot.operations.store.totals import totals
from bot.outbox.store import operator_view

_LITTLE_SPACE = 200_000_000
_MEGABYTE = 1_000_000


async def check_database(
    location: Path | PostgresAddress, *, now: datetime, say: Translate
) -> tuple[Finding, ...]:
    """The file and its disk, or the server, and what stands in it; makes no file."""
    if isinstance(location, PostgresAddress):
        return await _check_server(location, now, say)
    path, subject = location, "PAPERBOT_DATABASE"
    if not await asyncio.to_thread(path.exists):
        words = say(
            "{path} does not exist yet; the first “paperbot import” or “paperbot run” creates it",
            path=path,
        )
        return (Finding(subject, ok=True, words=words), _check_disk(path, say))
    try:
        async with opened(path) as db:
            return (
                await _check_whole(db, path, subject, say),
                *filter(None, (check_privacy(path, say=say),)),
                _check_disk(path, say),
                await _check_owner(db, now, say),
                await _check_outbox(db, say),
                *await _check_subscriptions(db, say),
            )
    except StorageError as error:
        text = error_text(error, say)
        return (Finding(subject, ok=False, words=f"{path}: {text}"),)


async def _check_server(
    location: PostgresAddress, now: datetime, say: Translate
) -> tuple[Finding, ...]:
    subject = "PAPERBOT_DATABASE"
    try:
        async with opened(location) as db:
            async with db.reading() as tx:
                server = await describe_server(tx)
                found = await totals(tx)
            words = say(
                "{path}: PostgreSQL {version}, {size} MB, entries: {entries}; connections of the "
                "server: {connections} of {allowed}",
                path=location,
                version=server.version,
                size=f"{server.size / _MEGABYTE:.1f}",
                entries=found.entries,
                connections=server.connections,
                allowed=server.allowed,
            )
            return (
                Finding(subject, ok=True, words=words),
                await _check_processes(db, now, say),
                await _check_outbox(db, say),
                *await _check_subscriptions(db, say),
            )
    except (StorageError, UsageError) as error:
        text = error_text(error, say)
        return (Finding(subject, ok=False, words=f"{location}: {text}"),)


async def subscribed(path: Path | PostgresAddress, platform: Platform) -> tuple[ChannelRef, ...]:
    """The channels of a platform that are posted to; none where the database cannot be read."""
    if not await asyncio.to_thread(may_be_there, path):
        return ()
    try:
        async with opened(path) as db, db.reading() as tx:
            every = await subscriptions.list_all(tx)
    except (StorageError, UsageError):
        return ()
    channels = (parse_channel(each.channel) for each in every)
    return tuple(channel for channel in channels if channel.platform is platform)


async def check_arxiv(
    path: Path | PostgresAddress,
    categories: Sequence[str],
    *,
    is_on: bool,
    contact: str | None,
    now: datetime,
    say: Translate,
) -> tuple[Finding, ...]:
    """How things stand with arXiv, from the database alone; nothing is asked."""
    subject = "arXiv"
    if not is_on:
        words = say("not asked, because ARXIV_POLL is off")
        return (Finding(subject, ok=True, words=words),)
    try:
        status = await _arxiv_status(path, categories, now)
    except (StorageError, UsageError):
        status = None  # the database's own finding says so
    named = (
        say("contact: {contact}", contact=contact)
        if contact is not None
        else say("no contact: please set ARXIV_CONTACT to your e-mail or web address")
    )
    if status is None or all(each.checked_at is None for each in status.categories):
        names = " ".join(categories)
        words = say("{names}: not polled yet; run “paperbot run” or “paperbot poll”", names=names)
        return (Finding(subject, ok=True, words=f"{named}; {words}"),)
    line = status_line(status.categories, Trouble.NONE, say).partition(" — ")[2]
    standing = Finding(subject, ok=True, words=f"{named}; {line}")
    return (standing, *_arxiv_troubles(status, subject, say))


async def _arxiv_status(
    path: Path | PostgresAddress, categories: Sequence[str], now: datetime
) -> ArxivStatus | None:
    if not await asyncio.to_thread(may_be_there, path):
        return None
    async with opened(path) as db:
        return await get_status(db, categories, now)


def _arxiv_troubles(status: ArxivStatus, subject: str, say: Translate) -> Iterator[Finding]:
    """What is wrong, and what to do; a wait ends by itself."""
    if status.trouble is not Trouble.NONE:
        words = say("There is nothing new in any category: see https://status.arxiv.org")
        yield Finding(subject, ok=False, words=words)
    for each in status.categories:
        if each.refusal == Refusal.QUESTION:
            words = say(
                "arXiv rejects {category} ({reason}): correct ARXIV_CATEGORIES",
                category=each.category,
                reason=each.reason,
            )
            yield Finding(subject, ok=False, words=words)
    for wait in status.waits:
        refusal = refusal_words(kind_of(wait, status.refusals), wait.reason, say)
        words = wait_words(wait.target, wait.until, refusal, say)
        is_long = wait.failures >= len(BACKOFF_STEPS)
        if is_long:
            words += "; " + say(
                "failed {n} times in a row: see https://status.arxiv.org, and check ARXIV_CONTACT",
                n=wait.failures,
            )
        yield Finding(subject, ok=not is_long, words=words)


async def check_vault(folder: Path, *, say: Translate) -> Finding:
    """Whether the notes are there and can be read."""
    subject = "PAPERBOT_VAULT"
    try:
        notes = await asyncio.to_thread(_count_notes, folder)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        words = say("{path} cannot be read: {reason}", path=folder, reason=reason)
        return Finding(subject, ok=False, words=words)
    if not notes:
        words = say(
            "{path} contains no notes (*.md): check that it is the right folder", path=folder
        )
        return Finding(subject, ok=False, words=words)
    words = say.count("{path}: {n} note", "{path}: {n} notes", notes, path=folder)
    return Finding(subject, ok=True, words=words)


def _count_notes(folder: Path) -> int:
    next(folder.iterdir(), None)  # a folder that cannot be read is an error, not empty
    return len(find_files([folder]).files)


def check_privacy(file: Path, *, say: Translate) -> Finding | None:
    """A finding where everybody on this machine may read a file that holds secrets."""
    try:
        mode = file.stat().st_mode
    except OSError:
        return None
    if not mode & stat.S_IROTH:
        return None
    words = say(
        "every user of this machine can read {path}. Run: chmod 600 {path}",
        path=shlex.quote(str(file)),
    )
    return Finding(str(file), ok=False, words=words)


async def _check_whole(db: Database, path: Path, subject: str, say: Translate) -> Finding:
    async with db.reading() as tx:
        damage = await integrity.find_damage(tx)
        found = await totals(tx)
    if damage is not None:
        words = say(
            "it is damaged ({damage}): restore a backup with “paperbot restore FILE”", damage=damage
        )
        return Finding(subject, ok=False, words=f"{path}: {words}")
    size = f"{(await asyncio.to_thread(path.stat)).st_size / _MEGABYTE:.1f}"
    words = say(
        "{path}: {size} MB, entries: {entries}", path=path, size=size, entries=found.entries
    )
    return Finding(subject, ok=True, words=words)


def _check_disk(path: Path, say: Translate) -> Finding:
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    free = shutil.disk_usage(folder).free
    size = free // _MEGABYTE
    if free < _LITTLE_SPACE:
        words = say("only {size} MB are free on the database's disk: free some space", size=size)
        return Finding(say("Disk"), ok=False, words=words)
    return Finding(say("Disk"), ok=True, words=say("{size} MB free", size=size))


async def _check_owner(db: Database, now: datetime, say: Translate) -> Finding:
    """Told for information: a bot need not run while the doctor looks."""
    async with db.reading() as tx:
        lease = await leases.find(tx, "posting")
    if lease is None or lease.expires_at < now:
        return Finding(say("Bot"), ok=True, words=say("no bot is running on this database now"))
    words = say("process {pid} is running on this database", pid=lease.process.pid)
    return Finding(say("Bot"), ok=True, words=words)


async def _check_processes(db: Database, now: datetime, say: Translate) -> Finding:
    """The bots that share the work, and how many parts of it each does."""
    async with db.reading() as tx:
        there = await processes.count_parts(tx, now)
    if not there:
        return Finding(say("Bot"), ok=True, words=say("no bot is running on this database now"))
    each = (
        say("process {pid} on {machine} (parts of the work: {n})", pid=pid, machine=machine, n=n)
        for (machine, pid), n in there.items()
    )
    return Finding(say("Bot"), ok=True, words=", ".join(each))


async def _check_outbox(db: Database, say: Translate) -> Finding:
    async with db.reading() as tx:
        tally = await operator_view.tally(tx)
    if tally.held:
        words = say.count(
            "{n} message is held for you to decide: see “paperbot deliveries --state held”",
            "{n} messages are held for you to decide: see “paperbot deliveries --state held”",
            tally.held,
        )
        return Finding(say("Outbox"), ok=False, words=words)
    words = say("{open} waiting, {dead} dead", open=tally.open, dead=tally.dead)
    return Finding(say("Outbox"), ok=True, words=words)


async def _check_subscriptions(db: Database, say: Translate) -> Sequence[Finding]:
    async with db.reading() as tx:
        every = await subscriptions.list_all(tx)
    if not every:
        words = say("none; see “paperbot channel add --help”")
        return (Finding(say("Subscriptions"), ok=True, words=words),)
    refused = [each for each in every if each.standing is Standing.REFUSED]
    count = Finding(say("Subscriptions"), ok=True, words=str(len(every)))
    found = [count, *(_refused(each, say) for each in refused)]
    for each in every:
        problem = find_problem(each)
        if problem is not None:
            words = " — ".join(error_text(problem, say).splitlines())
            found.append(Finding(each.channel, ok=False, words=words))
    lack = await asyncio.to_thread(find_lack)
    if lack is not None and any(each.options.recap is not RecapChoice.OFF for each in every):
        found.append(Finding(say("Recaps"), ok=True, words=say(lack)))
    return found


def _refused(subscription: Subscription, say: Translate) -> Finding:
    reason = ": ".join(filter(None, (say(subscription.reason), subscription.detail)))
    words = say(
        "{reason}. Fix it, then run: paperbot channel resume {channel}",
        reason=reason,
        channel=subscription.channel,
    )
    return Finding(subscription.channel, ok=False, words=words)
