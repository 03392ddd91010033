"""The segmenter: what is indexed, and what is asked of the index."""

import re
import sqlite3
import unicodedata
from collections.abc import Callable, Iterator
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.archive.domain.search.folding import folded
from bot.archive.domain.search.segment import (
    _HAN_AND_KANA,
    _HANGUL,
    BREAK,
    INDEXED_CHARACTERS,
    MARK,
    Phrases,
    _spread,
    match_expression,
    name_expression,
    segment,
    segment_each,
    word_expression,
)
from bot.lookup.store import fulltext_sqlite


class Index:
    """A full-text index as the schema has it, for one text after another."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:")
        self._connection.execute(
            "CREATE VIRTUAL TABLE t USING fts5 (x, tokenize = 'unicode61 remove_diacritics 2')"
        )

    def finds(
        self,
        query: str,
        text: str,
        expression: Callable[[str], Phrases] = match_expression,
    ) -> bool:
        phrases = expression(query)
        if not phrases:
            return False
        (match,) = fulltext_sqlite.reply_found(phrases).values
        self._connection.execute("DELETE FROM t")
        self._connection.execute("INSERT INTO t VALUES (?)", (segment(text),))
        found = self._connection.execute("SELECT count(*) FROM t WHERE t MATCH ?", (match,))
        return bool(found.fetchone()[0])

    def close(self) -> None:
        self._connection.close()


@pytest.fixture(scope="module")
def index() -> Iterator[Index]:
    opened = Index()
    yield opened
    opened.close()


hangul = st.text(st.sampled_from("가나다라각ㅋㄱ하"), min_size=1, max_size=6)
korean_text = st.lists(
    st.one_of(hangul, st.sampled_from([" ", ". ", "GPT", "a", "1", "漢字", "カナ", "\n", "-"])),
    max_size=12,
).map("".join)


@given(word=hangul, text=korean_text)
def test_a_hangul_word_is_found_exactly_where_a_substring_scan_finds_it(index, word, text):
    assert index.finds(word, text) == (word in text)


@given(words=st.lists(hangul, min_size=2, max_size=3), runs=st.lists(hangul, max_size=6))
def test_a_hangul_phrase_is_found_exactly_where_a_substring_scan_finds_it(index, words, runs):
    text = " ".join(runs)

    assert index.finds(" ".join(words), text) == (" ".join(words) in text)


@given(word=hangul, text=korean_text)
def test_decomposed_text_and_composed_text_find_each_other(index, word, text):
    decomposed = unicodedata.normalize("NFD", text)

    assert index.finds(word, decomposed) == index.finds(word, text)
    assert index.finds(unicodedata.normalize("NFD", word), text) == index.finds(word, text)


@given(query=st.text(max_size=40), text=st.text(max_size=60))
def test_no_query_is_full_text_syntax(index, query, text):
    index.finds(query, text)  # raises nothing


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("transformer", "Transformer를 쓴다"),
        ("Transformer를", "이 Transformer를 쓴다"),
        ("를", "Transformer를 쓴다"),
        ("hagele", "Alexander Hägele"),
        ("GPT-4", "GPT-4의 결과"),
        ("gpt 4", "GPT-4의 결과"),
        ("漢字", "古い漢字です"),
        ("ㅋㅋ", "재미있네요ㅋㅋㅋ"),
        ("보상 모델", "이것은 보상 모델입니다"),
        ('say "hi"', "they say hi there"),
    ],
)
def test_words_are_found_across_scripts(index, query, text):
    assert index.finds(query, text)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("former", "Transformer를 쓴다"),
        ("모델 보상", "보상 모델"),
        ("상모", "보상 모델"),
        ("NOT a", "a"),
        ("hi*", "hill"),
    ],
)
def test_other_words_are_not_found(index, query, text):
    assert not index.finds(query, text)


@given(text=st.text(max_size=60))
def test_no_text_holds_the_words_of_the_index_itself(text):
    assert MARK not in segment(f"{text}{MARK}12{BREAK}")
    assert BREAK not in segment(text)


@pytest.mark.parametrize("text", ["", " ", "+++", "“”", "\0", MARK, "—"])
def test_there_is_nothing_to_ask_without_a_letter_or_digit(text):
    assert match_expression(text) == ()


def test_a_text_longer_than_any_person_writes_is_indexed_in_part():
    text = "가" * (INDEXED_CHARACTERS + 10)

    assert len(segment(text)) < 4 * INDEXED_CHARACTERS


words = st.text(st.sampled_from("강화학습모델"), min_size=1, max_size=7)


@given(word=words, text=st.lists(words, max_size=5).map(" ".join))
def test_a_korean_word_is_found_where_it_is_written_apart_in_parts_of_two(index, word, text):
    ways = {word}
    for _ in range(3):
        ways |= {
            f"{way[:at]} {way[at:]}"
            for way in ways
            for at in range(1, len(way))
            if len(way[:at].rpartition(" ")[2]) >= 2 and len(way[at:].partition(" ")[0]) >= 2
        }

    assert index.finds(word, text, word_expression) == any(way in text for way in ways)


@pytest.mark.parametrize(
    ("query", "text", "is_found"),
    [
        ("강화학습", "강화 학습", True),
        ("강화학습을", "이제 강화 학습을 한다", True),
        ("대규모언어모델", "대규모 언어 모델", True),
        ("RLHF강화학습", "RLHF 강화 학습", True),
        ("상모", "보상 모델", False),
        ("이모델", "이 모델", False),
        ("강화학습", "학습 강화", False),
        ("강화학습", "강화된 학습", False),
    ],
)
def test_words_are_parted_at_no_single_syllable(index, query, text, is_found):
    assert index.finds(query, text, word_expression) is is_found


@pytest.mark.parametrize(
    ("query", "name", "is_found"),
    [
        ("홍길동", "홍 길동", True),
        ("홍 길동", "홍길동", True),
        ("남궁민수", "남궁 민수", True),
        ("길동", "홍 길동", True),
        ("홍길동", "길동 홍", False),
        ("lukasz kaiser", "Łukasz Kaiser", True),
        ("Łukasz", "Lukasz Kaiser", True),
    ],
)
def test_spaces_in_a_korean_name_do_not_count(index, query, name, is_found):
    assert index.finds(query, name, name_expression) is is_found


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("lukasz", "Łukasz Kaiser"), ("ŁUKASZ", "lukasz"), ("strasse", "Straße"),
        ("aegir", "Ægir"), ("isil", "IŞIL"), ("coeur", "cœur"), ("transformer", "trans\u00adformer"),
        ("trans\u200bformer", "transformer"), ("fine-tuning", "ﬁne-tuning"), ("bert", "ＢＥＲＴ를"),
        ("H2O", "H₂O"), ("H₂O", "H2O"), ("bert", "BERT™"),
    ],
)  # fmt: skip
def test_letters_are_found_by_what_people_type(index, query, text):
    assert index.finds(query, text)


@given(texts=st.lists(st.text() | st.sampled_from(["ascii", "a\0b", "논문"])))
def test_several_texts_are_indexed_as_each_is(texts):
    assert segment_each(texts, between=" | ") == " | ".join(map(segment, texts))


def test_each_of_several_long_texts_is_indexed_as_far_as_one():
    long = "a" * (INDEXED_CHARACTERS + 1)

    assert segment_each([long, "b"], between=" ") == f"{long[:-1]} b"


_SCRIPTS = (re.compile(f"[{_HANGUL}]"), re.compile(f"[{_HAN_AND_KANA}]"), re.compile("[\ue000\0]"))
_WORD = st.text("aB1가힣漢é\0\ue000-", max_size=4) | st.text("가힣漢é\0", min_size=33, max_size=40)


@given(st.lists(_WORD | st.sampled_from([" ", "\n", "\u3000", "ﬁ"]), max_size=12).map("".join))
def test_a_text_is_indexed_word_by_word_as_in_one(text):
    def script(character: str) -> int:
        return next((n for n, each in enumerate(_SCRIPTS) if each.match(character)), -1)

    expected = ""
    for number, run in groupby(folded(text), script):
        characters = "".join(run)
        expected += characters if number < 0 else " " if number == 2 else _spread(characters)

    assert segment(text) == expected
