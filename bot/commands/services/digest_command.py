"""`/digest …`: shows a day's digest to anyone; managers change the channel's subscription."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.archive.domain.entry import Language
from bot.archive.domain.typed_dates import read_date
from bot.archive.store import entries
from bot.arxiv.domain.present_arxiv import status_line
from bot.arxiv.services import daily_batches
from bot.channels.domain.present_subscription import present_subscription
from bot.channels.domain.subscription import Standing, Subscription
from bot.commands.services import digest_line, digest_managers, mail_command, review_command
from bot.commands.services.review_command import ReviewContext
from bot.core.database.database import Database
from bot.core.domain import command_line, commands, document
from bot.core.domain.command_spec import Who
from bot.core.domain.dataclass import dataclass
from bot.core.domain.document import Document, Note, run
from bot.core.domain.errors import NotSubscribedError
from bot.core.domain.i18n import Translate
from bot.core.ports import ChannelRef, Command
from bot.digest.domain import present_digest, present_layouts
from bot.digest.domain.digest import compile_digest
from bot.digest.services import discussion_request, shared_channels, subscribe
from bot.digest.services.options.typed import TypedOptions
from bot.digest.services.options.zones import name_of
from bot.digest.services.shared_channels import Connected, no_connected
from bot.discussion.services import linked_channels, preferences
from bot.discussion.services.discuss import DiscussionContext
from bot.discussion.services.preferences import TypedPreferences
from bot.lookup.services import typed_dates
from bot.mail.services.opt_in import OptIn
from bot.recap.domain.period import parse_period
from bot.recap.services import look_back

DEFAULT_TIME = "09:00"
TIME_TO_CHOOSE = timedelta(minutes=1)
"""For so long the first digest waits after a bare `/digest here`, which shows the layouts."""


@dataclass(frozen=True, slots=True)
class DigestContext:
    """The dependencies of `/digest`.

    `zone` decides "today" and the default schedule; `check` asks a platform whether the bot may
    post; `planned` is called when there may be something to post. `categories` are the arXiv
    categories that are polled, if any. `connected` tells which workspaces share a channel. `curators`
    are ids of people. `mail` is there where e-mail is set up.
    """

    db: Database
    clock: Callable[[], datetime]
    zone: ZoneInfo
    check: Callable[[ChannelRef], Awaitable[ChannelRef]]
    planned: Callable[[], None]
    categories: tuple[str, ...] = ()
    connected: Connected = no_connected
    curators: frozenset[str] = frozenset()
    mail: OptIn | None = None


async def answer(
    desk: DigestContext,
    talk: DiscussionContext,
    command: Command,
    *,
    languages: tuple[Language, ...],
    say: Translate,
) -> Document:
    """The answer to `/digest …`; raises `UserError`."""
    verb = command_line.find_verb(commands.DIGEST, command.options)
    if verb is not None and verb.who is Who.MANAGERS:
        refusal = await digest_managers.find_refusal(desk.db, command, say)
        if refusal is not None:
            return refusal
    typed = " ".join(command.options.values())
    zone = await zone_of(desk, command.channel)
    days = await typed_dates.days_for(desk.db, typed, now=desk.clock(), zone=zone)
    line = digest_line.read(command.options, days=days)
    if line.verb is None or line.verb.name in {"today", "newest"}:
        text = line.text if line.verb is None else line.verb.name
        return await _show_day(desk, read_date(text or "today", days), languages, say)
    home = command.channel
    if line.verb.name in _OF_THE_DIGEST:
        home = await shared_channels.find_home(desk.db, command.channel, desk.connected)
    if home != command.channel:
        if line.verb.name == "here" and await _is_posted(desk, home):
            return _present_posted_elsewhere(say)
        command = replace(command, channel=home)
    try:
        return await _carry_out(desk, talk, command, line, say)
    except NotSubscribedError:
        return _present_no_digest(say)


async def _carry_out(
    desk: DigestContext,
    talk: DiscussionContext,
    command: Command,
    line: digest_line.DigestLine,
    say: Translate,
) -> Document:
    """The answer to a verb; raises `UserError`."""
    other = await _answer_elsewhere(desk, talk, command, line, say)
    if other is not None:
        return other
    chooses = (
        line.verb is not None
        and line.verb.name == "here"
        and "layout" not in line.options
        and not await _is_subscribed(desk, command.channel)
    )
    await _change(desk, talk, command, line)
    desk.planned()
    status = await _show_status(desk, command.channel, say)
    note = await linked_channels.describe(talk, command.channel, say)
    title, *details = status.blocks
    choice = await _layout_choice(desk, say, waits=not line.options) if chooses else ()
    notes = (Note(run(note)),) if note else ()
    return replace(status, blocks=(title, *choice, *details, *notes))


_OF_THE_DIGEST = frozenset(
    {"here", "settings", "pause", "resume", "status", "link", "unlink", "review", "mail"}
)
"""Verbs that act on the one digest of a channel, from whichever workspace they are typed."""


async def _recap(desk: DigestContext, channel: ChannelRef, text: str, say: Translate) -> Document:
    zone = await zone_of(desk, channel)
    today = desk.clock().astimezone(zone).date()
    period = parse_period(text, today)
    found = await look_back.look_back_in_channel(
        desk.db, period, str(channel), zone=zone, today=today
    )
    return found.present(say)


async def _review(
    desk: DigestContext,
    talk: DiscussionContext,
    command: Command,
    text: str,
    say: Translate,
) -> Document:
    def decided() -> None:
        desk.planned()
        talk.to_change()

    zone = await zone_of(desk, command.channel)
    context = ReviewContext(desk.db, desk.clock, zone, talk.voices, desk.curators, decided)
    return await review_command.answer(context, command, text, say)


async def _is_posted(desk: DigestContext, channel: ChannelRef) -> bool:
    return (await subscribe.get(desk.db, channel)).standing is Standing.ACTIVE


def _present_posted_elsewhere(say: Translate) -> Document:
    text = say(
        "The digest is posted in this channel already, from another workspace that shares it. "
        "You can change it from here too: /digest settings."
    )
    return document.notice(text, say("Settings"), command_line.format_line("digest", "settings"))


async def _is_subscribed(desk: DigestContext, channel: ChannelRef) -> bool:
    try:
        await subscribe.get(desk.db, channel)
    except NotSubscribedError:
        return False
    return True


async def _layout_choice(
    desk: DigestContext, say: Translate, *, waits: bool
) -> tuple[document.Block, ...]:
    """The layouts, with papers of the newest day; `waits` says that the first digest does."""
    async with desk.db.reading() as tx:
        days = await entries.list_days(tx, limit=1)
        found = await entries.on_date(tx, days[0].on) if days else ()
    day = days[0].on if days else desk.clock().astimezone(desk.zone).date()
    titles = [stored.entry.paper.title for stored in found]
    return present_layouts.present_layouts(day, titles, waits=waits, say=say)


async def _answer_elsewhere(
    desk: DigestContext,
    talk: DiscussionContext,
    command: Command,
    line: digest_line.DigestLine,
    say: Translate,
) -> Document | None:
    """The answer to a verb that other modules carry out; `None` for the others."""
    match line.verb.name if line.verb is not None else "":
        case "managers":
            now = desk.clock()
            return await digest_managers.answer(desk.db, command, line.text, say, now=now)
        case "link":
            return await _link(talk, command.channel, line.text, say)
        case "unlink":
            return await linked_channels.unlink(talk, command.channel, say)
        case "recap":
            return await _recap(desk, command.channel, line.text, say)
        case "review":
            return await _review(desk, talk, command, line.text, say)
        case "mail":
            return await _mail(desk, command, line, say)
        case "discuss":
            return await discussion_request.ask(talk, command, line.text, say)
        case _:
            return None


async def _mail(
    desk: DigestContext, command: Command, line: digest_line.DigestLine, say: Translate
) -> Document:
    answered = await mail_command.answer(
        desk.db,
        desk.mail,
        command,
        line.text,
        line.options,
        zone=desk.zone,
        now=desk.clock(),
        say=say,
    )
    desk.planned()
    return answered


async def _change(
    desk: DigestContext,
    talk: DiscussionContext,
    command: Command,
    line: digest_line.DigestLine,
) -> None:
    """Change the channel's subscription and preferences as the line says."""
    words, wanted = TypedOptions.of(line.options), TypedPreferences.of(line.options)
    await preferences.check(talk, command.channel, wanted)
    match line.verb.name if line.verb is not None else "":
        case "here":
            wait = timedelta() if line.options else TIME_TO_CHOOSE
            await _subscribe(desk, command, words, wait)
        case "settings" if words != TypedOptions():
            await subscribe.change(desk.db, command.channel, words, now=desk.clock())
        case "pause":
            await subscribe.pause(desk.db, command.channel, now=desk.clock())
        case "resume":
            await _resume(desk, command.channel)
    await preferences.change(talk, command.channel, wanted)


