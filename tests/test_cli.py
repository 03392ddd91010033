"""What an operator types, what comes out where, and with which exit status."""

import subprocess
import sys

import pytest

from bot.cli import main
from bot.cli.terminal import complain


def _run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(arguments)
    out, err = capsys.readouterr()
    return status, out, err


def test_the_program_says_its_version(capsys: pytest.CaptureFixture[str]):
    status, out, err = _run(capsys, "--version")

    assert (status, out.split()[0], err) == (0, "paperbot", "")


def test_without_a_command_the_help_is_shown(capsys: pytest.CaptureFixture[str]):
    status, out, err = _run(capsys)

    assert (status, err) == (2, "")
    assert "Usage: paperbot" in out


@pytest.mark.parametrize("arguments", [["--nope"], ["nope"]])
def test_wrong_usage_is_one_line_and_status_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
):
    status, out, err = _run(capsys, *arguments)

    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "nope" in err


def test_a_complaint_is_one_line_whatever_it_quotes(capsys: pytest.CaptureFixture[str]):
    complain("two\nlines", "notes/a.md:3")

    assert capsys.readouterr().err == "notes/a.md:3: two lines\n"


def test_python_m_bot_is_paperbot():
    result = subprocess.run(
        [sys.executable, "-m", "bot", "--version"], capture_output=True, check=False, text=True
    )

    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("paperbot ")
