"""With a vault, a note that is written in the form is a file, imported like any other."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import pytest

from bot.archive.domain.entry import Language, SourceKind
from bot.archive.domain.formats import vault_note
from bot.archive.domain.formats.note_text import NoteTextError
from bot.archive.domain.note import Note
from bot.archive.services.import_files import import_files
from bot.core.database.database import Database
from bot.core.domain.document import Document
from bot.core.domain.errors import UserError
from bot.core.domain.form import Form
from bot.core.ports import Command
from bot.desk.services import write_note
from bot.desk.services.context import NoteFiles
from bot.platforms.web.rendering.render import printable
from bot.vault.domain.writing import Author, Change, Conflict, WriteResult, Written
from bot.vault.services.git_command import Git
from bot.vault.services.vault_git import VaultGit
from bot.vault.services.writer import VaultWriter
from tests.databases import throw_away
from tests.desk_stage import ADA, BO, CHANNEL, NOW, VALUES, Desk
from tests.talk_stage import words
from tests.vault.git_stage import environment
from tests.waiting import eventually


@dataclass
class PlainWriter:
    """Writes whole files, as a vault's writer promises it; `error` is raised once written."""

    folder: Path
    error: Exception | None = None
    authors: list[Author] = field(default_factory=list)

    async def add(self, note: Note, author: Author) -> Written:
        text = vault_note.write(note.as_entry())
        name = vault_note.file_name(note.as_entry())
        (self.folder / name).write_text(text, encoding="utf-8")
        self.authors.append(author)
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        return Written(name, text)

    async def change(self, change: Change, author: Author) -> WriteResult:
        assert change.before.path is not None
        self.authors.append(author)
        file = self.folder / change.before.path
        text = vault_note.write(change.after.as_entry())
        if file.read_text(encoding="utf-8") in (change.text, text):
            file.write_text(text, encoding="utf-8")
            return Written(change.before.path, text)
        ours = f"{file.stem} (Ada).md"
        (self.folder / ours).write_text(text, encoding="utf-8")
        return Conflict(change.before.path, ours)


def desk_with(db: Database, folder: Path) -> tuple[Desk, PlainWriter]:
    writer = PlainWriter(folder.resolve())
    return Desk(db, files=NoteFiles(writer.folder, writer)), writer


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_a_note_is_a_file_and_a_change_edits_it(tmp_path: Path) -> None:
    async with throw_away() as db:
        desk, writer = desk_with(db, tmp_path)
        blank = desk.inbox.blank_form(desk.command())

        saved = await desk.submits(blank, ADA, **VALUES)
        again = await desk.submits(blank, ADA, **VALUES)
        (file,) = files_in(tmp_path)
        changed = await desk.submits(await desk.opens("2602.00001"), ko="고친 글")
        (stored,) = (await desk.look_up("2602.00001")).entries
        watched = await import_files(db, [tmp_path], now=NOW, withdraw_missing=True)

    assert isinstance(saved, Document)
    assert file.name == "260203 A Paper on Reasoning.md"
    assert words(saved) == f"Saved: A Paper on Reasoning\nFile: {file.name}"
    assert saved == again
    assert writer.authors == [Author("Ada", "slack:T1/U1")] * 2
    assert isinstance(changed, Document)
    assert "고친 글" in file.read_text(encoding="utf-8")
    assert stored.entry.source.kind is SourceKind.VAULT_NOTE
    assert stored.entry.paragraphs(Language.KO) == ("고친 글",)
    assert (watched.new, watched.changed, watched.withdrawn) == (0, (), 0)


async def test_a_file_that_was_changed_meanwhile_keeps_both_versions(tmp_path: Path) -> None:
    async with throw_away() as db:
        desk, _ = desk_with(db, tmp_path)
        await desk.submits(desk.inbox.blank_form(desk.command()), ADA, **VALUES)
        (file,) = files_in(tmp_path)
        form = await desk.opens("2602.00001")
        file.write_text(file.read_text(encoding="utf-8") + "\n편집기에서\n", encoding="utf-8")

        told = await desk.submits(form, ko="고친 글")

    assert isinstance(told, Document)
    assert "260203 A Paper on Reasoning.md was changed meanwhile" in words(told)
    assert "편집기에서" in file.read_text(encoding="utf-8")
    assert len(files_in(tmp_path)) == 2


async def test_a_note_whose_folders_have_its_date_keeps_it(tmp_path: Path) -> None:
    file = tmp_path / "2026/02/03/Old Paper.md"
    file.parent.mkdir(parents=True)
    file.write_text("https://arxiv.org/abs/2601.00001\n\n*Old Paper* (Jane Lee)\n\n옛 글\n")
    async with throw_away() as db:
        desk, _ = desk_with(db, tmp_path)
        await import_files(db, [tmp_path], now=NOW)

        await desk.submits(await desk.opens("2601.00001"), ko="고친 글")
        (changed,) = (await desk.look_up("2601.00001")).entries

    assert changed.entry.paragraphs(Language.KO) == ("고친 글",)
    assert changed.entry.date == date(2026, 2, 3)


