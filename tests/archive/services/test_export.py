"""Export: what went in comes out, byte for byte where it was not touched, and nowhere else."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.archive.domain.entry import SourceKind
from bot.archive.domain.export_format import Format
from bot.archive.services.export import entry_json, export_text, export_vault, free_path
from bot.archive.services.import_files import import_files
from bot.core.database.database import Database
from bot.core.domain.errors import QueryError, UsageError
from bot.discussion.services.entry_page import show
from bot.lookup.services.selection import chosen
from tests.archive_stage import NOW, an_entry, keep, keep_apart, write_notes
from tests.databases import throw_away

NOTES = {
    "2025/250203 Bytes.md": "\ufeffhttps://arxiv.org/abs/2502.01456\r\n\r\n생각\r\n#rl  \r\n\r\n",
    "no newline.md": "Title (Some One)\n\n#x",
    "empty.md": "",
    "2025/한글 이름.md": "한글로 쓴 글",
}


async def text_of(db: Database, form: Format, query: str = "") -> str:
    return "".join(
        [
            piece
            async for piece in export_text(
                chosen(db, query, as_written=form.is_read_again, by_paper=form.is_by_paper),
                form,
            )
        ]
    )


async def test_a_vault_goes_out_byte_for_byte(db, tmp_path):
    await import_files(db, [write_notes(tmp_path / "in", NOTES)], now=NOW)

    written = await export_vault(chosen(db, "", as_written=True), tmp_path / "out")

    out = tmp_path / "out"
    assert written == len(NOTES)
    assert {p.relative_to(out).as_posix(): p.read_bytes() for p in out.rglob("*.md")} == {
        path: text.encode() for path, text in NOTES.items()
    }


async def test_import_export_import_into_an_empty_database_changes_nothing(db, tmp_path):
    await import_files(db, [write_notes(tmp_path / "in", NOTES)], now=NOW)
    await export_vault(chosen(db, "", as_written=True), tmp_path / "out")

    async with throw_away() as other:
        await import_files(other, [tmp_path / "out"], now=NOW)
        assert await text_of(other, Format.JSONL) == await text_of(db, Format.JSONL)
        assert await text_of(other, Format.DIGEST) == await text_of(db, Format.DIGEST)


async def test_an_entry_has_the_json_that_scripts_rely_on(db):
    await keep(
        db,
        an_entry(
            "Rewards",
            arxiv_id="2502.01456",
            authors=("Ganqu Cui",),
            abstract="An abstract.",
            ko="한국어",
            tags="RL reward_model",
            cites=("1706.03762",),
            links=("Old",),
            path="2025/Rewards.md",
        ),
    )

    form = entry_json((await show(db, "1")).stored)

    assert json.loads(json.dumps(form)) == {
        "id": 1,
        "date": "2025-02-04",
        "title": "Rewards",
        "authors": ["Ganqu Cui"],
        "arxiv_id": "2502.01456",
        "url": "https://arxiv.org/abs/2502.01456",
        "abstract": "An abstract.",
        "commentary": {"ko": "한국어", "en": ""},
        "tags": ["rl", "reward-model"],
        "references": [
            {"arxiv_id": "1706.03762", "url": "https://arxiv.org/abs/1706.03762", "title": None}
        ],
        "links": ["Old"],
        "source": {"kind": "vault_note", "path": "2025/Rewards.md"},
        "changed_at": None,
    }


async def test_unknown_values_are_null_or_empty(db):
    await keep(db, an_entry("Bare", on=None))

    form = entry_json((await show(db, "1")).stored)

    assert [form[name] for name in ("date", "arxiv_id", "url", "abstract")] == [None] * 4
    assert [form[name] for name in ("authors", "tags", "references", "links")] == [[], [], [], []]


async def test_lines_are_one_entry_each_oldest_first(db):
    await keep_apart(db, *(an_entry(f"Paper {n}") for n in range(700)))

    lines = (await text_of(db, Format.JSONL)).splitlines()

    assert len({json.loads(line)["id"] for line in lines}) == len(lines) == 700


async def test_only_what_a_query_finds_goes_out(db):
    await keep_apart(db, an_entry("One", tags="rl"), an_entry("Other", arxiv_id="2502.01456"))

    assert "One" in await text_of(db, Format.DIGEST, "#rl")
    assert "Other" not in await text_of(db, Format.DIGEST, "#rl")
    assert await text_of(db, Format.JSONL, "#nothing") == ""
    assert "2502.01456" in await text_of(db, Format.BIBTEX, "2502.01456")
    with pytest.raises(QueryError):
        await text_of(db, Format.JSONL, "date:x")


async def test_a_vault_is_no_text(db):
    with pytest.raises(UsageError, match="--out"):
        await text_of(db, Format.VAULT)


async def test_nothing_is_overwritten(db, tmp_path):
    await keep(db, an_entry("Paper"))
    (tmp_path / "mine.md").write_text("mine")

    with pytest.raises(UsageError, match="overwritten"):
        await export_vault(chosen(db, "", as_written=True), tmp_path)
    with pytest.raises(UsageError, match="cannot be written"):
        await export_vault(chosen(db, "", as_written=True), tmp_path / "mine.md")

    assert (tmp_path / "mine.md").read_text() == "mine"


async def test_entries_of_a_page_become_notes_of_their_own(db, tmp_path):
    page = {"path": "day.txt", "kind": SourceKind.DIGEST_PAGE}
    same = [an_entry("The same title", ko=f"{n}번", part=n, **page) for n in range(3)]  # type: ignore[arg-type]
    await keep(db, *same)

    await export_vault(chosen(db, "", as_written=True), tmp_path / "out")

    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "250204 The same title 2.md",
        "250204 The same title 3.md",
        "250204 The same title.md",
    ]


async def test_a_hostile_path_leads_nowhere_else(db, tmp_path):
    hostile = ("../../escaped.md", "/etc/passwd.md", "a/../../b.md", ".git/config.md", "CON.md")
    await keep(db, *(an_entry(f"Paper {n}", path=path) for n, path in enumerate(hostile)))

    written = await export_vault(chosen(db, "", as_written=True), tmp_path / "out" / "vault")

    inside = [p for p in (tmp_path / "out" / "vault").rglob("*") if p.is_file()]
    everything = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert (
        written == len(hostile) == len(inside) == len([p for p in everything if p.suffix == ".md"])
    )
    assert not any(part.startswith(".") for p in inside for part in p.relative_to(tmp_path).parts)


@given(wanted=st.lists(st.text(max_size=300), max_size=8))
def test_paths_are_free_safe_and_never_the_same(wanted):
    taken: set[str] = set()
    root = Path("/vault")

    paths = [free_path(path, taken) for path in wanted]

    assert len({path.casefold() for path in paths}) == len(paths)
    for path in paths:
        parts = path.split("/")
        assert not {"", ".", ".."} & set(parts)
        assert "\\" not in path
        assert "\0" not in path
        assert path.endswith(".md")
        assert all(len(part.encode()) <= 255 for part in parts)
        assert (root / path).is_relative_to(root)
