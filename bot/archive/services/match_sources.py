"""Matches the files of an import to the sources in the database."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from bot.archive.domain.files.source_match import InputFile, KnownSource, same_source, source_name
from bot.archive.services.files.read_files import which_exist
from bot.archive.store import sources
from bot.core.database.database import Transaction


async def match_sources(
    tx: Transaction, files: Sequence[InputFile], taken: Collection[int]
) -> tuple[KnownSource | None, ...]:
    """The source of each file, in order, or `None` for a new file.

    `taken` are the ids of sources that other files of the import matched already. No two files get
    the same source.
    """
    at: dict[str | None, KnownSource] = {
        source.location: source
        for source in await sources.list_at(
            tx, [file.location for file in files if file.location is not None]
        )
        if source.id not in taken
    }
    unmatched = [file for file in files if file.location not in at]
    free = {
        source.id: source
        for source in (await sources.list_like(tx, unmatched) if unmatched else ())
        if source.id not in taken and source.location not in at
    }
    there = await existing_locations(free.values())
    by_name, by_hash = defaultdict(list), defaultdict(list)
    for source in free.values():
        by_name[source_name(source.path)].append(source)
        by_hash[source.content_hash].append(source)
    matched: list[KnownSource | None] = []
    for file in files:
        found = at.get(file.location)
        if found is None and free:
            alike = (*by_name[source_name(file.path)], *by_hash[file.content_hash])
            left = (source for source in alike if source.id in free)
            found = same_source(file, left, there.__contains__)
            if found is not None:
                del free[found.id]
        matched.append(found)
    return tuple(matched)


async def existing_locations(known: Iterable[KnownSource]) -> frozenset[str]:
    """Those of the files of these sources that still exist, or cannot be checked."""
    locations = [source.location for source in known if source.location is not None]
    return await asyncio.to_thread(which_exist, locations) if locations else frozenset()
