"""Entries of a folder that cannot be imported: one problem each, and nothing outside is read."""

import asyncio
import os
import random
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.archive.domain.entry import Severity
from bot.archive.services.files import read_files
from bot.archive.services.import_files import STDIN, import_files
from bot.archive.services.import_report import ImportReport
from bot.core.database.database import Database
from tests.archive_stage import NOW, found, write_notes
from tests.waiting import HANGING

NOTE = "https://arxiv.org/abs/2501.00001\n\n*Good* (Ada Lovelace)\n\n좋은 생각.\n"


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    return write_notes(tmp_path / "vault", {"2025/250101 Good.md": NOTE})


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "outside" / "token.md"
    file.parent.mkdir()
    file.write_text("xoxb-secret-token")
    return file


async def take_in(db: Database, *paths: Path, watched: bool = False) -> ImportReport:
    return await import_files(db, paths, now=NOW, withdraw_missing=watched)


def problems_of(report: ImportReport) -> dict[str, str]:
    """The problems by file name; fails if a file has two."""
    names = [Path(problem.path).name for problem in report.problems]
    assert len(set(names)) == len(names), report.problems
    return {Path(problem.path).name: problem.message for problem in report.problems}


def link_straight(vault: Path, secret: Path) -> None:
    (vault / "innocent.md").symlink_to(secret)


def link_relative(vault: Path, secret: Path) -> None:
    (vault / "2025/innocent.md").symlink_to(Path("../..") / secret.relative_to(vault.parent))


def link_by_a_link(vault: Path, secret: Path) -> None:
    (vault / "hop").symlink_to(secret.parent)
    (vault / "innocent.md").symlink_to("hop/token.md")


def link_by_dots_in_the_vault(vault: Path, secret: Path) -> None:
    (vault / "innocent.md").symlink_to(f"2025/../../{secret.relative_to(vault.parent)}")


def link_to_a_neighbour_whose_name_begins_alike(vault: Path, secret: Path) -> None:
    neighbour = vault.parent / "vault-private"
    neighbour.mkdir()
    (vault / "innocent.md").symlink_to(secret.rename(neighbour / "token.md"))


@pytest.mark.parametrize(
    "link",
    [
        link_straight,
        link_relative,
        link_by_a_link,
        link_by_dots_in_the_vault,
        link_to_a_neighbour_whose_name_begins_alike,
    ],
)
async def test_a_symbolic_link_out_of_the_vault_is_reported_and_not_read(db, vault, secret, link):
    link(vault, secret)

    report = await take_in(db, vault)

    assert report.new == 1
    assert await found(db, "secret") == []
    assert "out of the folder" in problems_of(report)["innocent.md"]


async def test_a_link_to_a_folder_outside_the_vault_is_reported_and_not_read(db, vault, secret):
    (vault / "more").symlink_to(secret.parent)

    report = await take_in(db, vault)

    assert report.new == 1
    assert "out of the folder" in problems_of(report)["more"]
    assert [problem.severity for problem in report.problems] == [Severity.WARNING]


async def test_a_link_to_a_hidden_file_of_the_vault_is_not_read(db, vault):
    write_notes(vault, {".obsidian/secret.md": "secret", ".env": "TOKEN=secret"})
    (vault / "a.md").symlink_to(".obsidian/secret.md")
    (vault / "b.md").symlink_to(".env")

    report = await take_in(db, vault)

    assert report.new == 1
    assert set(problems_of(report)) == {"a.md", "b.md"}


async def test_a_link_to_a_note_of_the_vault_adds_no_entry(db, vault):
    (vault / "0 first.md").symlink_to("2025/250101 Good.md")
    (vault / "again").symlink_to("2025")

    report = await take_in(db, vault)

    assert (report.new, report.problems) == (1, ())
    assert await found(db, "") == ["Good"]


async def test_a_given_path_may_be_a_symbolic_link(db, vault, tmp_path):
    (tmp_path / "way").symlink_to(vault)
    (tmp_path / "day.md").symlink_to(vault / "2025/250101 Good.md")

    report = await take_in(db, tmp_path / "way", tmp_path / "day.md")

    assert (report.new, report.problems) == (1, ())


async def test_given_links_do_not_lead_out_of_the_folder_they_are_in(db, vault, secret):
    (vault / "innocent.md").symlink_to(secret)
    (vault / "more").symlink_to(secret.parent)
    (vault / "again").symlink_to("2025")

    report = await take_in(db, *sorted(vault.iterdir()))  # what a shell makes of `vault/*`

    assert report.new == 1
    messages = problems_of(report)
    assert messages.keys() == {"innocent.md", "more"}
    assert all(f"{secret.parent}" in message for message in messages.values())
    assert await found(db, "secret") == []


