"""What people said of entries and which they like, for an export; forgotten rows are not in it."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import field

from bot.archive.domain.entry import EntryId
from bot.core.database.database import Transaction
from bot.core.database.instants import from_text
from bot.core.domain.dataclass import dataclass
from bot.discussion.domain.questions import is_call


@dataclass(frozen=True, slots=True)
class Talk:
    """The replies and reactions of one entry in their JSON form, oldest first."""

    replies: list[dict[str, object]] = field(default_factory=list)
    reactions: list[dict[str, object]] = field(default_factory=list)


async def list_all(tx: Transaction, entry_ids: Collection[EntryId]) -> Mapping[EntryId, Talk]:
    """What belongs to each of these entries; calls of the bot (`@paperbot refs`) are no replies."""
    found: defaultdict[EntryId, Talk] = defaultdict(Talk)
    values = {"entries": list(entry_ids)}
    for row in await tx.all(_REPLIES, values):
        if not is_call(row["text"]):
            found[EntryId(row["entry_id"])].replies.append(
                {
                    "id": row["id"],
                    "channel": row["channel"],
                    "person": row["author_id"] or None,
                    "author": row["author"],
                    "text": row["text"],
                    "url": row["link"],
                    "said_at": _instant(row["said_at"]),
                    "edited_at": _instant(row["edited_at"]),
                }
            )
    for row in await tx.all(_REACTIONS, values):
        found[EntryId(row["entry_id"])].reactions.append(
            {
                "channel": row["channel"],
                "person": row["person"],
                "emoji": row["emoji"],
                "given_at": _instant(row["given_at"]),
            }
        )
    return found


def _instant(text: str | None) -> str | None:
    return from_text(text).isoformat(timespec="seconds") if text is not None else None


_REPLIES = """
    SELECT entry_id, id, channel, author_id, author, text, link, said_at, edited_at FROM reply
     WHERE entry_id IN (SELECT value FROM numbers(:entries)) AND gone_at IS NULL
     ORDER BY entry_id, said_at, id
"""
_REACTIONS = """
    SELECT entry_id, channel, person, emoji, given_at FROM reaction
     WHERE entry_id IN (SELECT value FROM numbers(:entries)) AND is_there = TRUE
     ORDER BY entry_id, given_at, channel, message_id, person, emoji
"""
