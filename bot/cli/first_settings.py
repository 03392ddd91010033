"""The command `init`: a `.env` to fill in."""

import os
import re
import sys
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import typer

from bot.cli.output.terminal import DONE, print_error_line, print_line, translator
from bot.core.domain.errors import UsageError
from bot.core.domain.i18n import translatable
from bot.core.domain.late import late_pattern

_PLAIN = late_pattern(r"[\w./:@,+-]*")
"""A value that needs no quotes in `.env`."""


def init() -> int:
    """Write a commented .env with every setting; an existing one is never replaced."""
    from bot.settings import ENV_FILE

    if os.path.lexists(ENV_FILE):
        raise UsageError(
            translatable("It exists already, and is never replaced: edit it, or move it away"),
            path=str(ENV_FILE),
        )
    text = (resources.files("bot.settings") / "env.example").read_text(encoding="utf-8")
    answers = _ask() if sys.stdin.isatty() and sys.stdout.isatty() else {}
    for name, value in answers.items():
        text = re.sub(rf"(?m)^{name}=.*$", lambda _: f"{name}={_quoted(value)}", text, count=1)  # noqa: B023
    # Tokens are secrets: the file is the owner's from its first byte on.
    descriptor = os.open(ENV_FILE, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except BaseException:
        Path(ENV_FILE).unlink()  # a part of it would be read as settings, and never be replaced
        raise
    say = translator()
    print_line(say("{file} is written; only you can read it.", file=ENV_FILE))
    print_line(
        say(
            "Fill in the tokens of Slack or Discord (docs/slack.md, docs/discord.md), then run: "
            "paperbot doctor"
        )
    )
    return DONE


def _ask() -> dict[str, str]:
    """What most people set; an empty answer keeps the default."""
    from bot.settings import values

    say = translator()
    questions: tuple[tuple[str, str, Callable[[object], object]], ...] = (
        ("PAPERBOT_VAULT", say("Folder of your notes (empty: none)"), values.read_existing_folder),
        ("PAPERBOT_TIMEZONE", say("Time zone (empty: UTC)"), values.read_zone),
        (
            "ARXIV_CONTACT",
            say("E-mail or web address for arXiv (empty: none)"),
            values.read_contact,
        ),
    )
    answers = {}
    for name, question, read in questions:
        while True:
            answer = str(typer.prompt(question, default="", show_default=False)).strip()
            try:
                if answer:
                    read(answer)
            except values.WrongValueError as error:
                print_error_line(say(error.message, name=name, **error.values))
                continue
            break
        if answer:
            answers[name] = answer
    return answers


def _quoted(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
