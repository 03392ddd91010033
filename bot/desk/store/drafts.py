"""What people typed into forms (table `draft`)."""

import json
from datetime import datetime

from bot.archive.domain.entry import EntryId
from bot.core.database.database import Row, Transaction
from bot.core.database.instants import from_text, to_text
from bot.desk.domain.draft import Draft, DraftState


def guard_of(key: str) -> str:
    """The guard for whoever reads a draft and writes it in one transaction."""
    return f"draft:{key}"


async def find(tx: Transaction, key: str) -> Draft | None:
    """The draft of that form."""
    row = await tx.one("SELECT * FROM draft WHERE key = :key", {"key": key})
    return _draft(row) if row is not None else None


async def put(tx: Transaction, draft: Draft) -> None:
    """Store a draft as it is now."""
    at = to_text(draft.changed_at)
    await tx.run(
        """
        INSERT INTO draft (
            key, person, name, channel, locale, paper, entry_id, base, typed, state, plan, outcome,
            seen, opened_at, changed_at
        ) VALUES (
            :key, :person, :name, :channel, :locale, :paper, :entry_id, :base, :typed, :state,
            :plan, :outcome, :seen, :at, :at
        )
        ON CONFLICT (key) DO UPDATE SET
            name = excluded.name, channel = excluded.channel, locale = excluded.locale,
            paper = excluded.paper, entry_id = excluded.entry_id, base = excluded.base,
            typed = excluded.typed, state = excluded.state, plan = excluded.plan,
            outcome = excluded.outcome, seen = excluded.seen, changed_at = excluded.changed_at
        """,
        {
            "key": draft.key,
            "person": draft.person,
            "name": draft.name,
            "channel": draft.channel,
            "locale": draft.locale,
            "paper": draft.paper,
            "entry_id": draft.entry_id,
            "base": _json(dict(draft.base)),
            "typed": _json(dict(draft.typed)),
            "state": draft.state,
            "plan": draft.plan,
            "outcome": draft.outcome,
            "seen": " ".join(sorted(draft.seen)),
            "at": at,
        },
    )


async def find_newest(
    tx: Transaction, person: str, paper: str | None = None, *, other_than: str = ""
) -> Draft | None:
    """What a person typed last and did not submit, about a paper or about any.

    `other_than` is the key of a draft that is left out. A draft that is older than what the same person wrote about its paper is not offered again.
    """
    row = await tx.one(
        """
        SELECT * FROM draft AS d
         WHERE person = :person AND state = 'typed' AND key <> :other AND (:any OR paper = :paper)
           AND NOT EXISTS (
               SELECT 1 FROM draft AS later
                WHERE later.person = d.person AND later.state = 'done' AND later.paper = d.paper
                  AND d.paper <> '' AND later.changed_at > d.changed_at
           )
         ORDER BY changed_at DESC, key LIMIT 1
        """,
        {"person": person, "paper": paper or "", "any": paper is None, "other": other_than},
    )
    return _draft(row) if row is not None else None


async def list_submitted(tx: Transaction, before: datetime) -> tuple[str, ...]:
    """The keys of what was submitted before then and is not written yet, the oldest first."""
    rows = await tx.all(
        """
        SELECT key FROM draft WHERE state = 'submitted' AND changed_at <= :before
         ORDER BY changed_at, key
        """,
        {"before": to_text(before)},
    )
    return tuple(row["key"] for row in rows)


async def count(tx: Transaction, person: str) -> int:
    """How many drafts of a person have text that is not written yet."""
    row = await tx.one(
        "SELECT count(*) AS n FROM draft WHERE person = :person AND state IN ('typed', 'submitted')",
        {"person": person},
    )
    return row["n"] if row is not None else 0


async def forget(tx: Transaction, person: str) -> None:
    """Delete what a person typed."""
    await tx.run("DELETE FROM draft WHERE person = :person", {"person": person})


async def prune(tx: Transaction, before: datetime) -> int:
    """Delete forms that were opened or finished before then; what was typed stays."""
    return await tx.run(
        "DELETE FROM draft WHERE state IN ('open', 'done') AND changed_at < :before",
        {"before": to_text(before)},
    )


def _json(value: dict[str, str]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _draft(row: Row) -> Draft:
    return Draft(
        key=row["key"],
        person=row["person"],
        name=row["name"],
        channel=row["channel"],
        locale=row["locale"],
        changed_at=from_text(row["changed_at"]),
        paper=row["paper"],
        entry_id=EntryId(row["entry_id"]) if row["entry_id"] is not None else None,
        base=json.loads(row["base"]),
        typed=json.loads(row["typed"]),
        state=DraftState(row["state"]),
        plan=row["plan"],
        outcome=row["outcome"],
        seen=frozenset(row["seen"].split()),
    )
