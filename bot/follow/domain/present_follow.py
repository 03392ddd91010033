"""Follows as documents: the list of a person, the direct message of a day, a closed inbox."""

from collections.abc import Sequence
from datetime import date

from bot.archive.domain.arxiv_record import PaperEventKind
from bot.archive.domain.present_entry import linked_title
from bot.channels.domain.schedule import Schedule
from bot.channels.domain.typed_schedule import format_weekdays
from bot.core.domain import commands
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
    run,
)
from bot.core.domain.i18n import Translate
from bot.follow.domain.follow import Follow
from bot.follow.domain.news import (
    Changed,
    CitesPaper,
    Discussed,
    Finds,
    IsAbout,
    Line,
    Reason,
)

MOST_LINES = 20
"""Papers of one message, so that it is one message on every platform."""


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
            detail=run(say("since {day}", day=day_text(each.made_on, say.locale))),
            button=Button(say("End"), command=commands.format_line("unfollow", each.query)),
        )
        for each in follows
    )
    blocks: list[Block] = [Paragraph(run(first))] if first else []
    blocks += [Heading(run(title)), Items(rows), Note(run(_schedule_line(schedule, say)))]
    return Document(tuple(blocks), summary=first or title)


def _schedule_line(schedule: Schedule, say: Translate) -> str:
    return say(
        "One direct message a day with what is new: {time} {zone}, {days}. "
        "Change it: /follow settings at:08:30 tz:Asia/Seoul days:mon-fri",
        time=schedule.at.isoformat("minutes"),
        zone=schedule.zone.key,
        days=format_weekdays(schedule.weekdays),
    )


def present_news(
    on: date, lines: Sequence[Line], more: Sequence[tuple[str, int]], say: Translate
) -> Document:
    """The direct message of a day; `more` are queries with how many further papers each found."""
    shown = len(lines) + sum(number for _, number in more)
    title = say.count(
        "{n} paper is new in what you follow", "{n} papers are new in what you follow", shown
    )
    rows = tuple(
        Item(_title(line), detail=run(" · ".join(_why(each, say) for each in line.reasons)))
        for line in lines
    )
    blocks: list[Block] = [Heading(run(title)), Items(rows)]
    if more:
        left = ", ".join(f"{query} ({number})" for query, number in more)
        blocks.append(Note(run(say("More than fit here: {left}", left=left))))
        blocks.append(
            Buttons(
                tuple(
                    Button(query, command=commands.format_line("paper", f"{query} sort:new"))
                    for query, _ in more[:_MOST_BUTTONS]
                )
            )
        )
    button = Button(say("What I follow"), command=commands.format_line("follow"))
    blocks += [Note(run(day_text(on, say.locale, weekday=True))), Buttons((button,))]
    return Document(tuple(blocks), summary=title)


_MOST_BUTTONS = 5


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
            return say("{paper}, which you follow, was withdrawn by its authors", paper=paper)
        case Changed(paper, PaperEventKind.REINSTATED):
            return say("{paper}, which you follow, is no longer withdrawn", paper=paper)
        case Changed(paper, _, version):
            return say("{paper}, which you follow, has version {n}", paper=paper, n=version)


def present_closed_inbox(name: str, platform: str, say: Translate) -> Document:
    """Tells a person, where others read it too, that direct messages do not reach them."""
    how = (
        say("Allow direct messages of this server in its privacy settings.")
        if platform == "discord"
        else say("Open the app's messages, or ask an admin to allow them.")
    )
    text = say(
        "@{name}: I cannot send you direct messages. {how} I try again in a week.",
        name=name,
        how=how,
    )
    return notice(text)
