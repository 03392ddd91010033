"""Messages of the bot in threads as documents: copies, answers, cards, paper updates."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.archive.domain import present_entry
from bot.archive.domain.arxiv_record import ArxivRecord, PaperEventKind
from bot.archive.domain.citations import bibtex
from bot.archive.domain.entry import Entry, EntryId, Language, Reference, Related, StoredEntry
from bot.archive.domain.inlines import inlines, with_addresses
from bot.core.domain import command_line, document
from bot.core.domain.dataclass import dataclass
from bot.core.domain.day_text import day_text
from bot.core.domain.document import (
    Block,
    Button,
    Buttons,
    Code,
    Document,
    Heading,
    Inline,
    Item,
    Items,
    Link,
    Note,
    Paragraph,
    Quote,
    Style,
    Text,
    plain_text,
    run,
)
from bot.core.domain.i18n import Translate, translatable
from bot.core.domain.late import late_pattern
from bot.discussion.domain.foreign_text import settled, settled_name
from bot.discussion.domain.questions import Wish

_PLATFORMS = {"slack": "Slack", "discord": "Discord", "web": "Web"}
_SUMMARY_LENGTH = 120
_GIST_LENGTH = 700
"""The most characters of an abstract; a button shows the rest."""
_EARLIER_LENGTH = 140
_SENTENCE_END = late_pattern(r"[.!?。…]['”\"’)\]]*(?=\s)")

ANSWERS: Mapping[Wish, str] = {
    Wish.ABSTRACT: translatable("the paper's abstract"),
    Wish.REFS: translatable("the papers that the curator refers to"),
    Wish.CITED: translatable("entries that refer to it"),
    Wish.SIMILAR: translatable("similar papers"),
    Wish.BIB: translatable("BibTeX"),
    Wish.KO: translatable("what the curator wrote in Korean"),
    Wish.EN: translatable("what the curator wrote in English"),
    Wish.HELP: translatable("this list"),
}


def present_copy(author: str, platform: str, text: str, link: str | None = None) -> Document:
    """A person's reply in another channel: who said it, where, and what, all of it as text.

    A `link` that works only within its own platform is left out.
    """
    name = settled_name(author) or "?"
    words = settled(text)
    place = _PLATFORMS.get(platform, platform)
    leads = link is not None and link.startswith(("http://", "https://"))
    origin: Inline = Link(place, link) if link and leads else Text(place)
    blocks: list[Block] = [Note((Text(name, Style.STRONG), Text(" · "), origin))]
    if words:
        blocks.append(Quote(with_addresses(words, shorten=False)))
    return Document(tuple(blocks), summary=_shortened(f"{name}: {words}", _SUMMARY_LENGTH))


def present_too_fast(most: int, say: Translate) -> Document:
    """What somebody is told who writes faster than is shared with linked channels."""
    text = say(
        "At most {n} messages per person and minute are shared with the linked channels. Later "
        "ones stay in this channel only.",
        n=most,
    )
    return Document((Paragraph(run(text)),), summary=text)


def present_taken_back() -> Document:
    """The content of a removed copy in the outbox: it repeats nothing of the deleted text."""
    return Document((Paragraph(run("…")),), summary="…")


def did_you_mean(word: str, say: Translate) -> str:
    """A sentence that suggests a word of threads."""
    return say("Did you mean “{call}”?", call=f"@paperbot {word}")


def present_words(say: Translate, *, unclear: bool = False, meant: str | None = None) -> Document:
    """What can be asked in a thread; `unclear` adds that the question was not understood.

    `meant` is the word that was probably meant.
    """
    blocks: list[Block] = []
    summary = say("In this thread you can ask me for:")
    if unclear:
        text = say("I cannot answer that. Mention me with “help” to see what I can answer.")
        blocks.append(Paragraph(run(text)))
        summary = text
    if meant is not None:
        summary = did_you_mean(meant, say)
        blocks.append(Paragraph((Text(summary, Style.STRONG),)))
    blocks.append(Paragraph(run(say("In this thread you can ask me for:"))))
    blocks.append(
        Items(
            tuple(
                Item((Text(wish.value, Style.CODE), Text(f" — {say(words)}")))
                for wish, words in ANSWERS.items()
            )
        )
    )
    note = say("Anything else is looked up: a #tag, words, author:name, an arXiv id.")
    blocks.append(Note(run(note)))
    return Document(tuple(blocks), summary)


def present_no_paper(say: Translate) -> Document:
    """The answer to a question about a paper in a thread that has no paper."""
    return document.notice(
        say(
            "This thread is not about a single paper. Ask me that in the thread of a paper's "
            "own message."
        )
    )


def present_nothing_found(asked: str | None, say: Translate) -> Document:
    """A look-up in a thread found nothing; with `None` the question is not quoted."""
    text = (
        say("Nothing found for “{asked}”.", asked=asked)
        if asked is not None
        else say("Nothing found for that.")
    )
    document = present_words(say)
    return replace(document, blocks=(Paragraph(run(text)), *document.blocks), summary=text)


def present_abstract(title: str, abstract: str | None, say: Translate) -> Document:
    """A paper's own summary."""
    if not abstract:
        return document.notice(say("I do not have the abstract of this paper."))
    blocks = (_label(say("Abstract")), Quote(inlines(abstract), language="en"))
    return Document(blocks, summary=f"{say('Abstract')}: {title}")


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier entry: the beginning of its commentary, and the address of its thread."""

    gist: str = ""
    thread: str | None = None


def gist_of(entry: Entry, languages: Sequence[Language]) -> str:
    """The beginning of the commentary in the first of these languages that it has, as plain text."""
    written = (entry.paragraphs(language) for language in languages)
    first = next((paragraphs[0] for paragraphs in written if paragraphs), "")
    return _beginning(plain_text(inlines(first)), _EARLIER_LENGTH)


def present_references(
    references: Sequence[tuple[Reference, EntryId | None]],
    earlier: Mapping[EntryId, Earlier],
    say: Translate,
) -> Document:
    """The papers that an entry refers to; those with entries have a button or a link."""
    if not references:
        return document.notice(say("The curator refers to no other paper here."))
    blocks = (_label(say("Refers to")), Items(reference_rows(references, earlier, say)))
    return Document(blocks, summary=say("Refers to"))


def reference_rows(
    references: Sequence[tuple[Reference, EntryId | None]],
    earlier: Mapping[EntryId, Earlier],
    say: Translate,
) -> tuple[Item, ...]:
    """One row per reference: its title, and the beginning of an earlier entry about it."""
    rows = []
    for reference, entry_id in references:
        url = present_entry.paper_url(reference.arxiv_id, reference.url)
        name = reference.title or (
            f"arXiv:{reference.arxiv_id.number}" if reference.arxiv_id else reference.url or ""
        )
        before = earlier.get(entry_id, Earlier()) if entry_id is not None else Earlier()
        detail = [*_earlier(before, say)]
        stands = present_entry.news(reference.at_arxiv, say)
        if stands:
            detail += run(f" · {stands}" if detail else stands)
        rows.append(
            Item(
                (Link(name, url),) if url else run(name),
                detail=tuple(detail),
                button=_read(entry_id, say) if entry_id is not None else None,
            )
        )
    return tuple(rows)


def _earlier(before: Earlier, say: Translate) -> tuple[Inline, ...]:
    words: list[Inline] = [Text(before.gist)] if before.gist else []
    if before.thread is not None:
        words += [Text(" · ")] if words else []
        words.append(Link(say("its thread"), before.thread))
    return tuple(words)


def present_related(
    label: str, related: Sequence[Related], nothing: str, say: Translate
) -> Document:
    """Other entries under a label, or a sentence that there are none."""
    if not related:
        return document.notice(nothing)
    return Document((_label(label), Items(related_rows(related, say))), summary=label)


def related_rows(related: Sequence[Related], say: Translate) -> tuple[Item, ...]:
    """One row per entry, with a button that shows it."""
    return tuple(
        Item(
            run(each.title),
            detail=run(day_text(each.date, say.locale)) if each.date else (),
            button=_read(each.id, say),
        )
        for each in related
    )


def present_bibtex(stored: StoredEntry) -> Document:
    """The paper as an item of a bibliography, to be copied."""
    item = bibtex.write_brief([stored.entry])
    return Document((Code(item),), summary=f"BibTeX: {_title(stored)}")


def present_commentary(stored: StoredEntry, language: Language, say: Translate) -> Document:
    """What the curator wrote in one language."""
    if not stored.entry.paragraphs(language):
        return document.notice(
            say("The curator wrote nothing in Korean here.")
            if language is Language.KO
            else say("The curator wrote nothing in English here.")
        )
    blocks = present_entry.commentary_blocks(stored.entry, (language,))
    return Document(tuple(blocks), summary=_title(stored))


def present_card(stored: StoredEntry, *, languages: Sequence[Language], say: Translate) -> Document:
    """A paper that somebody linked, and what the curator wrote about it."""
    document = present_entry.present_entry(stored, languages=languages, say=say)
    return replace(document, opens_thread=False, thread_name="")


def present_record(record: ArxivRecord, say: Translate) -> Document:
    """A paper without an entry, from arXiv's record."""
    authors = list(record.authors)
    if len(authors) > 3:
        authors = [*authors[:3], say("and {n} more", n=len(authors) - 3)]
    primary = record.categories[0] if record.categories else ""  # an edited export may have none
    parts = (", ".join(authors), f"arXiv:{record.id.number}", primary)
    blocks: list[Block] = [
        Heading((Link(record.title, record.id.url),)),
        Note(run(" · ".join(filter(None, parts)))),
    ]
    if record.is_withdrawn:
        blocks.append(Paragraph((Text(say("This paper was withdrawn from arXiv."), Style.STRONG),)))
    if record.abstract:
        blocks.append(Quote(inlines(_shortened(record.abstract, _GIST_LENGTH)), language="en"))
    citing = command_line.format_line("paper", f"cites:{record.id.number}")
    blocks.append(Buttons((Button(say("Cited by"), command=citing),)))
    return Document(tuple(blocks), summary=record.title)


