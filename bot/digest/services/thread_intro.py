"""Thread intros: the first reply in a paper's thread, with abstract and references."""

from collections.abc import Iterable, Mapping

from bot.archive.domain.entry import EntryId, StoredEntry
from bot.core.database.database import Transaction
from bot.core.domain.document import Document
from bot.core.domain.i18n import Translate
from bot.discussion.domain.present_discussion import present_opening
from bot.discussion.services.answers import Link, what_was_written
from bot.discussion.store import entry_page


async def openings(
    tx: Transaction, shown: Iterable[StoredEntry], *, channel: str, link: Link, say: Translate
) -> Mapping[EntryId, Document]:
    """The intro of each entry; entries with an empty intro and withdrawn ones are left out."""
    found = {}
    for stored in shown:
        if stored.withdrawn_at is not None:
            continue
        page = await entry_page.page_of(tx, stored)
        document = present_opening(
            stored,
            abstract=page.stored.entry.paper.abstract,
            references=[(mention.reference, mention.entry_id) for mention in page.mentions],
            cited_by=page.cited_by,
            earlier=await what_was_written(tx, page, channel=channel, link=link, say=say),
            say=say,
        )
        if document is not None:
            found[stored.id] = document
    return found
