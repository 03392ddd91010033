"""Which kept source each file of an import is."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from bot.archive.domain.files.source_match import InputFile, KnownSource, same_source, source_name
from bot.archive.services.read_files import which_exist
from bot.archive.store import sources
from bot.core.database.database import Transaction


async def match_sources(
    tx: Transaction, files: Sequence[InputFile], taken: Collection[int]
) -> tuple[KnownSource | None, ...]:
    """The source that each file is, in order; `taken` are rows that other files are.

    No source is given twice.
    """
    at: dict[str | None, KnownSource] = {
        source.location: source
        for source in await sources.list_at(
            tx, [file.location for file in files if file.location is not None]
        )
        if source.id not in taken
    }
    unmet = [file for file in files if file.location not in at]
    free = {
        source.id: source
        for source in (await sources.list_like(tx, unmet) if unmet else ())
        if source.id not in taken and source.location not in at
    }
    there = await existing_locations(free.values())
    by_name, by_hash = defaultdict(list), defaultdict(list)
    for source in free.values():
        by_name[source_name(source.path)].append(source)
        by_hash[source.content_hash].append(source)
    met: list[KnownSource | None] = []
    for file in files:
        found = at.get(file.location)
        if found is None:
            alike = (*by_name[source_name(file.path)], *by_hash[file.content_hash])
            left = (source for source in alike if source.id in free)
            found = same_source(file, left, there.__contains__)
            if found is not None:
                del free[found.id]
        met.append(found)
    return tuple(met)


async def existing_locations(known: Iterable[KnownSource]) -> frozenset[str]:
    """The files that these sources were last read from and that are still there."""
    locations = [source.location for source in known if source.location is not None]
    return await asyncio.to_thread(which_exist, locations) if locations else frozenset()
