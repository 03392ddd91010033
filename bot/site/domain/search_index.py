"""The index of the site's search: files of data that a script loads when a reader searches.

    index.js       how many entries and files there are, and how letters are spelled
    words/N.js     the entries of each word; a word's file is `shard_of` it
    texts/N.js     the words of some entries, in which a phrase is a substring
    cards/N.js     what a result shows of some entries

A file is a script that calls a function, since pages from a folder (`file:`) may load scripts only.
Words are those of the running bot's index (`segment`): a Hangul run counts as its pairs of syllables
and its last syllable. `static/site_search.js` makes the same words of what a reader types.
Entries are counted from the oldest, so that a new one changes few files.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from bot.archive.domain.entry import Entry, EntryId, Language, StoredEntry, tag_with_parents
from bot.archive.domain.markup.author_names import in_each_order
from bot.archive.domain.search.segment import BREAK, INDEXED_CHARACTERS, is_run, runs
from bot.core.domain.latex_accents import accents

CARDS, TEXTS = 64, 16
"""Entries of one file."""
_GIST = 200
"""Characters of a commentary that a result shows."""
_FEWEST_SHARDS, _MOST_SHARDS = 4, 1024
_PER_SHARD = 16
_PRIME = 65_521
_FORMULA_SIGNS = ("$", r"\(", r"\[")

Spell = Callable[[str], list[str]]
"""The words that the full-text index makes of a text."""
Readable = Callable[[str], str]


def search_files(
    entries: Sequence[StoredEntry],
    path_of: Callable[[EntryId], str],
    *,
    readable: Readable,
    spell: Spell,
) -> Iterator[tuple[str, bytes]]:
    """The files of the index: the path of each in its folder, and its content.

    `path_of` is the page of an entry in the folder of a language.
    """
    words: defaultdict[str, list[int]] = defaultdict(list)
    texts: list[str] = []
    letters: set[str] = set()
    for number, stored in enumerate(entries):
        written = tuple(_texts(stored.entry, readable))
        letters.update(*written)
        fields = [spell(text) for text in written]
        texts.append("\n".join(map(" ".join, fields)))
        titled = _keys(fields[:1])
        for key in _keys(fields) | set(_marks(stored.entry)):
            words[key].append(2 * number + (key in titled))
    shards = _shards(len(entries))
    facts = {"entries": len(entries), "shards": shards, "cards": CARDS, "texts": TEXTS}
    yield "index.js", _call("", facts | _spellings(letters, spell))
    yield from _word_files(words, shards)
    yield from _parts("texts", texts, TEXTS)
    cards = [_card(stored.entry, path_of(stored.id), readable) for stored in entries]
    yield from _parts("cards", cards, CARDS)


def shard_of(key: str, shards: int) -> int:
    """The number of a word's file.

    Words of Hangul, Han or kana with one beginning share it: a look-up of one syllable is for the
    beginning of a word.
    """
    number = 0
    for character in key[:1] if is_run(key) else key:
        number = (number * 31 + ord(character)) % _PRIME
    return number % shards


def _spellings(letters: Iterable[str], spell: Spell) -> dict[str, object]:
    """How the index spells the letters that occur: which ones it knows depends on this SQLite."""
    others: dict[str, str] = {}
    for letter in sorted(letters):
        if not letter.isascii() and letter != BREAK:
            found = spell(f"a{letter}b")
            spelled = found[0][1:-1] if len(found) == 1 else " "
            if spelled != letter or not is_run(letter):
                others[letter] = spelled
    same = "".join(letter for letter, spelled in others.items() if letter == spelled)
    return {"same": same, "letters": {a: b for a, b in others.items() if a != b}}


def _texts(entry: Entry, readable: Readable) -> Iterator[str]:
    """The runs of each field: title, tags, authors, commentary, abstract."""
    paper = entry.paper
    yield _shown(paper.title, readable)
    yield _apart(entry.tags)
    yield _apart(name for each in paper.authors for name in in_each_order(readable(each)))
    yield _shown("\n\n".join(written.text for written in entry.commentary), readable)
    yield _shown(paper.abstract or "", readable)


def _shown(text: str, readable: Readable) -> str:
    kept = text[:INDEXED_CHARACTERS]
    written, shown = accents(kept), readable(kept)
    if shown == written or not any(sign in written for sign in _FORMULA_SIGNS):
        return runs(shown)
    return _apart((shown, written))


def _apart(texts: Iterable[str]) -> str:
    """Texts between which no phrase is found."""
    return f" {BREAK} ".join(map(runs, texts))


def _marks(entry: Entry) -> Iterator[str]:
    for tag in entry.tags:
        yield from (f"#{each}" for each in tag_with_parents(tag))
    if entry.paper.arxiv_id is not None:
        yield f"={entry.paper.arxiv_id.number}"


def _keys(fields: Iterable[list[str]]) -> set[str]:
    """The words of the fields, runs in pairs."""
    found: set[str] = set()
    for words in fields:
        found.update(words)
    found.discard(BREAK)
    for run in [word for word in found if is_run(word)]:
        found.remove(run)
        found.update(map(str.__add__, run, run[1:]))
        found.add(run[-1])
    return found


def _word_files(words: dict[str, list[int]], shards: int) -> Iterator[tuple[str, bytes]]:
    files: list[dict[str, list[int]]] = [{} for _ in range(shards)]
    for key in sorted(words):
        files[shard_of(key, shards)][key] = words[key]
    for number, content in enumerate(files):
        yield f"words/{number}.js", _call(f"words/{number}", content)


def _parts(kind: str, those: Sequence[object], size: int) -> Iterator[tuple[str, bytes]]:
    for number, start in enumerate(range(0, len(those), size)):
        yield f"{kind}/{number}.js", _call(f"{kind}/{number}", those[start : start + size])


def _call(name: str, value: object) -> bytes:
    data = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # Half a pair of surrogates, which a note may have, is no UTF-8.
    return f"paperbotSearch.take({json.dumps(name)},{data})\n".encode(errors="replace")


def _shards(entries: int) -> int:
    shards = _FEWEST_SHARDS
    while shards < _MOST_SHARDS and shards * _PER_SHARD < entries:
        shards *= 2
    return shards


def _card(entry: Entry, path: str, readable: Readable) -> list[object]:
    return [
        path,
        readable(entry.paper.title),
        entry.date.isoformat() if entry.date is not None else "",
        list(entry.tags),
        {str(language): _gist(entry, language, readable) for language in Language},
    ]


def _gist(entry: Entry, language: Language, readable: Readable) -> str:
    paragraphs = entry.paragraphs(language)
    if not paragraphs:
        return ""
    text = readable(paragraphs[0])
    return text if len(text) <= _GIST else f"{text[:_GIST].rstrip()}…"
