"""Tags, their other spellings, and how much each is used."""

from collections.abc import Iterable, Mapping
from functools import partial

from bot.archive.domain.counts import TagCount
from bot.archive.domain.entry import tag_slug
from bot.core.database.database import Statements, Transaction

_LAST_CHARACTER = "\U0010ffff"


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
    """The row ids of a tag, by slug or alias, and of those nested in it (`ml/rl` in `ml`)."""
    found = statements.tuples(
        """
        WITH meant (slug) AS (
            SELECT coalesce(
                (SELECT slug FROM tag WHERE slug = :slug),
                (SELECT tag.slug FROM tag_alias JOIN tag ON tag.id = tag_id WHERE alias = :slug),
                :slug
            )
        )
        SELECT tag.id FROM meant JOIN tag ON tag.slug = meant.slug
        UNION ALL
        SELECT tag.id FROM meant
            JOIN tag ON tag.slug > meant.slug || '/' AND tag.slug < meant.slug || '0'
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
        """
        SELECT slug, uses FROM tag
        WHERE slug = :slug
           OR id = (
               SELECT tag_id FROM tag_alias WHERE alias IN (:slug, :spelling)
               ORDER BY alias LIMIT 1
           )
        ORDER BY slug <> :slug LIMIT 1
        """,
        {"slug": tag_slug(spelling), "spelling": spelling},
    )
    return TagCount(row["slug"], row["uses"]) if row is not None else None


async def list_used(tx: Transaction, *, limit: int) -> tuple[TagCount, ...]:
    """The tags with the most entries, most first; none without any."""
    rows = await tx.all(
        "SELECT slug, uses FROM tag WHERE uses > 0 ORDER BY uses DESC, slug LIMIT :limit",
        {"limit": limit},
    )
    return tuple(TagCount(row["slug"], row["uses"]) for row in rows)


async def count_uses(tx: Transaction) -> Mapping[str, int]:
    """How many entries have each tag that is used."""
    return {
        row["slug"]: row["uses"]
        for row in await tx.all("SELECT slug, uses FROM tag WHERE uses > 0")
    }


async def list_beginning(tx: Transaction, start: str, *, limit: int) -> tuple[TagCount, ...]:
    """The tags whose slug begins so, or holds it behind a hyphen or slash; most used first."""
    rows = await tx.all(
        """
        SELECT slug, uses FROM tag
        WHERE uses > 0 AND (slug >= :start AND slug < :end
                            OR replace(slug, '-' || :start, '') <> slug
                            OR replace(slug, '/' || :start, '') <> slug)
        ORDER BY substr(slug, 1, length(:start)) = :start DESC, uses DESC, slug LIMIT :limit
        """,
        {"start": start, "end": start + _LAST_CHARACTER, "limit": limit},
    )
    return tuple(TagCount(row["slug"], row["uses"]) for row in rows)


async def list_spellings(tx: Transaction, *, limit: int) -> Mapping[str, str]:
    """The slugs and aliases of the most used tags, each with its slug: for near-misses."""
    rows = await tx.all(
        """
        WITH used AS (
            SELECT id, slug FROM tag WHERE uses > 0 ORDER BY uses DESC, slug LIMIT :limit
        )
        SELECT slug AS spelling, slug FROM used
        UNION ALL
        SELECT alias, slug FROM tag_alias JOIN used ON used.id = tag_alias.tag_id
        """,
        {"limit": limit},
    )
    return {row["spelling"]: row["slug"] for row in rows}
