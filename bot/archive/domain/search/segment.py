"""The search segmenter: the words of a text for the index, and the phrases of a look-up.

Text is split where scripts meet (`Transformer를` is `transformer` and `를`). Korean attaches
particles to words and writes compounds as one word, so a Hangul run is indexed as its overlapping
pairs of syllables and its last syllable: `학습을` is `학습`, `습을`, `을`. A look-up of two
syllables or more is the phrase of its pairs; one syllable is the prefix of a word. So a Hangul
look-up finds exactly what a scan for it as a substring finds. Han and kana are treated alike.
Everything else is left to the full-text index, which folds case and diacritics. Index and look-up
first fold other spellings of a letter (`folding`).
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TypeAlias

from bot.archive.domain.search.folding import bare, folded
from bot.core.domain.dataclass import dataclass
from bot.core.domain.late import late_pattern

INDEXED_CHARACTERS = 1_000_000
"""The characters of one field that are indexed: an error must not fill the disk."""

MARK = "\ue000"
"""Begins the words that the index adds, which no text and no look-up can contain."""
NAME = "\ue002"
"""Begins the words that stand for the names of a paper (`name_marks`)."""
BREAK = "\ue001"
"""A word between texts that must not match as one phrase: names, tags."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that must follow one another, of which the last may be the beginning of a word."""

    text: str
    is_prefix: bool = False


Phrases: TypeAlias = tuple[Phrase, ...]
"""Phrases of which one must be found; empty where there is no letter or digit to look for."""

_HANGUL = "\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff\uffa0-\uffdc"
_HAN_AND_KANA = "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_HAN_BEYOND = "\U00020000-\U0003ffff"
# Private-use characters count as letters in the index; there they are ours.
_PRIVATE = "\ue000-\uf8ff\U000f0000-\U0010ffff"
_RUN = late_pattern(f"[{_HANGUL}]+|[{_HAN_AND_KANA}{_HAN_BEYOND}]+|(?P<private>[{_PRIVATE}\\0]+)")
_LONGEST_CACHED = 32


def segment(text: str) -> str:
    """What the index is given of a text. Linear in its length."""
    kept = text[:INDEXED_CHARACTERS]
    if kept.isascii() and "\0" not in kept:
        return kept
    # Word by word: a vault has the same words again and again, and no run has a space.
    return " ".join(
        [
            word
            if word.isascii() and "\0" not in word
            else _cached(word)
            if len(word) <= _LONGEST_CACHED
            else _expanded(word)
            for word in folded(kept)[:INDEXED_CHARACTERS].split(" ")
        ]
    )


def segment_each(texts: Sequence[str], *, between: str) -> str:
    """The texts as the index is given each, with `between` between them."""
    whole = "".join(texts)
    if whole.isascii() and "\0" not in whole and len(whole) <= INDEXED_CHARACTERS:
        return between.join(texts)
    return between.join(map(segment, texts))


def _expanded(word: str) -> str:
    return _RUN.sub(lambda run: " " if run.lastgroup else _spread(run[0]), word)


_cached = lru_cache(maxsize=1 << 15)(_expanded)


def _spread(run: str) -> str:
    pairs = " ".join(map(str.__add__, run, run[1:]))
    return f" {pairs} {run[-1]} "


def runs(text: str) -> str:
    """Like `segment`, but with each run as a whole: the text is shorter, and has the same words."""
    kept = text[:INDEXED_CHARACTERS]
    if kept.isascii() and "\0" not in kept:
        return kept
    return _RUN.sub(_set_apart, folded(kept)[:INDEXED_CHARACTERS])


def _set_apart(run: re.Match[str]) -> str:
    return " " if run.lastgroup else f" {run[0]} "


def is_run(word: str) -> bool:
    """Whether a word of `runs` is indexed in pairs."""
    run = None if word.isascii() else _RUN.match(word)
    return run is not None and not run.lastgroup


def match_expression(text: str) -> Phrases:
    """The phrase that finds a word or phrase.

    The words of `text` must follow one another as they stand; the first may be the end of a
    Hangul run in the text found, the last one the beginning.
    """
    return _any_of([_pieces(text)])


