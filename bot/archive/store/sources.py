"""The table `source`: the files and forms that entries came from."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial

from bot.archive.domain.entry import EntryId, SourceKind
from bot.archive.domain.files.source_match import InputFile, KnownSource, source_name
from bot.core.database import instants
from bot.core.database.database import Row, Statements, Transaction


async def list_at(tx: Transaction, locations: Iterable[str]) -> tuple[KnownSource, ...]:
    """The sources that were last read from these locations."""
    rows = await tx.all(
        """
        SELECT * FROM source WHERE location IN (SELECT value FROM texts(:locations))
        ORDER BY location, id
        """,
        {"locations": list(locations)},
    )
    return tuple(map(_known, rows))


async def list_like(tx: Transaction, files: Sequence[InputFile]) -> tuple[KnownSource, ...]:
    """The sources with the name or the content of one of these files, oldest first."""
    rows = await tx.all(
        """
        SELECT * FROM source WHERE name IN (SELECT value FROM texts(:names))
        UNION
        SELECT * FROM source WHERE content_hash IN (SELECT value FROM texts(:hashes))
        ORDER BY id
        """,
        {
            "names": [source_name(file.path) for file in files],
            "hashes": [file.content_hash for file in files],
        },
    )
    return tuple(map(_known, rows))


async def list_within(tx: Transaction, folder: str) -> tuple[KnownSource, ...]:
    """The sources below a folder (an absolute path), those of deleted files included."""
    rows = await tx.all(
        "SELECT * FROM source WHERE location > :low AND location < :high ORDER BY location, id",
        {"low": folder.rstrip("/") + "/", "high": folder.rstrip("/") + "0"},
    )
    return tuple(map(_known, rows))


def _known(row: Row) -> KnownSource:
    return KnownSource(
        id=row["id"],
        path=row["path"],
        location=row["location"],
        content_hash=row["content_hash"],
        is_gone=row["gone_at"] is not None,
    )


async def add(
    tx: Transaction, files: Sequence[tuple[InputFile, SourceKind]], *, now: datetime
) -> tuple[int, ...]:
    """Insert sources; returns their ids, in order. No other source may have one of the paths."""
    at = instants.to_text(now)
    return await tx.call(partial(_add, files=files, at=at))


def _add(
    statements: Statements, files: Sequence[tuple[InputFile, SourceKind]], at: str
) -> tuple[int, ...]:
    ((newest,),) = statements.tuples("SELECT coalesce(max(id), 0) FROM source")
    ids = tuple(range(newest + 1, newest + 1 + len(files)))
    rows = [
        (row_id, kind, file.path, source_name(file.path), file.location, file.content_hash)
        for row_id, (file, kind) in zip(ids, files, strict=True)
    ]
    statements.run(
        """
        INSERT INTO source (id, kind, path, name, location, content_hash, imported_at)
        SELECT CAST(value ->> 0 AS BIGINT), value ->> 1, value ->> 2, value ->> 3, value ->> 4,
               value ->> 5, CAST(:at AS TEXT)
        FROM json_rows(:rows)
        """,
        {"rows": json.dumps(rows, ensure_ascii=False), "at": at},
    )
    return ids


async def update(
    tx: Transaction, sources: Sequence[tuple[int, InputFile, SourceKind]], *, now: datetime
) -> None:
    """Store the file that each source, given by its id, was read from; `path` must be unused."""
    at = instants.to_text(now)
    await tx.run_many(
        """
        UPDATE source
        SET kind = :kind, path = :path, name = :name, location = :location,
            content_hash = :hash, imported_at = :at, gone_at = NULL
        WHERE id = :id
        """,
        [
            {
                "id": row_id,
                "kind": kind,
                "path": file.path,
                "name": source_name(file.path),
                "location": file.location,
                "hash": file.content_hash,
                "at": at,
            }
            for row_id, file, kind in sources
        ],
    )


async def relocate(tx: Transaction, moves: Iterable[tuple[int, str, InputFile]]) -> None:
    """Store the new path and location of unchanged sources; `path` must be unused."""
    await tx.run_many(
        "UPDATE source SET path = :path, location = :location WHERE id = :id",
        [{"id": row_id, "path": path, "location": file.location} for row_id, path, file in moves],
    )


async def list_taken_paths(tx: Transaction, paths: Iterable[str]) -> dict[str, int]:
    """The ids of the sources that have one of these paths, by path."""
    rows = await tx.all(
        "SELECT path, id FROM source WHERE path IN (SELECT value FROM texts(:paths))",
        {"paths": list(paths)},
    )
    return {row["path"]: row["id"] for row in rows}


async def mark_gone(tx: Transaction, source_ids: Iterable[int], *, now: datetime) -> None:
    """Mark the files of these sources as deleted; may be repeated."""
    at = instants.to_text(now)
    await tx.run_many(
        "UPDATE source SET gone_at = :at WHERE id = :id AND gone_at IS NULL",
        [{"id": source_id, "at": at} for source_id in source_ids],
    )


async def find_of_entry(tx: Transaction, entry_id: EntryId) -> KnownSource | None:
    """The source of an entry."""
    row = await tx.one(
        "SELECT s.* FROM entry AS e JOIN source AS s ON s.id = e.source_id WHERE e.id = :id",
        {"id": entry_id},
    )
    return _known(row) if row is not None else None


async def set_replaced(tx: Transaction, source_id: int, replaced: int) -> None:
    """Store that the entry of a form took the place of an entry of another source."""
    await tx.run(
        "UPDATE source SET replaces = :replaced WHERE id = :id",
        {"id": source_id, "replaced": replaced},
    )
