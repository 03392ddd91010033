"""Completion of look-ups."""

import re
import unicodedata

from bot.archive.domain.entry import tag_slug
from bot.archive.store import tags
from bot.core.database.database import Database, Transaction
from bot.core.domain.characters import cut_at
from bot.core.ports import Choice
from bot.lookup.domain.query import FIELDS
from bot.lookup.store import typed_names

LONGEST = 100
"""Characters of a label or value; no platform takes more."""
_TITLES = 5

_NO_TEXT = re.compile("[\ud800-\udfff\0]")
_LAST_TERM = re.compile(
    r'(?P<before>(?:.*\s)?)(?P<minus>-?)(?P<sharp>#?)(?P<word>[^\s"]*)', re.DOTALL
)


async def complete(db: Database, typed: str, *, limit: int = 25) -> tuple[Choice, ...]:
    """At most `limit` completions of the last term: tags, fields, authors, recent papers."""
    last = _LAST_TERM.fullmatch(unicodedata.normalize("NFC", _NO_TEXT.sub(" ", typed)).lstrip())
    if last is None:
        return ()
    before, minus, sharp, word = last.group("before", "minus", "sharp", "word")
    field, colon, value = word.partition(":")
    async with db.reading() as tx:
        if colon and field.casefold() == "author" and not sharp:
            choices = await _authors(tx, f"{before}{minus}author:", value, limit)
        elif colon and field.casefold() == "path" and not (minus or sharp):
            choices = await _ends(tx, f"{before}path:", value)
        else:
            is_alone = not (before.strip() or minus or sharp)
            start = f"{before}{minus}" if is_alone else f"{before}{minus}#"
            choices = await _tags(tx, start, word, limit)
            if word and not sharp:
                choices += _fields(f"{before}{minus}", word)
                choices += await _titles(tx, word) if is_alone else ()
    fitting = {c.value: c for c in choices if len(c.value) <= LONGEST}
    return tuple(fitting.values())[:limit]


async def _tags(tx: Transaction, start: str, word: str, limit: int) -> tuple[Choice, ...]:
    found = await tags.list_beginning(tx, tag_slug(word), limit=limit)
    return tuple(
        Choice(_label(f"#{count.tag} ({count.entries})"), f"{start}{count.tag}") for count in found
    )


async def _authors(tx: Transaction, start: str, typed: str, limit: int) -> tuple[Choice, ...]:
    found = await typed_names.list_authors(tx, typed, limit=limit)
    return tuple(Choice(_label(author), f'{start}"{author}"') for author in found)


async def _ends(tx: Transaction, start: str, typed: str) -> tuple[Choice, ...]:
    """Papers for the end of `path:` that is being typed."""
    first, between, second = typed.partition("..")
    found = await _titles(tx, second if between else first)
    behind = f"{start}{first}.." if between else start
    return tuple(
        Choice(choice.label, f"{behind}{choice.value}{'' if between else '..'}") for choice in found
    )


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
