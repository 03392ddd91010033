"""A recap as a document (issue 16, item 3)."""

from collections.abc import Iterable, Mapping, Sequence

from bot.archive.domain.arxiv_record import PaperEventKind
from bot.archive.domain.entry import EntryId, StoredEntry
from bot.archive.domain.present_entry import count_papers, entry_query, linked_title
from bot.core.domain import command_line
from bot.core.domain.day_text import day_text
from bot.core.domain.document import (
    Block,
    Button,
    Buttons,
    Chart,
    Document,
    Heading,
    Inline,
    Item,
    Items,
    Link,
    Note,
    Paragraph,
    Style,
    Text,
    run,
)
from bot.core.domain.i18n import Translate
from bot.recap.domain.period import period_text
from bot.recap.domain.recap import SHOWN, CitedPaper, Event, Recap, TagCounts

_NAMES = 12
"""Names of people that are shown; the others are counted."""


def present_recap(recap: Recap, entries: Mapping[EntryId, StoredEntry], say: Translate) -> Document:
    """The recap of a period; one line where it has too few papers. `entries` are those it names."""
    title = say("Looking back on {period}", period=period_text(recap.period, say))
    if not recap.has_enough:
        line = say.count(
            "{period}: {n} paper, too few to look back on.",
            "{period}: {n} papers, too few to look back on.",
            recap.papers,
            period=period_text(recap.period, say),
        )
        return Document((Paragraph(run(line)),), summary=line)
    blocks: list[Block] = [Heading(run(title)), Note(run(_head(recap, say)))]
    blocks += _tags(recap, say)
    discussed = {each.entry_id: _talk(each.replies, each.people, say) for each in recap.discussed}
    liked = {
        entry: say.count("liked by {n} person", "liked by {n} people", people)
        for entry, people in recap.liked
    }
    blocks += _section(say("Most discussed"), _papers(discussed, entries, say))
    blocks += _section(say("Most liked"), _papers(liked, entries, say))
    blocks += _section(say("Taken up again"), _cited(recap.taken_up, entries, say))
    blocks += _section(say("Most cited by the curator"), _cited(recap.most_cited, entries, say))
    blocks += _section(say("New versions and withdrawals"), _events(recap.events, say))
    blocks += _people(recap, say)
    return Document(tuple(blocks), summary=f"{title}: {count_papers(recap.papers, say)}")


def _head(recap: Recap, say: Translate) -> str:
    first, last = recap.period.first, recap.until or recap.period.last
    parts = [f"{day_text(first, say.locale)} – {day_text(last, say.locale)}"]
    if recap.until is not None:
        parts.append(say("so far"))
    parts.append(count_papers(recap.papers, say))
    if recap.papers_before:
        usual = _number(sum(recap.papers_before) / len(recap.papers_before))
        if recap.until is None:
            parts.append(say("before: {n} on average", n=usual))
        else:
            parts.append(say("before: {n} on average in as many days", n=usual))
    return " · ".join(parts)


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _tags(recap: Recap, say: Translate) -> Iterable[Block]:
    blocks: list[Block] = []
    if recap.drawn:
        blocks.append(chart_of(recap, say))
    fields = [(say("Rising"), recap.rising), (say("Falling"), recap.falling)]
    for label, tags in fields:
        if tags:
            counted = ", ".join(_counted(tag, say) for tag in tags)
            blocks.append(Paragraph((Text(f"{label}: ", Style.STRONG), Text(counted))))
    if recap.drawn:
        lines = [
            (f"#{tag.slug}", command_line.format_line("paper", f"#{tag.slug}"))
            for tag in recap.drawn
        ]
        blocks.append(Buttons(tuple(Button(label, command=line) for label, line in lines[:SHOWN])))
    return blocks


def _counted(tag: TagCounts, say: Translate) -> str:
    return say("#{tag} {n} (before: {usual})", tag=tag.slug, n=tag.count, usual=_number(tag.usual))


