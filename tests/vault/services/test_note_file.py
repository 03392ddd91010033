"""Files of a vault that editors save while the bot replaces them."""

import errno
import os
from pathlib import Path

import pytest

from bot.vault.domain.versions import with_link
from bot.vault.services import note_file

READ, OURS, THEIRS, LATER = b"read\n", b"ours\n", b"theirs\n", b"later\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "260203 Note.md"
    file.write_bytes(READ)
    return file


def contents(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.iterdir()}


def renames(file: Path, content: bytes) -> None:
    """Save as most editors do."""
    beside = file.with_suffix(".editor")
    beside.write_bytes(content)
    beside.replace(file)


class Editor:
    """Saves just before each exchange, after everything was compared."""

    def __init__(self, *saves: bytes) -> None:
        self.saves = list(saves)

    def __call__(self, one: Path, other: Path) -> bool:
        if self.saves:
            renames(other, self.saves.pop(0))
        return note_file.exchange(one, other)


def no_exchange(_one: Path, _other: Path) -> bool:
    return False


@pytest.mark.parametrize("exchange", [note_file.exchange, no_exchange])
def test_a_file_is_replaced_only_while_it_is_what_was_read(
    file: Path, exchange: note_file.Exchange
) -> None:
    done = note_file.replace(file, READ, OURS, exchange)
    again = note_file.replace(file, READ, THEIRS, exchange)

    assert (done, again) == (True, False)
    assert contents(file.parent) == {file.name: OURS}


def test_a_save_between_the_comparison_and_the_exchange_stays(file: Path) -> None:
    assert not note_file.replace(file, READ, OURS, Editor(THEIRS))

    assert contents(file.parent) == {file.name: THEIRS}


def test_of_two_saves_around_an_exchange_both_stay(file: Path) -> None:
    assert not note_file.replace(file, READ, OURS, Editor(THEIRS, LATER))

    found = contents(file.parent)
    kept = "260203 Note (kept).md"
    assert found.keys() == {file.name, kept}
    assert found[file.name] == THEIRS + b"\n[[260203 Note (kept)]]\n"
    assert found[kept] == LATER + b"\n[[260203 Note]]\n"


def test_a_file_that_a_program_has_open_for_writing_is_not_replaced(file: Path) -> None:
    with file.open("r+b") as stream:
        done = note_file.replace(file, READ, OURS)
        stream.write(THEIRS)

    assert not done
    assert contents(file.parent) == {file.name: THEIRS}


def test_a_version_is_written_beside_a_file_that_a_program_keeps_open(file: Path) -> None:
    exchanges: list[Path] = []

    def counted(one: Path, other: Path) -> bool:
        exchanges.append(other)
        assert len(exchanges) < 20, "tries for ever"
        return note_file.exchange(one, other)

    with file.open("r+b"):
        ours = note_file.write_beside(file, OURS, "260203 Note (Ada).md", counted)

    assert contents(file.parent) == {
        file.name: READ,
        "260203 Note (Ada).md": with_link(OURS, file.stem),
    }
    assert ours.name == "260203 Note (Ada).md"


def test_what_a_kill_left_hidden_is_deleted_or_gets_its_name_back(file: Path) -> None:
    folder = file.parent / "2026"
    folder.mkdir()

    def killed(one: Path, other: Path) -> bool:
        renames(other, THEIRS)
        note_file.exchange(one, other)
        os._exit(9)

    if (child := os.fork()) == 0:
        note_file.replace(file, READ, OURS, killed)
    os.waitpid(child, 0)
    (folder / ".paperbot-12.tmp").write_bytes(b"half")
    young = note_file.clean(file.parent, below=True)
    old = (folder / ".paperbot-12.tmp").stat().st_ctime + 3600
    kept = note_file.clean(file.parent, below=True, now=old)

    assert young == []
    assert [each.name for each in kept] == ["260203 Note (kept).md"]
    assert not any(folder.iterdir())
    folder.rmdir()
    assert contents(file.parent) == {
        file.name: OURS + b"\n[[260203 Note (kept)]]\n",
        kept[0].name: THEIRS + b"\n[[260203 Note]]\n",
    }


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP])
def test_a_new_file_needs_no_hard_links(tmp_path: Path, number: int) -> None:
    def no_link(_one: Path, other: Path) -> None:
        raise OSError(number, os.strerror(number), str(other))

    file = tmp_path / "new" / "Note.md"
    for renames in (note_file.rename_new, lambda _one, _other: False):
        made = note_file.create(file, OURS, (no_link, renames))
        other = note_file.create(file, THEIRS, (no_link, renames))
        assert (made, other) == (True, False)
        assert contents(file.parent) == {file.name: OURS}
        file.unlink()
