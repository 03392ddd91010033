"""Keeps tags tidy: counts them, finds near-duplicates, merges tags and splits them again."""

from collections import defaultdict
from collections.abc import Mapping

from bot.archive.domain.counts import TagCount
from bot.archive.domain.entry import tag_slug
from bot.archive.domain.tagging import merges as tag_merging
from bot.archive.domain.tagging.near_tags import Near, find_near
from bot.archive.store import tag_merges, tags
from bot.archive.store.guards import ARCHIVE
from bot.core.database.database import Database, Transaction
from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import NotFoundError, UsageError


@dataclass(frozen=True, slots=True)
class UsedTags:
    """The tags, most used first; the merged ones by the tag they count as; probable duplicates."""

    counts: tuple[TagCount, ...]
    merged: Mapping[str, tuple[str, ...]]
    near: tuple[Near, ...]


async def list_tags(db: Database) -> UsedTags:
    """All tags that an entry has."""
    async with db.reading() as tx:
        uses = await tags.count_uses(tx)
        roots = await tag_merges.roots(tx)
    merged: defaultdict[str, list[str]] = defaultdict(list)
    for tag, root in roots.items():
        merged[root].append(tag)
    counts = sorted(uses.items(), key=lambda pair: (-pair[1], pair[0]))
    return UsedTags(
        tuple(TagCount(tag, count) for tag, count in counts),
        {root: tuple(of_root) for root, of_root in merged.items()},
        find_near(uses),
    )


async def merge(db: Database, tag: str, into: str) -> TagCount:
    """Let a tag count as another one; returns that one. May be repeated.

    Look-ups, filters, follows, recaps and pages see one tag then; entries and notes stay as they
    are. Raises `UsageError`, and `NotFoundError` for a tag that no entry ever had.
    """
    async with db.transaction() as tx:
        await tx.guard(ARCHIVE)
        one, other = await _slug(tx, tag), await _slug(tx, into)
        if one == other:
            raise UsageError("Name two different tags: #{tag} is one", tag=one)
        await _store(tx, tag_merging.merge(await _merges(tx), one, other))
        found = await tags.find(tx, other)
    return found or TagCount(other, 0)


async def split(db: Database, tag: str) -> TagCount:
    """Take a merge back; returns the tag, as it is used by itself."""
    async with db.transaction() as tx:
        await tx.guard(ARCHIVE)
        one = await _slug(tx, tag)
        await _store(tx, tag_merging.split(await _merges(tx), one))
        found = await tags.find(tx, one)
    return found or TagCount(one, 0)


async def _slug(tx: Transaction, spelling: str) -> str:
    found = await tag_merges.find_slug(tx, tag_slug(spelling))
    if found is None:
        raise NotFoundError("There is no tag #{tag}", tag=tag_slug(spelling))
    return found


async def _merges(tx: Transaction) -> Mapping[str, str]:
    return {each.tag: each.into for each in await tag_merges.list_all(tx)}


async def _store(tx: Transaction, merges: Mapping[str, str]) -> None:
    rooted = {tag: (into, tag_merging.root_of(merges, tag)) for tag, into in merges.items()}
    await tag_merges.replace_all(tx, rooted)
