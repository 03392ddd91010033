"""What the Dockerfile copies is sent to Docker, which leaves out what `.dockerignore` names."""

import re
from pathlib import Path

import pytest


def copied(root: Path) -> list[str]:
    """What the Dockerfile copies from the checkout."""
    text = (root / "deploy/Dockerfile").read_text(encoding="utf-8")
    found = re.findall(r"^COPY (?!--from=)(.+) \S+$", text, re.MULTILINE)
    return [source for line in found for source in line.split()]


def is_sent(rules: list[str], path: str) -> bool:
    """Of the rules that match the path or a folder around it, the last one decides."""
    parts = path.split("/")
    within = ["/".join(parts[:number]) for number in range(1, len(parts) + 1)]
    sent = True
    for rule in rules:
        if any(_pattern(rule.removeprefix("!")).fullmatch(each) for each in within):
            sent = rule.startswith("!")
    return sent


def _pattern(rule: str) -> re.Pattern[str]:
    escaped = re.escape(rule.strip("/"))
    return re.compile(escaped.replace(r"\*\*/", "(.*/)?").replace(r"\*", "[^/]*"))


def rules_of(text: str) -> list[str]:
    lines = [line.strip() for line in text.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def test_everything_that_the_image_copies_is_sent_to_docker(root):
    rules = rules_of((root / ".dockerignore").read_text(encoding="utf-8"))
    sources = copied(root)

    assert "bot" in sources
    assert [each for each in sources if not (root / each).exists()] == []
    assert [each for each in sources if not is_sent(rules, each)] == []
    files = [path.relative_to(root).as_posix() for path in (root / "bot").rglob("*.py")]
    assert [each for each in files if not is_sent(rules, each)] == []


def test_nothing_secret_is_sent_to_docker(root):
    rules = rules_of((root / ".dockerignore").read_text(encoding="utf-8"))

    for path in (".env", "paperbot.db", "bot/__pycache__/main.pyc", ".git/config", "tests/x.py"):
        assert not is_sent(rules, path), path


@pytest.mark.parametrize(
    ("rules", "path", "sent"),
    [
        (["*", "!a.txt"], "a.txt", True),
        (["*", "!a.txt"], "a-b.txt", False),
        (["*", "!bot", "**/__pycache__"], "bot/x/__pycache__/y.pyc", False),
        (["!a", "*"], "a", False),
    ],
)
def test_the_last_rule_decides(rules, path, sent):
    assert is_sent(rules, path) is sent
