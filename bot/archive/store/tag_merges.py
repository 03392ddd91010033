"""Which tags count as another one.

A merge never touches entries or notes: readers look it up (`tags`, `entries.load`).
"""

from collections.abc import Mapping

from bot.archive.domain.tagging.merges import Meanings
from bot.core.database.database import Statements, Transaction
from bot.core.domain.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class MergeRow:
    """A merged tag, the tag it was merged into, and the one it is shown as; slugs."""

    tag: str
    into: str
    root: str


async def list_all(tx: Transaction) -> tuple[MergeRow, ...]:
    """Every merge, by the merged tag."""
    rows = await tx.all(
        """
        SELECT tag.slug AS tag, into_tag.slug AS into_slug, root.slug AS root
        FROM tag_merge JOIN tag ON tag.id = tag_id
            JOIN tag AS into_tag ON into_tag.id = into_id JOIN tag AS root ON root.id = root_id
        ORDER BY tag.slug
        """
    )
    return tuple(MergeRow(row["tag"], row["into_slug"], row["root"]) for row in rows)


async def roots(tx: Transaction) -> Mapping[str, str]:
    """The merged tags, each with the one it counts as."""
    return {each.tag: each.root for each in await list_all(tx)}


def read_meanings(statements: Statements) -> Meanings:
    """What each tag means by the merges."""
    rows = statements.tuples(
        """
        SELECT tag.slug, root.slug FROM tag_merge
            JOIN tag ON tag.id = tag_id JOIN tag AS root ON root.id = root_id
        """
    )
    return Meanings(dict(rows))


async def meanings(tx: Transaction) -> Meanings:
    """What each tag means by the merges."""
    return await tx.call(read_meanings)


async def find_slug(tx: Transaction, slug: str) -> str | None:
    """The slug of the tag with this slug or alias, merged or not."""
    row = await tx.one(
        """
        SELECT slug FROM tag
        WHERE slug = :slug OR id = (SELECT tag_id FROM tag_alias WHERE alias = :slug)
        ORDER BY slug <> :slug LIMIT 1
        """,
        {"slug": slug},
    )
    return row["slug"] if row is not None else None


async def replace_all(tx: Transaction, merges: Mapping[str, tuple[str, str]]) -> None:
    """Store these merges instead of all others: for each tag what it is merged into, and its root."""
    await tx.run("DELETE FROM tag_merge")
    await tx.run_many(
        """
        INSERT INTO tag_merge (tag_id, into_id, root_id)
        SELECT tag.id, into_tag.id, root.id FROM tag, tag AS into_tag, tag AS root
        WHERE tag.slug = :tag AND into_tag.slug = :into_slug AND root.slug = :root
        """,
        [
            {"tag": tag, "into_slug": into, "root": root}
            for tag, (into, root) in sorted(merges.items())
        ],
    )
