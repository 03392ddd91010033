"""What is a tag in text, and what is none."""

import pytest

from bot.archive.domain.entry import tag_with_parents
from bot.archive.domain.formats.vault_note import parse
from bot.archive.domain.markup.tags import parse_tag_line, tags_in_text


@pytest.mark.parametrize(
    "text",
    [
        *("[절](#anchor)", "[절]( #anchor )", "[절](<#anchor>)", "[a](#b(c))", "[[#Results]]"),
        *("[[note |#shown]]", "[1]: #anchor", "https://e.org/#part", "C#", "\\#escaped"),
        *("`a #b`", "``a ` #b``", "$a #b$", "$|S| = #T$", "$$\n#a\n$$", "<a href= #top>"),
        *(
            "color: #abcdef",
            "배경색: #fff",
            "fill= #ABC",
            "--primary: '#ffeedd'",
            '"color": "#bad"',
        ),
        f"#{'a' * 101}",
        *("#1a2b3c", "(#ff0000)", "#ffffff", "#fff", "#ff00aa80", "#1", "#2025"),
    ],
)
def test_these_are_no_tags(text: str) -> None:
    assert list(tags_in_text(text)) == []


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("#ml/rl 와 (#인용) [#묶음]", ["ml/rl", "인용", "묶음"]),
        ("#a2c #e2e #bf16 #cafe #decade #c51", ["a2c", "e2e", "bf16", "cafe", "decade", "c51"]),
        ("태그: #cafe, tags: #ace", ["cafe", "ace"]),
        ("가격 $5, #cheap, $6", ["cheap"]),
        ("`a` #b `c` #d", ["b", "d"]),
        ("[[note]] #a [x](https://e.org/#no) #b", ["a", "b"]),
        ("`열린 #a", ["a"]),
    ],
)
def test_these_are_tags(text: str, tags: list[str]) -> None:
    assert list(tags_in_text(text)) == tags


def test_a_line_of_colours_is_no_line_of_tags() -> None:
    assert parse_tag_line("#ff0000 #00ff00") == ()
    assert parse_tag_line("#ml/rl #cafe") == ("ml/rl", "cafe")


@pytest.mark.parametrize(
    "code",
    [
        "````\n```\n#a\n```\n#b\n````",
        "```\n#a\n[[b]]",
        "~~~\n#a [[b]]\n~~~",
        "    #a\n    [[b]]",
        "\t#a",
        "$$\nx\n\n#a\n$$",
        "\\[\n#a\n\\]",
        "\\begin{align*}\n#a\n\\end{align*}",
        "<pre class=x>\n#a\n\n[[b]]\n</pre>",
        "<style>\n#a { color: red }\n</style>",
        "> ```\n> #a\n> ```",
    ],
)
def test_code_and_mathematics_hold_no_tag_and_no_link(code: str) -> None:
    (entry,) = parse(f"한국어 #before.\n\n{code}", "250203 Pebbles.md").entries

    assert (entry.tags, entry.links) == (("before",), ())
    assert entry.commentary[0].paragraphs[-1] == code


def test_parents_of_a_nested_tag() -> None:
    assert list(tag_with_parents("ml/rl/ppo")) == ["ml/rl/ppo", "ml/rl", "ml"]
    assert list(tag_with_parents("rl")) == ["rl"]


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("[#linked](https://x.org) ![#alt](x.png)", ["linked", "alt"]),
        ("#rl<br>#moe", ["rl"]),
        ("#rl`code` #lm$x$", ["rl", "lm"]),
        (r"\(#p\) and \[ a #q \] but (#yes)", ["yes"]),
        ("\\(" * 9 + "#yes", ["yes"]),
    ],
)
def test_what_is_no_prose_neither_lengthens_a_tag_nor_has_one(text: str, tags: list[str]) -> None:
    assert list(tags_in_text(text)) == tags


@pytest.mark.parametrize(
    "text", ["\\[x]\n\n#a\n\n\\]", "\\begin{x}\n\n#a\n\n\\end{x}", "<pre>x</pre>\n\n#a"]
)
def test_what_looks_like_the_beginning_of_a_formula_hides_no_tag(text: str) -> None:
    (entry,) = parse(f"한국어.\n\n{text}", "250203 Pebbles.md").entries

    assert entry.tags == ("a",)
