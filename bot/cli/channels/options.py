"""The options of a subscription, for the commands that take them all."""

import inspect
from collections.abc import Callable, Collection
from typing import Annotated

import typer

Ref = Annotated[
    str,
    typer.Argument(
        metavar="REF",
        help="Like slack:C0123, discord:1234567890, web:general, mail:team@example.org.",
    ),
]

OPTIONS = {
    "at": typer.Option("--at", metavar="HH:MM", help="Local time of the digest."),
    "zone": typer.Option("--tz", metavar="ZONE", help="IANA time zone, like Asia/Seoul."),
    "weekdays": typer.Option("--weekdays", metavar="DAYS", help="Like mon-fri or mon,wed,fri."),
    "languages": typer.Option("--languages", metavar="ko,en", help="Languages, in this order."),
    "tags": typer.Option("--tags", metavar="TAGS", help="Tags to include or exclude: '#rl -#moe'."),
    "layout": typer.Option(
        "--layout",
        metavar="papers|thread|compact|titles",
        help="One message per paper, one with the papers in its thread, one for all, one of titles.",
    ),
    "most": typer.Option("--most", metavar="N", help="Maximum number of papers per digest."),
    "since": typer.Option(
        "--since",
        metavar="DATE",
        help="Also post earlier days, one by one, from this date on (like yesterday).",
    ),
    "interface": typer.Option(
        "--interface", metavar="ko|en", help="Language of headings, buttons and dates there."
    ),
    "intro": typer.Option(
        "--intro",
        metavar="on|later|off",
        help="When a paper's thread gets abstract and references.",
    ),
    "recap": typer.Option(
        "--recap",
        metavar="weekly|monthly|off",
        help="A recap on Fridays or on the first of the month; -silent: none where there is little.",
    ),
    "only": typer.Option(
        "--only", metavar="QUERY", help="Only what this look-up finds; off: everything."
    ),
    "quiet": typer.Option(
        "--quiet", metavar="HH-HH|off", help="Hours in which notices and copies wait: 22-08."
    ),
    "unapproved": typer.Option(
        "--unapproved", metavar="post|hold", help="What happens to a digest that nobody approved."
    ),
    "public": typer.Option(
        "--public",
        metavar="on|off",
        help="Whether “paperbot site” shows what is said there from now on, without names.",
    ),
}
"""By the fields of `TypedOptions` and `TypedPreferences`, in the order in which `--help` lists them."""

Given = dict[str, str | None]
"""What was typed for each option, by the field of `TypedOptions` or `TypedPreferences`."""


def with_options(
    *, without: Collection[str] = ()
) -> Callable[[Callable[[str, Given], int]], Callable[..., int]]:
    """Give a command of a channel these options; it takes the channel, and them as one value."""

    def take(command: Callable[[str, Given], int]) -> Callable[..., int]:
        def taking(ref: str, **given: str | None) -> int:
            return command(ref, given)

        kind = inspect.Parameter.KEYWORD_ONLY
        taking.__doc__ = command.__doc__
        # Typer reads a command's parameters from its signature.
        taking.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [
                inspect.Parameter("ref", kind, annotation=Ref),
                *(
                    inspect.Parameter(
                        name, kind, default=None, annotation=Annotated[str | None, option]
                    )
                    for name, option in OPTIONS.items()
                    if name not in without
                ),
            ]
        )
        return taking

    return take
