"""YAML front matter of imported notes: kept, not shown, found by what it says (issue 12, item 17)."""

from collections.abc import AsyncIterator
from datetime import date

import pytest

from bot.archive.domain.entry import Problem
from bot.archive.services import front_matter
from bot.archive.services.export import Format, export_text, export_vault
from bot.archive.services.import_files import import_files
from bot.core.database.database import Database, opened
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


@pytest.fixture
async def db() -> AsyncIterator[Database]:
    async with opened(None) as database:
        yield database


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
        ("title: A: B\n", 2, "mapping values are not allowed"),
        ('x: y\ntitle: "A\n', 4, "unexpected end of stream"),
        ("x: y\n\ttags: rl\n", 3, "found"),
        ("tags: *none\nx: y\n", 2, "nothing is called &none"),
        ("a: " + "[" * 50_000 + "\n", 2, "nest"),
        ("a: " + "{b: " * 50 + "\n", 2, "nested deeper"),
        ("a: [" + "x, " * 30_000 + "]\n", 2, "more than"),
        ("a: &a [x]\nb: [" + "*a, " * 200 + "]\n", 3, "too many values or aliases"),
        ("a: " + "x" * 70_000 + "\n", 2, "more than 65536 characters"),
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
