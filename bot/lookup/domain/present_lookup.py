"""The results of a look-up, and help, as documents."""

from collections.abc import Sequence

from bot.archive.domain.citations import bibtex
from bot.archive.domain.entry import Language, StoredEntry
from bot.archive.domain.present_entry import count_papers, language_option, row
from bot.core.domain import command_line, commands
from bot.core.domain.document import (
    Block,
    Button,
    Buttons,
    Code,
    Document,
    Heading,
    Items,
    Note,
    Paragraph,
    run,
)
from bot.core.domain.i18n import Translate, translatable

_HOW_TO_ASK = translatable("Ask with a tag, words, author:name, date:2025-02 or an arXiv id.")


def present_results(
    asked: str,
    entries: Sequence[StoredEntry],
    *,
    page: int,
    per_page: int,
    more: bool,
    total: int | None,
    languages: Sequence[Language],
    say: Translate,
    is_cited: bool = True,
    typed: Sequence[Language] = (),
) -> Document:
    """One page of what a look-up found, in the order given, with buttons to turn the page.

    `is_cited` adds a button for its bibliography. The buttons ask for the languages that were `typed`.
    """
    title = asked or say("Newest papers")
    rows = tuple(
        row(stored, (page - 1) * per_page + place, languages=languages, say=say, typed=typed)
        for place, stored in enumerate(entries, start=1)
    )
    found = count_papers(total, say) if total is not None else say("Page {page}", page=page)
    if page > 1 and total is not None:
        found = f"{found} · {say('Page {page}', page=page)}"
    blocks: list[Block] = [Heading(run(title)), Note(run(found)), Items(rows)]
    if not asked:
        blocks.append(Note(run(say(_HOW_TO_ASK))))
    buttons = _page_buttons(asked, page=page, more=more, say=say, typed=typed)
    if is_cited:
        option = language_option(typed)
        line = command_line.format_line("paper", _as_bibliography(asked), page=page, **option)
        buttons = (*buttons, Button("BibTeX", command=line))
    if buttons:
        blocks.append(Buttons(buttons))
    return Document(tuple(blocks), summary=f"{title}: {found}")


def present_bibliography(
    asked: str,
    entries: Sequence[StoredEntry],
    *,
    page: int,
    more: bool,
    say: Translate,
    typed: Sequence[Language] = (),
) -> Document:
    """The papers of one page of results as BibTeX, for the person who asked alone."""
    item = bibtex.write_brief(stored.entry for stored in entries)
    blocks: list[Block] = [Code(item)]
    turn = _page_buttons(_as_bibliography(asked), page=page, more=more, say=say, typed=typed)
    if turn:
        blocks.append(Buttons(turn))
    papers = count_papers(len(entries), say)
    return Document(tuple(blocks), summary=f"BibTeX: {papers}", is_private=True)


def _as_bibliography(asked: str) -> str:
    return f"{commands.BIBLIOGRAPHY.name} {asked}".strip()


def _page_buttons(
    asked: str, *, page: int, more: bool, say: Translate, typed: Sequence[Language]
) -> tuple[Button, ...]:
    def turn(label: str, to: int) -> Button:
        line = command_line.format_line("paper", asked, page=to, **language_option(typed))
        return Button(label, command=line)

    before = (turn(say("Previous page"), page - 1),) if page > 1 else ()
    return (*before, turn(say("Next page"), page + 1)) if more else before


def present_nothing(
    asked: str, suggestions: Sequence[str], say: Translate, typed: Sequence[Language] = ()
) -> Document:
    """Nothing was found: suggestions as buttons, and how to ask."""
    text = say("There are no papers yet.")
    if asked:
        text = say("Nothing found for “{asked}”.", asked=asked)
    blocks: list[Block] = [Paragraph(run(text))]
    if suggestions:
        option = language_option(typed)
        blocks.append(Paragraph(run(say("Did you mean {words}?", words=", ".join(suggestions)))))
        blocks.append(
            Buttons(
                tuple(
                    Button(words, command=command_line.format_line("paper", words, **option))
                    for words in suggestions
                )
            )
        )
    blocks.append(Note(run(say(_HOW_TO_ASK))))
    return Document(tuple(blocks), summary=text)
