"""Text written to be unseen is kept in the source, never shown, searched or exported (issue 12, 3)."""

import pytest

from bot.archive.domain.export_format import Format
from bot.archive.services.export import export_text, export_vault
from bot.archive.services.import_files import import_files
from bot.core.database.database import Database
from bot.lookup.services.selection import chosen
from tests.archive_stage import NOW, found, write_notes
from tests.databases import throw_away

SECRETS = {
    "inline": "앞 %%비밀%% 뒤.",
    "block": "앞\n\n%%\n비밀\n\n#비밀태그 [[비밀 노트]] https://arxiv.org/abs/2310.07831\n%%\n\n뒤.",
    "html": "앞 <!-- TODO 비밀 --> 뒤.",
    "lines": "앞\n<!--\n비밀\n\n#비밀태그\n-->\n뒤.",
    "windows": "앞\r\n\r\n%%\r\n비밀\r\n%%\r\n\r\n뒤.\r\n",
    "definition": "앞\n\n[//]: # (비밀)\n\n뒤.",
    "quoted": "앞\n\n> 인용 %%비밀%%\n\n뒤.",
    "open": "앞, 뒤.\n\n%%\n비밀 #비밀태그",
    "open html": "앞, 뒤.\n\n<!-- 비밀\n\n비밀",
    "open inline": "앞, 뒤. %%비밀\n\n#비밀태그",
    "fence": "앞\n\n%%\n```\n비밀\n```\n%%\n\n뒤.",
    "beside code": "앞\n\n```\n코드\n```\n\n%%비밀%%\n\n뒤.",
    "dataview": "앞\n메모:: 비밀\n\n뒤.",
    "front matter": "---\nmemo: 비밀\n---\n앞, 뒤.",
    "in the abstract": "> We look. %%비밀%%\n\n앞, 뒤.",
}


async def exported(db: Database, form: Format) -> str:
    pieces = export_text(chosen(db, "", as_written=form.is_read_again), form)
    return "".join([piece async for piece in pieces])


def note(text: str) -> str:
    head = "https://arxiv.org/abs/2502.01234\n\n*Pebbles* (Al Bo)\n\n"
    return text.replace("---\n앞", f"---\n{head}앞") if "---" in text else head + text


@pytest.mark.parametrize("kind", SECRETS)
async def test_what_a_note_hides_is_in_its_source_only(db, tmp_path, kind):
    text = note(SECRETS[kind])
    await import_files(db, [write_notes(tmp_path / "in", {"250203 Pebbles.md": text})], now=NOW)

    (stored,) = [each async for each in chosen(db, "", as_written=True)]
    entry = stored.entry
    shown = " ".join([*(c.text for c in entry.commentary), entry.paper.abstract or ""])
    assert entry.source.text == text
    assert "비밀" not in shown
    assert "앞" in shown
    assert "뒤." in shown
    assert (entry.tags, entry.links, entry.references) == ((), (), ())
    assert await found(db, "비밀") == await found(db, "#비밀태그") == []
    for form in (Format.DIGEST, Format.JSONL, Format.BIBTEX):
        assert "비밀" not in await exported(db, form)

    await export_vault(chosen(db, "", as_written=True), tmp_path / "out")
    assert (tmp_path / "out/250203 Pebbles.md").read_bytes() == text.encode()


@pytest.mark.parametrize("kind", [kind for kind in SECRETS if kind != "dataview"])
async def test_what_a_page_hides_is_not_exported_in_digests(db, tmp_path, kind):
    front, _, text = SECRETS[kind].rpartition("---\n")
    head = "2025-02-04\nPebbles\n(Al Bo)\n한국어다.\n"
    page = f"{front}{'---' if front else ''}\n{head}{text}\n"
    await import_files(db, [write_notes(tmp_path / "in", {"page.txt": page})], now=NOW)

    written = await exported(db, Format.DIGEST)

    assert await found(db, "비밀") == await found(db, "#비밀태그") == []
    assert await found(db, "앞") == ["Pebbles"]
    assert "비밀" not in written
    assert "앞" in written
    async with throw_away() as other:
        (tmp_path / "page.txt").write_text(written, encoding="utf-8")
        await import_files(other, [tmp_path / "page.txt"], now=NOW)
        (again,) = [each.entry async for each in chosen(other, "", as_written=True)]
        (before,) = [each.entry async for each in chosen(db, "", as_written=True)]
        assert [c.text for c in again.commentary] == [c.text for c in before.commentary]


async def test_a_comment_over_two_entries_of_a_page_leaks_from_neither(db, tmp_path):
    page = (
        "2025-02-04\n%%위 비밀%%\nPebbles One\n(Al Bo)\n첫째.\n%% 비밀\n비밀 %% 끝.\n\n"
        "Pebbles Two\n(Cy Do)\n둘째 %%비밀\n\nPebbles Three\n(Ed Fo)\n%% 셋째.\n"
    )
    await import_files(db, [write_notes(tmp_path / "in", {"page.txt": page})], now=NOW)

    written = await exported(db, Format.DIGEST)

    assert "비밀" not in written
    assert "Three" not in written
    assert [word in written for word in ("첫째", "끝", "둘째", "셋째")] == [True] * 4


async def test_a_comment_that_is_not_closed_is_reported_with_its_line(db, tmp_path):
    folder = write_notes(tmp_path, {"a.md": "앞.\n\n%%\n비밀\n"})

    report = await import_files(db, [folder], now=NOW)

    assert [(each.path, each.line, each.message) for each in report.problems] == [
        (
            f"{folder}/a.md",
            3,
            "the comment that begins here is not closed: the rest of the file is not shown",
        )
    ]


async def test_code_keeps_what_looks_like_a_comment(db, tmp_path):
    text = note("앞 `%%가나%%`.\n\n```\n%% 다라\n<!-- 마바 -->\n```\n\n뒤.")
    await import_files(db, [write_notes(tmp_path, {"a.md": text})], now=NOW)

    for word in ("가나", "다라", "마바"):
        assert await found(db, word) == ["Pebbles"]
