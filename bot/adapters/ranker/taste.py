"""The curator's taste as a line through the space of words: learnt, kept in a file, applied.

Words and pairs of words weighted by tf-idf, a linear support vector machine between papers that
were picked and papers that were passed over: of what was tried on real days it ranks best, and
its weights are reasons that a person can read.
"""

import json
import os
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from bot.domain.candidates import FEWEST, NEIGHBOURS, Example, Judgement, Likeness, Newcomer
from bot.domain.entry import EntryId

_FORMAT = 1
_MOST_WORDS = 5
_FEATURES = 60_000

Floats = NDArray[np.float32]


class Taste:
    """What was learnt: words with their weights, and the archive to find neighbours in."""

    def __init__(
        self,
        *,
        words: tuple[str, ...],
        idf: Floats,
        weights: Floats,
        bias: float,
        archive: Any,
        entries: tuple[EntryId, ...],
    ) -> None:
        self._words = words
        self._weights = weights
        self._bias = bias
        self._archive = archive
        self._entries = entries
        self._idf = idf
        self._vectorizer = _vectorizer(vocabulary={word: n for n, word in enumerate(words)})
        self._vectorizer.idf_ = idf

    @classmethod
    def learn(cls, picked: Sequence[Example], passed: Sequence[Example]) -> "Taste":
        """Raises `ValueError` where there is too little to learn from."""
        if min(len(picked), len(passed)) < FEWEST:
            raise ValueError(
                f"{len(picked)} picked and {len(passed)} passed papers with abstracts: "
                f"ranking needs at least {FEWEST} of each"
            )
        texts = [example.text for example in (*picked, *passed)]
        vectorizer = _vectorizer(max_features=_FEATURES)
        matrix = vectorizer.fit_transform(texts)
        machine = LinearSVC(C=0.1, class_weight="balanced", random_state=0)
        machine.fit(matrix, [1] * len(picked) + [0] * len(passed))
        with_entries = [n for n, example in enumerate(picked) if example.entry_id is not None]
        return cls(
            words=tuple(vectorizer.get_feature_names_out()),
            idf=vectorizer.idf_.astype(np.float32),
            weights=machine.coef_[0].astype(np.float32),
            bias=float(machine.intercept_[0]),
            archive=matrix[with_entries],
            entries=tuple(EntryId(picked[n].entry_id or 0) for n in with_entries),
        )

    def judge(self, newcomers: Sequence[Newcomer]) -> tuple[Judgement, ...]:
        """A judgement for each, in their order."""
        if not newcomers:
            return ()
        matrix = self._vectorizer.transform([newcomer.text for newcomer in newcomers])
        scores = matrix @ self._weights + self._bias
        likenesses = (matrix @ self._archive.T).toarray()
        return tuple(
            Judgement(
                number=newcomer.number,
                score=round(float(scores[row]), 4),
                words=self._telling(matrix[row]),
                nearest=self._nearest(likenesses[row]),
            )
            for row, newcomer in enumerate(newcomers)
        )

    def _telling(self, row: Any) -> tuple[str, ...]:
        """The words that spoke most for a paper; none that is half of a pair already named."""
        parts = row.data * self._weights[row.indices]
        told: list[str] = []
        for n in np.argsort(-parts):
            word = self._words[row.indices[n]]
            if parts[n] <= 0 or len(told) == _MOST_WORDS:
                break
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
        """Write the file whole or not at all; it holds numbers and words, nothing that runs."""
        unfinished = path.with_name(path.name + ".part")
        with unfinished.open("wb") as file:
            np.savez_compressed(
                file,
                format=np.array(_FORMAT),
                words=np.frombuffer(json.dumps(self._words).encode(), dtype=np.uint8),
                idf=self._idf,
                weights=self._weights,
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
    def load(cls, path: Path) -> "Taste":
        """What `save` wrote; raises `OSError` or `ValueError` where that is not there."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
                if int(kept["format"]) != _FORMAT:
                    raise ValueError("it was learnt by another version")
                words = tuple(json.loads(kept["words"].tobytes()))
                entries = tuple(EntryId(int(n)) for n in kept["entries"])
                archive = sparse.csr_matrix(
                    (kept["data"], kept["indices"], kept["indptr"]),
                    shape=(len(entries), len(words)),
                )
                return cls(
                    words=words,
                    idf=kept["idf"],
                    weights=kept["weights"],
                    bias=float(kept["bias"]),
                    archive=archive,
                    entries=entries,
                )
        except (KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise ValueError("the file is damaged") from error


def _vectorizer(**settings: Any) -> TfidfVectorizer:
    return TfidfVectorizer(
        ngram_range=(1, 2),
        sublinear_tf=True,
        stop_words="english",
        strip_accents="unicode",
        token_pattern=r"(?u)\b[a-zA-Z][a-zA-Z0-9-]+\b",  # noqa: S106 - tokens of text
        dtype=np.float32,
        **({"min_df": 2} | settings if "vocabulary" not in settings else settings),
    )
