"""Tags, their other spellings, and how much each is used.

A tag that was merged into another (`tag_merges`) counts as that one everywhere: only what reads an
entry as it was written (`entries.load`) and what writes entries here sees the tag itself.
"""

import json
from collections.abc import Iterable, Mapping
from functools import partial

from bot.archive.domain.counts import TagCount
from bot.archive.domain.entry import tag_slug
from bot.archive.store.tag_merges import read_meanings
from bot.core.database.database import Statements, Transaction

_LAST_CHARACTER = "\U0010ffff"

_TOTAL = """
    root.uses + (
        SELECT count(DISTINCT et.newness) FROM tag_merge AS m JOIN entry_tag AS et ON et.tag_id = m.tag_id
        WHERE m.root_id = root.id AND et.newness > 0 AND NOT EXISTS (
            SELECT 1 FROM entry_tag AS own WHERE own.tag_id = root.id AND own.newness = et.newness
        )
    )
"""
"""The number of entries that have the tag `root` or one merged into it.

What takes time is only the entries that have a merged tag.
"""
_ROOTS = f"""
    SELECT root.id, root.slug, {_TOTAL} AS uses
    FROM tag AS root WHERE root.id IN (SELECT root_id FROM tag_merge)
"""  # noqa: S608  a fixed text
"""The tags that others are merged into."""
_OTHERS = """
    SELECT id, slug, uses FROM tag
    WHERE id NOT IN (SELECT tag_id FROM tag_merge) AND id NOT IN (SELECT root_id FROM tag_merge)
"""
_COUNTED = f"{_OTHERS} UNION ALL {_ROOTS}"
"""Tags that are not merged, each with the number of entries that have it or one merged into it."""
_MOST_USED = f"""
    SELECT id, slug, uses FROM (
        SELECT id, slug, uses FROM (
            {_OTHERS} AND uses > 0 ORDER BY uses DESC, slug LIMIT :limit
        ) AS others
        UNION ALL
        {_ROOTS}
    ) AS counted
    WHERE uses > 0 ORDER BY uses DESC, slug LIMIT :limit
"""  # noqa: S608  a fixed text
"""Of `_COUNTED` the most used ones; the index of `uses` is read no further than `:limit`."""


_MOST_COMPARED = 1000
"""Entries of a tag, the newest, of which the other tags are counted."""


async def ensure(tx: Transaction, spelled: Iterable[tuple[str, str]]) -> Mapping[str, int]:
    """The row ids of tags by slug, for pairs of slug and spelling; absent ones are added.

    A slug that is an alias of another tag gives that tag. Spellings other than the slug are
    kept as aliases.
    """
    return await tx.call(partial(_ensure, spelled=tuple(dict.fromkeys(spelled))))


def _ensure(statements: Statements, spelled: tuple[tuple[str, str], ...]) -> dict[str, int]:
    slugs = tuple(dict.fromkeys(slug for slug, _ in spelled))
    known = known_ids(statements, slugs)
    absent = [slug for slug in slugs if slug not in known]
    statements.run_many(
        "INSERT INTO tag (slug) VALUES (:slug) ON CONFLICT (slug) DO NOTHING",
        [{"slug": slug} for slug in absent],
    )
    known |= known_ids(statements, absent)
    statements.run_many(
        """
        INSERT INTO tag_alias (alias, tag_id) VALUES (:alias, :tag_id)
        ON CONFLICT (alias) DO NOTHING
        """,
        [
            {"alias": spelling, "tag_id": known[slug]}
            for slug, spelling in spelled
            if spelling != slug
        ],
    )
    return known


def known_ids(statements: Statements, slugs: Iterable[str]) -> dict[str, int]:
    """The row ids of those tags that are known, by slug or alias."""
    # In one row: behind each row, the thread waits for the GIL, 1 ms beside one that parses.
    [(found,)] = statements.tuples(
        """
        SELECT CAST(json_group_array(json_array(
            wanted.value, coalesce(tag.id, tag_alias.tag_id)
        )) AS TEXT)
        FROM texts(:slugs) AS wanted
        LEFT JOIN tag ON tag.slug = wanted.value
        LEFT JOIN tag_alias ON tag_alias.alias = wanted.value
        WHERE coalesce(tag.id, tag_alias.tag_id) IS NOT NULL
        """,
        {"slugs": list(slugs)},
    )
    return dict(json.loads(found or "[]"))