async def _link(
    talk: DiscussionContext, channel: ChannelRef, code: str, say: Translate
) -> Document:
    if code:
        return await linked_channels.enter_code(talk, channel, code, say)
    return await linked_channels.make_code(talk, channel, say)


async def _show_day(
    desk: DigestContext, day: date, languages: tuple[Language, ...], say: Translate
) -> Document:
    async with desk.db.reading() as tx:
        found = await entries.on_date(tx, day)
    shown = compile_digest(found, on=day).entries
    return present_digest.present_day(day, shown, languages=languages, say=say)


async def zone_of(desk: DigestContext, channel: ChannelRef) -> ZoneInfo:
    """The zone that decides which day it is in a channel: its digest's, else the bot's."""
    try:
        return (await subscribe.get(desk.db, channel)).options.schedule.zone
    except NotSubscribedError:
        return desk.zone


async def _subscribe(
    desk: DigestContext, command: Command, words: TypedOptions, wait: timedelta
) -> None:
    try:
        await subscribe.get(desk.db, command.channel)
    except NotSubscribedError:
        await _add(desk, command, words, wait)
        return
    subscribe.check_change(command.channel, words, now=desk.clock())
    await _resume(desk, command.channel)
    if words != TypedOptions():
        await subscribe.change(desk.db, command.channel, words, now=desk.clock())


