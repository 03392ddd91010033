"""Replies that were said in public channels since these became public."""

from collections import defaultdict
from collections.abc import Mapping

from bot.archive.domain.entry import EntryId
from bot.core.database.database import Transaction
from bot.core.database.instants import from_text
from bot.discussion.domain.public_reply import PublicReply, PublicTalk, fitting, without_names
from bot.discussion.domain.questions import is_call, platform_of


async def list_all(tx: Transaction) -> Mapping[EntryId, PublicTalk]:
    """What is public of each entry's discussion.

    Copies of what was said elsewhere are no replies, so a linked channel that is not public has none
    here. Numbers of the database decide nothing. Calls of the bot (`@paperbot refs`) are left out.
    """
    said: defaultdict[EntryId, list[PublicReply]] = defaultdict(list)
    people: defaultdict[EntryId, dict[str, int]] = defaultdict(dict)
    for row in await tx.all(_PUBLIC):
        if is_call(row["text"]):
            continue
        entry_id = EntryId(row["entry_id"])
        known = people[entry_id]
        said[entry_id].append(
            PublicReply(
                person=known.setdefault(row["author_id"], len(known) + 1),
                platform=platform_of(row["channel"]),
                text=without_names(row["text"]),
                said_at=from_text(row["said_at"]),
                is_edited=row["edited_at"] is not None,
            )
        )
    return {entry_id: fitting(replies) for entry_id, replies in said.items()}


_PUBLIC = """
    SELECT r.entry_id, r.channel, r.author_id, r.text, r.said_at, r.edited_at
      FROM channel_preference p JOIN reply r ON r.channel = p.channel
     WHERE p.public_since IS NOT NULL AND r.said_at >= p.public_since
       AND r.entry_id IS NOT NULL AND r.gone_at IS NULL
     ORDER BY r.entry_id, r.said_at, r.channel, r.message_id
"""