def present_opening(
    stored: StoredEntry,
    *,
    abstract: str | None,
    references: Sequence[tuple[Reference, EntryId | None]],
    cited_by: Sequence[Related],
    earlier: Mapping[EntryId, Earlier],
    say: Translate,
) -> Document | None:
    """The first reply in a paper's thread (abstract, references, citations), or `None` if empty.

    Buttons show what does not fit.
    """
    blocks: list[Block] = []
    if abstract:
        gist = _shortened(abstract, _GIST_LENGTH)
        blocks += [_label(say("Abstract")), Quote(inlines(gist), language="en")]
    if references:
        rows = reference_rows(references[:_ROWS], earlier, say)
        blocks += [_label(say("Refers to")), Items(rows)]
    if cited_by:
        blocks += [_label(say("Cited by")), Items(related_rows(cited_by[:_ROWS], say))]
    if not blocks:
        return None
    command = command_line.format_line("paper", present_entry.entry_query(stored))
    hint = say("Mention me with a word, such as abstract or similar, and I answer here.")
    show = Button(say("Show the whole entry"), command=command)
    blocks.append(Buttons((show, present_entry.follow_button(stored, say))))
    blocks.append(Note(run(hint)))
    return Document(tuple(blocks), summary=_title(stored))


_ROWS = 5
"""The most rows of one kind in the opening reply."""


