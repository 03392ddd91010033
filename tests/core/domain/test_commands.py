import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.domain import command_line, commands
from bot.core.domain.errors import UsageError


def test_the_free_option_takes_the_line_and_named_options_its_end() -> None:
    line = command_line.parse_line("/paper author:lee #rl page:2")

    assert line.spec.name == "paper"
    assert line.options == {"query": "author:lee #rl", "page": "2"}


@pytest.mark.parametrize("space", [" ", "  ", "\u3000", "\u00a0", "\t", "\n"])
def test_any_white_space_separates_words(space: str) -> None:
    typed = space.join(["/paper", "bib", "#rl", "page:2"])

    assert command_line.parse_line(typed).options == {"query": "bib #rl", "page": "2"}


@pytest.mark.parametrize(
    ("typed", "options"),
    [
        ('"turn to page:3"', {"query": '"turn to page:3"'}),
        ("“a language:model”", {"query": "“a language:model”"}),
        ('"turn to page:3" page:2', {"query": '"turn to page:3"', "page": "2"}),
        ('"a b" language:en page:2', {"query": '"a b"', "language": "en", "page": "2"}),
        ('x language:"ko"', {"query": "x", "language": "ko"}),
        ('"never closed page:2', {"query": '"never closed', "page": "2"}),
    ],
)
def test_no_option_ends_within_a_phrase(typed: str, options: dict[str, str]) -> None:
    assert command_line.parse_line(f"/paper {typed}").options == options


def test_a_phrase_that_is_not_closed_in_an_option_stays_in_it() -> None:
    typed = '/digest settings tags:#rl only:author:"kim'

    assert command_line.parse_line(typed).options == {
        "what": "settings",
        "tags": "#rl",
        "only": 'author:"kim',
    }


def test_a_command_may_stand_alone() -> None:
    assert command_line.parse_line("/help").options == {}
    assert command_line.parse_line(" /paper  ").options == {}


def test_an_unknown_command_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="/paper"):
        command_line.parse_line("/papre reasoning")


@given(
    query=st.lists(st.text(alphabet='abc#:-"가나', min_size=1), min_size=1).map(" ".join),
    page=st.integers(1, 99),
)
def test_a_formatted_line_parses_back(query: str, page: int) -> None:
    line = command_line.parse_line(command_line.format_line("paper", query, page=page))

    assert line.options == {"query": query, "page": str(page)}


def test_every_command_has_a_summary_and_examples_that_parse() -> None:
    for spec in commands.COMMANDS:
        assert spec.summary
        for example in spec.examples:
            assert command_line.parse_line(example).spec is spec
