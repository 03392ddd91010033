"""The command `channel …`: which channels get a digest, when, and in which layout."""

from typing import Annotated

import typer

from bot.cli.channels.options import Given, Ref, with_options
from bot.cli.output.terminal import DONE, print_line, show_json, translator

channel = typer.Typer(help="Subscribe channels to the digest.")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON value and nothing else.")]


@channel.command("add")
@with_options()
def add(ref: str, given: Given) -> int:
    """Post a digest there every day; --at and --tz are required."""
    from bot.cli.channels import actions

    actions.show(actions.add(ref, *actions.read(given)))
    return DONE


@channel.command("change")
@with_options(without=["since"])
def change(ref: str, given: Given) -> int:
    """Change a subscription; options that you leave out stay as they are."""
    from bot.cli.channels import actions

    actions.show(actions.change(ref, *actions.read(given)))
    return DONE


@channel.command("list")
def list_(as_json: AsJson = False) -> int:
    """List the subscribed channels, with their settings and state."""
    from bot.cli.channels import actions

    found = actions.list_all()
    if as_json:
        show_json([actions.form(status) for status in found])
    elif not found:
        print_line(translator()("No channel is subscribed: see “paperbot channel add --help”."))
    else:
        for status in found:
            actions.show(status)
    return DONE


@channel.command("pause")
def pause(ref: Ref) -> int:
    """Stop posting there until the channel is resumed."""
    from bot.cli.channels import actions

    actions.show(actions.pause(ref))
    return DONE


@channel.command("resume")
def resume(ref: Ref) -> int:
    """Post there again, including what was waiting for it."""
    from bot.cli.channels import actions

    actions.show(actions.resume(ref))
    return DONE


@channel.command("managers")
def managers(
    ref: Ref,
    name: Annotated[
        list[str] | None, typer.Option("--add", metavar="ID", help="Name a person, by id: U0123.")
    ] = None,
    remove: Annotated[
        list[str] | None, typer.Option("--remove", metavar="ID", help="Remove a named person.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """List the people who were named to manage the digest; name or remove some."""
    from bot.cli.channels import actions

    found = actions.managers(ref, name or (), remove or ())
    if as_json:
        show_json([{"id": each.id, "name": each.name} for each in found])
    elif not found:
        print_line(translator()("Nobody else is named."))
    else:
        for each in found:
            print_line(f"{each.id}  {each.name}".rstrip())
    return DONE


@channel.command("remove")
def remove(ref: Ref) -> int:
    """End the subscription; messages already planned are still posted."""
    from bot.cli.channels import actions

    actions.remove(ref)
    return DONE
