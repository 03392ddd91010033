"""Completion of look-ups."""

import re
import unicodedata

from bot.archive.domain.entry import tag_slug
from bot.archive.store import tags
from bot.core.database.database import Database, Transaction
from bot.core.domain.characters import cut_at
from bot.core.domain.late import late_pattern
from bot.core.ports import Choice
from bot.lookup.domain.query import FIELDS
from bot.lookup.domain.written_terms import QUOTES
from bot.lookup.store import typed_names

LONGEST = 100
"""Characters of a label or value; no platform takes more."""
_TITLES = 5

_NO_TEXT = late_pattern("[\ud800-\udfff\0]")
_LAST_TERM = late_pattern(
    rf"(?P<before>(?:.*\s)?)(?P<minus>-?)(?P<sharp>#?)(?P<word>[^\s{QUOTES}]*)", re.DOTALL
)
_BEFORE_QUOTE = late_pattern(
    rf"(?P<start>(?:.*\s)?(?:-?author:|path:(?P<first>(?:[^\s{QUOTES}]+|[{QUOTES}][^{QUOTES}]*[{QUOTES}])\.\.)?))",
    re.DOTALL | re.IGNORECASE,
)
"""What stands before the quotation mark of a value that can be completed."""
_QUOTE = late_pattern(f"[{QUOTES}]")


async def complete(db: Database, typed: str, *, limit: int = 25) -> tuple[Choice, ...]:
    """At most `limit` completions of the last term: tags, fields, authors, recent papers."""
    text = unicodedata.normalize("NFC", _NO_TEXT.sub(" ", typed)).lstrip()
    quotes = tuple(_QUOTE.finditer(text))
    async with db.reading() as tx:
        if len(quotes) % 2:  # within a phrase, or within the value of a field
            choices = await _quoted(tx, text[: quotes[-1].start()], text[quotes[-1].end() :], limit)
        elif (last := _LAST_TERM.fullmatch(text)) is not None:
            choices = await _last_term(tx, last, limit)
        else:
            choices = ()
    fitting = {c.value: c for c in choices if len(c.value) <= LONGEST}
    return tuple(fitting.values())[:limit]


async def _last_term(tx: Transaction, last: re.Match[str], limit: int) -> tuple[Choice, ...]:
    before, minus, sharp, word = last.group("before", "minus", "sharp", "word")
    field, colon, value = word.partition(":")
    if colon and field.casefold() == "author" and not sharp:
        return await _authors(tx, f"{before}{minus}author:", value, limit)
    if colon and field.casefold() == "path" and not (minus or sharp):
        first, between, second = value.partition("..")
        if between:
            return await _ends(tx, f"{before}path:{first}..", second)
        return await _ends(tx, f"{before}path:", first, behind="..")
    is_alone = not (before.strip() or minus or sharp)
    start = f"{before}{minus}" if is_alone else f"{before}{minus}#"
    choices = await _tags(tx, start, word, limit)
    if word and not sharp:
        choices += _fields(f"{before}{minus}", word)
        choices += await _titles(tx, word) if is_alone else ()
    return choices


async def _quoted(tx: Transaction, before: str, value: str, limit: int) -> tuple[Choice, ...]:
    """The author or paper whose beginning stands behind a quotation mark; nothing in a phrase."""
    field = _BEFORE_QUOTE.fullmatch(before)
    if field is None:
        return ()
    if before.casefold().endswith("author:"):
        return await _authors(tx, field["start"], value, limit)
    return await _ends(tx, field["start"], value, behind="" if field["first"] else "..")


async def _tags(tx: Transaction, start: str, word: str, limit: int) -> tuple[Choice, ...]:
    found = await tags.list_beginning(tx, tag_slug(word), limit=limit)
    return tuple(
        Choice(_label(f"#{count.tag} ({count.entries})"), f"{start}{count.tag}") for count in found
    )


async def _authors(tx: Transaction, start: str, typed: str, limit: int) -> tuple[Choice, ...]:
    found = await typed_names.list_authors(tx, typed, limit=limit)
    return tuple(Choice(_label(author), f'{start}"{author}"') for author in found)


async def _ends(tx: Transaction, start: str, typed: str, *, behind: str = "") -> tuple[Choice, ...]:
    """Papers for the end of `path:` that is being typed."""
    found = await _titles(tx, typed)
    return tuple(Choice(choice.label, f"{start}{choice.value}{behind}") for choice in found)


def _fields(start: str, word: str) -> tuple[Choice, ...]:
    offered = (*FIELDS, "random")
    return tuple(
        Choice(f"{start}{field}", f"{start}{field}")
        for field in offered
        if field.startswith(word.casefold()) and field != word
    )


async def _titles(tx: Transaction, typed: str) -> tuple[Choice, ...]:
    if len(typed) < 2:
        return ()
    found = await typed_names.list_titled(tx, typed, limit=_TITLES)
    return tuple(Choice(_label(entry.title), f"entry:{entry.id}") for entry in found)


def _label(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: cut_at(text, LONGEST - 1)]}…"
