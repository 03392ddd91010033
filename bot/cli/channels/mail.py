"""The command `mail …`: what an operator knows of addresses that the bot cannot."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.output.terminal import DONE
from bot.core.domain.errors import UsageError

mail = typer.Typer(help="Note what happens to digests by e-mail.")


@mail.callback()
def group() -> None:
    """Note what happens to digests by e-mail."""


@mail.command("bounced")
def bounced(
    address: Annotated[
        str,
        typer.Argument(
            metavar="ADDRESS|FILE|-",
            help="Like team@example.org; or the message that came back, - from standard input.",
        ),
    ],
) -> int:
    """Pause the digest of an address whose messages came back."""
    from bot.cli.channels import actions

    if address == "-":
        actions.show_report(actions.reported(sys.stdin.buffer))
        return DONE
    if Path(address).is_file():
        with Path(address).open("rb") as file:
            actions.show_report(actions.reported(file))
        return DONE
    if "@" not in address:
        raise UsageError(
            "“{name}” is neither a file nor an e-mail address: write one like team@example.org",
            name=address,
        )
    actions.show(actions.bounced(address))
    return DONE
