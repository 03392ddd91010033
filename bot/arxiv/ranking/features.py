"""Papers as rows of numbers: their words and their authors.

The words are tf-idf numbers as scikit-learn's `TfidfVectorizer` with `SETTINGS` makes them. It is
written out here because its import takes a second; a test holds both equal.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float32]

_TOKEN = r"(?u)\b[a-zA-Z][a-zA-Z0-9-]+\b"  # noqa: S105 - tokens of text

SETTINGS: dict[str, Any] = {
    "ngram_range": (1, 2),
    "sublinear_tf": True,
    "stop_words": "english",
    "strip_accents": "unicode",
    "token_pattern": _TOKEN,
    "dtype": np.float32,
}
"""How training makes its rows of words."""

_AUTHOR = 0.7
"""The number of an only author, beside rows of words of length 1."""
_SHARED = 0.25
"""How much less each of many authors tells: the number is divided by their count to this power."""
_MOST_AUTHORS = 60_000


class Features:
    """The words and pairs of words that count, each with its idf."""

    def __init__(self, words: Sequence[str], stop_words: frozenset[str], idf: Floats) -> None:
        self._columns = {word: n for n, word in enumerate(words)}
        self._stop_words = stop_words
        self._idf = idf
        self._find = re.compile(_TOKEN).findall

    def matrix(self, texts: Sequence[str]) -> Any:
        """A row of length 1 for each text, or of zeros where no word of it counts."""
        indices: list[int] = []
        counts: list[int] = []
        starts = [0]
        for text in texts:
            found = sorted(Counter(self._columns_of(text)).items())
            indices += [column for column, _ in found]
            counts += [count for _, count in found]
            starts.append(len(indices))
        at = np.array(indices, dtype=np.int32)
        data = (np.log(np.array(counts, dtype=np.float32)) + np.float32(1)) * self._idf[at]
        for start, end in pairwise(starts):
            row = data[start:end]
            row /= np.sqrt(np.sum(row * row, dtype=np.float64)) or 1.0
        shape = (len(texts), len(self._columns))
        return sparse.csr_matrix((data, at, np.array(starts, dtype=np.int32)), shape=shape)

    def _columns_of(self, text: str) -> Iterator[int]:
        tokens = [t for t in self._find(_plain(text.lower())) if t not in self._stop_words]
        for words in (tokens, map(" ".join, pairwise(tokens))):
            for word in words:
                column = self._columns.get(word)
                if column is not None:
                    yield column


class Authors:
    """The authors that count, each spelled as `author_key` does."""

    def __init__(self, keys: Sequence[str]) -> None:
        self.keys = tuple(keys)
        self._columns = {key: n for n, key in enumerate(self.keys)}

    @classmethod
    def of(cls, papers: Iterable[Sequence[str]]) -> "Authors":
        """Those of at least two of these papers: a name of one paper tells nothing of others."""
        counts = Counter(key for names in papers for key in set(map(author_key, names)))
        often = (key for key, n in counts.items() if n > 1 and any(map(str.isalpha, key)))
        return cls(sorted(sorted(often, key=lambda key: (-counts[key], key))[:_MOST_AUTHORS]))

    def matrix(self, papers: Sequence[Iterable[int]]) -> Any:
        """A row for each paper, from its columns; not scaled by how rare a name is."""
        indices: list[int] = []
        data: list[float] = []
        starts = [0]
        for columns in papers:
            found = sorted(columns)
            indices += found
            data += [_AUTHOR / len(found) ** _SHARED for _ in found]
            starts.append(len(indices))
        at = np.array(indices, dtype=np.int32), np.array(starts, dtype=np.int32)
        shape = (len(papers), len(self.keys))
        return sparse.csr_matrix((np.array(data, dtype=np.float32), *at), shape=shape)

    def found(self, names: Sequence[str]) -> dict[int, str]:
        """The names that count, by their column."""
        keyed = ((self._columns.get(author_key(name)), name) for name in names)
        return {column: name for column, name in keyed if column is not None}


def author_key(name: str) -> str:
    """A name by which it is known again: without accents, capital letters and doubled spaces."""
    return " ".join(_plain(name).casefold().split())


def _plain(text: str) -> str:
    """The text without accents."""
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c))
