"""How good the ranking is, on real notes: the protocol, so that the figure means something.

- **Time-split.** A date parts the sample vault. Learnt from: notes dated before it (title and
  abstract, nothing of the commentary) against papers announced before it and never noted. Judged:
  papers of later days.
- **The paper's own note is hidden**: a paper that is judged is in nothing that was learnt from,
  neither under its number nor under its title; its note is dated after the split by definition.
- Authors are learnt from, and older notes weigh less, as in the bot.
- **No leak** from the future: vocabulary, authors, weights and idf come from before the split.
- *recall@10*: of the papers noted, how many stand among the first ten of their day. *AUC*: how
  likely a noted paper stands before one that was not, within a day. Both are means over papers.

Other ways were measured on 74,728 papers announced from March 2025 to July 2026, 184 of them noted
after `SPLIT`. Words alone reach a recall@10 of 0.71 and an AUC of 0.961; with authors and with older
notes weighing less, 0.80 and 0.972. These were no better: n-grams of characters (recall 0.72 to 0.73,
for 13 times the time of training), the title apart from the abstract, 6,000 to 17,000 passed papers in
place of 3,000, a C from 0.03 to 0.3, logistic regression (0.77), and authors as rows of length 1 (0.79).

Three pools, from what tells most to what tells least:

- `REAL`: days of announced papers as files `2025-10-01.jsonl` (a line a paper: id, title, summary), in
  `announced` beside the samples or where `make bench ARGS="ranking --announced DIR --vault DIR"` says. It
  shows how good the ranking is, as far as its row says what the pool is worth. The branch `data` of github.com/dw-dengwei/daily-arXiv-ai-enhanced has such
  files; with it, the sample vault has 12 to 27 papers to be judged: one paper is 0.04 to 0.08 of recall.
- `HARD`: other notes of the same curator, whose texts are in a sample feed, and the papers of `EASY`;
  half of them to learn from. Nothing but chance tells most of them from the vault's notes, so its
  figures are no measure of how good the ranking is; but they can fall, and what changes the ranking
  can be compared on it.
- `EASY`: a hundred papers of a search for another subject, half of them to learn from; every noted
  paper is judged among the other half. It shows that nothing is broken.
"""

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from bot.archive.domain.entry import Entry, EntryId
from bot.archive.domain.formats import vault_note
from bot.archive.domain.formats.decode import decode
from bot.arxiv.client.feed import parse_feed
from bot.arxiv.client.records import parse_records
from bot.arxiv.client.reply import Reply
from bot.arxiv.domain.candidates import Example, NewPaper, example_text, recency
from bot.arxiv.domain.title_match import title_words

REAL = "the papers announced on their days"
HARD = "290 papers, most of them also noted by the curator: to compare, no measure"
EASY = "50 papers of another subject"
SPLIT = date(2025, 7, 1)
EARLY = date(2025, 4, 15)
"""A split with more papers to judge, and fewer to learn from."""
_BEFORE = timedelta(days=60)
_MOST_PASSED = 3000
_TOP = 10


@dataclass(frozen=True, slots=True)
class Noted:
    """A paper of the vault whose abstract is known."""

    number: str
    on: date
    title: str
    text: str
    authors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Announced:
    """A paper that was announced; `on` is `None` in the pool that has no days."""

    number: str
    on: date | None
    title: str
    text: str
    authors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the papers noted after the split were placed; `chance` is the recall of no order.

    `hits` and `areas` are of each judged paper, on so many `days`.
    """

    split: date
    picks: int
    recall: float
    area: float
    chance: float
    picked: int
    passed: int
    hits: tuple[float, ...] = ()
    areas: tuple[float, ...] = ()
    days: int = 0
    scores: Mapping[str, float] = field(default_factory=dict)


def list_archive(vault: Path) -> tuple[Noted, ...]:
    """The vault's notes that have a date, an arXiv id and an abstract."""
    return tuple(
        Noted(
            entry.paper.arxiv_id.number,
            entry.date,
            entry.paper.title,
            example_text(entry.paper.title, entry.paper.abstract),
            entry.paper.authors,
        )
        for entry in list_entries(vault)
        if entry.date and entry.paper.arxiv_id and entry.paper.abstract
    )


def list_entries(vault: Path) -> Iterator[Entry]:
    """The entries of a folder of notes."""
    for path in sorted(vault.rglob("*.md")):
        name = path.relative_to(vault).as_posix()
        yield from vault_note.parse(decode(path.read_bytes(), name), name).entries


def list_pool(samples: Path, pool: str) -> tuple[Announced, ...]:
    """The papers of `HARD` or `EASY`."""
    return (_others(samples) if pool == HARD else ()) + _of_another_subject(samples)


def _of_another_subject(samples: Path) -> tuple[Announced, ...]:
    body = (samples / "arxiv" / "api" / "arxivpy_q_testing_s0_m100.xml").read_bytes()
    return tuple(
        Announced(
            record.id.number,
            None,
            record.title,
            example_text(record.title, record.abstract),
            record.authors,
        )
        for record in parse_records(Reply(200, body))
    )


