"""The commands `demo`, `run` and `open`."""

import gc
import logging
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from bot.cli.output.terminal import (
    DONE,
    FAILED,
    exit_status,
    print_line,
    print_problem,
    print_remark,
    translator,
)
from bot.core.domain.errors import (
    NotFoundError,
    ProblemsError,
    UserError,
)
from bot.core.domain.i18n import Translate, translatable

log = logging.getLogger(__name__)


def demo(
    paths: Annotated[
        list[Path] | None,
        typer.Option(
            "--import",
            metavar="PATH",
            help="Show these notes instead of the samples; may be repeated.",
        ),
    ] = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port to listen on; 0 takes any free one.")
    ] = 8000,
) -> int:
    """Try the web chat with sample papers in a temporary database; needs no token or network."""
    from concurrent.futures import ThreadPoolExecutor

    # aiohttp reads the certificates of the machine, which takes 0.1 s: time enough while other modules
    # are imported.
    with ThreadPoolExecutor(1) as beside, _importing():
        # What is wrong with it shows below, where this thread imports it and waits for the other.
        beside.submit(import_module, "aiohttp.web")
        import asyncio

        from bot.app.main import demo_settings, run_demo
        from bot.archive.services.import_report import ImportReport
        from bot.cli.output import forms
        from bot.operations.logs import start_logging
        from bot.settings import read_settings

    def imported(report: ImportReport) -> None:
        for problem in report.problems:
            print_problem(problem)
        print_line(forms.report_text(report, dry_run=False, say=translator()))

    start_logging("warning", as_json=False)
    settings = demo_settings(read_settings(), host=host, port=port)
    asyncio.run(run_demo(settings, paths or [], _announce_demo, imported))
    return DONE


def run() -> int:
    """Run the bot: every configured platform, the schedule and the web chat, until SIGTERM."""
    from bot.operations.logs import hold_logging, start_logging

    hold_logging()
    with _importing():
        from bot.settings import LogLevel, wants_json_log

    as_json = wants_json_log()
    try:
        _run(as_json=as_json)
    except (UserError, OSError) as error:
        if not as_json:
            raise
        start_logging(LogLevel.INFO, as_json=True)
        return _log_error(error)
    return DONE


def _run(*, as_json: bool) -> None:
    with _importing():
        import asyncio

        from bot.app import main
        from bot.operations.logs import start_logging
        from bot.settings import (
            check_database_folder,
            check_vault_folder,
            near_misses,
            read_settings,
        )

    settings = read_settings()
    check_database_folder(settings.database)
    check_vault_folder(settings.vault)
    start_logging(settings.log_level, as_json=as_json)
    for each in near_misses(settings):
        log.warning("%s", each)
    asyncio.run(main.run(settings, partial(_announce, as_json=as_json)))


def _log_error(error: UserError | OSError) -> int:
    """Log an error that ends the bot, a line for each problem; returns the exit status."""
    if isinstance(error, OSError):
        log.error("%s", error)
        return FAILED
    for problem in error.problems if isinstance(error, ProblemsError) else (error,):
        log.error("%s", problem)
    return exit_status(error)


@contextmanager
def _importing() -> Iterator[None]:
    """Import without garbage collection: modules stay for good, and walking them takes 0.1 s."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def open_() -> int:
    """Print a one-time address that opens the web chat as its operator."""
    from bot.cli.database import now, with_database
    from bot.core.database.database import Database
    from bot.settings import Settings
    from bot.webchat.services.access import WebAccess, one_time_address

    async def work(db: Database, settings: Settings) -> list[str]:
        access = WebAccess(db)
        address = await access.find_address()
        if address is None:
            raise NotFoundError(
                translatable(
                    "The bot has not run on this database yet: start it with “paperbot run”"
                )
            )
        token = await access.new_token(at=now())
        names = (f"https://{name}/" for name in settings.web_names)
        return [one_time_address(each, token) for each in (address, *names)]

    say = translator()
    addresses = with_database(work)
    for address in addresses:
        print_line(address)
    print_line(_how_long(say))
    if not _listens(addresses[0]):
        print_remark(say("The bot does not answer at this address: start it with “paperbot run”"))
    return DONE


def _listens(address: str) -> bool:
    parts = urlsplit(address)
    try:
        socket.create_connection((parts.hostname or "", parts.port or 80), timeout=2).close()
    except OSError:
        return False
    return True


def _announce(address: str, *, as_json: bool) -> None:
    if as_json:
        from bot.operations.logs import json_line

        print_line(json_line(f"the web chat's one-time address: {address}"))
    else:
        _announce_demo(address)
        print_line(translator()("“paperbot open” prints another one."))
    sys.stdout.flush()


def _announce_demo(address: str) -> None:
    say = translator()
    print_line(say("The web chat is at {address} (Ctrl-C stops it)", address=address))
    print_line(_how_long(say))
    sys.stdout.flush()  # a program that started the bot may wait for this line


def _how_long(say: Translate) -> str:
    from bot.webchat.services.access import TOKEN_LIFE

    return say(
        "The address works once, within {minutes} minutes, and gives the browser that opens it "
        "the operator's rights.",
        minutes=TOKEN_LIFE // timedelta(minutes=1),
    )
