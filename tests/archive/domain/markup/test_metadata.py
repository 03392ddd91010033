"""Fields of front matter and Dataview: what they say of a note that says nothing else."""

from datetime import date

import pytest

from bot.archive.domain.arxiv_id import ArxivId
from bot.archive.domain.entry import Entry, Language
from bot.archive.domain.formats import vault_note
from bot.archive.domain.markup import front_matter
from bot.archive.domain.markup.metadata import Field, Metadata, Value, read_fields


def said(key: str, value: Value) -> tuple[Metadata, list[str]]:
    metadata, problems = read_fields([Field(key, value, 3)], "n.md")
    assert all((each.path, each.line) == ("n.md", 3) for each in problems)
    return metadata, [each.message for each in problems]


def read(text: str, path: str = "Pebbles.md") -> Entry:
    (entry,) = vault_note.parse(text, path).entries
    return entry


@pytest.mark.parametrize(
    ("value", "tags"),
    [
        (("rl", "long context", "#moe"), ("rl", "long-context", "moe")),
        ("rl, 강화 학습,moe", ("rl", "강화-학습", "moe")),
        ("rl moe #lm", ("rl", "moe", "lm")),
        (("[[RL]]", "ml/rl"), ("RL", "ml/rl")),
        ("", ()),
    ],
)
def test_tags_are_read_from_lists_and_text(value: Value, tags: tuple[str, ...]) -> None:
    assert said("Tags", value) == (Metadata(tags=tags), [])


def test_invalid_tags_are_reported() -> None:
    assert said("tags", ("2025", "rl"))[0].tags == ("rl",)
    assert said("tags", ("2025", "rl"))[1] == ["“2025” is not a tag"]


@pytest.mark.parametrize(
    "value",
    [
        *("2025-02-03", "2025-02-03T10:20:30+09:00", "2025-02-03 10:20", "2025/02/03", "20250203"),
        *("2025년 2월 3일", "February 3, 2025", "[[2025-02-03]]", "3 Feb 2025"),
    ],
)
@pytest.mark.parametrize("key", ["date", "created", "Created"])
def test_dates_are_read_in_all_forms(key: str, value: str) -> None:
    assert said(key, value) == (Metadata(date=date(2025, 2, 3)), [])


@pytest.mark.parametrize("value", ["2025-02-30", "someday", "{{date}}"])
def test_invalid_dates_are_reported(value: str) -> None:
    assert said("date", value) == (Metadata(), [f"“{value}” is not a date"])


@pytest.mark.parametrize(
    ("value", "authors"),
    [
        (("Bo, Al", "[[Cy Do]]"), ("Bo, Al", "Cy Do")),
        (("Rock and Roll",), ("Rock and Roll",)),
        ("Al Bo, Cy Do and Ed Fo", ("Al Bo", "Cy Do", "Ed Fo")),
        ("[[people/al|Al Bo]]", ("Al Bo",)),
    ],
)
def test_authors_are_read_from_lists_and_text(value: Value, authors: tuple[str, ...]) -> None:
    assert said("author", value) == (Metadata(authors=authors), [])


@pytest.mark.parametrize(
    ("key", "value", "url", "number"),
    [
        ("url", "https://e.org/a", "https://e.org/a", None),
        ("source", "<https://arxiv.org/abs/2502.01234v2>", None, "2502.01234"),
        ("arxiv", "2502.01234", "https://arxiv.org/abs/2502.01234", "2502.01234"),
        ("url", "arXiv:2502.01234", "arXiv:2502.01234", "2502.01234"),
        ("doi", "10.1234/x", "https://doi.org/10.1234/x", None),
    ],
)
def test_links_are_read_from_several_keys(
    key: str, value: str, url: str | None, number: str | None
) -> None:
    address = said(key, value)[0].address

    assert address is not None
    assert (url or address.written) == address.written
    assert (address.arxiv_id.number if address.arxiv_id else None) == number