async def test_a_single_folder_given_as_a_link_is_read_wherever_it_leads(db, vault, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere/notes"
    link.symlink_to(vault)

    report = await take_in(db, link)

    assert (report.new, report.problems) == (1, ())


async def test_an_entry_imported_through_a_link_out_of_the_vault_is_withdrawn(db, vault, secret):
    note = vault / "token.md"
    note.write_bytes(secret.read_bytes())
    await take_in(db, vault, watched=True)
    note.unlink()
    note.symlink_to(secret)
    async with db.transaction() as tx:  # as an earlier version stored it
        await tx.run(
            "UPDATE source SET location = :secret WHERE path = 'token.md'", {"secret": str(secret)}
        )

    report = await take_in(db, vault, watched=True)

    assert report.withdrawn == 1
    assert await found(db, "") == ["Good"]


def make_bad_entries(folder: Path) -> dict[str, str]:
    """One entry of each kind; returns the expected words by file name."""
    (folder / "loop.md").symlink_to("loop.md")
    (folder / "there.md").symlink_to("back.md")
    (folder / "back.md").symlink_to("there.md")
    (folder / "long.md").symlink_to("x" * 300 + ".md")
    (folder / "dangling.md").symlink_to("nothing.md")
    os.mkfifo(folder / "pipe.md")
    os.mkfifo(folder / "pipe.TXT")
    with socket.socket(socket.AF_UNIX) as listening:
        place = Path.cwd()
        os.chdir(folder)  # the address of a socket is short
        listening.bind("socket.markdown")
        os.chdir(place)
    expected = {
        "loop.md": "symbolic links",
        "there.md": "symbolic links",
        "back.md": "symbolic links",
        "long.md": "too long",
        "dangling.md": "no such file",
        "pipe.md": "a pipe",
        "pipe.TXT": "a pipe",
        "socket.markdown": "a socket",
    }
    if os.geteuid() == 0:
        os.mknod(folder / "zero.md", 0o600 | 0o020000, os.makedev(1, 5))
        expected["zero.md"] = "a device"
    return expected


async def test_each_bad_entry_is_one_problem_and_the_notes_are_imported(db, vault):
    expected = make_bad_entries(vault / "2025")

    report = await take_in(db, vault)

    assert report.new == 1
    messages = problems_of(report)
    assert messages.keys() == expected.keys()
    assert all(words in messages[name] for name, words in expected.items()), messages


async def test_each_bad_entry_given_by_its_path_is_one_problem(db, vault):
    expected = make_bad_entries(vault / "2025")
    (vault / "2025/sub").mkdir()
    too_long = vault / ("y" * 300 + ".md")

    async with asyncio.timeout(HANGING):
        report = await take_in(
            db, *(vault / "2025").iterdir(), too_long, Path("/dev/zero"), Path("/dev/tty")
        )

    assert report.new == 1
    assert problems_of(report).keys() >= {*expected, too_long.name, "zero", "tty"}


async def test_folders_deeper_than_the_longest_path_are_one_problem(db, vault):
    start = os.open(vault, os.O_RDONLY)
    place = start
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=place)
        place = os.open("d" * 250, os.O_RDONLY, dir_fd=place)

    report = await take_in(db, vault)

    assert report.new == 1
    assert len(report.problems) == 1


async def test_what_is_too_long_for_an_index_is_imported_or_one_problem(db, vault):
    """PostgreSQL refuses a key of more than 2,700 bytes; letters that repeat would be compressed."""
    letters = random.Random(1)

    def long(length: int) -> str:
        return "".join(chr(letters.randrange(0xAC00, 0xD7A3)) for _ in range(length))

    link, title, address = long(3000), long(3000), f"https://example.org/{long(1900)}"
    (vault / "250102 link.md").write_text(f"[[{link}]]")
    (vault / "250103 title.md").write_text(f'---\ntitle: "{title}"\n---\n\nA thought')
    (vault / "250104 url.md").write_text(
        f"---\nurl: {address}\ntags: [{long(90)}]\n---\n\nA thought"
    )
    place = os.open(vault, os.O_RDONLY)
    for _ in range(12):
        name = long(80)
        os.mkdir(name, dir_fd=place)
        place = os.open(name, os.O_RDONLY, dir_fd=place)
    with os.fdopen(os.open("deep.md", os.O_WRONLY | os.O_CREAT, dir_fd=place), "w") as file:
        file.write("A thought")

    first = await take_in(db, vault, watched=True)
    again = await take_in(db, vault, watched=True)

    assert (first.new, again.new, again.withdrawn) == (4, 0, 0)
    assert "the path of this file is too long" in problems_of(first)["deep.md"]


