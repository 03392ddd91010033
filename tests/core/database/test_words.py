"""The words for another index are those of SQLite's own."""

import sqlite3
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.database.sqlite.words import words


@pytest.fixture(scope="module")
def indexed() -> Iterator[Callable[[str], list[str]]]:
    connection = sqlite3.connect(":memory:")
    connection.execute(
        "CREATE VIRTUAL TABLE text USING fts5 (x, tokenize = 'unicode61 remove_diacritics 2')"
    )
    connection.execute("CREATE VIRTUAL TABLE word USING fts5vocab (text, instance)")

    def of(text: str) -> list[str]:
        connection.execute("DELETE FROM text")
        connection.execute("INSERT INTO text VALUES (?)", (text,))
        return [word for (word,) in connection.execute("SELECT term FROM word ORDER BY offset")]

    yield of
    connection.close()


letters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")


@given(text=st.text(letters, max_size=60))
def test_a_text_has_the_words_that_the_index_makes_of_it(indexed, text):
    assert words(text) == indexed(text)


@given(
    text=st.text(st.sampled_from("aZ9 é\u0301\u0300가ᄀĐß.-_\u200bŁ٣𝐀ſﬁ\u0345ः\ue000"), max_size=30)
)
def test_accents_signs_and_marks_are_folded_as_the_index_does(indexed, text):
    assert words(text) == indexed(text)


def test_long_words_stay_different_and_short():
    long = [f"{'x' * length}{end}" for length in (249, 250, 3000, 40_000) for end in "ab"]

    made = [words(f"a {word} b") for word in long]

    assert all(first == "a" and last == "b" for first, _, last in made)
    assert all(len(word) < 400 for _, word, _ in made)
    # FTS5 ignores what comes after 32,768 bytes.
    assert len({word for _, word, _ in made}) == len(long) - 1