def chart_of(recap: Recap, say: Translate) -> Chart:
    """The tags over time: each of `drawn`, in this period and in those before."""
    said = ", ".join(f"#{tag.slug} {tag.count}" for tag in recap.drawn)
    first, last = (*recap.before, recap.period.name)[0], recap.period.name
    if recap.until is None:
        text = say(
            "Papers by tag, {first} to {last}. In {last}: {tags}.",
            first=first,
            last=last,
            tags=said,
        )
    else:
        text = say.count(
            "Papers by tag on the first day of each, {first} to {last}. In {last}: {tags}.",
            "Papers by tag in the first {n} days of each, {first} to {last}. In {last}: {tags}.",
            (recap.until - recap.period.first).days + 1,
            first=first,
            last=last,
            tags=said,
        )
    lines = tuple((f"#{tag.slug}", (*tag.before, tag.count)) for tag in recap.drawn)
    return Chart((*recap.before, recap.period.name), lines, text)


def _talk(replies: int, people: int, say: Translate) -> str:
    said = say.count("{n} reply", "{n} replies", replies)
    return " · ".join([said, say.count("{n} person", "{n} people", people)])


def _section(title: str, items: Sequence[Item]) -> Iterable[Block]:
    if not items:
        return ()
    return (Paragraph((Text(title, Style.STRONG),)), Items(tuple(items)))


def _papers(
    found: Mapping[EntryId, str], entries: Mapping[EntryId, StoredEntry], say: Translate
) -> list[Item]:
    return [
        _paper(entries[entry_id], detail, say)
        for entry_id, detail in found.items()
        if entry_id in entries
    ]


def _paper(stored: StoredEntry, detail: str, say: Translate) -> Item:
    line = command_line.format_line("paper", entry_query(stored))
    return Item(
        linked_title(stored.entry.paper), run(detail), button=Button(say("Read"), command=line)
    )


def _cited(
    papers: Iterable[CitedPaper], entries: Mapping[EntryId, StoredEntry], say: Translate
) -> list[Item]:
    items = []
    for paper in papers:
        detail = say.count("cited by {n} entry", "cited by {n} entries", paper.times)
        if paper.earlier is not None and paper.earlier in entries:
            items.append(_paper(entries[paper.earlier], detail, say))
        else:
            title: tuple[Inline, ...] = run(paper.title)
            if paper.url is not None:
                title = (Link(paper.title, paper.url),)
            items.append(Item(title, run(detail)))
    return items


def _events(events: Sequence[Event], say: Translate) -> list[Item]:
    """The withdrawals first; what is not shown is counted."""
    ordered = sorted(events, key=lambda event: event.kind is PaperEventKind.VERSION)
    items = [
        Item((Link(event.title, f"https://arxiv.org/abs/{event.number}"),), run(_event(event, say)))
        for event in ordered[: 2 * SHOWN]
    ]
    if len(events) > len(items):
        more = say.count("{n} more", "{n} more", len(events) - len(items))
        items.append(Item(run(more)))
    return items


def _event(event: Event, say: Translate) -> str:
    match event.kind:
        case PaperEventKind.WITHDRAWN:
            return say("withdrawn from arXiv")
        case PaperEventKind.REINSTATED:
            return say("no longer withdrawn")
        case _:
            return say("now at v{n}", n=event.version)


def _people(recap: Recap, say: Translate) -> Iterable[Block]:
    if not recap.people:
        return ()
    text = _talk(recap.replies, recap.people, say)
    if recap.names:
        shown = ", ".join(recap.names[:_NAMES])
        others = recap.people - len(recap.names[:_NAMES])
        if others:
            shown = say("{names} and {n} more", names=shown, n=others)
        text = f"{text}: {shown}"
    return (Paragraph((Text(say("Who took part"), Style.STRONG), Text(f": {text}"))),)