@dataclass
class FolderWriter(PlainWriter):
    """Writes each note into the folder of a day."""

    async def add(self, note: Note, author: Author) -> Written:
        self.authors.append(author)
        text = vault_note.write(note.as_entry())
        file = self.folder / "2026/02/03/Reasoning.md"
        file.parent.mkdir(parents=True)
        file.write_text(text, encoding="utf-8")
        return Written("2026/02/03/Reasoning.md", text)


async def test_a_new_note_has_the_date_of_the_folders_it_was_written_into(tmp_path: Path) -> None:
    writer = FolderWriter(tmp_path)
    async with throw_away() as db:
        desk = Desk(db, files=NoteFiles(writer.folder, writer))

        await desk.submits(desk.inbox.blank_form(desk.command()), ADA, **VALUES)
        (stored,) = (await desk.look_up("2602.00001")).entries

    assert stored.entry.date == date(2026, 2, 3)
    assert stored.entry.source.path == "2026/02/03/Reasoning.md"


@dataclass
class SlowWriter(PlainWriter):
    """Waits before it writes, as for a repository that is far away."""

    has_begun: asyncio.Event = field(default_factory=asyncio.Event)
    goes_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def add(self, note: Note, author: Author) -> Written:
        self.has_begun.set()
        await self.goes_on.wait()
        return await super().add(note, author)


async def test_of_two_who_write_on_one_paper_at_once_the_second_is_shown_the_first(
    tmp_path: Path,
) -> None:
    writer = SlowWriter(tmp_path)
    async with throw_away() as db:
        desk = Desk(db, files=NoteFiles(writer.folder, writer))
        one, other = (desk.inbox.blank_form(desk.command()) for _ in range(2))

        async def both_are_submitted() -> bool:
            async with db.reading() as tx:
                row = await tx.one("SELECT count(*) FROM draft WHERE state = 'submitted'")
            return row is not None and row[0] == 2

        async with asyncio.TaskGroup() as group:
            first = group.create_task(desk.submits(one, ADA, **VALUES))
            await writer.has_begun.wait()
            second = group.create_task(desk.submits(other, BO, **VALUES | {"ko": "다른 글"}))
            await eventually(both_are_submitted)
            writer.goes_on.set()

    assert isinstance(first.result(), Document)
    form = second.result()
    assert isinstance(form, Form)
    assert "There is a note on this paper already" in form.problems[""]
    [text] = [each.value for each in form.fields if each.name == "ko"]
    assert VALUES["ko"] in text
    assert "다른 글" in text
    assert len(files_in(tmp_path)) == 1


async def test_who_is_forgotten_while_their_note_is_written_leaves_no_draft(
    tmp_path: Path,
) -> None:
    writer = SlowWriter(tmp_path)
    async with throw_away() as db:
        desk = Desk(db, files=NoteFiles(writer.folder, writer))
        blank = desk.inbox.blank_form(desk.command())
        async with asyncio.TaskGroup() as group:
            saved = group.create_task(desk.submits(blank, ADA, **VALUES))
            await writer.has_begun.wait()
            await desk.inbox.command(
                Command("paper", {"query": "forget-me confirm"}, ADA, CHANNEL, "en")
            )
            writer.goes_on.set()
        async with db.reading() as tx:
            drafts = await tx.all("SELECT * FROM draft")

    assert isinstance(saved.result(), Document)
    assert drafts == []
    assert len(files_in(tmp_path)) == 1


async def test_a_file_that_was_written_before_a_kill_is_not_written_again(tmp_path: Path) -> None:
    async with throw_away() as db:
        desk, writer = desk_with(db, tmp_path)
        writer.error = RuntimeError("killed")
        blank = desk.inbox.blank_form(desk.command())

        failed = await desk.submits(blank, ADA, **VALUES)
        await import_files(db, [tmp_path], now=NOW)
        finished = await write_note.finish_submitted(desk.notes, before=desk.clock())
        again = await desk.submits(blank, ADA, **VALUES)
        found = await desk.found("2602.00001")

    assert isinstance(failed, Form)
    assert failed.values["ko"] == VALUES["ko"]
    assert finished == 1
    assert isinstance(again, Document)
    assert found == ["A Paper on Reasoning"]
    assert len(files_in(tmp_path)) == 1


async def test_what_cannot_be_written_is_said_and_kept(tmp_path: Path) -> None:
    async with throw_away() as db:
        desk, writer = desk_with(db, tmp_path)
        blank = desk.inbox.blank_form(desk.command())

        writer.error = NoteTextError("The tag cannot be written", field="tags")
        beside = await desk.submits(blank, ADA, **VALUES)
        writer.error = UserError("The folder is full")
        above = await desk.submits(blank, ADA, **VALUES)
        offered = await desk.opens()

    assert isinstance(beside, Form)
    assert beside.problems == {"tags": "The tag cannot be written"}
    assert isinstance(above, Form)
    assert above.problems == {"": "The folder is full"}
    assert offered.values["ko"] == VALUES["ko"]


