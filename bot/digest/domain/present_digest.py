"""Digests as documents: the messages of a slot in each layout, and a day on request."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from bot.archive.domain.entry import (
    EntryId,
    Language,
    StoredEntry,
)
from bot.archive.domain.present_entry import (
    LANGUAGES,
    commentary_blocks,
    count_papers,
    entry_query,
    lead,
    linked_title,
    present_entry,
    row,
)
from bot.channels.domain.digest_options import Layout
from bot.core.domain import command_line
from bot.core.domain.dataclass import dataclass
from bot.core.domain.day_text import day_text
from bot.core.domain.document import (
    Block,
    Button,
    Buttons,
    Divider,
    Document,
    Heading,
    Item,
    Items,
    Note,
    Paragraph,
    Text,
    notice,
    run,
)
from bot.core.domain.i18n import Translate
from bot.digest.domain.digest import Digest
from bot.outbox.domain.thread import DAY_PART

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
_NO_REQUESTS: Mapping[EntryId, str] = {}


def present_digest(
    digest: Digest,
    *,
    languages: Sequence[Language],
    layout: Layout,
    say: Translate,
    openings: Mapping[EntryId, Document] = _NO_OPENINGS,
    requests: Mapping[EntryId, str] = _NO_REQUESTS,
) -> tuple[Post, ...]:
    """The messages of a digest, in order; none for an empty digest.

    `openings` are the first replies in the papers' threads, in layouts that have threads.
    `requests` are the papers that somebody pressed “Discuss” for, and that person's name, which is
    empty where it is not to be shown.
    """
    if not digest.entries:
        return ()
    requested = _requested(digest, requests, languages, say, openings)
    match layout:
        case Layout.PAPERS:
            return (*_papers(digest, languages, say, openings), *requested)
        case Layout.THREAD:
            return (*_thread(digest, languages, say), *requested)
        case Layout.COMPACT:
            return (Post("digest", _compact(digest, languages, say)), *requested)
        case Layout.TITLES:
            return (Post("digest", _titles(digest, say)), *requested)


def _papers(
    digest: Digest,
    languages: Sequence[Language],
    say: Translate,
    openings: Mapping[EntryId, Document],
) -> tuple[Post, ...]:
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


def _thread(digest: Digest, languages: Sequence[Language], say: Translate) -> tuple[Post, ...]:
    """The day's message, and every paper in full as a reply in its thread."""
    papers = [
        Post(
            f"entry-{stored.id}",
            _in_thread(stored, languages, say),
            entry_id=stored.id,
            reply_to=DAY_PART,
        )
        for stored in digest.entries
    ]
    return (Post(DAY_PART, _day(digest, say)), *papers)


def _day(digest: Digest, say: Translate) -> Document:
    header = _header(digest, say)
    titles = Items(
        tuple(
            Item(linked_title(stored.entry.paper), number=number)
            for number, stored in enumerate(digest.entries, start=1)
        )
    )
    tags = dict.fromkeys(tag for stored in digest.entries for tag in stored.entry.tags)
    blocks: list[Block] = []
    for block in header.blocks:
        blocks.append(titles if isinstance(block, Items) else block)
        if isinstance(block, Items) and tags:
            blocks.append(Note(run(" ".join(f"#{tag}" for tag in tags))))
    day = day_text(digest.on, say.locale, weekday=True)
    return replace(header, blocks=tuple(blocks), opens_thread=True, thread_name=day)


def _in_thread(stored: StoredEntry, languages: Sequence[Language], say: Translate) -> Document:
    """A paper in the thread of its day, with the button that gives it a thread of its own."""
    document = present_entry(stored, languages=languages, say=say)
    blocks = document.blocks
    if stored.withdrawn_at is None:
        talk = discuss_button(stored, say)
        match blocks:
            case (*others, Buttons(buttons)):
                blocks = (*others, Buttons((talk, *buttons)))
            case _:
                blocks = (*blocks, Buttons((talk,)))
    return replace(document, blocks=blocks, opens_thread=False, thread_name="")


def discuss_button(stored: StoredEntry, say: Translate, number: int | None = None) -> Button:
    """The button that posts a paper's own message into the channel; numbered beside others."""
    label = say("Discuss") if number is None else f"{number}. {say('Discuss')}"
    return Button(
        label, command=command_line.format_line("digest", f"discuss {entry_query(stored)}")
    )


def _read_button(stored: StoredEntry, say: Translate, number: int) -> Button:
    line = command_line.format_line("paper", entry_query(stored))
    return Button(f"{number}. {say('Read')}", command=line)


