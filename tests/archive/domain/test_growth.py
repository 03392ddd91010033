"""What reads a text of strangers takes time in proportion to it, whatever it is made of."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.arxiv_record import ArxivRecord
from bot.archive.domain.entry import tag_slug
from bot.archive.domain.inlines import inlines
from bot.archive.domain.search.folding import bare, folded
from bot.archive.domain.search.segment import (
    match_expression,
    name_expression,
    segment,
    word_expression,
)
from bot.arxiv.domain.title_match import best_match, is_same_title, is_searchable, title_words
from bot.core.domain.characters import cut_at
from bot.core.domain.errors import QueryError
from bot.core.domain.latex_accents import accents
from bot.core.domain.untrusted.addresses import ascii_address, find_addresses
from bot.core.latex import readable
from bot.discussion.domain.foreign_text import settled, settled_name
from bot.lookup.domain import query
from tests.growth import LINEAR, exponent, repeated

AT = datetime(2025, 2, 3, tzinfo=UTC)

PIECES = [
    "words ", "a", "a ", "the ", "강화", "강화 ", "가나GPT", "漢", "ㅋ", " ", "\n", "-", "a-", "1.",
    "\\", "\\(", "\\[", "\\)", "\\(a", "\\(\\[", "\\\\(", "$", "$$", "$a", "$a$", "$^", "$ ", "\\alpha ",
    "\\'", "\\'e", "{\\'", "\\'{", "\\v ", "\\v{", "{\\H ", '\\"', '\\"a ', "\\t{", "\\i ", "\\L ",
    "{", "}", "\\emph{", "\\textbf{a", "{\\it ", "C:\\",
    "[", "]", "[[", "[a](", "[a](https://", "(", ")", "https://", "https://a ", "https://a)", "https://é가",
    '"', "“", "#", "-#", "author:", "author:a ", "a:", "date:", "*", "~",
    "é", "e\u0301", "\u0301\u0316", "ﬁ", "ł", "\u00ad", "\u200b", "\ufdfa", "\U0001f1e6", "\u200d", "\U000e0067",
    "\0", "\ue000",
]  # fmt: skip


def _matched(text: str) -> object:
    record = ArxivRecord(ArxivId("2502.00001", 1), text[:-3], (text,), "", ("cs.LG",), AT, AT)
    return best_match(text, (text[1:],), [record])


def _parsed(text: str) -> object:
    with suppress(QueryError):
        return query.parse(text)
    return None


FUNCTIONS: dict[str, Callable[[str], object]] = {
    "readable": readable,
    "accents": accents,
    "folded": folded,
    "bare": bare,
    "segment": segment,
    "match_expression": match_expression,
    "word_expression": word_expression,
    "name_expression": name_expression,
    "title_words": title_words,
    "is_same_title": lambda text: is_same_title(text, text[3:]),
    "best_match": _matched,
    "is_searchable": lambda text: is_searchable(text, (text,)),
    "parse_query": _parsed,
    "tag_slug": tag_slug,
    "inlines": inlines,
    "find_addresses": lambda text: list(find_addresses(text)),
    "ascii_address": lambda text: ascii_address(f"https://a.org/{text}"),
    "settled": settled,
    "settled_name": settled_name,
    "cut_at": lambda text: cut_at(text, len(text) // 2),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_reading_takes_time_in_proportion(name: str):
    grows = {piece: exponent(FUNCTIONS[name], repeated(piece)) for piece in PIECES}

    assert {piece: slope for piece, slope in grows.items() if slope >= LINEAR} == {}
