"""Follows as documents: the list of a person, the direct message of a day, a closed inbox."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from bot.archive.domain.arxiv_record import PaperEventKind
from bot.archive.domain.present_entry import linked_title
from bot.channels.domain.schedule import Schedule
from bot.channels.domain.typed_schedule import format_weekdays
from bot.core.domain import command_line, commands
from bot.core.domain.characters import cut_at
from bot.core.domain.day_text import day_text
from bot.core.domain.document import (
    Block,
    Button,
    Buttons,
    Document,
    Heading,
    Inline,
    Item,
    Items,
    Link,
    Note,
    Paragraph,
    notice,
    plain_text,
    run,
)
from bot.core.domain.i18n import Translate, error_text
from bot.follow.domain.follow import Follow, find_problem
from bot.follow.domain.news import (
    Changed,
    CitesPaper,
    Discussed,
    Finds,
    IsAbout,
    Line,
    Reason,
)
from bot.lookup.domain.query import LONGEST

MOST_LINES = 20
"""Papers of one message."""

_ROOM = 2800
"""Characters of all lines, so that it is one message on every platform."""
_MOST_REASONS, _LONGEST_REASON = 6, 80
_MOST_BUTTONS = 5


def present_follows(
    follows: Sequence[Follow], schedule: Schedule | None, say: Translate, *, first: str = ""
) -> Document:
    """What a person follows, with a button for each that ends it; `first` comes before it."""
    if not follows or schedule is None:
        text = " ".join(filter(None, (first, say("You follow nothing."))))
        examples = ("/follow #reasoning", "/follow author:lee", "/follow 2502.01456")
        return Document(
            (Paragraph(run(text)), Note(run(say("Examples: {lines}", lines=", ".join(examples))))),
            summary=text,
        )
    title = say.count("You follow {n} query", "You follow {n} queries", len(follows))
    rows = tuple(
        Item(
            run(each.query),
            detail=run(_detail(each, say)),
            button=Button(
                say("End"), command=command_line.format_line("unfollow", typed_to_end(each.query))
            ),
        )
        for each in follows
    )
    blocks: list[Block] = [Paragraph(run(first))] if first else []
    blocks += [Heading(run(title)), Items(rows), Note(run(_schedule_line(schedule, say)))]
    return Document(tuple(blocks), summary=first or title)


def _detail(follow: Follow, say: Translate) -> str:
    problem = find_problem(follow.query)
    if problem is not None:
        return say("finds nothing: {problem}", problem=error_text(problem, say))
    return say("since {day}", day=day_text(follow.made_on, say.locale))


def typed_to_end(query: str) -> str:
    """What to write behind `/unfollow`: a word that is a verb there (`all`) in quotation marks."""
    is_verb = command_line.find_verb(commands.UNFOLLOW, {"query": query}) is not None
    return f'"{query}"' if is_verb else query


def _schedule_line(schedule: Schedule, say: Translate) -> str:
    return say(
        "One direct message a day with what is new: {time} {zone}, {days}. "
        "Change it: /follow settings at:08:30 tz:Asia/Seoul days:mon-fri",
        time=schedule.at.isoformat("minutes"),
        zone=schedule.zone.key,
        days=format_weekdays(schedule.weekdays),
    )


def count_fitting(lines: Iterable[Line], say: Translate) -> int:
    """How many of the lines one message has room for: the first at least, and never more than 20."""
    fitting, room = 0, _ROOM
    for line in lines:
        room -= len(_reasons(line, say)) + sum(map(_length, _title(line)))
        if fitting == MOST_LINES or (fitting and room < 0):
            break
        fitting += 1
    return fitting


def present_news(
    on: date,
    lines: Sequence[Line],
    more: Sequence[tuple[str, int]],
    say: Translate,
    unreadable: Sequence[Follow] = (),
) -> Document:
    """The direct message of a day; `more` are queries with how many further papers each found.

    It ends with those that cannot be read any more.
    """
    shown = len(lines) + sum(number for _, number in more)
    title = say.count(
        "{n} paper is new in what you follow", "{n} papers are new in what you follow", shown
    )
    rows = tuple(Item(_title(line), detail=run(_reasons(line, say))) for line in lines)
    blocks: list[Block] = [Heading(run(title)), Items(rows)]
    if more:
        blocks.append(Note(run(say("More than fit here: {left}", left=_left(more, say)))))
        blocks.append(
            Buttons(
                tuple(
                    Button(
                        _within(query, _LONGEST_REASON),
                        command=command_line.format_line("paper", _newest_first(query)),
                    )
                    for query, _ in more[:_MOST_BUTTONS]
                )
            )
        )
    if unreadable:
        blocks.append(_unreadable(unreadable, say))
    return Document((*blocks, *_foot(on, say)), summary=title)


def present_unreadable(on: date, unreadable: Sequence[Follow], say: Translate) -> Document:
    """The direct message of a day on which nothing is new, but some follows cannot be read."""
    block = _unreadable(unreadable, say)
    return Document((block, *_foot(on, say)), summary=plain_text(block.inlines))


def _foot(on: date, say: Translate) -> tuple[Block, ...]:
    button = Button(say("What I follow"), command=command_line.format_line("follow"))
    return (Note(run(day_text(on, say.locale, weekday=True))), Buttons((button,)))


def _unreadable(unreadable: Sequence[Follow], say: Translate) -> Paragraph:
    named = [_within(each.query, _LONGEST_REASON) for each in unreadable]
    text = say(
        "The bot cannot read what you follow any more: {queries}. It finds nothing; end it, and follow "
        "it in other words.",
        queries=", ".join(_first(named, _MOST_BUTTONS, say)),
    )
    return Paragraph(run(text))


def _newest_first(query: str) -> str:
    longer = f"{query} sort:new"
    return longer if len(longer) <= LONGEST else query


def _length(inline: Inline) -> int:
    return len(plain_text((inline,))) + (len(inline.url) if isinstance(inline, Link) else 0)


def _left(more: Sequence[tuple[str, int]], say: Translate) -> str:
    shown = [f"{_within(query, _LONGEST_REASON)} ({number})" for query, number in more]
    return ", ".join(_first(shown, _MOST_BUTTONS, say))


def _reasons(line: Line, say: Translate) -> str:
    shown = [_within(_why(each, say), _LONGEST_REASON) for each in line.reasons]
    return " · ".join(_first(shown, _MOST_REASONS, say))


def _first(texts: Sequence[str], most: int, say: Translate) -> Sequence[str]:
    """The first of the texts, and how many others there are."""
    left = len(texts) - most
    return (*texts[:most], say.count("{n} more", "{n} more", left)) if left > 0 else texts


def _within(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: cut_at(text, most - 1)]}…"


def _title(line: Line) -> tuple[Inline, ...]:
    title = line.stored.entry.paper.title
    return (Link(title, line.address),) if line.address else linked_title(line.stored.entry.paper)


def _why(reason: Reason, say: Translate) -> str:
    match reason:
        case Finds(query):
            return query
        case CitesPaper(paper):
            return say("cites {paper}, which you follow", paper=paper)
        case IsAbout(paper):
            return say("about {paper}, which you follow", paper=paper)
        case Discussed(paper, replies):
            return say.count(
                "{n} reply about {paper}, which you follow",
                "{n} replies about {paper}, which you follow",
                replies,
                paper=paper,
            )
        case Changed(paper, PaperEventKind.WITHDRAWN):
            return say("{paper}, which you follow, was withdrawn from arXiv", paper=paper)
        case Changed(paper, PaperEventKind.REINSTATED):
            return say("{paper}, which you follow, is no longer withdrawn", paper=paper)
        case Changed(paper, _, version):
            return say("{paper}, which you follow, has version {n}", paper=paper, n=version)


def present_closed_inbox(person: str, platform: str, say: Translate) -> Document:
    """Tells a person, where others read it too, that direct messages do not reach them.

    It calls the person: nothing else would tell them.
    """
    how = (
        say("Allow direct messages of this server in its privacy settings.")
        if platform == "discord"
        else say("Open the app's messages, or ask an admin to allow them.")
    )
    text = say("I cannot send you direct messages. {how} I try again in a week.", how=how)
    return replace(notice(text), calls=person)
