"""An entry as a document: in full, as one row of a list, as a detailed answer."""

from collections.abc import Iterable, Sequence
from urllib.parse import quote_plus

from bot.archive.domain.entry import AtArxiv, Entry, Language, Paper, Reference, StoredEntry
from bot.archive.domain.inlines import inlines
from bot.core.domain import command_line, commands
from bot.core.domain.characters import cut_at
from bot.core.domain.day_text import day_text
from bot.core.domain.document import (
    Block,
    Button,
    Buttons,
    Divider,
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
from bot.core.domain.i18n import Translate
from bot.core.domain.late import late_pattern
from bot.core.domain.latex_accents import accents

LANGUAGES = (Language.KO, Language.EN)

_LANGUAGE_NAMES = {Language.KO: "한국어", Language.EN: "English"}


_AUTHORS_SHOWN = 3


_GIST_LENGTH = 160
_GIST_PARAGRAPHS = 100
_GIST_SOURCE = 4000
"""Characters of a paragraph that its first words are looked for in: addresses read shorter."""


_TAG_BUTTONS = 5
"""A row of buttons on Discord; Slack wraps no more on a wide screen."""

_TITLE_WORDS = late_pattern(r"[^\W_]+(?:['’-][^\W_]+)*")
_MOST_TITLE_WORDS = 24
"""Enough for any title; the address stays short."""


_THREAD_NAME_LENGTH = 100
"""Discord's limit for a thread's name, the shortest of the platforms'."""


def present_entry(
    stored: StoredEntry, *, languages: Sequence[Language], say: Translate, detailed: bool = False
) -> Document:
    """One paper with its commentary; `detailed` adds every author, the abstract, references."""
    entry = stored.entry
    blocks = lead(stored, say, detailed=detailed)
    if detailed and entry.paper.abstract:
        blocks.append(Quote(inlines(entry.paper.abstract), language="en"))
    blocks += commentary_blocks(entry, languages)
    if detailed and entry.references:
        blocks += _references(entry.references, say)
    blocks += _tags(entry.tags)
    buttons = _entry_buttons(stored, say, languages=languages, detailed=detailed)
    if buttons:
        blocks.append(Buttons(buttons))
    return Document(
        tuple(blocks),
        summary=entry.paper.title,
        opens_thread=True,
        thread_name=_shortened(entry.paper.title, _THREAD_NAME_LENGTH),
    )


def lead(stored: StoredEntry, say: Translate, *, detailed: bool = False) -> list[Block]:
    """The title, the byline, and whether the entry or the paper was withdrawn."""
    paper = stored.entry.paper
    blocks: list[Block] = [
        Heading(linked_title(paper)),
        _byline(stored.entry, say, detailed=detailed),
    ]
    if stored.withdrawn_at is not None:
        text = say("The curator has withdrawn this entry.")
        blocks.append(Paragraph((Text(text, Style.STRONG),)))
    if paper.at_arxiv is not None and paper.at_arxiv.is_withdrawn:
        text = say("This paper was withdrawn from arXiv.")
        blocks.append(Paragraph((Text(text, Style.STRONG),)))
    return blocks


def commentary_blocks(entry: Entry, languages: Sequence[Language]) -> list[Block]:
    """The commentary in the wanted languages, in their order.

    If none of them exists, the languages that exist are shown.
    """
    blocks: list[Block] = []
    for language in _shown(entry, languages):
        if blocks:
            blocks.append(Divider())
        blocks += (
            Paragraph(inlines(paragraph), language=language)
            for paragraph in entry.paragraphs(language)
        )
    return blocks


def _shown(entry: Entry, languages: Sequence[Language]) -> Sequence[Language]:
    """The languages of the commentary that are shown where these are wanted."""
    written = [commentary.language for commentary in entry.commentary]
    return [language for language in languages if language in written] or written


def linked_title(paper: Paper) -> tuple[Inline, ...]:
    """The title, leading to the paper, or to a search for its title at arXiv."""
    url = paper_url(paper.arxiv_id, paper.url) or title_search(paper.title)
    return (Link(paper.title, url),) if url else run(paper.title)


def paper_url(arxiv_id: object, url: str | None) -> str | None:
    """The paper's address: its abstract page on arXiv, else its own link."""
    number = getattr(arxiv_id, "number", None)
    if number:
        return f"https://arxiv.org/abs/{number}"
    return url if url and url.startswith(("http://", "https://")) else None


def title_search(title: str) -> str | None:
    """The address of arXiv's search for papers of that title; `None` if it has no Latin words.

    ArXiv's titles are English, so that it would find nothing. It searches for words: signs of
    formulas and punctuation only make it fail.
    """
    words = _TITLE_WORDS.findall(accents(title))[:_MOST_TITLE_WORDS]
    if not any(word.isascii() and word.isalpha() for word in words):
        return None
    return f"https://arxiv.org/search/?query={quote_plus(' '.join(words))}&searchtype=title"


def _tags(tags: Sequence[str]) -> list[Block]:
    """A button for each of the first tags, which looks it up; the others as text."""
    if not tags:
        return []
    shown, others = tags[:_TAG_BUTTONS], tags[_TAG_BUTTONS:]
    blocks: list[Block] = [Note(run(" ".join(f"#{tag}" for tag in others)))] if others else []
    lines = [(f"#{tag}", command_line.format_line("paper", f"#{tag}")) for tag in shown]
    return [*blocks, Buttons(tuple(Button(label, command=line) for label, line in lines))]


def _byline(entry: Entry, say: Translate, *, detailed: bool) -> Note:
    authors = entry.paper.authors
    hidden = 0 if detailed else max(0, len(authors) - _AUTHORS_SHOWN)
    names = ", ".join(authors[:_AUTHORS_SHOWN] if hidden else authors)
    if hidden:
        names = say("{names} and {n} more", names=names, n=hidden)
    parts = [names] if names else []
    if entry.date:
        parts.append(day_text(entry.date, say.locale))
    if entry.paper.arxiv_id:
        parts.append(f"arXiv:{entry.paper.arxiv_id.number}")
    if detailed:
        parts += filter(None, [news(entry.paper.at_arxiv, say)])
    return Note(run(" · ".join(parts)))


def _references(references: Iterable[Reference], say: Translate) -> list[Block]:
    rows = []
    for reference in references:
        url = paper_url(reference.arxiv_id, reference.url)
        name = reference.title or (
            f"arXiv:{reference.arxiv_id.number}" if reference.arxiv_id else reference.url or ""
        )
        stands = news(reference.at_arxiv, say)
        title = (Link(name, url),) if url else run(name)
        rows.append(Item(title, detail=run(stands) if stands else ()))
    return [Paragraph((Text(say("Refers to"), Style.STRONG),)), Items(tuple(rows))]


def news(at_arxiv: AtArxiv | None, say: Translate) -> str:
    """A newer arXiv version or a withdrawal in words, or the empty string."""
    if at_arxiv is None:
        return ""
    if at_arxiv.is_withdrawn:
        return say("withdrawn from arXiv")
    return say("now at v{n}", n=at_arxiv.version) if at_arxiv.version > 1 else ""


def _entry_buttons(
    stored: StoredEntry, say: Translate, *, languages: Sequence[Language], detailed: bool
) -> tuple[Button, ...]:
    buttons: list[Button] = []
    if not detailed:
        label = say("Abstract and references")
        buttons.append(
            Button(label, command=command_line.format_line("paper", entry_query(stored)))
        )
    buttons += _other_languages(stored, languages)
    if stored.entry.paper.arxiv_id is not None:
        number = stored.entry.paper.arxiv_id.number
        similar = command_line.format_line("paper", f"similar:{number}")
        citing = command_line.format_line("paper", f"cites:{number}")
        buttons.append(Button(say("Similar papers"), command=similar))
        if detailed:
            buttons.append(Button(say("Cited by"), command=citing))
        buttons.append(Button("PDF", url=f"https://arxiv.org/pdf/{number}"))
    if detailed:
        buttons.append(follow_button(stored, say))
    if stored.entry.tags:
        tag = f"#{stored.entry.tags[0]}"
        line = command_line.format_line("follow", tag)
        buttons.append(Button(say("Follow {what}", what=tag), command=line))
    return tuple(buttons)


def follow_button(stored: StoredEntry, say: Translate) -> Button:
    """A button that follows the entry's paper: new versions, later mentions, replies."""
    line = command_line.format_line("follow", follow_query(stored))
    return Button(say("Follow this paper"), command=line)


def follow_query(stored: StoredEntry) -> str:
    """The query that follows an entry's paper."""
    paper = stored.entry.paper
    if paper.arxiv_id is not None:
        return paper.arxiv_id.number
    url = paper_url(None, paper.url)
    return url if url and not any(map(str.isspace, url)) else entry_query(stored)


def _other_languages(stored: StoredEntry, languages: Sequence[Language]) -> Iterable[Button]:
    """A button for each language of the commentary that is not shown, named in that language."""
    shown = _shown(stored.entry, languages)
    for commentary in stored.entry.commentary:
        if commentary.language not in shown:
            language = commentary.language
            line = command_line.format_line("paper", entry_query(stored), language=language)
            yield Button(_LANGUAGE_NAMES[language], command=line)


def entry_query(stored: StoredEntry) -> str:
    """The look-up that finds exactly this entry."""
    return f"entry:{stored.id}"


def language_option(typed: Sequence[Language]) -> dict[str, str]:
    """The option of `/paper` by which an answer is in these languages of the commentary; none if empty."""
    return {commands.LANGUAGE.name: ",".join(typed)} if typed else {}


def row(
    stored: StoredEntry,
    number: int,
    *,
    languages: Sequence[Language],
    say: Translate,
    typed: Sequence[Language] = (),
) -> Item:
    """An entry as one row of a list, with a button that shows it, in the languages that were `typed`."""
    entry = stored.entry
    line = command_line.format_line("paper", entry_query(stored), **language_option(typed))
    parts = [day_text(entry.date, say.locale)] if entry.date else []
    if entry.tags:
        parts.append(" ".join(f"#{tag}" for tag in entry.tags))
    if entry.paper.at_arxiv is not None and entry.paper.at_arxiv.is_withdrawn:
        parts.append(say("withdrawn from arXiv"))
    beginning = gist(entry, languages)
    detail = run(" · ".join(parts))
    if beginning:
        detail = (*detail, Text("\n" if parts else ""), Text(beginning))
    return Item(
        linked_title(entry.paper),
        detail=detail,
        number=number,
        button=Button(say("Read"), command=line),
    )


def gist(entry: Entry, languages: Sequence[Language]) -> str:
    """The beginning of the commentary in the first available language, as plain text."""
    written = [*languages, *LANGUAGES]
    paragraphs = next((found for language in written if (found := entry.paragraphs(language))), ())
    beginning = ""
    # A note may have a million paragraphs, or one of 50 MB: a row shows its first words.
    for paragraph in paragraphs[:_GIST_PARAGRAPHS]:
        if len(beginning) > _GIST_LENGTH:
            break
        words = plain_text(inlines(paragraph[:_GIST_SOURCE])).split()
        beginning = " ".join([beginning, *words] if beginning else words)
    return _shortened(beginning, _GIST_LENGTH)


def count_papers(n: int, say: Translate) -> str:
    """`5 papers`."""
    return say.count("{n} paper", "{n} papers", n)


def _shortened(text: str, length: int) -> str:
    """The text, or its beginning up to a word's end with an ellipsis, within `length`."""
    text = accents(text)  # before it is cut in the middle of one
    if len(text) <= length:
        return text
    head = text[: cut_at(text, length - 1)]
    return (head[: head.rfind(" ")] if " " in head else head).rstrip() + "…"
