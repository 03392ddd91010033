import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.archive.domain.inlines import inlines
from bot.core.domain.document import Link, Style, Text


def test_an_address_ends_where_text_of_another_script_is_glued_to_it() -> None:
    runs = inlines(
        "이전 연구(https://arxiv.org/abs/2309.08589)가 생각나네요. https://example.org/a와"
    )

    assert runs == (
        Text("이전 연구("),
        Link("arXiv:2309.08589", "https://arxiv.org/abs/2309.08589"),
        Text(")가 생각나네요. "),
        Link("https://example.org/a", "https://example.org/a"),
        Text("와"),
    )


def test_balanced_parentheses_belong_to_an_address_and_a_full_stop_does_not() -> None:
    runs = inlines("See https://example.org/wiki/Adam_(optimiser).")

    assert runs[1] == Link(
        "https://example.org/wiki/Adam_(optimiser)", "https://example.org/wiki/Adam_(optimiser)"
    )
    assert runs[2] == Text(".")


def test_markdown_links_and_names_are_read() -> None:
    runs = inlines("[the page](https://example.org/x) and [[240102 A note.md]]")

    assert runs == (
        Link("the page", "https://example.org/x"),
        Text(" and "),
        Text("240102 A note", Style.EMPHASIS),
    )


@given(st.text())
def test_text_without_addresses_is_unchanged(text: str) -> None:
    plain = text.replace("http", "").replace("[", "")

    assert "".join(run.text for run in inlines(plain)) == plain


@given(st.text(alphabet="htps:/[]().arxivog 가12#"))
def test_every_link_is_an_address_that_stands_in_the_text(text: str) -> None:
    for run in inlines(text):
        assert isinstance(run, Text) or (run.url.startswith("http") and run.url in text)


@pytest.mark.parametrize(
    "link", ["[A](250101%20A.md)", "[A](<../250101 A.md#h>)", "[A](A%20(b).markdown)"]
)
def test_a_markdown_link_to_a_note_is_shown_by_its_label(link: str) -> None:
    assert inlines(f"see {link}.") == (Text("see "), Text("A", Style.EMPHASIS), Text("."))


@pytest.mark.parametrize("text", ["[절](#anchor)", "![A](a.md)", "[A](a.pdf)"])
def test_other_markdown_links_within_a_vault_stay(text: str) -> None:
    assert inlines(text) == (Text(text),)
