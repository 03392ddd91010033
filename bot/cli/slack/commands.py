"""The command `slack …`: workspaces that bring a Slack app of their own."""

from typing import Annotated

import typer

from bot.cli.output.terminal import DONE, print_line, print_remark, show_json, translator

slack = typer.Typer(help="Serve several Slack workspaces, each with an app of its own.")


@slack.command("add")
def add() -> int:
    """Add a workspace, or new tokens of one: asked for, or taken from the environment.

    The names are SLACK_BOT_TOKEN, SLACK_APP_TOKEN and SLACK_SIGNING_SECRET. A running bot connects
    within seconds.
    """
    from bot.cli.slack import actions

    for remark in actions.add():
        print_remark(remark)
    return DONE


@slack.command("list")
def list_(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON value and nothing else.")
    ] = False,
) -> int:
    """List the workspaces; tokens are never shown."""
    from bot.cli.slack import actions

    found = actions.list_()
    if as_json:
        show_json([actions.form(*each) for each in found])
        return DONE
    for each, granted in found:
        ended = f"  {each.ended.value}" if each.ended else ""
        print_line(f"{each.workspace}  {each.name}  {each.added_at:%Y-%m-%d}  {each.kind}{ended}")
        for one in granted:
            print_line(f"  {one.workspace}  {one.name}")
    if not found:
        print_line(translator()("No workspace has been added."))
    return DONE


@slack.command("remove")
def remove(
    workspace: Annotated[str, typer.Argument(metavar="WORKSPACE", help="Slack's id, like T0123.")],
) -> int:
    """Disconnect a workspace and forget its tokens; its digests stop, what was posted stays."""
    from bot.cli.slack import actions

    print_line(actions.remove(workspace))
    return DONE