def present_event(
    kind: PaperEventKind, new_version: int, number: str, citing: Related | None, say: Translate
) -> Document | None:
    """A paper event for the paper's thread; `None` if it no longer applies."""
    url = f"https://arxiv.org/abs/{number}"
    match kind:
        case PaperEventKind.VERSION:
            text = say("This paper has a new version: v{n}.", n=new_version)
            link: tuple[Inline, ...] = (
                Text(" "),
                Link(f"arXiv:{number}v{new_version}", f"{url}v{new_version}"),
            )
        case PaperEventKind.WITHDRAWN:
            text = say("This paper was withdrawn from arXiv.")
            link = (Text(" "), Link(f"arXiv:{number}", url))
        case PaperEventKind.REINSTATED:
            text = say("This paper is no longer withdrawn.")
            link = (Text(" "), Link(f"arXiv:{number}", url))
        case PaperEventKind.CITED if citing is not None:
            text = _taken_up(citing, say)
            button = _read(citing.id, say)
            return Document((Paragraph(run(text)), Buttons((button,))), summary=text)
        case _:
            return None
    return Document((Paragraph((Text(text), *link)),), summary=text)


def present_event_of_reference(
    kind: PaperEventKind, number: str, title: str, say: Translate
) -> Document | None:
    """A paper event for the thread of an entry that refers to it; `None` for other kinds."""
    match kind:
        case PaperEventKind.WITHDRAWN:
            text = say("A paper that is referred to here was withdrawn from arXiv:")
        case PaperEventKind.REINSTATED:
            text = say("A paper that is referred to here is no longer withdrawn:")
        case _:
            return None
    link = Link(title, f"https://arxiv.org/abs/{number}")
    return Document((Paragraph((Text(text), Text(" "), link)),), summary=f"{text} {title}")


def _taken_up(citing: Related, say: Translate) -> str:
    if citing.date is None:
        return say("Taken up again in “{title}”.", title=citing.title)
    return say(
        "Taken up again on {day} in “{title}”.",
        day=day_text(citing.date, say.locale),
        title=citing.title,
    )


def _label(text: str) -> Paragraph:
    return Paragraph((Text(text, Style.STRONG),))


def _read(entry_id: EntryId, say: Translate) -> Button:
    return Button(say("Read"), command=command_line.format_line("paper", f"entry:{entry_id}"))


def _title(stored: StoredEntry) -> str:
    return stored.entry.paper.title


def _beginning(text: str, length: int) -> str:
    """The text, or its first sentences, or its first words, within `length`; cut, it ends in “…”."""
    plain = " ".join(text.split())
    ends = [found.end() for found in _SENTENCE_END.finditer(plain[: length - 1])]
    if len(plain) <= length or not ends or ends[-1] < length // 3:
        return _shortened(plain, length)
    return f"{plain[: ends[-1]]} …"


def _shortened(text: str, length: int) -> str:
    """The text, or its beginning up to a word's end with an ellipsis, within `length`."""
    plain = " ".join(text.split())
    if len(plain) <= length:
        return plain
    head = plain[: length - 1]
    return (head[: head.rfind(" ")] if " " in head else head).rstrip() + "…"
