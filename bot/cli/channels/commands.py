"""The command `channel …`: which channels get a digest, when, and in which layout."""

from typing import Annotated

import typer

from bot.cli.output.terminal import DONE, print_line, show_json, translator

channel = typer.Typer(help="Subscribe channels to the digest.")

Ref = Annotated[
    str,
    typer.Argument(
        metavar="REF",
        help="Like slack:C0123, discord:1234567890, web:general, mail:team@example.org.",
    ),
]
At = Annotated[str | None, typer.Option("--at", metavar="HH:MM", help="Local time of the digest.")]
Zone = Annotated[
    str | None, typer.Option("--tz", metavar="ZONE", help="IANA time zone, like Asia/Seoul.")
]
Weekdays = Annotated[
    str | None, typer.Option("--weekdays", metavar="DAYS", help="Like mon-fri or mon,wed,fri.")
]
Languages = Annotated[
    str | None, typer.Option("--languages", metavar="ko,en", help="Languages, in this order.")
]
Interface = Annotated[
    str | None,
    typer.Option(
        "--interface", metavar="ko|en", help="Language of headings, buttons and dates there."
    ),
]
Tags = Annotated[
    str | None,
    typer.Option("--tags", metavar="TAGS", help="Tags to include or exclude: '#rl -#moe'."),
]
Layout = Annotated[
    str | None,
    typer.Option(
        "--layout",
        metavar="papers|thread|compact|titles",
        help="One message per paper, one with the papers in its thread, one for all, one of titles.",
    ),
]
Most = Annotated[
    str | None, typer.Option("--most", metavar="N", help="Maximum number of papers per digest.")
]
Intro = Annotated[
    str | None,
    typer.Option(
        "--intro",
        metavar="on|later|off",
        help="When a paper's thread gets abstract and references.",
    ),
]
Since = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="DATE",
        help="Also post earlier days, one by one, from this date on (like yesterday).",
    ),
]
Recap = Annotated[
    str | None,
    typer.Option(
        "--recap",
        metavar="weekly|monthly|off",
        help="A recap on Fridays or on the first of the month; -silent: none where there is little.",
    ),
]
Only = Annotated[
    str | None,
    typer.Option("--only", metavar="QUERY", help="Only what this look-up finds; off: everything."),
]
Quiet = Annotated[
    str | None,
    typer.Option(
        "--quiet", metavar="HH-HH|off", help="Hours in which notices and copies wait: 22-08."
    ),
]
Unapproved = Annotated[
    str | None,
    typer.Option(
        "--unapproved", metavar="post|hold", help="What happens to a digest that nobody approved."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON value and nothing else.")]


@channel.command("add")
def add(
    ref: Ref,
    at: At = None,
    tz: Zone = None,
    weekdays: Weekdays = None,
    languages: Languages = None,
    tags: Tags = None,
    layout: Layout = None,
    most: Most = None,
    since: Since = None,
    interface: Interface = None,
    intro: Intro = None,
    recap: Recap = None,
    only: Only = None,
    quiet: Quiet = None,
    unapproved: Unapproved = None,
) -> int:
    """Post a digest there every day; --at and --tz are required."""
    from bot.cli.channels import actions

    words = actions.TypedOptions(
        at,
        tz,
        weekdays,
        languages,
        tags,
        layout,
        most,
        since,
        interface,
        intro,
        recap,
        only,
        quiet,
        unapproved,
    )
    actions.show(actions.add(ref, words))
    return DONE


@channel.command("change")
def change(
    ref: Ref,
    at: At = None,
    tz: Zone = None,
    weekdays: Weekdays = None,
    languages: Languages = None,
    tags: Tags = None,
    layout: Layout = None,
    most: Most = None,
    interface: Interface = None,
    intro: Intro = None,
    recap: Recap = None,
    only: Only = None,
    quiet: Quiet = None,
    unapproved: Unapproved = None,
) -> int:
    """Change a subscription; options that you leave out stay as they are."""
    from bot.cli.channels import actions

    words = actions.TypedOptions(
        at,
        tz,
        weekdays,
        languages,
        tags,
        layout,
        most,
        interface=interface,
        intro=intro,
        recap=recap,
        only=only,
        quiet=quiet,
        unapproved=unapproved,
    )
    actions.show(actions.change(ref, words))
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
