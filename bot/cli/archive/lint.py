"""The command `lint`."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bot.archive.domain.entry import Problem, Severity
from bot.cli.archive.files import AsJson
from bot.cli.output.terminal import (
    DONE,
    FAILED,
    print_line,
    print_problem,
    progress,
    show_json,
    translator,
)


def lint(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH…", help="Files and folders; - reads standard input."),
    ],
    as_json: AsJson = False,
) -> int:
    """Check notes and pages, imported or not, for what is probably not meant; change nothing."""
    files, problems = asyncio.run(_lint(paths))
    errors = sum(problem.severity is Severity.ERROR for problem in problems)
    if as_json:
        from bot.cli.output import forms

        show_json({"files": files, "problems": [forms.finding_form(each) for each in problems]})
        return FAILED if errors else DONE
    say = translator()
    for problem in problems:
        print_problem(problem)
    print_line(
        say(
            "{files}: {errors}, {warnings}.",
            files=say.count("{n} file", "{n} files", files),
            errors=say.count("{n} error", "{n} errors", errors),
            warnings=say.count("{n} warning", "{n} warnings", len(problems) - errors),
        )
    )
    return FAILED if errors else DONE


async def _lint(paths: list[Path]) -> tuple[int, tuple[Problem, ...]]:
    """Check against the archive where there is one, else the files by themselves."""
    from bot.archive.services.lint import lint as check
    from bot.cli.archive.files import read_stdin
    from bot.cli.database import now
    from bot.cli.facts import read_facts
    from bot.core.database.address import may_be_there
    from bot.core.database.database import opened
    from bot.settings import read_settings

    stdin = read_stdin(paths)
    location = read_settings().database
    with progress(translator()("Checking")) as advance:
        if not may_be_there(location):
            return await check(paths, now=now(), stdin=stdin, progress=advance)
        async with opened(location) as db:
            facts = await read_facts(db, now().date())
            return await check(
                paths, now=now(), stdin=stdin, facts=facts, archive=db, progress=advance
            )