def _others(samples: Path) -> tuple[Announced, ...]:
    """The papers of a sample feed that are in no note of the sample vault, each once."""
    body = (samples / "arxiv" / "rss" / "official_atom_csLG_500items.xml").read_bytes()
    noted = {title_words(entry.paper.title) for entry in list_entries(samples / "vault")}
    found = {
        title_words(item.title): Announced(
            item.id.number,
            None,
            item.title,
            example_text(item.title, item.abstract),
            item.authors,
        )
        for item in parse_feed(Reply(200, body), category="cs.LG").items
    }
    return tuple(paper for words, paper in found.items() if words not in noted)


def list_days(folder: Path) -> tuple[Announced, ...]:
    """The papers of a folder of days, each under the first day that has it.

    Lines that are no paper are left out; an id may end in a version.
    """
    papers: dict[str, Announced] = {}
    for path in sorted(folder.glob("????-??-??.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            with suppress(ValueError, KeyError, TypeError):
                paper, on = json.loads(line), date.fromisoformat(path.stem)
                number, title = str(paper["id"]).partition("v")[0], str(paper["title"])
                text = example_text(title, str(paper["summary"]))
                authors = tuple(map(str, paper.get("authors") or ()))
                papers.setdefault(number, Announced(number, on, title, text, authors))
    return tuple(papers.values())


def splits_of(archive: Sequence[Noted], pool: Sequence[Announced]) -> list[date]:
    """The dates that part the pool: the usual two where both sides have noted papers.

    For other folders and vaults, the day before which half of their noted papers were announced.
    """
    noted = {note.number for note in archive}
    days = sorted(paper.on for paper in pool if paper.on and paper.number in noted)
    usual = [each for each in (SPLIT, EARLY) if days and days[0] < each <= days[-1]]
    return usual or days[len(days) // 2 : len(days) // 2 + 1]


def evaluate(
    archive: Sequence[Noted],
    pool: Sequence[Announced],
    split: date = SPLIT,
    *,
    weights: Mapping[str, float] | None = None,
    asked: Sequence[NewPaper] = (),
) -> Outcome:
    """The protocol of this module.

    `weights` are those of past notes in training, where people are simulated who like them. The
    `scores` of the outcome are those of the papers that are `asked` about.
    """
    from bot.arxiv.ranking.model import RankingModel

    past = [note for note in archive if note.on < split]
    known = {note.number for note in past}
    titles = {title_words(note.title) for note in past}
    noted = {note.number for note in archive}
    passed = _passed(pool, noted, split)
    weights = weights or {}
    picked = [
        Example(
            note.number,
            note.text,
            EntryId(n + 1),
            weights.get(note.number, 1.0) * recency(note.on, split),
            note.authors,
        )
        for n, note in enumerate(past)
    ]
    trained = RankingModel.learn(
        picked, [Example(each.number, each.text, authors=each.authors) for each in passed]
    )
    days = [
        (
            [p for p in picks if p.number not in known and title_words(p.title) not in titles],
            others,
        )
        for picks, others in _days(archive, pool, split, passed)
    ]
    papers = {
        p.number: NewPaper(p.number, p.text, p.authors)
        for day in days
        for side in day
        for p in side
    }
    scores = {each.number: each.score for each in trained.judge(list(papers.values()))}
    hits: list[float] = []
    areas: list[float] = []
    sizes: list[float] = []
    for judged, others in days:
        theirs = [scores[each.number] for each in (*judged, *others)]
        low = [scores[each.number] for each in others]
        for pick in judged:
            above = sum(score > scores[pick.number] for score in theirs)
            hits.append(float(above < _TOP))
            areas.append(sum(score < scores[pick.number] for score in low) / len(low))
            sizes.append(min(1.0, _TOP / len(theirs)))
    count = len(hits)
    return Outcome(
        split=split,
        picks=count,
        recall=sum(hits) / max(count, 1),
        area=sum(areas) / max(count, 1),
        chance=sum(sizes) / max(count, 1),
        hits=tuple(hits),
        areas=tuple(areas),
        days=sum(bool(judged) for judged, _ in days),
        picked=len(picked),
        passed=len(passed),
        scores={each.number: each.score for each in trained.judge(asked)},
    )


def _passed(pool: Sequence[Announced], noted: set[str], split: date) -> list[Announced]:
    def is_past(paper: Announced) -> bool:
        if paper.on is None:
            return zlib.crc32(paper.number.encode()) % 2 == 0
        return split - _BEFORE <= paper.on < split

    return [p for p in pool if p.number not in noted and is_past(p)][-_MOST_PASSED:]


def _days(
    archive: Sequence[Noted], pool: Sequence[Announced], split: date, passed: Sequence[Announced]
) -> list[tuple[list[Announced], list[Announced]]]:
    """The papers noted and not noted of each day that has some of both."""
    noted = {note.number for note in archive}
    learnt = {each.number for each in passed}
    later: dict[date, list[Announced]] = {}
    undated = [p for p in pool if p.on is None and p.number not in learnt | noted]
    for paper in pool:
        if paper.on is not None and paper.on >= split:
            later.setdefault(paper.on, []).append(paper)
    if undated:
        return [
            ([Announced(note.number, note.on, note.title, note.text, note.authors)], undated)
            for note in archive
            if note.on >= split
        ]
    parted = [
        ([p for p in day if p.number in noted], [p for p in day if p.number not in noted])
        for day in later.values()
    ]
    return [(picks, others) for picks, others in parted if picks and others]
