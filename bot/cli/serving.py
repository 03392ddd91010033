"""`demo` and `run`: the bot itself, until Ctrl-C or SIGTERM."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.output.terminal import DONE, say_line, tell_problem, voice


def demo(
    paths: Annotated[
        list[Path] | None,
        typer.Option("--import", metavar="PATH", help="Show these notes, too; may be repeated."),
    ] = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free one.")] = 8000,
) -> int:
    """Try it: the web chat with sample papers in a throw-away database; no token, no network."""
    import asyncio

    from bot.app.main import demo_settings, run_demo
    from bot.archive.services.import_report import Report
    from bot.cli.output import forms
    from bot.operations.logs import start_logging
    from bot.settings import read_settings

    def imported(report: Report) -> None:
        for problem in report.problems:
            tell_problem(problem)
        say_line(forms.report_text(report, dry_run=False, say=voice()))

    start_logging("warning", as_json=False)
    settings = demo_settings(read_settings(), host=host, port=port)
    asyncio.run(run_demo(settings, paths or [], _announce, imported))
    return DONE


def run() -> int:
    """Run the bot: every platform that is set up, the schedule, the web chat; until SIGTERM."""
    import asyncio

    from bot.app import main
    from bot.operations.logs import start_logging
    from bot.settings import LogFormat, read_settings

    settings = read_settings()
    start_logging(settings.log_level, as_json=settings.log_format is LogFormat.JSON)
    asyncio.run(main.run(settings, _announce))
    return DONE


def _announce(address: str) -> None:
    say_line(voice()("The web chat is at {address} (Ctrl-C ends it)", address=address))
    sys.stdout.flush()  # whoever started it may be a program that waits for the line
