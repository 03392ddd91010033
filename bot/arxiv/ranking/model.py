"""The ranking model: trained on what the curator picked, stored in a file, applied to new papers.

tf-idf over words and pairs of words, the authors beside them, and a linear support vector machine
between papers that were picked and papers that were not. It ranked best of what was tried on real
days, and its weights are reasons that a person can read.

Only training imports scikit-learn. That takes a second, longer than judging the papers of a day.
"""

import contextlib
import glob
import json
import os
import time
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from bot.archive.domain.entry import EntryId
from bot.arxiv.domain.candidates import (
    NEIGHBOURS,
    Example,
    Judgement,
    Likeness,
    NewPaper,
    check_enough,
)
from bot.arxiv.ranking.features import SETTINGS, Authors, Features, Floats
from bot.core.domain.errors import RankerError
from bot.core.domain.i18n import translatable

_FORMAT = 2
_MOST_WORDS = 5
_MOST_NAMES = 2
"""So many of the reasons may be authors, so that the subject is told, too."""
_FEATURES = 60_000
_UNFINISHED = ".part"
_REMAINS_AFTER = timedelta(hours=1)
"""Longer than any training: an unfinished file of that age was left by a killed process."""

_DAMAGED = (
    KeyError,
    TypeError,
    ValueError,
    IndexError,
    AttributeError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
)


class _Row(NamedTuple):
    columns: Any
    data: Any


def _row(matrix: Any, n: int) -> _Row:
    """A row of a matrix; SciPy's own way to get one takes many times as long."""
    start, end = matrix.indptr[n : n + 2]
    return _Row(matrix.indices[start:end], matrix.data[start:end])


