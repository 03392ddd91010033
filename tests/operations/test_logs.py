import json
import logging
import subprocess
import sys

import pytest

from bot.operations.logs import start_logging


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> object:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_json_line_is_one_object_with_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging("info", as_json=True)
    try:
        int("제목")
    except ValueError:
        logging.getLogger("bot.test").exception("failed: %s", "a\nb")

    line = json.loads(capsys.readouterr().err)

    assert line["message"] == "failed: a\nb"
    assert line["level"] == "error"
    assert "제목" in line["traceback"]
    assert line["at"].endswith("Z")


def test_untrusted_text_cannot_forge_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging("info", as_json=False)

    logging.getLogger("bot.test").info(
        "title: %s", "x\n2026-01-01T00:00:00Z error bot: 가짜 \x1b[2J"
    )

    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "\x1b" not in lines[0]
    assert "가짜" in lines[0]


def test_records_below_the_level_are_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging("warning", as_json=False)

    logging.getLogger("bot.test").info("quiet")

    assert capsys.readouterr().err == ""


def test_json_is_json_from_the_first_line_on_to_the_traceback_that_ends_the_program() -> None:
    program = """
import warnings
from bot.operations.logs import hold_logging, start_logging
hold_logging()
warnings.warn("old call", stacklevel=1)
start_logging("info", as_json=True)
warnings.warn("older call", stacklevel=1)
raise RuntimeError("the end")
"""
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", program],
        capture_output=True,
        check=False,
        text=True,
    )

    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["level"] for line in lines] == ["warning", "warning", "critical"]
    assert "old call" in lines[0]["message"]
    assert "RuntimeError: the end" in lines[2]["traceback"]
    assert done.returncode == 1
