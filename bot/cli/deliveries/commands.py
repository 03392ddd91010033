"""The commands `post` and `deliveries …`."""

from typing import Annotated

import typer

from bot.cli.output.terminal import DONE, LARGEST, print_line, print_remark, show_json, translator
from bot.outbox.domain.delivery import State

deliveries = typer.Typer(
    help="The outbox: what was posted, what is waiting, what is stuck and why."
)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON value and nothing else.")]
Id = Annotated[
    int,
    typer.Argument(metavar="ID", max=LARGEST, help="The number that `paperbot deliveries` shows."),
]


def post(
    channel: Annotated[
        str, typer.Option("--channel", metavar="REF", help="Like slack:C0123 or web:general.")
    ],
    date: Annotated[
        str | None,
        typer.Argument(
            metavar="DATE", help="Like 2025-02-04, yesterday; default: the next digest."
        ),
    ] = None,
) -> int:
    """Plan a digest now; a running bot posts it within seconds, and never twice."""
    from bot.cli.deliveries import actions

    planned = actions.post(channel, date)
    say = translator()
    print_line(
        say(
            "{channel}: {papers} of {day} planned in {messages}; a running bot posts them now.",
            channel=planned.channel,
            day=planned.on.isoformat(),
            papers=say.count("{n} paper", "{n} papers", planned.papers),
            messages=say.count("{n} message", "{n} messages", planned.messages),
        )
    )
    return DONE


@deliveries.callback(invoke_without_command=True)
def show(
    context: typer.Context,
    state: Annotated[
        list[State] | None,
        typer.Option("--state", help="Only deliveries in this state; may be repeated."),
    ] = None,
    channel: Annotated[
        str | None,
        typer.Option("--channel", metavar="REF", help="Only deliveries to this channel."),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, max=LARGEST, help="Show the newest N.")
    ] = 100,
    failing: Annotated[
        bool,
        typer.Option(
            "--failing",
            help="Only messages that are held or could not be posted, edited or removed yet.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> int:
    """List the outbox, newest last."""
    if context.invoked_subcommand is not None:
        return DONE
    from bot.cli.deliveries import actions

    found = actions.list_deliveries(state or tuple(State), channel, limit, failing=failing)
    if as_json:
        show_json([actions.form(delivery) for delivery in found])
    elif not found:
        print_remark(translator()("No deliveries found."))
    else:
        for delivery in found:
            actions.show(delivery)
    return DONE


@deliveries.command("retry")
def retry(delivery: Id) -> int:
    """Try one again now; if it may have been posted, the channel is searched first."""
    from bot.cli.deliveries import actions

    actions.show(actions.retry(delivery))
    return DONE


@deliveries.command("drop")
def drop(delivery: Id) -> int:
    """Give one up, with the replies to it; a failed edit or removal is left as it is."""
    from bot.cli.deliveries import actions

    actions.show(actions.drop(delivery))
    return DONE
