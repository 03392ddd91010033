"""What looks like a filter is named; titles and addresses are left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.domain.i18n import ENGLISH
from bot.lookup.domain.query_hints import hint_lines


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("foo:bar", "“foo:” is not a filter and was searched as a word. The filters are: author:"),
        ("#rl tag:moe", "you can write #moe."),
        ("저자:lee", "you can write author:lee."),
        ("since:2025-02", "you can write after:2025-02."),
    ],
)
def test_what_looks_like_a_filter_is_named(asked: str, said: str) -> None:
    (line,) = hint_lines(asked, ENGLISH)

    assert said in line


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "C:",
        "C: a language",
        "BERT: Pre-training of Deep Bidirectional Transformers",
        "https://example.org/a",
        'author:lee "foo:bar"',
        "Llama 2: Open",
        "#a:b",
        "C:\\temp",
        "std::move",
        "16:9 pictures",
    ],
)
def test_titles_and_addresses_get_no_hint(asked: str) -> None:
    assert hint_lines(asked, ENGLISH) == ()


@given(st.text(max_size=40))
def test_any_text_gets_a_few_lines_at_most(asked: str) -> None:
    assert len(hint_lines(asked, ENGLISH)) <= 3
