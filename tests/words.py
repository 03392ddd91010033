"""The messages that the code says, and the Korean catalogue brought up to date with them and compiled.

`make words` runs this as a program; `test_catalogue.py` holds the catalogue complete.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment, nodes

from bot.cli.output import help_texts
from bot.cli.program import program
from bot.core.domain import errors

BOT = Path(__file__).resolve().parent.parent / "bot"
KOREAN = BOT / "locale" / "ko" / "LC_MESSAGES" / "paperbot.po"
COMPILED = KOREAN.with_suffix(".mo")
"""The compiled catalogue, which the bot reads."""

Found: TypeAlias = str | tuple[str, str]
"""A message, or the two forms of one with a number."""

_ONLY_GATHERS = "{problems}"


def _error_names(kind: type[errors.UserError]) -> list[str]:
    return [kind.__name__, *(n for child in kind.__subclasses__() for n in _error_names(child))]


def _in_code(source: str) -> Iterator[Found]:
    """What `say("…")`, `translatable("…")`, `worded("…")`, `say.count("…", "…")` and `UserError("…")` hold."""
    sayings = {"say", "translatable", "worded", *_error_names(errors.UserError)}
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", None) or getattr(node.func, "attr", None)
        texts = [
            argument.value
            for argument in node.args
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
        ]
        if name == "count" and len(texts) == 2:
            yield texts[0], texts[1]
        elif texts and texts[0] != _ONLY_GATHERS and (name in sayings or _is_translator(node.func)):
            yield texts[0]


def _is_translator(function: ast.expr) -> bool:
    """Whether it is `translator()` of the program: `translator()("…")`."""
    return isinstance(function, ast.Call) and getattr(function.func, "id", "") == "translator"


def _in_template(source: str) -> Iterator[Found]:
    """What `say("…")` and `say.count("…", "…")` hold; Jinja's own extraction leaves methods out."""
    for call in Environment(autoescape=True).parse(source).find_all(nodes.Call):
        texts = [
            argument.value
            for argument in call.args
            if isinstance(argument, nodes.Const) and isinstance(argument.value, str)
        ]
        match call.node:
            case nodes.Getattr(attr="count") if len(texts) == 2:
                yield texts[0], texts[1]
            case nodes.Name(name="say") if texts:
                yield texts[0]


def _in_help() -> list[str]:
    """What `--help` says of the program and its commands; some of it is Typer's."""
    texts: list[str] = []

    def noted(text: str) -> str:
        texts.append(text)
        return text

    help_texts.change(program(), noted)
    return texts


def extract() -> Catalog:
    """Every message in the code, its help and the templates, file by file, without translations."""
    found = Catalog(project="paper-digest-bot", charset="utf-8", fuzzy=False)
    for file in sorted(BOT.rglob("*.py")):
        for message in _in_code(file.read_text(encoding="utf-8")):
            found.add(message, locations=[(file.relative_to(BOT).as_posix(), 1)])
    for file in sorted(BOT.rglob("templates/**/*.html")):
        for message in _in_template(file.read_text(encoding="utf-8")):
            found.add(message, locations=[(file.relative_to(BOT).as_posix(), 1)])
    for message in _in_help():
        found.add(message, locations=[("cli/program.py", 1)])
    return found


def read() -> Catalog:
    """The Korean catalogue as it stands."""
    with KOREAN.open("rb") as file:
        return read_po(file, locale="ko")


def update() -> int:
    """Write the catalogue with every message of the code; returns how many wait for Korean."""
    catalogue = read() if KOREAN.exists() else Catalog(locale="ko", fuzzy=False)
    catalogue.update(extract(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    catalogue.fuzzy = False
    with KOREAN.open("wb") as file:
        write_po(file, catalogue, width=0, no_location=True, sort_output=True)
    with COMPILED.open("wb") as file:
        write_mo(file, read())
    return sum(not any(message.string or "") for message in catalogue if message.id)


if __name__ == "__main__":
    missing = update()
    sys.stderr.write(f"{KOREAN}: {missing} messages without Korean\n")
