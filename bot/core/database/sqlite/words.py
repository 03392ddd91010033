"""The words that SQLite's full-text index makes of a text, for an index elsewhere.

FTS5's tokenizer `unicode61 remove_diacritics 2` looks at one character after another: it is part of
a word, spelled in some way, or of none (sqlite.org/fts5.html, section 4.3.1). SQLite itself is asked
about each, once, so that another index has the same words, whichever Unicode this SQLite knows.
"""

import hashlib
import sqlite3
import threading
from functools import cache

from bot.core.domain.late import late_pattern

_ASCII_WORD = late_pattern("[a-z0-9]+")
_LONGEST = 250
"""Characters of a word that is kept as it is; a longer one becomes a digest."""
_LONGEST_BYTES = 32_768
"""FTS5 ignores the rest of a word."""
_DIGEST = "\ue010"


def words(text: str) -> list[str]:
    """The words in their order, as the index spells them."""
    if text.isascii():
        found = _ASCII_WORD.findall(text.lower())
    else:
        found = [word for word in text.translate(_SPELLED).split(" ") if word]
    return [word if len(word) <= _LONGEST else _shortened(word) for word in found]


def _shortened(word: str) -> str:
    """A short word for a long one. Equal words stay equal; PostgreSQL takes 2,046 bytes."""
    digest = hashlib.sha256(word.encode()[:_LONGEST_BYTES]).hexdigest()
    return f"{word[:_LONGEST]}{_DIGEST}{digest}"


class _Spelled(dict[int, str]):
    """The table for `str.translate`; a space is what stands between words."""

    def __missing__(self, code: int) -> str:
        spelled = self[code] = _tokenizer().spelled(chr(code)) if code else " "
        return spelled


_SPELLED = _Spelled()


class _Tokenizer:
    """FTS5 in a database of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(
            ":memory:", isolation_level=None, check_same_thread=False
        )
        self._connection.execute(
            "CREATE VIRTUAL TABLE one USING fts5 (x, tokenize = 'unicode61 remove_diacritics 2')"
        )
        self._connection.execute("CREATE VIRTUAL TABLE word USING fts5vocab (one, instance)")

    def spelled(self, character: str) -> str:
        """How the character is spelled within a word; a space if it parts words."""
        with self._lock:
            self._connection.execute("DELETE FROM one")
            self._connection.execute("INSERT INTO one VALUES (?)", (f"a{character}b",))
            found = self._connection.execute("SELECT term FROM word").fetchall()
        return str(found[0][0])[1:-1] if len(found) == 1 else " "


@cache
def _tokenizer() -> _Tokenizer:
    return _Tokenizer()
