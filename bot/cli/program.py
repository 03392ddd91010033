"""The program: registers the commands, prints errors in one line each, sets the exit status.

0: done. 1: it failed. 2: a command, an option, a query or a setting was wrong.
"""

import os
import sys
from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from bot.cli import arxiv, digests, maintenance, serving
from bot.cli.archive import files
from bot.cli.archive.assistants import mcp
from bot.cli.archive.lint import lint
from bot.cli.archive.site import site
from bot.cli.archive.tags import tags
from bot.cli.channels.commands import channel
from bot.cli.channels.mail import mail
from bot.cli.deliveries.commands import deliveries, post
from bot.cli.first_settings import init
from bot.cli.identify import identify
from bot.cli.output import help_texts
from bot.cli.output.terminal import (
    DONE,
    FAILED,
    WRONG,
    exit_status,
    print_error,
    print_error_line,
    translator,
)
from bot.cli.recaps import recap
from bot.cli.reviews import review
from bot.cli.slack.commands import slack
from bot.core.domain.errors import UserError
from bot.core.domain.i18n import ENGLISH

_INTERRUPTED = 130
"""What a shell reports for SIGINT: 128 + 2."""

app = typer.Typer(
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": list(help_texts.OPTIONS)},
)
app.command("init")(init)
app.command("demo")(serving.demo)
app.command("run")(serving.run)
app.command("open")(serving.open_)
app.command("import")(files.import_)
app.command("lint")(lint)
app.command("lookup", context_settings={"ignore_unknown_options": True})(files.lookup)
app.add_typer(tags, name="tags")
app.command("show")(files.show)
app.command("identify")(identify)
app.command("digest")(digests.digest)
app.command("review")(review)
app.command("recap")(recap)
app.command("export", context_settings={"ignore_unknown_options": True})(files.export)
app.add_typer(channel, name="channel")
app.add_typer(mail, name="mail")
app.add_typer(slack, name="slack")
app.command("site")(site)
app.command("mcp")(mcp)
app.command("post")(post)
app.add_typer(deliveries, name="deliveries")
app.command("poll")(arxiv.poll)
app.command("candidates")(arxiv.candidates)
app.command("backup")(maintenance.backup)
app.command("restore")(maintenance.restore)
app.add_typer(maintenance.database, name="database")
app.command("doctor")(maintenance.doctor)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"paperbot {version('paper-digest-bot')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def paperbot(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 - Typer hands it to _version
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A curator's notes on papers: imported, searched, posted daily to Slack, Discord and the web.

    Settings come from the environment or from .env; “paperbot init” writes one that explains each.
    """
    if context.invoked_subcommand is None:
        if text := context.get_help():  # where it draws frames, Typer prints it by itself
            typer.echo(text)
        raise typer.Exit(WRONG)


def program() -> Callable[..., object]:
    """The commands, with flags shown as flags: Typer shows `<bool>` as if they took a value."""
    made = typer.main.get_command(app)
    for _, parameters in help_texts.commands_of(made):
        for parameter in parameters:
            if getattr(parameter, "is_flag", False):
                parameter.metavar = ""
    return made


def _wrong_value(error: typer.BadParameter) -> str | None:
    from bot.cli.output.wrong_value import wrong_value

    return wrong_value(error, translator())


def _is_text(argument: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in argument)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (the process's own by default) and return its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        commands = program()
        shows_help = not arguments or not set(help_texts.OPTIONS).isdisjoint(arguments)
        if shows_help and (say := translator()) is not ENGLISH:
            help_texts.change(commands, say)
        status = commands(args=arguments, prog_name="paperbot", standalone_mode=False)
        sys.stdout.flush()
    except UserError as error:
        print_error(error)
        return exit_status(error)
    except typer.BadParameter as error:
        print_error_line(_wrong_value(error) or error.format_message())
        return error.exit_code
    except typer.TyperException as error:
        print_error_line(error.format_message())
        return error.exit_code
    except BrokenPipeError:
        # The reader of our output (`| head`) has closed it: discard the rest.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except UnicodeEncodeError:
        # Bytes that are no text come as lone surrogates. A path may have them; nothing stored may.
        wrong = next((each for each in arguments if not _is_text(each)), None)
        if wrong is None:
            raise
        print_error_line(translator()("“{value}” is not in UTF-8", value=wrong))
        return WRONG
    except OSError as error:
        print_error_line(error.strerror or str(error), str(error.filename or ""))
        return FAILED
    except (KeyboardInterrupt, typer.Abort):
        return _INTERRUPTED
    return status if isinstance(status, int) else DONE