async def test_without_a_writer_files_of_the_vault_are_not_changed(tmp_path: Path) -> None:
    (tmp_path / "260101 Old Paper.md").write_text(
        "https://arxiv.org/abs/2601.00001\n\n*Old Paper* (Jane Lee)\n\n옛 글\n", encoding="utf-8"
    )
    async with throw_away() as db:
        await import_files(db, [tmp_path], now=NOW)
        desk = Desk(db, vault=PlainWriter(tmp_path).folder)
        command = desk.command("2601.00001")
        blank = desk.inbox.blank_form(command)

        refused = await desk.inbox.open_form(command, blank)
        kept = await desk.submits(blank, ko="새 글")

    assert isinstance(refused, Document)
    assert "260101 Old Paper.md" in words(refused)
    assert isinstance(kept, Form)
    assert kept.values["ko"] == "새 글"
    assert "260101 Old Paper.md" in kept.problems[""]


async def test_the_vaults_own_writer_writes_and_edits_the_file(tmp_path: Path) -> None:
    async with throw_away() as db:
        _, plain = desk_with(db, tmp_path)
        desk = Desk(db, files=NoteFiles(plain.folder, VaultWriter(plain.folder)))
        saved = await desk.submits(desk.inbox.blank_form(desk.command()), ADA, **VALUES)
        (file,) = files_in(tmp_path)
        first = file.read_text(encoding="utf-8")
        await desk.submits(await desk.opens("2602.00001"), ko="고친 글")
        second = file.read_text(encoding="utf-8")
        form = await desk.opens("2602.00001")
        file.write_text(f"{second}\n편집기에서\n", encoding="utf-8")
        told = await desk.submits(form, ko="다시 고친 글")

    assert isinstance(saved, Document)
    assert second == first.replace(VALUES["ko"], "고친 글")
    assert isinstance(told, Document)
    assert "was changed meanwhile" in words(told)
    assert "편집기에서" in file.read_text(encoding="utf-8")
    assert {each.name for each in files_in(tmp_path)} == {
        file.name,
        f"{file.stem} (Ada).md",
    }


async def test_what_git_says_is_told_in_the_language_of_whoever_writes(tmp_path: Path) -> None:
    async with throw_away() as db:
        _, plain = desk_with(db, tmp_path)
        git = VaultGit(Git(plain.folder, environment(tmp_path)), clock=lambda: NOW)
        desk = Desk(db, files=NoteFiles(plain.folder, VaultWriter(plain.folder, git)))
        form = desk.filled(desk.inbox.blank_form(desk.command()), ADA, **VALUES)
        told = await desk.inbox.submit_form(replace(form, locale="ko"))

    assert isinstance(told, Document)
    assert f"파일은 저장했습니다. Git 저장소가 아닙니다: {plain.folder}." in words(told)


@pytest.mark.parametrize(
    "other",
    [
        "코드:\n\n    x = 1\n\n    if x:\n\n        y = 2",
        "```python\ndef f(x):  \n    y = x\n\n\n    return y\n```",
        "$$\na\n\n  b\n$$",
        "- 가\n  - 나\n\n  - 다\n\n    라",
        "가\x0c나\u2028다\x0b라\x85마\ufffe바\x1b[0m사",
        "\u3000들여 쓴 문단  \n둘째 줄\x0c\n셋째 줄",
    ],
)
async def test_a_correction_changes_nothing_else_in_the_file(tmp_path: Path, other: str) -> None:
    file = tmp_path / "260203 A Paper on Reasoning.md"
    note = f"https://arxiv.org/abs/2602.00001\n\n오타가 있읍니다.\n\n{other}\n\n#rl\n"
    file.write_text(note, encoding="utf-8", newline="")
    async with throw_away() as db:
        _, plain = desk_with(db, tmp_path)
        desk = Desk(db, files=NoteFiles(plain.folder, VaultWriter(plain.folder)))
        await import_files(db, [tmp_path], now=NOW)

        form = await desk.opens("2602.00001")
        as_shown = await desk.submits(form, ko=printable(form.values["ko"]))
        kept = file.read_bytes().decode()
        form = await desk.opens("2602.00001")
        corrected = await desk.submits(form, ko=form.values["ko"].replace("읍니다", "습니다"))

    assert isinstance(as_shown, Document)
    assert words(as_shown).startswith("Nothing was changed")
    assert kept == note
    assert isinstance(corrected, Document)
    assert file.read_bytes().decode() == note.replace("읍니다", "습니다")


async def test_a_new_note_with_blank_lines_in_code_is_written_as_it_was_typed(
    tmp_path: Path,
) -> None:
    text = "코드와 수식:\n\n```\na\n\n\nb\n```\n\n$$\nx\n\ny\n$$\n\n끝."
    async with throw_away() as db:
        _, plain = desk_with(db, tmp_path)
        desk = Desk(db, files=NoteFiles(plain.folder, VaultWriter(plain.folder)))

        saved = await desk.submits(
            desk.inbox.blank_form(desk.command()), ADA, **VALUES | {"ko": text}
        )
        (file,) = files_in(tmp_path)
        form = await desk.opens("2602.00001")

    assert isinstance(saved, Document)
    assert f"\n\n{text}\n\n" in file.read_text(encoding="utf-8")
    assert form.values["ko"] == text