class RankingModel:
    """Words and authors with their weights, and the archive to find neighbours in."""

    def __init__(
        self,
        *,
        words: tuple[str, ...],
        stop_words: frozenset[str],
        idf: Floats,
        weights: Floats,
        authors: Authors,
        author_weights: Floats,
        bias: float,
        archive: Any,
        entries: tuple[EntryId, ...],
    ) -> None:
        self._words = words
        self._weights = weights
        self._authors = authors
        self._author_weights = author_weights
        self._bias = bias
        self._archive = archive
        self._entries = entries
        self._stop_words = stop_words
        self._idf = idf
        self._features = Features(words, stop_words, idf)

    @classmethod
    def learn(cls, picked: Sequence[Example], passed: Sequence[Example]) -> "RankingModel":
        """Train a model; raises `RankerError` where there is too little to train on.

        Raises `ImportError` where scikit-learn is not installed.
        """
        from sklearn.feature_extraction.text import (  # noqa: PLC0415 - see the module
            TfidfVectorizer,
        )
        from sklearn.svm import LinearSVC  # noqa: PLC0415 - likewise

        check_enough(len(picked), len(passed))
        examples = (*picked, *passed)
        texts = [example.text for example in examples]
        vectorizer = TfidfVectorizer(min_df=2, max_features=_FEATURES, **SETTINGS)
        try:
            matrix = vectorizer.fit_transform(texts)
        except (
            ValueError
        ) as error:  # its message about an empty vocabulary is of no use to operators
            raise RankerError(
                translatable("The papers have no words in common (only English words are used)")
            ) from error
        names = [example.authors for example in examples]
        authors = Authors.of(names)
        machine = LinearSVC(C=0.1, class_weight="balanced", random_state=0)
        machine.fit(
            sparse.hstack([matrix, authors.matrix([*map(authors.found, names)])]).tocsr(),
            [1] * len(picked) + [0] * len(passed),
            sample_weight=[example.weight for example in examples],
        )
        weights = machine.coef_[0].astype(np.float32)
        with_entries = [n for n, example in enumerate(picked) if example.entry_id is not None]
        return cls(
            words=tuple(vectorizer.get_feature_names_out()),
            stop_words=frozenset(vectorizer.get_stop_words() or ()),
            idf=vectorizer.idf_.astype(np.float32),
            weights=weights[: matrix.shape[1]],
            authors=authors,
            author_weights=weights[matrix.shape[1] :],
            bias=float(machine.intercept_[0]),
            archive=matrix[with_entries],
            entries=tuple(EntryId(picked[n].entry_id or 0) for n in with_entries),
        )

    def judge(self, new_papers: Sequence[NewPaper]) -> tuple[Judgement, ...]:
        """A judgement for each, in their order."""
        if not new_papers:
            return ()
        matrix = self._features.matrix([new_paper.text for new_paper in new_papers])
        known = [self._authors.found(new_paper.authors) for new_paper in new_papers]
        by_authors = self._authors.matrix(known)
        scores = matrix @ self._weights + by_authors @ self._author_weights + self._bias
        likenesses = (matrix @ self._archive.T).toarray()
        return tuple(
            Judgement(
                number=new_paper.number,
                score=round(float(scores[row]), 4),
                words=self._telling(_row(matrix, row), _row(by_authors, row), known[row]),
                nearest=self._nearest(likenesses[row]),
            )
            for row, new_paper in enumerate(new_papers)
        )

    def _telling(self, words: _Row, authors: _Row, names: Mapping[int, str]) -> tuple[str, ...]:
        """The words and authors with the largest weight in a paper.

        No word that is half of a pair already named, and few authors, as the paper spells them.
        """
        parts = np.concatenate(
            [
                words.data * self._weights[words.columns],
                authors.data * self._author_weights[authors.columns],
            ]
        )
        count = len(words.columns)
        told: list[str] = []
        people = 0
        for n in np.argsort(-parts, kind="stable"):
            if parts[n] <= 0 or len(told) == _MOST_WORDS:
                break
            if n >= count:
                name = " ".join(names[authors.columns[n - count]].split())
                if people < _MOST_NAMES and name.isprintable():
                    told.append(name)
                    people += 1
                continue
            word = self._words[words.columns[n]]
            halves = set(word.split())
            if not any(halves & set(other.split()) for other in told):
                told.append(word)
        return tuple(told)

    def _nearest(self, likenesses: Floats) -> tuple[Likeness, ...]:
        order = np.argsort(-likenesses)[:NEIGHBOURS]
        return tuple(
            Likeness(self._entries[n], round(float(likenesses[n]), 4))
            for n in order
            if likenesses[n] > 0
        )

    def save(self, path: Path) -> None:
        """Write the file atomically; it holds numbers and words, no code.

        When two processes write it at once, the last one wins.
        """
        _remove_remains(path)
        unfinished = path.with_name(f"{path.name}.{os.getpid()}{_UNFINISHED}")
        with unfinished.open("wb") as file:
            np.savez_compressed(
                file,
                format=np.array(_FORMAT),
                words=_packed(self._words),
                stop_words=_packed(sorted(self._stop_words)),
                idf=self._idf,
                weights=self._weights,
                authors=_packed(self._authors.keys),
                author_weights=self._author_weights,
                bias=np.array(self._bias),
                entries=np.array(self._entries, dtype=np.int64),
                data=self._archive.data,
                indices=self._archive.indices,
                indptr=self._archive.indptr,
            )
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)

    @classmethod
    def load(cls, path: Path) -> "RankingModel":
        """What `save` wrote; raises `RankerError` where that is not there."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
                if int(kept["format"]) != _FORMAT:
                    raise RankerError(translatable("The ranking model was made by another version"))
                words = tuple(json.loads(kept["words"].tobytes()))
                entries = tuple(EntryId(int(n)) for n in kept["entries"])
                archive = sparse.csr_matrix(
                    (kept["data"], kept["indices"], kept["indptr"]),
                    shape=(len(entries), len(words)),
                )
                return cls(
                    words=words,
                    stop_words=frozenset(json.loads(kept["stop_words"].tobytes())),
                    idf=kept["idf"],
                    weights=kept["weights"],
                    authors=Authors(json.loads(kept["authors"].tobytes())),
                    author_weights=kept["author_weights"],
                    bias=float(kept["bias"]),
                    archive=archive,
                    entries=entries,
                )
        except FileNotFoundError as error:
            raise RankerError(translatable("There is no ranking model yet")) from error
        except _DAMAGED as error:
            raise RankerError(translatable("The ranking model is damaged")) from error


def _remove_remains(path: Path) -> None:
    for remains in path.parent.glob(f"{glob.escape(path.name)}.*{_UNFINISHED}"):
        with contextlib.suppress(FileNotFoundError):  # another process may have been quicker
            if time.time() - remains.stat().st_mtime > _REMAINS_AFTER.total_seconds():
                remains.unlink()


def _packed(words: Sequence[str]) -> Any:
    """Words as an array of bytes: NumPy would store texts of four bytes a character."""
    return np.frombuffer(json.dumps(words).encode(), dtype=np.uint8)
