"""Tags, their other spellings, and how much each is used.

A tag that was merged into another (`tag_merges`) counts as that one everywhere: only what reads an
entry as it was written (`entries.load`) and what writes entries here sees the tag itself.
"""

from collections.abc import Iterable, Mapping
from functools import partial

from bot.archive.domain.counts import TagCount
from bot.archive.domain.entry import tag_slug
from bot.core.database.database import Statements, Transaction

_LAST_CHARACTER = "\U0010ffff"

_COUNTED = """
    SELECT tag.id, tag.slug, CASE
        WHEN EXISTS (SELECT 1 FROM tag_merge WHERE root_id = tag.id) THEN (
            SELECT count(DISTINCT newness) FROM entry_tag
            WHERE newness > 0 AND (
                tag_id = tag.id OR tag_id IN (SELECT tag_id FROM tag_merge WHERE root_id = tag.id)
            )
        )
        ELSE tag.uses END AS uses
    FROM tag WHERE NOT EXISTS (SELECT 1 FROM tag_merge WHERE tag_merge.tag_id = tag.id)
"""
"""Tags that are not merged, each with the number of entries that have it or one merged into it."""


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
    found = statements.tuples(
        """
        SELECT wanted.value, coalesce(tag.id, tag_alias.tag_id)
        FROM texts(:slugs) AS wanted
        LEFT JOIN tag ON tag.slug = wanted.value
        LEFT JOIN tag_alias ON tag_alias.alias = wanted.value
        WHERE coalesce(tag.id, tag_alias.tag_id) IS NOT NULL
        """,
        {"slugs": list(slugs)},
    )
    return dict(found)


def family(statements: Statements, slug: str) -> tuple[int, ...]:
    """The row ids of a tag, by slug or alias, and of those nested in it (`ml/rl` in `ml`).

    Tags that are merged into these are among them.
    """
    found = statements.tuples(
        """
        WITH meant (slug) AS (
            SELECT coalesce(
                (
                    SELECT root.slug FROM tag JOIN tag_merge ON tag_id = tag.id
                        JOIN tag AS root ON root.id = root_id
                    WHERE tag.id = coalesce(
                        (SELECT id FROM tag WHERE slug = :slug),
                        (SELECT tag_id FROM tag_alias WHERE alias = :slug)
                    )
                ),
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
        SELECT id FROM family
        UNION
        SELECT tag_id FROM tag_merge WHERE root_id IN (SELECT id FROM family)
        """,  # `0` is the character behind `/`
        {"slug": slug},
    )
    return tuple(tag_id for (tag_id,) in found)


def is_used(statements: Statements, spelling: str) -> bool:
    """Whether an entry carries the tag of that slug or alias, or one that is nested in it."""
    row = statements.one(
        "SELECT 1 FROM tag WHERE id IN (SELECT value FROM numbers(:ids)) AND uses > 0 LIMIT 1",
        {"ids": list(family(statements, spelling))},
    )
    return row is not None


async def find(tx: Transaction, spelling: str) -> TagCount | None:
    """The tag that a spelling means, whatever its case and hyphens."""
    row = await tx.one(
        f"""
        SELECT slug, uses FROM ({_COUNTED}) AS counted
        WHERE id = (
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


async def list_used(tx: Transaction, *, limit: int) -> tuple[TagCount, ...]:
    """The tags with the most entries, most first; none without any."""
    rows = await tx.all(
        f"""
        SELECT slug, uses FROM ({_COUNTED}) AS counted
        WHERE uses > 0 ORDER BY uses DESC, slug LIMIT :limit
        """,  # noqa: S608  a fixed text
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
    """The tags whose slug begins so, or holds it behind a hyphen or slash; most used first."""
    rows = await tx.all(
        f"""
        SELECT counted.slug, counted.uses,
               max(CASE WHEN substr(named.slug, 1, length(:start)) = :start THEN 1 ELSE 0 END) AS begins
        FROM ({_COUNTED}) AS counted JOIN (
            SELECT coalesce(root_id, tag.id) AS id, slug
            FROM tag LEFT JOIN tag_merge ON tag_id = tag.id
        ) AS named ON named.id = counted.id
        WHERE counted.uses > 0 AND (named.slug >= :start AND named.slug < :end
                                    OR replace(named.slug, '-' || :start, '') <> named.slug
                                    OR replace(named.slug, '/' || :start, '') <> named.slug)
        GROUP BY counted.slug, counted.uses
        ORDER BY begins DESC, counted.uses DESC, counted.slug LIMIT :limit
        """,  # noqa: S608  a fixed text
        {"start": start, "end": start + _LAST_CHARACTER, "limit": limit},
    )
    return tuple(TagCount(row["slug"], row["uses"]) for row in rows)


async def list_spellings(tx: Transaction, *, limit: int) -> Mapping[str, str]:
    """The slugs and aliases of the most used tags, each with its slug: for near-misses."""
    rows = await tx.all(
        f"""
        WITH used AS (
            SELECT id, slug FROM ({_COUNTED}) AS counted
            WHERE uses > 0 ORDER BY uses DESC, slug LIMIT :limit
        ), named AS (
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
