"""Withdraws the entries of files that were deleted from a watched vault."""

from datetime import datetime

from bot.archive.domain.entry import EntryId
from bot.archive.domain.files.source_match import KnownSource
from bot.archive.domain.files.stable_files import StableFiles
from bot.archive.services.files.find_files import FoundFiles
from bot.archive.services.match_sources import existing_locations
from bot.archive.store import entries, entry_changes, sources
from bot.archive.store.guards import ARCHIVE
from bot.core.database.database import Database


async def withdraw_missing_entries(
    db: Database,
    found: FoundFiles,
    stable: StableFiles | None,
    *,
    now: datetime,
    dry_run: bool,
) -> list[EntryId]:
    """Withdraw the entries whose files are no longer in the folders of an import; their ids.

    A folder without any file is taken for an unmounted disk: nothing of it is withdrawn. A file
    that cannot be seen at the moment, or that is still changing, is not missing. `dry_run` only
    returns the ids.
    """
    seen = {file.location for file in found.files}
    folders = [folder for folder in found.folders if any(f.root == folder for f in found.files)]
    async with db.reading() if dry_run else db.transaction() as tx:
        if not dry_run:
            await tx.guard(ARCHIVE)
        known = [source for folder in folders for source in await sources.list_within(tx, folder)]
        excluded = await sources.list_at(tx, [location for _, location in found.excluded])
        known += [source for source in excluded if (source.path, source.location) in found.excluded]
        missing = {s.id: s for s in known if not s.is_gone and s.location not in seen}.values()
        there = await existing_locations(missing)

        def is_gone(source: KnownSource) -> bool:
            location = source.location or ""
            if (source.path, location) in found.excluded:
                return True
            is_stable = stable is None or stable.is_gone(location)
            return location not in there and is_stable and not found.may_exist(location)

        gone = [source.id for source in missing if is_gone(source)]
        kept = await entries.list_of_sources(tx, gone)
        withdrawn = [
            stored.id
            for of_source in kept.values()
            for stored in of_source
            if stored.withdrawn_at is None
        ]
        if not dry_run:
            await entry_changes.withdraw(tx, withdrawn, now=now)
            await sources.mark_gone(tx, gone, now=now)
    return withdrawn
