"""`paperbot restore`, beside what a killed bot leaves and without it."""

import json
import os
import shutil
import signal
from pathlib import Path

import pytest

from tests.e2e.process import bot, paperbot
from tests.waiting import until

NOTE = "https://arxiv.org/abs/2502.{n:05}\n\n*Paper {n}* (Jane Lee)\n\nThought {n}. {more}\n\n#rl\n"
FEW, MUCH = 5, 400


def write(vault: Path, numbers: range) -> None:
    vault.mkdir(exist_ok=True)
    for n in numbers:
        text = NOTE.format(n=n, more="word " * 400)
        (vault / f"250204 Paper {n}.md").write_text(text, encoding="utf-8")


async def entries(folder: Path, *, warned: bool = False) -> int:
    status, out, err = await paperbot(folder, "lookup", "--limit", "1000", "--json")
    assert (status, "leftovers" in err) == (0, warned), err
    return len(json.loads(out))


async def killed_after_writing(folder: Path, more: int) -> Path:
    """A backup of five entries, and a database of more that a killed bot has left; the backup."""
    write(folder / "vault", range(FEW))
    assert (await paperbot(folder, "import", "vault"))[0] == 0
    assert (await paperbot(folder, "backup", "back.db"))[0] == 0
    write(folder / "vault", range(FEW, FEW + more))
    async with bot(folder, PAPERBOT_VAULT=str(folder / "vault")) as running:
        await until(lambda: any("vault: entries:" in line for line in running.log))
        await running.kill()
    database = (folder / "data" / "paperbot.db").resolve()
    assert database.with_name(f"{database.name}-wal").stat().st_size > 0
    return folder / "back.db"


@pytest.mark.parametrize("more", [51, MUCH], ids=["little", "much"])
async def test_a_backup_copied_beside_a_crash_is_neither_undone_nor_damaged(
    tmp_path: Path, more: int
):
    """As people restore by hand; SQLite would replay the old log into it."""
    backup = await killed_after_writing(tmp_path, more)

    shutil.copyfile(backup, tmp_path / "data" / "paperbot.db")
    async with bot(tmp_path) as running:
        assert await running.stop() == 0

    assert await entries(tmp_path) == FEW
    assert [line for line in running.log if "leftovers" in line]
    assert [line for line in running.log if "restored from a backup" in line]
    aside = {each.name for each in (tmp_path / "data").glob("*aside*")}
    assert "paperbot.db.aside-1-wal" in aside


@pytest.mark.parametrize("more", [51, MUCH], ids=["little", "much"])
async def test_restore_sets_a_crash_aside_and_keeps_it_whole(tmp_path: Path, more: int):
    backup = await killed_after_writing(tmp_path, more)

    status, out, err = await paperbot(tmp_path, "restore", str(backup))

    assert (status, err) == (0, "")
    assert "data/paperbot.db.aside-1" in out
    assert await entries(tmp_path) == FEW
    old = f"sqlite:///{tmp_path}/data/paperbot.db.aside-1"
    status, out, _ = await paperbot(
        tmp_path, "lookup", "--limit", "1000", "--json", PAPERBOT_DATABASE=old
    )
    assert len(json.loads(out)) == FEW + more


@pytest.mark.parametrize("by_hand", [True, False], ids=["cp", "restore"])
async def test_a_database_behind_a_symlink_is_restored_where_it_is(tmp_path: Path, by_hand: bool):
    """SQLite keeps the log beside the file, not beside the link."""
    (tmp_path / "data").mkdir()
    (tmp_path / "large-disk").mkdir()
    link, file = tmp_path / "data" / "paperbot.db", tmp_path / "large-disk" / "papers.db"
    link.symlink_to(file)
    backup = await killed_after_writing(tmp_path, 51)

    if by_hand:
        shutil.copyfile(backup, link)
    else:
        assert (await paperbot(tmp_path, "restore", str(backup)))[0] == 0

    assert await entries(tmp_path, warned=by_hand) == FEW
    assert link.readlink() == file
    assert (tmp_path / "large-disk" / "papers.db.aside-1-wal").exists()


async def test_restore_refuses_beside_a_bot_that_runs_or_is_stopped(tmp_path: Path):
    write(tmp_path / "vault", range(FEW))
    assert (await paperbot(tmp_path, "import", "vault"))[0] == 0
    assert (await paperbot(tmp_path, "backup", "back.db"))[0] == 0
    async with bot(tmp_path) as running:
        beside = await paperbot(tmp_path, "restore", "back.db")
        os.kill(running.process.pid, signal.SIGSTOP)
        suspended = await paperbot(tmp_path, "restore", "back.db")
        os.kill(running.process.pid, signal.SIGCONT)
        assert await running.stop() == 0
    after = await paperbot(tmp_path, "restore", "back.db")

    assert beside[0] == suspended[0] == 2
    assert "stop it, then try again" in beside[2]
    assert after[0] == 0


async def test_restore_into_nothing_makes_the_database(tmp_path: Path):
    write(tmp_path / "vault", range(FEW))
    assert (await paperbot(tmp_path, "import", "vault"))[0] == 0
    assert (await paperbot(tmp_path, "backup", "back.db"))[0] == 0
    shutil.rmtree(tmp_path / "data")

    status, out, err = await paperbot(tmp_path, "restore", "back.db")

    assert (status, err) == (0, "")
    assert "kept" not in out
    assert await entries(tmp_path) == FEW


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("nothing", "no such file"),
        ("a folder", "no such file"),
        ("a pipe", "no such file"),
        ("a note", "not a backup of the bot"),
        ("an empty file", "not a backup of the bot"),
        ("another program's", "not a backup of the bot"),
        ("damaged", "damaged"),
        ("itself", "the database itself"),
    ],
)
async def test_what_is_no_backup_changes_nothing(tmp_path: Path, what: str, says: str):
    write(tmp_path / "vault", range(FEW))
    assert (await paperbot(tmp_path, "import", "vault"))[0] == 0
    database, file = tmp_path / "data" / "paperbot.db", tmp_path / "back.db"
    before = database.read_bytes()
    match what:
        case "a folder":
            file.mkdir()
        case "a pipe":
            os.mkfifo(file)
        case "a note":
            file.write_text("no database " * 1000)
        case "an empty file":
            file.touch()
        case "another program's":
            import sqlite3

            with sqlite3.connect(file) as other:
                other.execute("CREATE TABLE t (x)")
            other.close()
        case "damaged":
            assert (await paperbot(tmp_path, "backup", "back.db"))[0] == 0
            with file.open("r+b") as opened:
                for page in range(5, 40):
                    opened.seek(page * 4096)
                    opened.write(os.urandom(4096))
        case "itself":
            file = database

    status, out, err = await paperbot(tmp_path, "restore", str(file))

    assert status in (1, 2)
    assert (out, err.count("\n")) == ("", 1)
    assert says in err
    assert database.read_bytes() == before
    assert not list((tmp_path / "data").glob("*aside*"))