def word_expression(text: str) -> Phrases:
    """Like `match_expression`, but a Korean word also finds what is written apart.

    `강화학습` finds `강화 학습`. Each part has two syllables at least: a part of one syllable would
    match the end of any word.
    """
    pieces = _pieces(text)
    variants = [pieces]
    for place, (run, is_pairs) in enumerate(pieces):
        if is_pairs and len(run) <= _LONGEST_WORD and _IS_HANGUL.match(run):
            variants += (
                [*pieces[:place], *((part, True) for part in parts), *pieces[place + 1 :]]
                for parts in _apart(run)
            )
    return _any_of(variants[:_MOST_VARIANTS])


def title_expression(texts: Sequence[str]) -> Phrases:
    """The phrases of words that follow one another, as in a title.

    Spaces between Korean words do not count: `강화 학습` also finds `강화학습`, and the reverse.
    """
    text = " ".join(texts)
    found = (*match_expression(text), *word_expression(_BETWEEN_HANGUL.sub("", text)))
    return tuple(dict.fromkeys(found))


def letters(text: str) -> str:
    """The letters and digits of a text, without case and accents."""
    return "".join(filter(str.isalnum, bare(text)))[:_LONGEST_TITLE]


def name_marks(title: str) -> tuple[str, ...]:
    """The words by which the index knows a paper's name: its title, or that up to a colon."""
    short, colon, _ = title.partition(":")
    names = dict.fromkeys(map(letters, (title, short) if colon else (title,)))
    return tuple(f"{NAME}{name}" for name in names if name)


def name_expression(name: str) -> Phrases:
    """Like `match_expression`, but spaces in a Korean name do not count: `홍길동` is `홍 길동`."""
    pieces = _pieces(name)
    whole = "".join(piece for piece, _ in pieces)
    if len(whole) > _LONGEST_NAME or not all(_IS_HANGUL.match(piece) for piece, _ in pieces):
        return _any_of([pieces])
    variants = [pieces, [(whole, True)]]
    variants += ([(whole[:at], True), (whole[at:], True)] for at in range(1, len(whole)))
    return _any_of(variants)


_IS_HANGUL = late_pattern(f"[{_HANGUL}]")
_BETWEEN_HANGUL = late_pattern(rf"(?<=[{_HANGUL}])\s+(?=[{_HANGUL}])")
_LONGEST_TITLE = 200
_SHORTEST_PART = 2
_LONGEST_NAME = 8
_LONGEST_WORD = 24
"""Syllables of a word that is also looked for in parts."""
_MOST_VARIANTS = 16
"""Ways to split a word that are searched; up to eight syllables these are all."""

_Pieces = list[tuple[str, bool]]
"""The words of a look-up; with each, whether it is indexed in pairs."""


def _pieces(text: str) -> _Pieces:
    plain = folded(text)
    pieces: _Pieces = []
    end = 0
    for run in _RUN.finditer(plain):
        _add_plain(pieces, plain[end : run.start()])
        if not run.lastgroup:
            pieces.append((run[0], True))
        end = run.end()
    _add_plain(pieces, plain[end:])
    return pieces


def _add_plain(pieces: _Pieces, text: str) -> None:
    if any(map(str.isalnum, text)):
        pieces.append((text, False))


def _phrase(pieces: _Pieces) -> Phrase | None:
    if not pieces:
        return None
    *inner, (last, is_pairs) = pieces
    words = [_spread(piece) if pairs else piece for piece, pairs in inner]
    words.append(" ".join(map(str.__add__, last, last[1:])) if len(last) > 1 and is_pairs else last)
    phrase = " ".join(" ".join(words).replace('"', " ").split())
    return Phrase(phrase, is_prefix=is_pairs and len(last) == 1)


def _any_of(variants: list[_Pieces]) -> Phrases:
    return tuple(dict.fromkeys(phrase for pieces in variants if (phrase := _phrase(pieces))))


def _apart(run: str) -> Iterator[tuple[str, ...]]:
    """The ways to write a run in parts of two syllables or more, those of few parts first."""
    ways: list[tuple[str, ...]] = [(run,)]
    for _ in range(_MOST_VARIANTS):
        ways = [
            (*parts[:-1], parts[-1][:at], parts[-1][at:])
            for parts in ways
            for at in range(_SHORTEST_PART, len(parts[-1]) - _SHORTEST_PART + 1)
        ][:_MOST_VARIANTS]
        yield from ways