async def _resume(desk: DigestContext, channel: ChannelRef) -> None:
    await subscribe.resume(
        desk.db, channel, now=desk.clock(), check=desk.check, connected=desk.connected
    )


async def _add(
    desk: DigestContext, command: Command, words: TypedOptions, wait: timedelta
) -> Subscription:
    return await subscribe.add(
        desk.db,
        command.channel,
        replace(words, at=words.at or DEFAULT_TIME, zone=words.zone or name_of(desk.zone)),
        now=desk.clock(),
        created_by=command.user.name,
        check=desk.check,
        connected=desk.connected,
        wait=wait,
    )


def _present_no_digest(say: Translate) -> Document:
    text = say("No digest is posted in this channel.")
    return document.notice(
        text, say("Post a digest here"), command_line.format_line("digest", "here")
    )


async def _show_status(desk: DigestContext, channel: ChannelRef, say: Translate) -> Document:
    try:
        status = await subscribe.status(desk.db, channel, now=desk.clock())
    except NotSubscribedError:
        return _present_no_digest(say)
    shown = present_subscription(
        status.subscription,
        next_at=status.next_slot.at if status.next_slot else None,
        last_on=status.last_on,
        waiting=status.tally.open,
        wait=status.wait,
        stuck=status.tally.held + status.tally.dead,
        problem=status.problem,
        say=say,
    )
    line = await _arxiv_line(desk, say)
    return replace(shown, blocks=(*shown.blocks, Note(run(line)))) if line else shown


async def _arxiv_line(desk: DigestContext, say: Translate) -> str:
    now = desk.clock()
    async with desk.db.reading() as tx:
        statuses = await daily_batches.list_status(tx, desk.categories, now)
        trouble = await daily_batches.find_trouble(tx, statuses, now)
    return status_line(statuses, trouble, say)
