"""Entries of lists are read in brief, and never a stale one."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date
from functools import partial

from bot.archive.domain.entry import EntryId, StoredEntry
from bot.archive.store import arxiv_records, entries_in_brief, entry_changes, tag_merges
from bot.core.database.database import Database, Statements, Transaction
from tests.archive_stage import NOW, a_record, an_entry, keep


async def test_a_list_has_what_is_stored_now(db: Database):
    written = an_entry("Old", arxiv_id="1706.03762", tags="RL moe", ko="글", cites=("2310.00002",))
    (entry_id,) = await keep(db, written)
    withdrawn = replace(a_record("1706.03762"), comment="This paper has been withdrawn.")

    async def listed():
        (first,) = await in_brief(db, entry_id)
        return first

    seen = [await listed()]
    for change in (
        partial(arxiv_records.put, records=[a_record("1706.03762")]),
        partial(arxiv_records.put, records=[withdrawn]),
        partial(tag_merges.replace_all, merges={"rl": ("moe", "moe")}),
        partial(tag_merges.replace_all, merges={}),
        run("UPDATE entry SET title = 'New'"),
        run("""UPDATE entry SET commentary = '[["en", ["Text."]]]'"""),
        run("UPDATE entry_tag SET spelling = 'rl' WHERE spelling = 'RL'"),
        run("DELETE FROM entry_tag WHERE spelling = 'moe'"),
        run("UPDATE entry SET date = '2025-02-05'"),
        run("UPDATE source SET path = 'other.md'"),
        partial(entry_changes.withdraw, entry_ids=[entry_id], now=NOW),
    ):
        async with db.transaction() as tx:
            await change(tx)
        seen.append(await listed())

    def shown(stored):
        entry = stored.entry
        paper = entry.paper
        state = paper.at_arxiv and (paper.at_arxiv.version, paper.at_arxiv.is_withdrawn)
        texts = [commentary.text for commentary in entry.commentary]
        place = (entry.date, entry.source.path)
        return paper.title, state, entry.tags, entry.spellings, texts, place, stored.withdrawn_at

    at = (written.date, written.source.path)
    assert list(map(shown, seen)) == [
        ("Old", None, ("rl", "moe"), ("RL", "moe"), ["글"], at, None),
        ("Old", (2, False), ("rl", "moe"), ("RL", "moe"), ["글"], at, None),
        ("Old", (2, True), ("rl", "moe"), ("RL", "moe"), ["글"], at, None),
        ("Old", (2, True), ("moe",), ("moe",), ["글"], at, None),
        ("Old", (2, True), ("rl", "moe"), ("RL", "moe"), ["글"], at, None),
        ("New", (2, True), ("rl", "moe"), ("RL", "moe"), ["글"], at, None),
        ("New", (2, True), ("rl", "moe"), ("RL", "moe"), ["Text."], at, None),
        ("New", (2, True), ("rl", "moe"), ("rl", "moe"), ["Text."], at, None),
        ("New", (2, True), ("rl",), ("rl",), ["Text."], at, None),
        ("New", (2, True), ("rl",), ("rl",), ["Text."], (date(2025, 2, 5), at[1]), None),
        ("New", (2, True), ("rl",), ("rl",), ["Text."], (date(2025, 2, 5), "other.md"), None),
        ("New", (2, True), ("rl",), ("rl",), ["Text."], (date(2025, 2, 5), "other.md"), NOW),
    ]


async def in_brief(db: Database, *entry_ids: EntryId) -> tuple[StoredEntry, ...]:
    """These entries as a list reads them."""

    def load(statements: Statements) -> tuple[StoredEntry, ...]:
        rows = statements.tuples("SELECT id, newness FROM entry")
        newness = dict(rows)
        return entries_in_brief.load(statements, [newness[each] for each in entry_ids])

    return await db.read(load)


def run(sql: str) -> Callable[[Transaction], Awaitable[object]]:
    return lambda tx: tx.run(sql)