def test_an_invalid_url_is_reported_and_a_source_without_address_ignored() -> None:
    assert said("source", "twitter") == (Metadata(), [])
    assert said("url", "somewhere") == (Metadata(), ["“somewhere” is not an address"])


def test_the_text_of_the_note_overrides_fields() -> None:
    fields = [
        Field("title", "Other", 2),
        Field("authors", ("Ed Fo",), 3),
        Field("date", "2024-01-01", 4),
        Field("url", "https://e.org/other", 5),
        Field("tags", ("rl", "lm"), 6),
    ]
    text = "https://arxiv.org/abs/2502.01234\n\n*A Title* (Al Bo)\n\n한국어. #lm\n"

    (entry,) = vault_note.parse(text, "250203 Pebbles.md", fields).entries

    assert (entry.paper.title, entry.paper.authors) == ("A Title", ("Al Bo",))
    assert (entry.paper.arxiv_id, entry.date) == (ArxivId("2502.01234"), date(2025, 2, 3))
    assert entry.tags == ("lm", "rl")


def test_a_date_field_overrides_a_folder_that_names_only_a_month() -> None:
    fields = [Field("date", "2025-02-14", 2)]

    for path, on in (("2025/02/P.md", 14), ("2025/02/03/P.md", 3), ("2025/02/03 P.md", 3)):
        (entry,) = vault_note.parse("글", path, fields).entries
        assert entry.date == date(2025, 2, on)


def test_dataview_fields_are_read_and_hidden() -> None:
    entry = read(
        "tags:: rl, #moe\n- date:: 2025-02-03\n**authors**:: Al Bo, [[Cy Do]]\nrating::\n\n"
        "본문 [rating:: 5]과 (url:: https://e.org/a) 그리고 std::vector 와 `[a:: b]`.\n\n"
        "```\ntitle:: No\n```\n"
    )

    assert (entry.tags, entry.date) == (("rl", "moe"), date(2025, 2, 3))
    assert (entry.paper.authors, entry.paper.url) == (("Al Bo", "Cy Do"), "https://e.org/a")
    assert entry.paper.title == "Pebbles"
    assert entry.paragraphs(Language.KO) == (
        "본문 과 그리고 std::vector 와 `[a:: b]`.",
        "```\ntitle:: No\n```",
    )


@pytest.mark.parametrize(
    ("text", "yaml", "line"),
    [
        ("---\na: b\n---\n글", "a: b\n", 2),
        ("\ufeff---\na: b\n---", "a: b\n", 2),
        ("\n\n--- \na: b\n...\n글", "a: b\n", 4),
        ("---\n---\n글", "", 2),
        ("---\n# only\n# comments\n---\n", "# only\n# comments\n", 2),
        ('---\n{"tags": ["a"]}\n---\n', '{"tags": ["a"]}\n', 2),
        ("---\n한글 키: 값\ntags:\n- a\n- b\n---\n", "한글 키: 값\ntags:\n- a\n- b\n", 2),
        ("---\ntags: [a\n---\n", "tags: [a\n", 2),
        ("---\na: b\nc: d\n\n글", "a: b\nc: d", 2),
        ("---\na: b", "a: b", 2),
    ],
)
def test_front_matter_is_found(text: str, yaml: str, line: int) -> None:
    found = front_matter.find(text)

    assert found is not None
    assert (found.written, found.line) == (yaml, line)


@pytest.mark.parametrize(
    "text",
    [
        *("글\n---\na: b\n---\n", "---\n한국어 문단.\n\n---\n글", "----\na: b\n----\n", "---", ""),
        *("---\n\n글: 하나\n", "---\n- 하나\n- 둘\n---\n", "---\nhttps://e.org/a\n---\n"),
        "---\n첫째 줄.\n둘째 줄.\n주의: 셋째.\n넷째 줄.\n---\n",
        "---\n# 제목\n\n글",
    ],
)
def test_text_between_rules_is_no_front_matter(text: str) -> None:
    assert front_matter.find(text) is None
