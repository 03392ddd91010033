"""What `--help` says, in the language of whoever reads it."""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import typer

OPTIONS = ("-h", "--help")


def commands_of(program: Any) -> Iterator[tuple[Any, list[Any]]]:
    """The program and every command in it, at any depth, each with its arguments and options."""
    context = typer.Context(program, help_option_names=list(OPTIONS))
    yield program, program.get_params(context)
    for command in getattr(program, "commands", {}).values():
        yield from commands_of(command)


def change(program: Any, say: Callable[[str], str]) -> None:
    """Replace each help text of the program, its commands, arguments and options by what `say` makes of it.

    It is given each paragraph as one line. Help is then shown without frames: Rich 15 counts characters
    where it wraps lines, and cuts off the ends of lines of Korean, which are wider. Click counts
    characters, too, but cuts nothing off, and the terminal wraps.
    """
    for command, parameters in commands_of(program):
        command.help = _changed(command.help, say)
        if command.help:  # else the list of commands has the first sentence only
            command.short_help = command.help.partition("\n\n")[0]
        command.rich_markup_mode = None
        for parameter in parameters:
            parameter.help = _changed(parameter.help, say)


def _changed(text: str | None, say: Callable[[str], str]) -> str | None:
    if not text:
        return text
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(say(" ".join(paragraph.split())) for paragraph in paragraphs)