def family(statements: Statements, slug: str) -> tuple[int, ...]:
    """The row ids of a tag, by slug or alias, and of those nested in it (`ml/rl` in `ml`).

    Tags that are merged with one of these are among them (`Meanings`).
    """
    found = statements.tuples(
        """
        WITH meant (slug) AS (
            SELECT coalesce(
                (SELECT slug FROM tag WHERE slug = :slug),
                (SELECT tag.slug FROM tag_alias JOIN tag ON tag.id = tag_id WHERE alias = :slug),
                :slug
            )
        ), family (id) AS (
            SELECT tag.id FROM meant JOIN tag ON tag.slug = meant.slug
            UNION ALL
            SELECT tag.id FROM meant
                JOIN tag ON tag.slug > meant.slug || '/' AND tag.slug < meant.slug || '0'
        )
        SELECT family.id, meant.slug, EXISTS (SELECT 1 FROM tag_merge) FROM family, meant
        """,  # `0` is the character behind `/`
        {"slug": slug},
    )
    ids = tuple(tag_id for tag_id, _, _ in found)
    if not found or not found[0][2]:
        return ids
    names = read_meanings(statements).of(found[0][1])
    return ids if len(names) == 1 else _families(statements, names)


def _families(statements: Statements, slugs: Iterable[str]) -> tuple[int, ...]:
    found = statements.tuples(
        """
        SELECT tag.id FROM texts(:slugs) AS meant JOIN tag ON tag.slug = meant.value
        UNION
        SELECT tag.id FROM texts(:slugs) AS meant
            JOIN tag ON tag.slug > meant.value || '/' AND tag.slug < meant.value || '0'
        """,
        {"slugs": sorted(slugs)},
    )
    return tuple(tag_id for (tag_id,) in found)


def is_used(statements: Statements, spelling: str) -> bool:
    """Whether an entry carries the tag of that slug or alias, or one that is nested in it."""
    ids = family(statements, spelling)
    return bool(ids) and bool(
        statements.tuples(
            "SELECT 1 FROM tag WHERE id IN (SELECT value FROM numbers(:ids)) AND uses > 0 LIMIT 1",
            {"ids": list(ids)},
        )
    )


async def find(tx: Transaction, spelling: str) -> TagCount | None:
    """The tag that a spelling means, whatever its case and hyphens."""
    row = await tx.one(
        f"""
        SELECT root.slug, {_TOTAL} AS uses FROM tag AS root
        WHERE root.id = (
            SELECT coalesce(root_id, tag.id) FROM tag LEFT JOIN tag_merge ON tag_id = tag.id
            WHERE slug = :slug
               OR tag.id = (
                   SELECT tag_id FROM tag_alias WHERE alias IN (:slug, :spelling)
                   ORDER BY alias LIMIT 1
               )
            ORDER BY slug <> :slug LIMIT 1
        )
        """,  # noqa: S608  a fixed text
        {"slug": tag_slug(spelling), "spelling": spelling},
    )
    return TagCount(row["slug"], row["uses"]) if row is not None else None


async def list_beside(tx: Transaction, spelling: str, *, limit: int) -> tuple[TagCount, ...]:
    """The tags of the newest entries with that tag, and how many of these have each, most first.

    Without the tag itself, and those that it is nested in or that are nested in it.
    """
    return await tx.call(partial(_list_beside, slug=tag_slug(spelling), limit=limit))


