"""YAML front matter of imported notes: kept, not shown, found by what it says (issue 12, item 17)."""

from datetime import date

import pytest

from bot.archive.domain.entry import Problem
from bot.archive.domain.export_format import Format
from bot.archive.services import front_matter
from bot.archive.services.export import export_text, export_vault
from bot.archive.services.import_files import import_files
from bot.core.database.database import Database
from bot.lookup.services.selection import chosen
from tests.archive_stage import NOW, found, write_notes

YAML = """---
tags: [rl, "long context"]
date: 2025-02-03
title: "Pebbles: Small"
url: https://arxiv.org/abs/2502.01234
authors:
  - Mina Kang
  - "[[José Ortiz]]"
aliases: [stone]
cssclass: no
---
"""


async def exported(db: Database, form: Format) -> str:
    pieces = export_text(chosen(db, "", as_written=form.is_read_again), form)
    return "".join([piece async for piece in pieces])


@pytest.mark.parametrize(
    "text",
    [
        YAML + "\n조약돌처럼 작다.\n",
        YAML.replace("\n", "\r\n") + "\r\n조약돌처럼 작다.\r\n",
        "\ufeff" + YAML + "조약돌처럼 작다.",
        YAML,
        YAML.rstrip("\n"),
        YAML.replace('[rl, "long context"]', "\n  - rl\n  - 'long context'\n"),
        YAML.replace('[rl, "long context"]', "rl, long context"),
        YAML.replace("date: ", "created: ") + "%%메모%%\n조약돌처럼 작다.",
    ],
    ids=["plain", "crlf", "bom", "alone", "no-end", "block", "commas", "created"],
)
async def test_front_matter_says_what_the_note_does_not(db, tmp_path, text):
    report = await import_files(db, [write_notes(tmp_path / "in", {"Pebbles.md": text})], now=NOW)

    (stored,) = [each async for each in chosen(db, "", as_written=True)]
    entry = stored.entry
    assert report.problems == ()
    assert (entry.paper.title, entry.date) == ("Pebbles: Small", date(2025, 2, 3))
    assert entry.paper.authors == ("Mina Kang", "José Ortiz")
    assert entry.paper.url == "https://arxiv.org/abs/2502.01234"
    assert entry.tags == ("rl", "long-context")
    assert await found(db, "#rl") == await found(db, "author:ortiz") == ["Pebbles: Small"]
    assert await found(db, "cssclass") == await found(db, "stone") == []
    for form in (Format.DIGEST, Format.JSONL, Format.BIBTEX):
        assert "cssclass" not in await exported(db, form)


async def test_an_escaped_nul_does_not_end_the_import(db, tmp_path):
    text = '---\ntitle: "Peb\\0bles"\nurl: "https://example.org/a\\0b"\ntags: ["r\\0l"]\n---\n글'

    report = await import_files(db, [write_notes(tmp_path / "in", {"a.md": text})], now=NOW)

    (stored,) = [each async for each in chosen(db, "", as_written=True)]
    assert report.new == 1
    assert stored.entry.paper.title == "Peb\ufffdbles"
    assert stored.entry.source.text == text


async def test_a_note_with_front_matter_goes_out_byte_for_byte(db, tmp_path):
    notes = {
        "a.md": YAML + "\n글",
        "b.md": YAML.replace("\n", "\r\n"),
        "c.md": "---\ntags: [rl\n---\n글",
    }
    await import_files(db, [write_notes(tmp_path / "in", notes)], now=NOW)

    await export_vault(chosen(db, "", as_written=True), tmp_path / "out")

    assert {p.name: p.read_bytes().decode() for p in (tmp_path / "out").iterdir()} == notes


@pytest.mark.parametrize(
    ("yaml", "line", "reason"),
    [
        ("tags: [rl\n", 3, "did not find expected"),
        ("x: y\n  z: w\n", 3, "mapping values are not allowed"),
        ('x: y\ntitle: "A\n', 4, "unexpected end of stream"),
        ("x: y\n\ttags: rl\n", 3, "found"),
        ("tags: *none\nx: y\n", 2, "nothing is called &none"),
        ("a: " + "[" * 50_000 + "\n", 2, "nest"),
        ("a: " + "{b: " * 50 + "\n", 2, "nested deeper"),
        ("a: [" + "x, " * 30_000 + "]\n", 2, "at most"),
        ("a: &a [x]\nb: [" + "*a, " * 200 + "]\n", 3, "too many values or aliases"),
        ("a: " + "x" * 70_000 + "\n", 2, "too many characters; at most: 65536"),
    ],
)
async def test_front_matter_that_cannot_be_read_is_reported_and_not_shown(
    db, tmp_path, yaml, line, reason
):
    folder = write_notes(tmp_path, {"Pebbles.md": f"---\n{yaml}---\n조약돌."})

    report = await import_files(db, [folder], now=NOW)

    (problem,) = report.problems
    (stored,) = [each async for each in chosen(db, "", as_written=True)]
    assert (problem.path, problem.line) == (f"{folder}/Pebbles.md", line)
    assert problem.message.startswith("the front matter is not readable as YAML")
    assert reason in problem.message
    assert [each.paragraphs for each in stored.entry.commentary] == [("조약돌.",)]


async def test_a_title_with_a_colon_is_read_without_quotes_and_reported(db, tmp_path):
    written = (
        "title: LoRA: the author's ranks # low\ntags: [rl]\nurl: https://arxiv.org/abs/2106.09685"
    )
    folder = write_notes(tmp_path, {"Pebbles.md": f"---\n{written}\n---\n조약돌."})

    report = await import_files(db, [folder], now=NOW)

    (problem,) = report.problems
    (stored,) = [each async for each in chosen(db, "#rl", as_written=True)]
    assert (problem.line, problem.message) == (
        2,
        "a text with “: ” must stand in quotes in YAML; it was read as if it did",
    )
    assert stored.entry.paper.title == "LoRA: the author's ranks # low"
    assert str(stored.entry.paper.arxiv_id) == "2106.09685"


