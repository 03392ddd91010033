"""What arXiv says of papers."""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.arxiv_record import ArxivRecord
from bot.archive.store import search_index
from bot.core.database import instants
from bot.core.database.database import Row, Statements, Transaction


async def find(tx: Transaction, numbers: Iterable[str]) -> Mapping[str, ArxivRecord]:
    """What arXiv said last of these papers, by number."""
    rows = await tx.all(
        "SELECT * FROM arxiv_record WHERE number IN (SELECT value FROM texts(:numbers))",
        {"numbers": list(numbers)},
    )
    return {row["number"]: _record(row) for row in rows}


async def find_withdrawn(tx: Transaction, numbers: Iterable[str]) -> frozenset[str]:
    """Those of these papers that are shown as withdrawn, as it was read when they were stored."""
    rows = await tx.all(
        """
        SELECT number FROM arxiv_record
         WHERE is_withdrawn AND number IN (SELECT value FROM texts(:numbers))
        """,
        {"numbers": list(numbers)},
    )
    return frozenset(row["number"] for row in rows)


def load(statements: Statements, number: str) -> ArxivRecord | None:
    """What arXiv said last of one paper, inside another reading."""
    row = statements.one("SELECT * FROM arxiv_record WHERE number = :number", {"number": number})
    return _record(row) if row is not None else None


async def put(tx: Transaction, records: Sequence[ArxivRecord]) -> None:
    """Keep what arXiv says; papers that are only referred to get their newest titles."""
    # In the order of their keys, as everybody writes papers: else two writers could deadlock.
    await tx.call(partial(_put, records=sorted(records, key=lambda record: record.id.number)))


def _put(statements: Statements, *, records: Sequence[ArxivRecord]) -> None:
    statements.run_many(
        """
        INSERT INTO arxiv_record (
            number, version, title, authors, abstract, categories, submitted_at, updated_at,
            comment, journal_ref, doi, is_withdrawn
        ) VALUES (
            :number, :version, :title, :authors, :abstract, :categories, :submitted_at,
            :updated_at, :comment, :journal_ref, :doi, :is_withdrawn
        )
        ON CONFLICT (number) DO UPDATE SET
            version = excluded.version, title = excluded.title, authors = excluded.authors,
            abstract = excluded.abstract, categories = excluded.categories,
            submitted_at = excluded.submitted_at, updated_at = excluded.updated_at,
            comment = excluded.comment, journal_ref = excluded.journal_ref, doi = excluded.doi,
            is_withdrawn = excluded.is_withdrawn
        """,
        [_row(record) for record in records],
    )
    statements.run_many(
        # Titles of papers with an entry are the curator's.
        """
        UPDATE paper SET title = :title
        WHERE key = 'arxiv:' || :number AND title IS DISTINCT FROM :title
            AND (title IS NULL OR NOT EXISTS (SELECT 1 FROM entry WHERE paper_id = paper.id))
        """,
        [{"title": record.title, "number": record.id.number} for record in records],
    )
    search_index.index_papers(statements, (record.id.number for record in records))


def _row(record: ArxivRecord) -> dict[str, object]:
    return {
        "number": record.id.number,
        "version": record.id.version,
        "title": record.title,
        "authors": json.dumps(record.authors, ensure_ascii=False),
        "abstract": record.abstract,
        "categories": json.dumps(record.categories),
        "submitted_at": instants.to_text(record.submitted_at),
        "updated_at": instants.to_text(record.updated_at),
        "comment": record.comment,
        "journal_ref": record.journal_ref,
        "doi": record.doi,
        "is_withdrawn": record.is_withdrawn,
    }


def _record(row: Row) -> ArxivRecord:
    return ArxivRecord(
        id=ArxivId(row["number"], row["version"]),
        title=row["title"],
        authors=tuple(json.loads(row["authors"])),
        abstract=row["abstract"],
        categories=tuple(json.loads(row["categories"])),
        submitted_at=instants.from_text(row["submitted_at"]),
        updated_at=instants.from_text(row["updated_at"]),
        comment=row["comment"],
        journal_ref=row["journal_ref"],
        doi=row["doi"],
    )