async def test_any_file_name_that_the_file_system_allows_is_imported(db, vault):
    for name in (b"new\nline.md", b"bad\xff\xfe.md", "né\u0301 한글.md".encode(), b" .md", b"-.md"):
        (vault / os.fsdecode(name)).write_text("A thought")

    first = await take_in(db, vault, watched=True)
    again = await take_in(db, vault, watched=True)

    assert (first.new, again.new, again.withdrawn) == (6, 0, 0)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Run as a user without root's right to read everything."""
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may read, unlike those of pytest."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone can become another user")
async def test_files_without_permission_are_one_problem_each_and_withdraw_nothing(db, open_folder):
    notes = {"250101 Good.md": NOTE, "250103 Shut.md": "Shut", "closed/250102 In.md": "Inside"}
    vault = write_notes(open_folder / "vault", notes)
    before = await take_in(db, vault, watched=True)
    (vault / "closed").chmod(0)
    (vault / "250103 Shut.md").chmod(0)

    with as_nobody():
        closed = await take_in(db, vault, watched=True)

    assert (before.new, before.problems) == (3, ())
    assert (closed.unchanged, closed.withdrawn) == (1, 0)
    assert set(problems_of(closed)) == {"closed", "250103 Shut.md"}
    assert len(await found(db, "")) == 3


@contextmanager
def mounted(kind: str, place: Path, *options: str) -> Iterator[None]:
    """A file system of that kind at that place, or the test is skipped."""
    done = subprocess.run(
        ["mount", "-t", kind, *options, kind, place], check=False, capture_output=True
    )
    if done.returncode:
        pytest.skip(f"no {kind} can be mounted here: {done.stderr.decode().strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", place], check=True)


async def test_unmounting_a_disk_below_the_vault_withdraws_only_its_notes(db, vault):
    disk = vault / "disk"
    disk.mkdir()
    with mounted("tmpfs", disk):
        write_notes(disk, {"250105 On disk.md": "A thought on a disk"})
        first = await take_in(db, vault, watched=True)

    gone = await take_in(db, vault, watched=True)

    assert (first.new, gone.withdrawn) == (2, 1)
    assert await found(db, "") == ["Good"]


async def test_a_file_of_fifty_megabytes_is_one_problem(db, vault):
    (vault / "2025/250102 Huge.md").write_bytes(b"a word. " * 6_250_000)
    (vault / "2025/250103 Page.txt").write_bytes(b"2025-01-03\n" + b"a word. " * 6_250_000)

    report = await take_in(db, vault)

    assert report.new == 1
    assert problems_of(report) == {
        "250102 Huge.md": "this is larger than 1 MB: split it, or remove embedded images and other data",
        "250103 Page.txt": "this is larger than 32 MB: split it, or remove embedded images and other data",
    }


async def test_a_note_that_grows_too_large_keeps_its_entry(db, vault):
    await take_in(db, vault, watched=True)
    note = vault / "2025/250101 Good.md"
    note.write_text(NOTE + "더 " * read_files.LARGEST_NOTE)

    report = await take_in(db, vault, watched=True)

    assert (report.updated, report.withdrawn, len(report.problems)) == (0, 0, 1)
    assert await found(db, "") == ["Good"]


async def test_a_page_with_one_entry_too_long_is_one_problem(db, tmp_path):
    page = tmp_path / "day.txt"
    entry = "A Title\n(Ada Lovelace, Alan Turing)\n{}\n#tag\n"
    page.write_text("2025-02-04\n" + entry.format("short.") + entry.format("word " * 300_000))

    report = await take_in(db, page)

    assert report.new == 0
    assert "an entry of it is too long" in problems_of(report)["day.txt"]


async def test_standard_input_is_bounded(db):
    report = await import_files(db, [STDIN], now=NOW, stdin=b"a" * (read_files.LARGEST_PAGE + 1))

    assert report.new == 0
    assert "larger than 32 MB" in problems_of(report)["standard input"]


@pytest.mark.parametrize("blank", [b"", b"\n \t\r\n", b"\xef\xbb\xbf", b"\xff\xfe", b"\0" * 4096])
@pytest.mark.parametrize("name", ["2025/250101 Good.md", "2025/250102 Day.txt"])
async def test_a_file_that_becomes_empty_is_one_problem_and_changes_no_entry(
    db, vault, name, blank
):
    write_notes(vault, {"2025/250102 Day.txt": "2025-01-02\nA Title\n(Ada Lovelace)\nA thought.\n"})
    await take_in(db, vault, watched=True)
    text = (vault / name).read_bytes()
    (vault / name).write_bytes(blank)

    empty = await take_in(db, vault, watched=True)
    (vault / name).write_bytes(text)
    back = await take_in(db, vault, watched=True)

    assert (empty.updated, empty.unchanged, empty.withdrawn) == (0, 2, 0)
    assert "empty" in problems_of(empty)[Path(name).name]
    assert (back.new, back.updated, back.unchanged, back.problems) == (0, 0, 2, ())


async def test_a_note_that_was_always_empty_is_not_a_problem(db, vault):
    (vault / "Untitled.md").touch()
    await take_in(db, vault)
    (vault / "Untitled.md").write_text("\n")

    report = await take_in(db, vault)

    assert report.problems == ()