async def test_front_matter_that_is_not_closed_is_read_and_reported(db, tmp_path):
    folder = write_notes(tmp_path, {"Pebbles.md": "---\ntags: [rl]\ntitle: T\n\n조약돌."})

    report = await import_files(db, [folder], now=NOW)

    assert [(each.line, each.message) for each in report.problems] == [
        (1, "the front matter is not closed: write --- on a line below it")
    ]
    assert await found(db, "#rl") == ["T"]
    assert await found(db, "tags") == []


def fields(yaml: str) -> tuple[dict[str, object], tuple[Problem, ...]]:
    read, problems = front_matter.read(f"---\n{yaml}---\n", "n.md")
    return {each.key: each.value for each in read}, problems


def test_values_are_the_text_that_stands_there() -> None:
    assert fields("a: no\nb: 3.10\nc: 12:30\nd: 2025-02-03\ne: null\nf: 'null'\ng: ~\n") == (
        {"a": "no", "b": "3.10", "c": "12:30", "d": "2025-02-03", "f": "null"},
        (),
    )


def test_no_tag_of_yaml_makes_anything() -> None:
    assert fields("a: !!python/object/apply:os.system ['exit 1']\n") == ({"a": ("exit 1",)}, ())


def test_aliases_and_lists_in_lists_are_read_and_mappings_are_not() -> None:
    read = fields("a: &x [rl, lm]\ntags: *x\nb: [[Note]]\nc: {d: e}\nf: |\n  g\n")[0]

    assert read == {"a": ("rl", "lm"), "tags": ("rl", "lm"), "b": ("Note",), "f": "g\n"}


@pytest.mark.parametrize(
    "yaml",
    [
        "tags: #rl #moe\n",
        "tags:\n- #rl\n- '#moe'\n",
        "tags:\n  - #rl # the first\n  - moe #the second\n",
        "tags: [#rl, #moe]\n",
        "태그: #rl, #moe\n",
    ],
)
async def test_tags_written_with_their_mark_are_tags_and_no_comment_of_yaml(db, tmp_path, yaml):
    folder = write_notes(tmp_path, {"Pebbles.md": f"---\n{yaml}other: a #b\n---\n조약돌."})

    report = await import_files(db, [folder], now=NOW)

    assert report.problems == ()
    assert await found(db, "#rl") == await found(db, "#moe") == ["Pebbles"]


def test_an_author_may_be_described_by_a_mapping() -> None:
    yaml = "authors:\n  - name: Al Bo\n    at: {x: y}\n  - {given: Cy, family: Do}\n  - Ed Fo\n"

    assert fields(yaml) == ({"authors": ("Al Bo", "Cy Do", "Ed Fo")}, ())


@pytest.mark.parametrize("yaml", ["tags: {rl: true}\n", "date: {{date}}\n", "url: [{a: b}]\n"])
def test_a_mapping_where_a_text_is_needed_is_reported(yaml: str) -> None:
    read, (problem,) = fields(f"meta: {{tags: {{a: b}}}}\n{yaml}")

    key = yaml.partition(":")[0]
    assert read == {}
    assert (problem.line, problem.message) == (
        3,
        f"what “{key}” says is not read: write a text or a list of texts",
    )


TOML = "+++\ntitle = 'Pebbles'\ntags = [\n  'rl',\n]\n\n[extra]\nn = 1\n+++\n"


@pytest.mark.parametrize("toml", [TOML, "\ufeff\n" + TOML.replace("\n", "\r\n"), TOML.rstrip()])
async def test_toml_is_reported_and_neither_shown_nor_lost(db, tmp_path, toml):
    text = toml + ("\n조약돌처럼 작다.\n" if toml.endswith("\n") else "")
    folder = write_notes(tmp_path / "in", {"Stones.md": text})

    report = await import_files(db, [folder], now=NOW)

    (problem,) = report.problems
    assert problem.message == (
        "the front matter is TOML and was ignored: write it as YAML between lines of ---"
    )
    assert await found(db, "extra") == []
    await export_vault(chosen(db, "", as_written=True), tmp_path / "out")
    assert (tmp_path / "out/Stones.md").read_bytes() == text.encode()


async def test_plus_signs_around_prose_are_no_toml(db, tmp_path):
    folder = write_notes(tmp_path, {"Pebbles.md": "+++\n조약돌처럼 작다.\n+++\n"})

    report = await import_files(db, [folder], now=NOW)

    assert report.problems == ()
    assert await found(db, "조약돌") == ["Pebbles"]


@pytest.mark.parametrize("link", ["'[paper]({})'", "'[paper](<{}>)'", "<{}>", "{}"])
async def test_the_address_may_be_a_markdown_link(db, tmp_path, link):
    address = "https://arxiv.org/abs/2502.01234"
    folder = write_notes(tmp_path, {"P.md": f"---\nurl: {link.format(address)}\n---\n조약돌."})

    report = await import_files(db, [folder], now=NOW)

    assert report.problems == ()
    assert await found(db, "2502.01234") == ["P"]


async def test_a_link_among_tags_is_one_tag(db, tmp_path):
    folder = write_notes(tmp_path, {"P.md": "tags:: #rl #[[mixture of experts]]\n\n조약돌."})

    report = await import_files(db, [folder], now=NOW)

    assert report.problems == ()
    assert await found(db, "#mixture-of-experts") == await found(db, "#rl") == ["P"]