def _list_beside(statements: Statements, *, slug: str, limit: int) -> tuple[TagCount, ...]:
    rows = statements.tuples(
        """
        WITH newest AS (
            SELECT DISTINCT newness FROM entry_tag
            WHERE tag_id IN (SELECT value FROM numbers(:ids)) AND newness > 0
            ORDER BY newness DESC LIMIT :most
        )
        SELECT coalesce(root.slug, tag.slug) AS other, count(DISTINCT newest.newness) AS entries
        FROM newest JOIN entry_tag ON entry_tag.newness = newest.newness
            JOIN tag ON tag.id = entry_tag.tag_id
            LEFT JOIN tag_merge ON tag_merge.tag_id = tag.id
            LEFT JOIN tag AS root ON root.id = tag_merge.root_id
        WHERE entry_tag.tag_id NOT IN (SELECT value FROM numbers(:ids))
        GROUP BY coalesce(root.slug, tag.slug) ORDER BY entries DESC, other
        """,
        {"ids": list(family(statements, slug)), "most": _MOST_COMPARED},
    )
    others = [TagCount(other, count) for other, count in rows if not slug.startswith(f"{other}/")]
    return tuple(others[:limit])


async def list_used(tx: Transaction, *, limit: int) -> tuple[TagCount, ...]:
    """The tags with the most entries, most first; none without any."""
    rows = await tx.all(
        _MOST_USED,
        {"limit": limit},
    )
    return tuple(TagCount(row["slug"], row["uses"]) for row in rows)


async def count_uses(tx: Transaction) -> Mapping[str, int]:
    """How many entries have each tag that is used."""
    return {
        row["slug"]: row["uses"]
        for row in await tx.all(
            f"SELECT slug, uses FROM ({_COUNTED}) AS counted WHERE uses > 0"  # noqa: S608
        )
    }


async def list_beginning(tx: Transaction, start: str, *, limit: int) -> tuple[TagCount, ...]:
    """The tags whose slug begins so, or holds it behind a hyphen or slash; most used first.

    A merged tag that does leads to the one it counts as.
    """
    rows = await tx.all(
        f"""
        WITH fitting AS (
            SELECT id, slug, uses,
                   CASE WHEN substr(slug, 1, length(:start)) = :start THEN 1 ELSE 0 END AS begins
            FROM tag WHERE slug >= :start AND slug < :end
                        OR replace(slug, '-' || :start, '') <> slug
                        OR replace(slug, '/' || :start, '') <> slug
        )
        SELECT slug, uses, begins FROM fitting
        WHERE uses > 0 AND id NOT IN (SELECT tag_id FROM tag_merge)
                       AND id NOT IN (SELECT root_id FROM tag_merge)
        UNION ALL
        SELECT counted.slug, counted.uses, max(named.begins) FROM (
            SELECT coalesce(root_id, fitting.id) AS id, begins
            FROM fitting LEFT JOIN tag_merge ON tag_id = fitting.id
            WHERE fitting.id IN (SELECT tag_id FROM tag_merge UNION SELECT root_id FROM tag_merge)
        ) AS named JOIN ({_ROOTS}) AS counted ON counted.id = named.id
        WHERE counted.uses > 0 GROUP BY counted.slug, counted.uses
        ORDER BY begins DESC, uses DESC, slug LIMIT :limit
        """,  # noqa: S608  a fixed text
        {"start": start, "end": start + _LAST_CHARACTER, "limit": limit},
    )
    return tuple(TagCount(row["slug"], row["uses"]) for row in rows)


def list_spellings(statements: Statements, *, limit: int) -> Mapping[str, str]:
    """The slugs and aliases of the most used tags, each with its slug: for near-misses."""
    rows = statements.all(
        f"""
        WITH used AS ({_MOST_USED}), named AS (
            SELECT id, id AS tag_id, slug FROM used
            UNION ALL
            SELECT used.id, tag_merge.tag_id, used.slug FROM tag_merge JOIN used ON used.id = root_id
        )
        SELECT tag.slug AS spelling, named.slug FROM named JOIN tag ON tag.id = named.tag_id
        UNION ALL
        SELECT alias, named.slug FROM tag_alias JOIN named ON named.tag_id = tag_alias.tag_id
        """,  # noqa: S608  a fixed text
        {"limit": limit},
    )
    return {row["spelling"]: row["slug"] for row in rows}
