"""Output: results on standard output, everything else on standard error."""

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

from bot.archive.domain.entry import Problem, Severity
from bot.core.domain.document import Document
from bot.core.domain.errors import (
    ProblemsError,
    QueryError,
    UsageError,
    UserError,
    WrongDatabaseError,
)
from bot.core.domain.i18n import ENGLISH, Translate, error_text, in_language

DONE: Final = 0
FAILED: Final = 1
WRONG: Final = 2
LARGEST: Final = 2**63 - 1
"""The largest number that a database takes."""


def exit_status(error: UserError) -> int:
    """2 for a wrong command, option or setting, 1 for all else."""
    is_wrong = isinstance(error, UsageError | QueryError | WrongDatabaseError)
    return WRONG if is_wrong else FAILED


def translator() -> Translate:
    """The translations for the operator, by the terminal's locale."""
    from bot.settings import operator_locale

    return _translator(operator_locale())


@cache
def _translator(locale: str) -> Translate:
    if not locale.startswith("ko"):
        return ENGLISH
    from bot.core.catalogue import Catalogues

    return Catalogues()(locale)


def show_json(value: object) -> None:
    """Print one JSON value on standard output, and nothing else."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def print_line(text: str) -> None:
    """Print a result for people on standard output."""
    sys.stdout.write(text + "\n")


def print_remark(text: str) -> None:
    """Print a remark on standard error."""
    sys.stderr.write(text + "\n")


@contextmanager
def writing(path: Path | None) -> Iterator[Callable[[str], object]]:
    """Write pieces of text to standard output, or to a file that appears when it is complete.

    A link stays, and the file that it leads to is written. What is no file, such as /dev/stdout or a
    named pipe, gets the text as it comes.
    """
    if path is None:
        yield sys.stdout.write
        return
    part: Path | None = None
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            with path.open("w", encoding="utf-8", newline="") as stream:
                yield stream.write
            return
        target = Path(os.path.realpath(path))
        with tempfile.NamedTemporaryFile(
            "w",
            dir=target.parent,
            prefix=f".{target.name}.",
            encoding="utf-8",
            newline="",
            delete=False,
        ) as file:
            part = Path(file.name)
            yield file.write
        part.replace(target)
    except OSError as error:
        raise UserError(
            "The file cannot be written ({reason}): choose another place with --out",
            path=str(path),
            reason=error.strerror or type(error).__name__,
        ) from error
    finally:
        if part is not None:
            part.unlink(missing_ok=True)


def show_document(document: Document) -> None:
    """Print a document on standard output, in colours on a terminal."""
    from bot.cli.output.text import Look, render, runs

    if not sys.stdout.isatty():
        sys.stdout.write(render(document))
        return
    from rich.console import Console
    from rich.text import Text

    styles = {
        Look.PLAIN: "",
        Look.HEADING: "bold cyan",
        Look.STRONG: "bold",
        Look.EMPHASIS: "italic",
        Look.CODE: "green",
        Look.LINK: "underline",
        Look.SMALL: "dim",
    }
    Console().print(
        Text.assemble(*((run.text, styles[run.look]) for run in runs(document))), end=""
    )


def print_error_line(text: str, where: str = "") -> None:
    """Print one line on standard error; `where` is `path:line`, `path` or empty."""
    line = " ".join(text.split())
    sys.stderr.write(f"{where or 'paperbot'}: {line}\n")


def print_error(error: UserError) -> None:
    """Print an error in one line; several problems in one line each."""
    for problem in error.problems if isinstance(error, ProblemsError) else (error,):
        print_error_line(error_text(problem, translator()), problem.where)


def print_problem(problem: Problem) -> None:
    """Print a problem of an input in one line."""
    say = translator()
    path = in_language(problem.path, say)
    where = path if problem.line is None else f"{path}:{problem.line}"
    severity = say("error") if problem.severity is Severity.ERROR else say("warning")
    print_error_line(f"{severity}: {in_language(problem.message, say)}", where)


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error, on terminals only: call it with (done, total)."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeftColumn

    columns = (TextColumn(label), BarColumn(), MofNCompleteColumn(), TimeLeftColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
