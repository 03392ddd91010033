"""A recap: what a week, month or year brought, counted from rows (issue 16, item 3)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import date
from math import sqrt

from bot.archive.domain.arxiv_record import PaperEventKind
from bot.archive.domain.entry import EntryId
from bot.core.domain.dataclass import dataclass
from bot.recap.domain.period import Period

BEFORE = 12
"""So many periods before are compared."""
FEWEST = 5
"""With fewer papers there is nothing to look back on."""
SHOWN = 5
"""Rows of each list."""
DRAWN = 6
"""Tags in the picture."""
_LEAST_MOVE = 1.0
"""How far a tag's count must be from what is usual, in standard deviations of a rare event."""
_LEAST_RISE = 2
"""A tag that stands on one paper does not rise."""


@dataclass(frozen=True, slots=True)
class Said:
    """A reply that may be shown; `is_named` allows its author's name."""

    entry_id: EntryId
    person: str
    name: str
    is_named: bool


@dataclass(frozen=True, slots=True)
class Cited:
    """A paper to which an entry of the period refers; `earlier` is its newest entry from before."""

    paper_id: int
    title: str
    url: str | None
    by: EntryId
    earlier: EntryId | None


@dataclass(frozen=True, slots=True)
class Event:
    """A new version, a withdrawal or its end, noticed in the period; `entry_id` is about the paper."""

    entry_id: EntryId
    number: str
    kind: PaperEventKind
    version: int
    title: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """The days of a period that are counted."""

    name: str
    first: date
    last: date


def stretches(
    period: Period, begins_on: date | None, *, until: date | None = None
) -> tuple[Stretch, ...]:
    """What is counted: the periods before that are compared, the oldest first, and this one.

    `begins_on` is the day of the archive's oldest entry: what is before it is not compared with. A
    period that is not over is counted up to `until`, and compared with as many days of those before.
    """
    earlier = [period.before(n) for n in range(BEFORE, 0, -1)]
    begin = begins_on or date.max
    if until is None:
        compared = [each for each in (*earlier, period) if each is period or each.last >= begin]
        return tuple(Stretch(each.name, each.first, each.last) for each in compared)
    length = until - period.first
    compared = [each for each in earlier if each.first >= begin]
    return (
        *(Stretch(each.name, each.first, min(each.first + length, each.last)) for each in compared),
        Stretch(period.name, period.first, until),
    )


@dataclass(frozen=True, slots=True)
class Rows:
    """What the store reads: how many `papers` each of `counted` has, and how many with each tag."""

    counted: Sequence[Stretch]
    papers: Sequence[int]
    tags: Mapping[str, Sequence[int]]
    said: Sequence[Said] = ()
    liked: Sequence[tuple[EntryId, int]] = ()
    cited: Sequence[Cited] = ()
    events: Sequence[Event] = ()


def only_of(rows: Rows, allowed: Collection[EntryId]) -> Rows:
    """The rows without what concerns other entries; the counts stay as they are."""
    return replace(
        rows,
        said=[each for each in rows.said if each.entry_id in allowed],
        liked=[(entry_id, people) for entry_id, people in rows.liked if entry_id in allowed],
        cited=[
            each if each.earlier in allowed else replace(each, earlier=None)
            for each in rows.cited
            if each.by in allowed
        ],
        events=[each for each in rows.events if each.entry_id in allowed],
    )


@dataclass(frozen=True, slots=True)
class Discussed:
    """An entry, how many replies it got, and from how many people."""

    entry_id: EntryId
    replies: int
    people: int


@dataclass(frozen=True, slots=True)
class TagCounts:
    """How many entries carried a tag in the period, and in those before, the oldest first."""

    slug: str
    count: int
    before: tuple[int, ...]

    @property
    def usual(self) -> float:
        """The average of the periods before."""
        return sum(self.before) / len(self.before) if self.before else 0.0


@dataclass(frozen=True, slots=True)
class CitedPaper:
    """A paper, and how many entries of the period refer to it."""

    title: str
    url: str | None
    times: int
    earlier: EntryId | None