def _compact(digest: Digest, languages: Sequence[Language], say: Translate) -> Document:
    """The whole digest as one message, every paper in full."""
    blocks: list[Block] = [
        Heading(run(day_text(digest.on, say.locale, weekday=True))),
        Note(run(count_papers(len(digest.entries), say))),
    ]
    for number, stored in enumerate(digest.entries, start=1):
        title, *rest = lead(stored, say)
        assert isinstance(title, Heading)  # noqa: S101 - the title comes first
        blocks += (Divider(), Heading((Text(f"{number}. "), *title.inlines)), *rest)
        blocks += commentary_blocks(stored.entry, languages)
        if stored.entry.tags:
            blocks.append(Note(run(" ".join(f"#{tag}" for tag in stored.entry.tags))))
        if stored.withdrawn_at is None:
            buttons = (discuss_button(stored, say, number), _read_button(stored, say, number))
            blocks.append(Buttons(buttons))
    return Document((*blocks, *_remarks(digest, say)), _digest_summary(digest, say))


def _titles(digest: Digest, say: Translate) -> Document:
    """The digest as one line a paper, each with a button that shows it, and one to discuss it."""
    rows = tuple(
        Item(
            linked_title(stored.entry.paper),
            number=number,
            button=Button(
                say("Read"), command=command_line.format_line("paper", entry_query(stored))
            ),
        )
        for number, stored in enumerate(digest.entries, start=1)
    )
    talk = tuple(
        discuss_button(stored, say, number)
        for number, stored in enumerate(digest.entries, start=1)
        if stored.withdrawn_at is None
    )
    blocks: tuple[Block, ...] = (
        Heading(run(day_text(digest.on, say.locale, weekday=True))),
        Note(run(count_papers(len(digest.entries), say))),
        Items(rows),
        *((Buttons(talk),) if talk else ()),
        *_remarks(digest, say),
    )
    return Document(blocks, _digest_summary(digest, say))


def request_part(entry_id: EntryId) -> str:
    """The part of its slot that is a paper's own message, posted by a press of “Discuss”."""
    return f"entry-{entry_id}-discussion"


def _requested(
    digest: Digest,
    requests: Mapping[EntryId, str],
    languages: Sequence[Language],
    say: Translate,
    openings: Mapping[EntryId, Document],
) -> tuple[Post, ...]:
    """The papers' own messages that people asked for, with the first replies in their threads."""
    posts = []
    for stored in digest.entries:
        if stored.id in requests:
            part = request_part(stored.id)
            document = _request(stored, requests[stored.id], languages, say)
            posts.append(Post(part, document, stored.id))
            if stored.id in openings:
                posts.append(Post(f"{part}-opening", openings[stored.id], stored.id, part))
    return tuple(posts)


def _request(
    stored: StoredEntry, author: str, languages: Sequence[Language], say: Translate
) -> Document:
    document = present_entry(stored, languages=languages, say=say)
    asks = (
        say("{name} would like to discuss this paper.", name=author)
        if author
        else say("Somebody would like to discuss this paper.")
    )
    title, *rest = document.blocks
    return replace(
        document,
        blocks=(title, Note(run(asks)), *rest),
        summary=f"{asks} {document.summary}",
    )


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


def present_list(
    digest: Digest, *, languages: Sequence[Language] = LANGUAGES, say: Translate
) -> Document:
    """A day on request: a row per paper, each with a button that shows it."""
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
        command = command_line.format_line("digest", digest.on.isoformat())
        blocks.append(Note(run(text)))
        blocks.append(Buttons((Button(say("Show all"), command=command),)))
    return tuple(blocks)


def present_day(
    day: date, entries: Sequence[StoredEntry], *, languages: Sequence[Language], say: Translate
) -> Document:
    """A day's entries for a person who asked, or a sentence that there are none."""
    if not entries:
        text = say("There is nothing for {day}.", day=day_text(day, say.locale))
        return notice(text, say("Newest papers"), command_line.format_line("paper"))
    return present_list(Digest(day, tuple(entries)), languages=languages, say=say)


def _digest_summary(digest: Digest, say: Translate) -> str:
    titles = [stored.entry.paper.title for stored in digest.entries]
    names = "; ".join(titles[:_TITLES_IN_SUMMARY])
    day = day_text(digest.on, say.locale)
    return f"{day} · {count_papers(len(titles), say)}: {names}"
