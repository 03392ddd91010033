"""`paperbot init`, completion and help: what somebody meets before the first setting."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from bot.cli import main
from bot.settings import read_settings
from tests.e2e.process import environment


@pytest.fixture(autouse=True)
def _empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "C")


def start(root: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        capture_output=True,
        check=False,
        text=True,
        env=environment(settings) | {"PYTHONPATH": str(root)},
    )


def test_init_writes_the_example_for_its_owner_alone_and_never_again(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    statuses = [main(["init"])]
    written = (tmp_path / ".env").read_text(encoding="utf-8")
    (tmp_path / ".env").write_text("PAPERBOT_WEB_PORT=9000\n", encoding="utf-8")
    statuses.append(main(["init"]))

    assert statuses == [0, 2]
    assert written == (root / ".env.example").read_text(encoding="utf-8")
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    assert read_settings().web_port == 9000
    assert capsys.readouterr().err.startswith(".env: It exists already")


def test_init_writes_utf_8_whatever_the_terminal_reads(root: Path, tmp_path: Path):
    ended = start(root, "init", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", LC_ALL="C")

    assert (ended.returncode, ended.stderr) == (0, "")
    written = (tmp_path / ".env").read_text(encoding="utf-8")
    assert written == (root / ".env.example").read_text(encoding="utf-8")


def test_an_init_that_cannot_write_leaves_nothing_that_stops_the_next_one(
    root: Path, tmp_path: Path
):
    small = f"ulimit -f 1; exec {sys.executable} -m bot init"
    ended = subprocess.run(
        ["/bin/sh", "-c", small],
        capture_output=True,
        check=False,
        text=True,
        env=environment({}) | {"PYTHONPATH": str(root)},
    )

    assert ended.returncode != 0
    assert ended.stderr.count("\n") == 1
    assert not (tmp_path / ".env").exists()
    assert start(root, "init").returncode == 0


def test_init_asks_on_a_terminal_until_an_answer_is_good(root: Path, tmp_path: Path):
    (tmp_path / "my notes").mkdir()
    ours, theirs = pty.openpty()
    typed = b"nowhere\nmy notes\nSeoul\nAsia/Seoul\n\n"
    os.write(ours, typed)

    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "init"],
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
        env=environment({}) | {"PYTHONPATH": str(root)},
        text=True,
    )
    _, err = process.communicate()
    os.close(theirs)
    os.close(ours)

    settings = read_settings()
    assert process.returncode == 0
    assert (settings.vault, str(settings.timezone)) == (Path("my notes"), "Asia/Seoul")
    assert settings.arxiv_contact is None
    assert "there is no folder nowhere" in err
    assert "did you mean Asia/Seoul?" in err


def test_a_shell_completes_commands(root: Path):
    shown = start(
        root, "--show-completion", "bash", _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1"
    )
    asked = {"_PAPERBOT_COMPLETE": "complete_bash", "COMP_CWORD": "1"}
    completed = start(root, COMP_WORDS="paperbot de", **asked)

    assert "complete -o default -F _paperbot_completion paperbot" in shown.stdout
    assert set(completed.stdout.split()) == {"demo", "deliveries"}


def test_a_flag_is_shown_without_a_value(capsys: pytest.CaptureFixture[str]):
    for arguments in (["-h"], ["import", "-h"], ["channel", "list", "--help"]):
        assert main(arguments) == 0

    shown = capsys.readouterr().out
    assert "bool" not in shown
    assert "--dry-run" in shown
    assert shown.count("-h ") == 3
