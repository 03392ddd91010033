"""What this arXiv holds: papers with their versions, and what it announced on which day."""

import hashlib
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")

_NEW = re.compile(r"(?P<number>\d{4}\.\d{4,5})(?:v(?P<version>\d+))?")
_OLD = re.compile(r"(?P<number>[a-z-]+/\d{7})(?:v(?P<version>\d+))?")


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper as arXiv has it; `version` is its newest."""

    number: str
    title: str
    authors: tuple[str, ...] = ("Ada Example",)
    abstract: str = "We study examples."
    categories: tuple[str, ...] = ("cs.LG",)
    version: int = 1
    submitted_at: datetime = datetime(2025, 1, 2, 12, tzinfo=UTC)
    updated_at: datetime | None = None
    comment: str | None = None


@dataclass(slots=True)
class World:
    """Everything the servers answer from. `invents` makes up a paper for any number that fits.

    `refused` are numbers that are called malformed, by name unless `names_culprit` is off.
    """

    invents: bool = False
    papers: dict[str, Paper] = field(default_factory=dict)
    announced: dict[date, list[tuple[str, str]]] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    names_culprit: bool = True
    stale: dict[str, date] = field(default_factory=dict)
    lagging: set[str] = field(default_factory=set)

    def add(self, *papers: Paper) -> None:
        """These papers exist."""
        for paper in papers:
            self.papers[paper.number] = paper

    def announce(self, day: date, *papers: Paper, kind: str = "new") -> None:
        """These papers are in the batch of that day."""
        self.add(*papers)
        self.announced.setdefault(day, []).extend((paper.number, kind) for paper in papers)

    def revise(self, number: str, *, at: datetime, **changes: object) -> None:
        """A new version of a paper."""
        paper = self.find(number)
        assert paper is not None
        self.papers[number] = replace(
            paper,
            version=paper.version + 1,
            updated_at=at,
            **changes,  # type: ignore[arg-type]
        )

    def find(self, number: str) -> Paper | None:
        """The paper of that number."""
        if number in self.missing:
            return None
        if number not in self.papers and self.invents:
            self.papers[number] = _invented(number)
        return self.papers.get(number)

    def batch(self, category: str, now: datetime) -> tuple[date, list[tuple[Paper, str]]]:
        """What a category's feed shows now: the batch day, and its papers with their kinds.

        A category that lags shows the batch of the day before, under that day's date, but built
        now; a stale one shows the batch of a day for ever.
        """
        day = now.astimezone(EASTERN).date()
        if category in self.lagging:
            day -= timedelta(days=1)
        day = self.stale.get(category, day)
        shown = []
        for number, kind in self.announced.get(day, []):
            paper = self.papers[number]
            if not any(is_in(listed, category) for listed in paper.categories):
                continue
            primary = is_in(paper.categories[0], category)
            shown.append(
                (
                    paper,
                    kind
                    if primary
                    else {"new": "cross", "cross": "cross"}.get(kind, "replace-cross"),
                )
            )
        return day, shown


def is_in(listed: str, category: str) -> bool:
    """Whether what is listed in the one is in the other, which may be an archive."""
    return category in {listed, listed.partition(".")[0]}


def parse_id(text: str) -> tuple[str, int] | None:
    """Number and version (0: the newest) of what fits the form of an id."""
    match = _NEW.fullmatch(text) or _OLD.fullmatch(text)
    return (match["number"], int(match["version"] or 0)) if match else None


def _invented(number: str) -> Paper:
    seed = hashlib.sha256(number.encode()).digest()
    nouns = ("transformers", "rewards", "graphs", "kernels", "agents", "images", "speech", "tokens")
    first, second = nouns[seed[0] % 8], nouns[seed[1] % 8]
    return Paper(
        number=number,
        title=f"On {first} and {second}, part {number}",
        authors=("Ada Example", f"Bo Nr{seed[2]}"),
        abstract=f"We relate {first} to {second} for all $k<n$ & more.",
        version=1 + seed[3] % 3,
    )