@dataclass(frozen=True, slots=True)
class Recap:
    """The numbers of a period; `before` are the names of the periods that tags are compared with.

    With `until`, the period is not over and was compared with the days of those up to then.
    """

    period: Period
    papers: int
    until: date | None = None
    papers_before: tuple[int, ...] = ()
    before: tuple[str, ...] = ()
    discussed: tuple[Discussed, ...] = ()
    liked: tuple[tuple[EntryId, int], ...] = ()
    rising: tuple[TagCounts, ...] = ()
    falling: tuple[TagCounts, ...] = ()
    drawn: tuple[TagCounts, ...] = ()
    taken_up: tuple[CitedPaper, ...] = ()
    most_cited: tuple[CitedPaper, ...] = ()
    events: tuple[Event, ...] = ()
    replies: int = 0
    people: int = 0
    names: tuple[str, ...] = field(default=())

    @property
    def has_enough(self) -> bool:
        """Whether there are papers enough to look back on."""
        return self.papers >= FEWEST


def make_recap(period: Period, rows: Rows, until: date | None = None) -> Recap:
    """The numbers of a period, which is the last of those that are counted; `until` as in `stretches`."""
    *papers_before, papers = rows.papers
    counts = [
        TagCounts(slug, many[-1], tuple(many[:-1]))
        for slug, many in sorted(rows.tags.items())
        if any(many)
    ]
    people = {each.person for each in rows.said}
    names = {each.person: each.name for each in rows.said if each.is_named and each.name}
    return Recap(
        period=period,
        papers=papers,
        until=until,
        papers_before=tuple(papers_before),
        before=tuple(each.name for each in rows.counted[:-1]),
        discussed=_discussed(rows.said),
        liked=tuple(rows.liked[:SHOWN]),
        rising=_moved(counts, up=True),
        falling=_moved(counts, up=False),
        drawn=_drawn(counts),
        taken_up=_cited(rows.cited, again=True),
        most_cited=_cited(rows.cited, again=False),
        events=tuple(rows.events),
        replies=len(rows.said),
        people=len(people),
        names=tuple(sorted(names.values(), key=str.casefold)),
    )


def _discussed(said: Iterable[Said]) -> tuple[Discussed, ...]:
    people: defaultdict[EntryId, list[str]] = defaultdict(list)
    for each in said:
        people[each.entry_id].append(each.person)
    found = [Discussed(entry, len(who), len(set(who))) for entry, who in people.items()]
    return tuple(
        sorted(found, key=lambda each: (-each.replies, -each.people, each.entry_id))[:SHOWN]
    )


def _moved(counts: Iterable[TagCounts], *, up: bool) -> tuple[TagCounts, ...]:
    """The tags that are more, or less, used than usual; the clearest first."""
    found = [
        (_move(each), each)
        for each in counts
        if each.before and (each.count >= _LEAST_RISE if up else True)
    ]
    sign = 1 if up else -1
    found = [(move, each) for move, each in found if sign * move >= _LEAST_MOVE]
    return tuple(
        each for _, each in sorted(found, key=lambda pair: (-sign * pair[0], pair[1].slug))
    )[:SHOWN]


def _move(tag: TagCounts) -> float:
    return (tag.count - tag.usual) / sqrt(max(tag.usual, 1.0))


def _drawn(counts: Iterable[TagCounts]) -> tuple[TagCounts, ...]:
    """The tags with the most entries in the period, then over all; for the picture."""
    found = [each for each in counts if each.count]
    return tuple(
        sorted(found, key=lambda each: (-each.count, -sum(each.before), each.slug))[:DRAWN]
    )


def _cited(rows: Iterable[Cited], *, again: bool) -> tuple[CitedPaper, ...]:
    """The papers cited most: those with an entry from before, or any that are cited twice."""
    citing: defaultdict[int, set[EntryId]] = defaultdict(set)
    papers: dict[int, Cited] = {}
    for row in rows:
        citing[row.paper_id].add(row.by)
        papers[row.paper_id] = row
    found = [
        CitedPaper(papers[paper].title, papers[paper].url, len(by), papers[paper].earlier)
        for paper, by in citing.items()
        if (papers[paper].earlier is not None if again else len(by) > 1)
    ]
    return tuple(sorted(found, key=lambda each: (-each.times, each.title))[:SHOWN])
