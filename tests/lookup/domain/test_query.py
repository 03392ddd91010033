"""The look-up language."""

from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.entry import EntryId
from bot.archive.domain.typed_dates import Days
from bot.core.catalogue import Catalogues
from bot.core.domain.errors import QueryError
from bot.lookup.domain.query import FIELDS, parse
from bot.lookup.domain.query_terms import (
    About,
    Author,
    Cites,
    Dates,
    EntryIs,
    InDiscussion,
    NewestFirst,
    PaperRef,
    Path,
    Popular,
    Query,
    Random,
    Similar,
    Tag,
    Words,
    format_query,
    replace_term,
    sole_word,
    with_sole_word_as_tag,
)

PAPER = PaperRef(arxiv_id=ArxivId("2502.01456"))


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", ()),
        ("reasoning", (Words("reasoning"),)),
        ("보상 모델", (Words("보상"), Words("모델"))),
        ('"reward model" rl', (Words("reward model", phrase=True), Words("rl"))),
        ("“reward model”", (Words("reward model", phrase=True),)),
        ('"never closed', (Words("never closed", phrase=True),)),
        ("#rl -#moe", (Tag("rl"), Tag("moe", negated=True))),
        ("#Long_Context ＃GAN", (Tag("long-context"), Tag("gan"))),
        ('#"long context"', (Tag("long-context"),)),
        ("-attention", (Words("attention", negated=True),)),
        ('-"a b"', (Words("a b", phrase=True, negated=True),)),
        ("author:lee", (Author("lee"),)),
        ('author:"yejin choi"', (Author("yejin choi"),)),
        ('author:"Choi, Yejin"', (Author("Yejin Choi"),)),
        ("AUTHOR: lee", (Author("lee"),)),
        ("-author:lee", (Author("lee", negated=True),)),
        ("2502.01456", (About(PAPER),)),
        ("https://arxiv.org/abs/2502.01456v2", (About(PAPER),)),
        ("arXiv:2502.01456", (About(PAPER),)),
        ("https://example.org/a?b=c", (About(PaperRef(url="https://example.org/a?b=c")),)),
        ("cites:2502.01456", (Cites(PAPER),)),
        ("-cites:arxiv.org/abs/2502.01456", (Cites(PAPER, negated=True),)),
        ("similar:2502.01456", (Similar(PAPER),)),
        ("path:2502.01456..12", (Path(PAPER, EntryId(12)),)),
        ("path: “chain of” … entry:3 #rl", (Path("chain of", EntryId(3)), Tag("rl"))),
        ("path:lora..https://h.example/entry/4", (Path("lora", EntryId(4)),)),
        ("entry:12", (EntryIs(EntryId(12)),)),
        ("in:discussion ablation", (InDiscussion(), Words("ablation"))),
        ("in:토론", (InDiscussion(),)),
        ("lora sort:new", (Words("lora"), NewestFirst())),
        ("sort:최신", (NewestFirst(),)),
        ("popular", (Popular(),)),
        ("Popular #rl", (Tag("rl"), Popular())),
        ("popular music", (Words("popular"), Words("music"))),
        ("music sort:popular", (Words("music"), Popular())),
        ("popular:2025-02", (Popular(date(2025, 2, 1)),)),
        ("random", (Random(),)),
        ("Random #rl", (Tag("rl"), Random())),
        ("random -survey", (Words("survey", negated=True), Random())),
        ("-survey popular", (Words("survey", negated=True), Popular())),
        (
            "random forest -popular",
            (Words("random"), Words("forest"), Words("popular", negated=True)),
        ),
        ("-random", (Words("random", negated=True),)),
        ("random -random", (Words("random", negated=True), Random())),
        ("random forest", (Words("random"), Words("forest"))),
        ('"random"', (Words("random", phrase=True),)),
        ("ZebraLogic: on limits", (Words("ZebraLogic"), Words("on"), Words("limits"))),
        ("foo:bar", (Words("foo bar", phrase=True),)),
        ("3:1", (Words("3:1"),)),
        ("attention & memory", (Words("attention"), Words("memory"))),
        ("C++", (Words("C++"),)),
    ],
)
def test_a_line_means_these_terms(text, terms):
    assert parse(text).terms == terms


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("date:2025", date(2025, 1, 1), date(2025, 12, 31)),
        ("date:2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("date:9999-12", date(9999, 12, 1), date(9999, 12, 31)),
        ("date:2024-12", date(2024, 12, 1), date(2024, 12, 31)),
        ("date:2025-02-04", date(2025, 2, 4), date(2025, 2, 4)),
        ("date:2025/2/4", date(2025, 2, 4), date(2025, 2, 4)),
        ("date:2025.02.04.", date(2025, 2, 4), date(2025, 2, 4)),
        ("before:2025", None, date(2024, 12, 31)),
        ("before:2025-02-04", None, date(2025, 2, 3)),
        ("after:2024", date(2025, 1, 1), None),
        ("after:2025-02", date(2025, 3, 1), None),
    ],
)
def test_dates_are_spans_with_both_ends(text, first, last):
    (term,) = parse(text).terms

    assert isinstance(term, Dates)
    assert (term.first, term.last) == (first, last)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("date:2025-02-30", "2025-02-30"),
        ("reasoning date:yesterday", "(character 11)"),
        ("date:0001-00", "0001-00"),
        ("date:2025-00", "2025-00"),
        ("after:2025-00", "2025-00"),
        ("popular:2025-13", "2025-13"),
        ("before:2025-01-00", "2025-01-00"),
        ("before:0001", "0001"),
        ("after:9999", "9999"),
        ("author:", "author:lee"),
        ("author: #rl", "author:lee"),
        ("#", "#reasoning"),
        ("# rl", "#reasoning"),
        ("cites:attention", "cites:2310.07831"),
        ("similar:attention", "similar:2502.01456"),
        ("-similar:2502.01456", "minus"),
        ("-path:1..2", "minus"),
        ("path:1", "two papers"),
        ('path:"a b"..', "two papers"),
        ("entry:zero", "entry:12"),
        ("auhtor:lee", "did you mean author:lee?"),
        ("+++", "+++"),
        ("a" * 501, "501"),
        ("a " * 41, "41"),
    ],
)
def test_an_invalid_query_says_where_it_is_wrong_and_what_to_do(text, says):
    with pytest.raises(QueryError) as raised:
        parse(text)

    assert says in str(raised.value)


