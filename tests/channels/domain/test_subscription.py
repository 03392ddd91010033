"""What people type to subscribe: read, or refused with a word that helps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.archive.domain.entry import Language
from bot.channels.domain.digest_options import Layout, TagFilter
from bot.channels.domain.subscription import (
    format_tags,
    parse_languages,
    parse_layout,
    parse_most,
)
from bot.core.domain.errors import QueryError, UsageError
from bot.lookup.domain.tag_filter import parse_tags


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        ("ko", (Language.KO,)),
        ("en,ko", (Language.EN, Language.KO)),
        ("KO EN ko", (Language.KO, Language.EN)),
        ("English, 한국어", (Language.EN, Language.KO)),
    ],
)
def test_languages_keep_the_order_wanted(text, languages):
    assert parse_languages(text) == languages


@pytest.mark.parametrize("text", ["", "fr", "ko,jp", "french"])
def test_languages_that_the_curator_does_not_write_are_refused(text):
    with pytest.raises(UsageError, match="languages"):
        parse_languages(text)


def test_layouts_and_numbers_are_read_or_refused():
    assert parse_layout(" Compact ") is Layout.COMPACT
    assert parse_most("20") == 20
    for wrong in ("0", "51", "-1", "ten", "1.5", "٣"):
        with pytest.raises(UsageError, match="1 to 50"):
            parse_most(wrong)
    with pytest.raises(UsageError, match="papers, thread, compact or titles"):
        parse_layout("wide")


@pytest.mark.parametrize(
    ("text", "wanted", "unwanted"),
    [
        ("", set(), set()),
        ("#rl -#moe", {"rl"}, {"moe"}),
        ("rl, -moe, long_context", {"rl", "long-context"}, {"moe"}),
        ("#강화학습", {"강화학습"}, set()),
        ("all", set(), set()),
        ("전체", set(), set()),
        ("#all", {"all"}, set()),
    ],
)
def test_a_filter_is_tags_wanted_and_unwanted(text, wanted, unwanted):
    assert parse_tags(text) == TagFilter(frozenset(wanted), frozenset(unwanted))


@pytest.mark.parametrize("text", ["author:lee", '"a phrase"', "2502.01456", "#", "#rl -#rl", "date:2025"])  # fmt: skip
def test_a_filter_that_is_no_tags_is_refused(text):
    with pytest.raises(QueryError):
        parse_tags(text)


slugs = st.from_regex(r"[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,8})?", fullmatch=True).map(lambda s: f"x{s}")


@given(st.frozensets(slugs, max_size=5), st.frozensets(slugs, max_size=5))
def test_a_filter_is_read_as_it_is_written(wanted, unwanted):
    tags = TagFilter(wanted - unwanted, unwanted)

    assert parse_tags(format_tags(tags)) == tags
