"""Answers to questions that mention the bot in a thread, read from the archive."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.entry import EntryId, Language, StoredEntry
from bot.archive.domain.present_entry import LANGUAGES
from bot.archive.store import arxiv_records, entries
from bot.core.database.database import Database, Transaction
from bot.core.domain import command_line
from bot.core.domain.document import Button, Buttons, Document, notice, with_notes
from bot.core.domain.i18n import Translate
from bot.core.ports import MessageRef
from bot.discussion.domain import present_discussion
from bot.discussion.domain.entry_page import EntryPage
from bot.discussion.domain.present_discussion import Earlier
from bot.discussion.domain.questions import (
    Line,
    LookUp,
    Question,
    Unclear,
    Wish,
    near_word,
    sole_paper,
)
from bot.discussion.store import entry_page
from bot.lookup.domain import present_lookup
from bot.lookup.domain.query_hints import hint_lines
from bot.lookup.domain.query_terms import About, PaperRef, Query
from bot.lookup.services import lookup
from bot.lookup.store import search
from bot.outbox.store import threads


class Link(Protocol):
    """Gives the web address of a message, or `None` where it has none."""

    def __call__(self, message: MessageRef, root: MessageRef | None = None, /) -> str | None:
        """`root` is set for a reply in the thread of that message."""
        ...


_FOUND = 5
"""Rows of a look-up in a thread; the other pages are behind buttons."""


def no_link(_message: MessageRef, _root: MessageRef | None = None) -> str | None:
    """No message has an address."""
    return None


def voice_languages(say: Translate) -> tuple[Language, ...]:
    """The reader's own language first, then the others."""
    return tuple(sorted(LANGUAGES, key=lambda language: language != say.locale))


async def answer(
    db: Database,
    question: Question,
    entry_id: EntryId | None,
    *,
    channel: str,
    link: Link,
    say: Translate,
    repeats: bool = True,
) -> Document:
    """The answer to a question in the thread of that entry, or in one of no entry.

    `repeats` says whether the answer may quote the question: it must not where the question is not
    stored, since it could not be forgotten from there.
    """
    match question:
        case Wish.HELP:
            return present_discussion.present_words(say)
        case Unclear(meant):
            return present_discussion.present_words(say, unclear=True, meant=meant)
        case Line():
            return present_discussion.present_words(say, unclear=True)
        case LookUp(asked):
            found = await _look_up(db, asked, say, channel=channel, repeats=repeats)
            return with_notes(found, hint_lines(asked, say)) if repeats else found
        case _:
            pass
    if entry_id is None:
        return present_discussion.present_no_paper(say)
    async with db.reading() as tx:
        stored = await entries.find(tx, entry_id)
        if stored is None:
            return present_discussion.present_no_paper(say)
        page = await entry_page.page_of(tx, stored)
        earlier = await what_was_written(tx, page, channel=channel, link=link, say=say)
    if question is Wish.SIMILAR:
        return await _similar(db, stored, say)
    return _about(question, page, earlier, say)


def _about(
    wish: Wish,
    page: EntryPage,
    earlier: Mapping[EntryId, Earlier],
    say: Translate,
) -> Document:
    stored = page.stored
    match wish:
        case Wish.ABSTRACT:
            paper = stored.entry.paper
            return present_discussion.present_abstract(paper.title, paper.abstract, say)
        case Wish.REFS:
            mentions = [(mention.reference, mention.entry_id) for mention in page.mentions]
            return present_discussion.present_references(mentions, earlier, say)
        case Wish.CITED:
            nothing = say("No entry refers to this paper yet.")
            return present_discussion.present_related(say("Cited by"), page.cited_by, nothing, say)
        case Wish.BIB:
            return present_discussion.present_bibtex(stored)
        case Wish.KO:
            return present_discussion.present_commentary(stored, Language.KO, say)
        case Wish.EN:
            return present_discussion.present_commentary(stored, Language.EN, say)
        case _:
            return present_discussion.present_words(say)


async def _similar(db: Database, stored: StoredEntry, say: Translate) -> Document:
    paper = stored.entry.paper
    if paper.arxiv_id is None:
        return notice(say("I know of no similar paper."))
    asked = f"similar:{paper.arxiv_id.number}"
    found = await lookup.look_up(db, asked, per_page=_FOUND)
    if not found.entries:
        return notice(say("I know of no similar paper."))
    return _results(asked, found, say)


async def _look_up(
    db: Database, asked: str, say: Translate, *, channel: str, repeats: bool
) -> Document:
    found = await lookup.look_up(db, asked, per_page=_FOUND, asked_in=channel)
    if not found.entries:
        return await _nothing_found(db, asked, found, say, repeats=repeats)
    if len(found.entries) == 1 and not found.more:
        languages = voice_languages(say)
        return present_discussion.present_card(found.entries[0], languages=languages, say=say)
    return _results(asked, found, say, repeats=repeats)


async def without_entry(db: Database, query: Query, say: Translate) -> Document | None:
    """ArXiv's record of the one paper that the query asks for, when no entry is about it."""
    number = sole_paper(query)
    if number is None:
        return None
    async with db.reading() as tx:
        return await card(tx, number, say)


async def _nothing_found(
    db: Database, asked: str, found: lookup.Results, say: Translate, *, repeats: bool
) -> Document:
    known = await without_entry(db, found.query, say)
    if known is not None:
        return known
    if found.suggestions and repeats:
        nothing = present_lookup.present_nothing(asked, found.suggestions, say)
    else:
        nothing = present_discussion.present_nothing_found(asked if repeats else None, say)
    meant = near_word(asked)
    return with_notes(nothing, [present_discussion.did_you_mean(meant, say)] if meant else [])


def _results(
    asked: str, found: lookup.Results, say: Translate, *, repeats: bool = True
) -> Document:
    document = present_lookup.present_results(
        asked if repeats else say("What I found"),
        found.entries,
        page=1,
        per_page=_FOUND,
        more=False,
        total=found.total,
        languages=voice_languages(say),
        say=say,
        is_cited=False,  # the page of a bibliography is longer
    )
    if not found.more or not repeats:
        return document
    whole = Button(say("Show all"), command=command_line.format_line("paper", asked))
    return replace(document, blocks=(*document.blocks, Buttons((whole,))))


async def what_was_written(
    tx: Transaction, page: EntryPage, *, channel: str, link: Link, say: Translate
) -> Mapping[EntryId, Earlier]:
    """The curator's earlier notes on the papers that an entry refers to, by entry id.

    Each links to its thread in `channel`, where it has one there.
    """
    languages = voice_languages(say)
    ids = [mention.entry_id for mention in page.mentions if mention.entry_id is not None]
    told = {}
    for stored in await entries.list_by_id(tx, ids):
        message = await threads.find_posted(tx, stored.id, channel)
        address = link(message) if message is not None else None
        told[stored.id] = Earlier(present_discussion.gist_of(stored.entry, languages), address)
    return told


async def card(tx: Transaction, number: str, say: Translate) -> Document | None:
    """A linked paper's card: the newest entry about it, else arXiv's record, else `None`."""
    query = Query((About(PaperRef(arxiv_id=ArxivId(number))),))
    hits = await search.look_up(tx, query, page=1, per_page=1)
    if hits.entries:
        languages = voice_languages(say)
        return present_discussion.present_card(hits.entries[0], languages=languages, say=say)
    known = await arxiv_records.find(tx, [number])
    record = known.get(number)
    return present_discussion.present_record(record, say) if record is not None else None
