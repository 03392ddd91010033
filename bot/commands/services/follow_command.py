"""`/follow …` and `/unfollow …`: what a person is told of by direct message, and when."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bot.archive.domain.present_entry import follow_query
from bot.archive.store import entries
from bot.channels.domain.typed_schedule import looks_like_time, parse_time, parse_weekdays
from bot.core.database.database import Database
from bot.core.domain import command_line
from bot.core.domain.command_line import CommandLine
from bot.core.domain.commands import FOLLOW, UNFOLLOW
from bot.core.domain.dataclass import dataclass
from bot.core.domain.document import Document, notice
from bot.core.domain.errors import UsageError
from bot.core.domain.i18n import Translate, translatable
from bot.core.domain.option_line import Unnamed, read_options
from bot.core.ports import (
    ChannelRef,
    ChatError,
    ChatRefusedError,
    Choice,
    Command,
    MessageRef,
    User,
)
from bot.digest.services.options import parsing
from bot.digest.services.options.zones import looks_like_zone, parse_zone
from bot.follow.domain.present_follow import present_follows, typed_to_end
from bot.follow.services import follow
from bot.follow.services.follow import Asker, OpenInbox, Settings
from bot.lookup.domain.written_terms import QUOTES
from bot.outbox.store import threads

_PARSERS = MappingProxyType({"at": parse_time, "tz": parse_zone, "days": parse_weekdays})
_UNNAMED = (
    Unnamed("at", parse_time, looks_like_time),
    Unnamed("days", parse_weekdays),
    Unnamed("tz", parse_zone, looks_like_zone),
)
_THIS = "this"


async def no_inbox(_channel: ChannelRef, _user: User) -> ChannelRef:
    """`OpenInbox` where nobody can be written to."""
    raise UsageError("This bot sends no direct messages")


@dataclass(frozen=True, slots=True)
class FollowContext:
    """The dependencies of `/follow`."""

    db: Database
    clock: Callable[[], datetime]
    open_inbox: OpenInbox = no_inbox


@dataclass(frozen=True, slots=True)
class _Asked:
    """A command with who gave it, and the zone of who has chosen none."""

    context: FollowContext
    command: Command
    asker: Asker
    zone: ZoneInfo
    say: Translate


def in_thread(line: str) -> str:
    """The line that a message in a thread means: `follow` alone is the paper of the thread."""
    is_bare = line.strip().removeprefix("/").casefold() == FOLLOW.name
    return command_line.format_line(FOLLOW.name, _THIS) if is_bare else line


def shows_follows(line: CommandLine) -> bool:
    """Whether the answer tells what the person follows: nothing for a thread that others read."""
    text, verb = line.options.get("query", ""), command_line.find_verb(line.spec, line.options)
    if line.spec is UNFOLLOW:
        return not text
    return line.spec is FOLLOW and (not text or (verb is not None and verb.name in _LISTING))


_LISTING = frozenset({"list", "settings"})


async def answer(
    context: FollowContext, command: Command, *, zone: ZoneInfo, say: Translate
) -> Document:
    """The answer to `/follow …`; `zone` is that of who has chosen none. Raises `UserError`."""
    options = command_line.typed_options(FOLLOW, command.options)
    verb = command_line.find_verb(FOLLOW, options)
    text = options.get("query", "").strip()
    asked = _Asked(context, command, Asker(command.user, command.channel, say.locale), zone, say)
    named = {name: value for name, value in options.items() if name != "query"}
    if (verb is not None and verb.takes_options) or (named and not text):
        return await _settings(asked, text, named)
    if named:
        raise UsageError("“{name}” belongs to /follow settings", name=next(iter(named)))
    if not text or (verb is not None and verb.name == "list"):
        return await _list(asked)
    if verb is not None and verb.name == _THIS:
        text = await _paper_of(context.db, command.root)
    elif command_line.find_verb(UNFOLLOW, {"query": text}) is not None:
        raise UsageError(
            "Nobody can follow everything: each channel's digest has that. "
            "To follow the word, write /follow {word}",
            word=f'"{text}"',
        )
    return await _follow(asked, text)


async def _follow(asked: _Asked, text: str) -> Document:
    context, say = asked.context, asked.say
    try:
        query, is_new = await follow.add(
            context.db,
            asked.asker,
            text,
            now=context.clock(),
            zone=asked.zone,
            open_inbox=context.open_inbox,
        )
    except ChatRefusedError as error:
        raise UsageError(
            "I cannot send you direct messages: {reason}", reason=error.reason
        ) from error
    except ChatError as error:
        raise UsageError(_TRY_AGAIN) from error
    first = (
        say("You follow {query} now.", query=query)
        if is_new
        else say("You follow {query} already.", query=query)
    )
    return await _told(asked, first)


_TRY_AGAIN = translatable(
    "Your direct messages cannot be opened right now: try again in a few minutes"
)


async def _told(asked: _Asked, first: str) -> Document:
    """A sentence, and what the person follows, which is nothing for a thread."""
    return notice(first) if asked.command.root is not None else await _list(asked, first)


async def _list(asked: _Asked, first: str = "") -> Document:
    found = await follow.list_followed(asked.context.db, asked.asker)
    schedule = found.reader.schedule if found.reader is not None else None
    return present_follows(found.follows, schedule, asked.say, first=first)


async def _settings(asked: _Asked, text: str, named: Mapping[str, str]) -> Document:
    typed = text.partition(" ")[2] if text else ""
    values = {option.name: option.values for option in FOLLOW.options if option.values}
    line = read_options(typed, named, _PARSERS, _UNNAMED, values)
    parsing.raise_all(line.problems)
    if line.options:
        wanted, context = line.options, asked.context
        settings = Settings(
            at=parse_time(wanted["at"]) if "at" in wanted else None,
            zone=parse_zone(wanted["tz"]) if "tz" in wanted else None,
            weekdays=parse_weekdays(wanted["days"]) if "days" in wanted else None,
        )
        await follow.change(context.db, asked.asker, settings, now=context.clock(), zone=asked.zone)
    return await _list(asked)


async def _paper_of(db: Database, root: MessageRef | None) -> str:
    """The query that follows the paper of a thread; raises `UsageError` outside of one."""
    if root is not None:
        async with db.reading() as tx:
            found = await threads.find(tx, root)
            if found is not None and found.entry_id is not None:
                return follow_query(await entries.get(tx, found.entry_id))
    raise UsageError(
        "Write “/follow this” in the thread of a paper, or an arXiv id: /follow 2502.01456"
    )


async def complete_followed(
    context: FollowContext, command: Command, typed: str
) -> tuple[Choice, ...]:
    """What the person follows and what is typed stands in, at most 25 of them."""
    asker = Asker(command.user, command.channel, command.locale)
    followed = (await follow.list_followed(context.db, asker)).follows
    folded = typed.strip().casefold()
    fitting = [typed_to_end(each.query) for each in followed if folded in each.query.casefold()]
    return tuple(Choice(query, query) for query in fitting if len(query) <= _LONGEST)[:_MOST]


_MOST, _LONGEST = 25, 100
"""Suggestions, and characters of each: no platform takes more."""


async def end(
    context: FollowContext, command: Command, *, zone: ZoneInfo, say: Translate
) -> Document:
    """The answer to `/unfollow …`; raises `UserError`."""
    asker = Asker(command.user, command.channel, say.locale)
    asked = _Asked(context, command, asker, zone, say)
    verb = command_line.find_verb(UNFOLLOW, command.options)
    text = command.options.get("query", "").strip()
    if not text:
        return await _list(asked)
    today = context.clock().astimezone(zone).date()
    if verb is not None and verb.name == "all":
        ended = await follow.remove(context.db, asker, None, today=today)
        if not ended:
            return await _list(asked)  # which says that there is none
        return notice(say.count("{n} follow is ended.", "{n} follows are ended.", ended))
    ended = await follow.remove(context.db, asker, text, today=today)
    word = text.strip(QUOTES)
    if not ended and typed_to_end(word) == text:
        ended = await follow.remove(context.db, asker, word, today=today)
    if ended:
        return await _told(asked, say("You follow {query} no longer.", query=text))
    return await _told(asked, say("You do not follow {query}.", query=text))
