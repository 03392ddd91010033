"""Checks an import against the archive: ambiguous links, misspelt tags, papers on two days."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import date

from bot.archive.domain.checks.archive_checks import (
    Dated,
    find_neighbours,
)
from bot.archive.domain.checks.note_checks import Kind
from bot.archive.domain.entry import Problem, Severity
from bot.archive.domain.note_links import leads_to, note_name
from bot.archive.domain.tagging.near_tags import find_slips
from bot.archive.services.import_report import ImportCounter
from bot.archive.store import entries, links, tag_merges, tags
from bot.core.database.database import Database, Transaction
from bot.core.domain.dataclass import dataclass
from bot.core.domain.i18n import worded


async def check_archive(
    db: Database, counter: ImportCounter, *, dry_run: bool, archive: Database | None = None
) -> None:
    """Add the warnings about what this import added or changed, after it was written.

    `archive` is another database whose tags and papers count too; it may have the same notes.
    """
    if not counter.names:
        return
    known = await _known_there(archive, counter) if archive is not None else _Known()
    async with db.reading() as tx:
        await _check_links(tx, counter)
        await _check_tags(tx, counter, known, dry_run=dry_run)
        await _check_papers(tx, counter, known, dry_run=dry_run)


@dataclass(frozen=True, slots=True)
class _Known:
    """What another archive has: uses of tags, merged tags with their roots, days of papers with paths."""

    uses: Mapping[str, int] = field(default_factory=dict)
    merged: Mapping[str, str] = field(default_factory=dict)
    days: Mapping[str, Sequence[tuple[date, str]]] = field(default_factory=dict)


async def _known_there(archive: Database, counter: ImportCounter) -> _Known:
    ours = {
        (on.on, note_name(on.path)) for entries_of in counter.dated.values() for on in entries_of
    }
    async with archive.reading() as tx:
        days = await entries.list_days_of_papers(tx, counter.dated, least=1)
        uses = await tags.count_uses(tx)
        merged = await tag_merges.roots(tx)
    others = {
        number: [(on, path) for on, path in found if (on, note_name(path)) not in ours]
        for number, found in days.items()
    }
    return _Known(uses, merged, others)


async def _check_links(tx: Transaction, counter: ImportCounter) -> None:
    """Add a problem for each link that leads to several notes, if this import touched either."""
    for link in await links.list_ambiguous(tx, counter.names):
        if sum(leads_to(link.text, path) for path in link.targets) != 1:
            counter.problems.append(
                Problem(
                    path=counter.shown.get(link.path, link.path),
                    line=link.line,
                    severity=Severity.WARNING,
                    message=worded(
                        "[[{name}]] may mean any of {paths}: write the folder too",
                        name=link.text,
                        paths=", ".join(link.targets),
                    ),
                )
            )


async def _check_tags(
    tx: Transaction, counter: ImportCounter, known_there: _Known, *, dry_run: bool
) -> None:
    """Warn of tags that only one entry has and that look like one that several have."""
    uses = dict(await tags.count_uses(tx))
    for tag, count in known_there.uses.items():
        uses[tag] = max(uses.get(tag, 0), count)
    if dry_run:
        for tag, count in counter.tag_uses.items():
            uses[tag] = uses.get(tag, 0) + count
    merged = {**await tag_merges.roots(tx), **known_there.merged}
    for tag in merged.keys() & uses.keys():
        uses[merged[tag]] = uses.get(merged[tag], 0) + uses.pop(tag)
    once = [tag for tag in counter.tagged if uses.get(tag, 0) == 1]
    for tag, meant in find_slips(once, uses, merged).items():
        path, spelling = counter.tagged[tag]
        message = worded(
            "#{tag} is used here only: did you mean #{meant}, as in {n} others?",
            tag=spelling,
            meant=meant,
            n=uses[meant],
        )
        counter.problems.append(_warning(counter, path, Kind.NEAR_TAG, message))


async def _check_papers(
    tx: Transaction, counter: ImportCounter, known_there: _Known, *, dry_run: bool
) -> None:
    """Warn of a paper that has entries on neighbouring days: it is posted twice."""
    least = 1 if dry_run else 2  # a dry run has not stored its own
    stored = await entries.list_days_of_papers(tx, counter.dated, least=least)
    for number, ours in counter.dated.items():
        there = (*stored.get(number, ()), *known_there.days.get(number, ()))
        if not there and len(ours) == 1:
            continue
        paths = {entry.path for entry in ours}
        others = (Dated(on, path, is_new=False) for on, path in there if path not in paths)
        for earlier, later in find_neighbours((*ours, *others)):
            message = worded(
                "{number} is also in {path} of {day}: both are posted; delete one of them",
                number=number,
                path=_shown(counter, earlier.path),
                day=earlier.on.isoformat(),
            )
            counter.problems.append(_warning(counter, later.path, Kind.SAME_PAPER, message))


def _shown(counter: ImportCounter, path: str) -> str:
    return counter.shown.get(path, path)


def _warning(counter: ImportCounter, path: str, kind: Kind, message: str) -> Problem:
    return Problem(_shown(counter, path), None, Severity.WARNING, message, kind=kind)
