"""Digests as documents: the messages of a slot in each layout, and a day on request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from bot.archive.domain.entry import (
    EntryId,
    Language,
    StoredEntry,
)
from bot.archive.domain.present_entry import LANGUAGES, count_papers, present_entry, row
from bot.channels.domain.digest_options import Layout
from bot.core.domain import commands
from bot.core.domain.day_text import day_text
from bot.core.domain.document import (
    Block,
    Button,
    Buttons,
    Document,
    Heading,
    Item,
    Items,
    Note,
    Paragraph,
    notice,
    run,
)
from bot.core.domain.i18n import Translate
from bot.digest.domain.digest import Digest

_TITLES_IN_SUMMARY = 3


@dataclass(frozen=True, slots=True)
class Post:
    """One message of a digest: `part` names it within its slot and never changes.

    `reply_to` is the part whose thread it belongs to; `entry_id` the entry that it shows.
    """

    part: str
    document: Document
    entry_id: EntryId | None = None
    reply_to: str | None = None


_NO_OPENINGS: Mapping[EntryId, Document] = {}


def present_digest(
    digest: Digest,
    *,
    languages: Sequence[Language],
    layout: Layout,
    say: Translate,
    openings: Mapping[EntryId, Document] = _NO_OPENINGS,
) -> tuple[Post, ...]:
    """The messages of a digest, in order; none for an empty digest.

    `openings` are the first replies in the papers' threads, in layouts that have threads.
    """
    if not digest.entries:
        return ()
    if layout is Layout.COMPACT:
        return (Post("digest", present_compact(digest, languages=languages, say=say)),)
    papers = [
        Post(
            f"entry-{stored.id}",
            present_entry(stored, languages=languages, say=say),
            entry_id=stored.id,
        )
        for stored in digest.entries
    ]
    # Thread intros follow the last paper, so that the papers themselves are posted sooner.
    replies = [
        Post(f"entry-{stored.id}-opening", openings[stored.id], stored.id, f"entry-{stored.id}")
        for stored in digest.entries
        if stored.id in openings
    ]
    return (Post("header", _header(digest, say)), *papers, *replies)


def _header(digest: Digest, say: Translate) -> Document:
    titles = [stored.entry.paper.title for stored in digest.entries]
    blocks: list[Block] = [
        Heading(run(day_text(digest.on, say.locale, weekday=True))),
        Paragraph(run(count_papers(len(titles), say))),
        Items(
            tuple(Item(run(title), number=number) for number, title in enumerate(titles, start=1))
        ),
        *_remarks(digest, say),
    ]
    return Document(tuple(blocks), _digest_summary(digest, say))


def present_compact(
    digest: Digest, *, languages: Sequence[Language] = LANGUAGES, say: Translate
) -> Document:
    """The whole digest as one message: a row per paper, each with a button that shows it."""
    rows = tuple(
        row(stored, number, languages=languages, say=say)
        for number, stored in enumerate(digest.entries, start=1)
    )
    blocks: tuple[Block, ...] = (
        Heading(run(day_text(digest.on, say.locale, weekday=True))),
        Note(run(count_papers(len(digest.entries), say))),
        Items(rows),
        *_remarks(digest, say),
    )
    return Document(blocks, _digest_summary(digest, say))


def _remarks(digest: Digest, say: Translate) -> tuple[Block, ...]:
    blocks: list[Block] = []
    if digest.missed:
        days = ", ".join(day_text(day, say.locale) for day in digest.missed)
        blocks.append(
            Note(run(say("Also in this digest, because they were missed: {days}", days=days)))
        )
    if digest.left_out:
        text = say.count(
            "One more paper is not shown here",
            "{n} more papers are not shown here",
            digest.left_out,
        )
        command = commands.format_line("digest", digest.on.isoformat())
        blocks.append(Note(run(text)))
        blocks.append(Buttons((Button(say("Show all"), command=command),)))
    return tuple(blocks)


def present_day(
    day: date, entries: Sequence[StoredEntry], *, languages: Sequence[Language], say: Translate
) -> Document:
    """A day's entries for a person who asked, or a sentence that there are none."""
    if not entries:
        text = say("There is nothing for {day}.", day=day_text(day, say.locale))
        return notice(text, say("Newest papers"), commands.format_line("paper"))
    return present_compact(Digest(day, tuple(entries)), languages=languages, say=say)


def _digest_summary(digest: Digest, say: Translate) -> str:
    titles = [stored.entry.paper.title for stored in digest.entries]
    names = "; ".join(titles[:_TITLES_IN_SUMMARY])
    day = day_text(digest.on, say.locale)
    return f"{day} · {count_papers(len(titles), say)}: {names}"
