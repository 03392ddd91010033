"""What of Markdown is no prose: code, mathematics, and what was written to be unseen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.archive.domain.markup.markdown import CodeBlocks, code_spans, hidden, without
from tests.archive.domain.formats.texts import junk


def seen(text: str) -> str:
    return without(text, hidden(text).spans)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("앞 %%비밀%% 뒤", "앞 뒤"),
        ("앞%%비밀%%뒤", "앞뒤"),
        ("%%비밀%% 뒤", "뒤"),
        ("앞 %%비밀\n비밀%% 뒤", "앞 \n뒤"),
        ("앞\n%%\n비밀\n\n```\n비밀\n```\n%%\n뒤", "앞\n\n\n\n\n\n\n\n뒤"),
        ("앞 %%%%뒤", "앞 뒤"),
        ("https://e.org/%%비밀%%b", "https://e.org/b"),
        ("%%a%%%%b%% 뒤", "뒤"),
        ("> 앞 %%비밀\n> 비밀%% 뒤", "> 앞 \n뒤"),
        ("앞 <!-- 비밀 --> 뒤", "앞 뒤"),
        ("앞 <!--비밀\n\n비밀--> 뒤", "앞 \n\n뒤"),
        ("앞 <!--> 뒤", "앞 뒤"),
        ("앞 <!-- %% --> 사이 %% <!-- %% 뒤", "앞 사이 뒤"),
        ("앞\n[//]: # (비밀)\n뒤", "앞\n\n뒤"),
        ('[comment]: <> "비밀\n비밀"\n뒤', "\n\n뒤"),
        ("[//]: #\n뒤", "\n뒤"),
    ],
)
def test_comments_are_hidden_and_line_numbers_stay(text: str, left: str) -> None:
    assert seen(text) == left
    assert hidden(text).unclosed is None


@pytest.mark.parametrize("mark", ["%%", "<!--"])
@pytest.mark.parametrize(("before", "line"), [("", 1), ("앞\n\n", 3), ("앞 ", 1)])
def test_a_comment_that_is_not_closed_hides_all_below_it(mark: str, before: str, line: int) -> None:
    found = hidden(f"{before}{mark} 비밀\n\n비밀 2\n")

    assert found.unclosed == line
    assert found.spans == ((len(before), len(f"{before}{mark} 비밀\n\n비밀 2\n")),)


@pytest.mark.parametrize(
    "text",
    [
        "`%%a%%` 와 ``<!-- ` -->``",
        "`여러\n줄 %%a%%`",
        "```\n%%a%%\n<!-- b -->\n```",
        "~~~ md\n%%a%%\n~~~~",
        "````\n```\n%%a%%\n```\n````",
        "```\n%%a",
        "> ```\n> %%a%%\n> ```",
        "- ```\n  %%a%%\n  ```",
        "앞\n\n    %%a%%\n\n    <!-- b -->\n",
        "\t%%a%%",
        "정확도 95%% 에서 97%%로",
        "95%%",
        "https://e.org/a%%20b 와 https://e.org/c%%20d",
        "[a]: https://e.org\n[1]: #anchor\n[^1]: # 제목",
    ],
)
def test_comment_marks_in_code_and_after_numbers_are_text(text: str) -> None:
    assert seen(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "- 항목\n\n    %%a%%",
        "1. 항목\n\n    <!-- a -->",
        "앞\n    %%a%%",
        "`열린 %%a%%",
        "\\`%%a%%\\`",
        "``앞 %%a%% ` 뒤",
        "`앞\n\n%%a%%` 뒤",
        "3%%a%% 뒤",
    ],
)
def test_comments_in_text_that_only_resembles_code_are_hidden(text: str) -> None:
    assert "a" not in seen(text)


def blocks(text: str, **options: bool) -> dict[int, int]:
    return CodeBlocks(text.split("\n"), **options).all()


def test_blocks_of_code_and_mathematics() -> None:
    assert blocks("```\na\n```\nb") == {0: 3}
    assert blocks("````\n```\n````") == {0: 3}
    assert blocks("```\na\n~~~\nb\n```") == {0: 5}
    assert blocks("a\n```\nb") == {1: 3}
    assert blocks("a\n```\nb", only_closed=True) == {}
    assert blocks("```a``` b\n```") == {1: 2}
    assert blocks("$$\na\n\nb\n$$\nc") == {0: 5}
    assert blocks("$$a$$\nb\n$$") == {}
    assert blocks("$$\na") == {}
    assert blocks("a\n\n    b\n\n    c\n\nd") == {2: 5}
    assert blocks("a\n    b") == {}
    assert blocks("- a\n\n    b\n\nc\n\n    d") == {6: 7}


def test_spans_of_code_end_with_a_run_of_the_same_length_in_the_paragraph() -> None:
    assert code_spans("`a` b ``c`d`` `e") == [(0, 3), (6, 13)]
    assert code_spans("`a\n\nb`") == []
    assert code_spans("\\`a`b`") == [(3, 6)]


@given(st.one_of(junk(), st.text("%<!->`~ a\n#[]:()$0 /")))
def test_the_number_of_lines_stays_whatever_is_hidden(text: str) -> None:
    found = hidden(text)
    ends = [end for span in found.spans for end in span]

    left = without(text, found.spans)

    assert ends == sorted(ends)
    assert left.count("\n") == text.count("\n")
    assert len(left) <= len(text)
