"""The command `mail …`: what an operator knows of addresses that the bot cannot."""

from typing import Annotated

import typer

from bot.cli.output.terminal import DONE

mail = typer.Typer(help="Note what happens to digests by e-mail.")


@mail.callback()
def group() -> None:
    """Note what happens to digests by e-mail."""


@mail.command("bounced")
def bounced(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Like team@example.org.")],
) -> int:
    """Pause the digest of an address whose messages came back."""
    from bot.cli.channels import actions

    actions.show(actions.bounced(address))
    return DONE