@pytest.mark.parametrize("field", FIELDS)
def test_what_a_filter_lacks_is_said_in_the_language_of_the_reader(field: str) -> None:
    with pytest.raises(QueryError) as raised:
        parse(field)

    said = Catalogues()("ko")(raised.value.message, **raised.value.values)
    assert said.isascii() is False
    assert " or " not in said


fragments = st.sampled_from(
    [
        *FIELDS,
        "#",
        "-",
        '"',
        "“",
        " ",
        "random",
        "popular",
        "2502.01456",
        "2025-02",
        "http://a",
        ":",
        "가나",
        "x",
    ]
)
lines = st.one_of(st.text(max_size=60), st.lists(fragments, max_size=12).map("".join))


@given(text=lines)
@example("#-#0")
@example("2001.00000“")
@example('#AUTHOR:""0')
def test_whatever_parses_is_written_so_that_it_parses_the_same(text):
    try:
        query = parse(text)
    except QueryError:
        return

    assert parse(format_query(query)) == query


_dates = st.from_regex(r"[0-9]{4}([-./][0-9]{1,2}([-./][0-9]{1,2})?)?[-./]?", fullmatch=True)
_values = st.one_of(
    st.text(max_size=12), _dates, st.sampled_from(["week", "yesterday", "어제", "1..2"])
)
_fields = st.builds("{}{}{}".format, st.sampled_from(["", "-"]), st.sampled_from(FIELDS), _values)


@given(
    text=st.lists(_fields, min_size=1, max_size=3).map(" ".join),
    days=st.one_of(st.none(), st.dates(date(2000, 1, 1)).map(Days)),
)
def test_no_value_of_a_field_raises_anything_but_a_query_error(text: str, days: Days | None):
    try:
        query = parse(text, days)
    except QueryError:
        return

    assert all(
        term.first is None or term.last is None or term.first <= term.last
        for term in query.terms
        if isinstance(term, Dates)
    )


def test_the_only_bare_word_may_be_meant_as_a_tag():
    query = parse("reasoning date:2025 -moe")

    assert sole_word(query) == "reasoning"
    assert with_sole_word_as_tag(query, "reasoning").terms[0] == Tag("reasoning")


@pytest.mark.parametrize("text", ["", "reward model", '"reasoning"', "-reasoning", "#rl"])
def test_other_words_are_no_tag(text):
    query = parse(text)

    assert sole_word(query) is None
    assert with_sole_word_as_tag(query, "x") == query


def test_a_term_is_replaced_wherever_it_stands():
    query = parse("#resoning author:lee")

    assert format_query(replace_term(query, Tag("resoning"), Tag("reasoning"))) == (
        "#reasoning author:lee"
    )
    assert parse("") == Query()
