"""The values of `/digest`'s options: how each is read, and everything that is wrong with some."""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from bot.archive.domain.typed_dates import Days, read_date
from bot.channels.domain.quiet_hours import parse_quiet
from bot.channels.domain.subscription import (
    parse_interface,
    parse_intro,
    parse_languages,
    parse_layout,
    parse_most,
    parse_recap,
    parse_switch,
    parse_unapproved,
)
from bot.channels.domain.typed_schedule import looks_like_time, parse_time, parse_weekdays
from bot.core.domain.errors import ProblemsError, UserError
from bot.core.domain.option_line import Parser, Unnamed
from bot.digest.services.options.zones import looks_like_zone, parse_zone
from bot.lookup.domain.entry_filter import parse_only
from bot.lookup.domain.tag_filter import parse_tags

_PARSERS: Mapping[str, Parser] = MappingProxyType(
    {
        "at": parse_time,
        "tz": parse_zone,
        "weekdays": parse_weekdays,
        "languages": parse_languages,
        "interface": parse_interface,
        "tags": parse_tags,
        "layout": parse_layout,
        "most": parse_most,
        "intro": parse_intro,
        "recap": parse_recap,
        "quiet": parse_quiet,
        "unapproved": parse_unapproved,
        "discussion": partial(parse_switch, name="discussion"),
        "notices": partial(parse_switch, name="notices"),
        "public": partial(parse_switch, name="public"),
    }
)
"""A parser for every option of `/digest` but the free one and those that depend on the day."""


def _is_tag(word: str) -> bool:
    return word.startswith(("#", "-#"))


def _some_tags(text: str) -> object:
    if not all(map(_is_tag, text.replace(",", " ").split())):
        raise UserError("“{text}” is not a tag", text=text)
    return parse_tags(text)


UNNAMED = (
    Unnamed("at", parse_time, looks_like_time),
    Unnamed("weekdays", parse_weekdays),
    Unnamed("tz", parse_zone, looks_like_zone),
    Unnamed("layout", parse_layout),
    Unnamed("languages", parse_languages),
    Unnamed("tags", _some_tags, _is_tag),
)
"""The options that may be given by their value alone: `/digest here 9am every weekday`."""


def parsers(days: Days) -> Mapping[str, Parser]:
    """How the value of each option is read on that day."""
    return {
        **_PARSERS,
        "since": partial(read_date, days=days),
        "only": partial(parse_only, days=days),
    }


def check(typed: Mapping[str, str], days: Days) -> None:
    """Raise for everything that is wrong with these values: one `UserError`, or all in one."""
    known, problems = parsers(days), []
    for name, value in typed.items():
        try:
            known[name](value)
        except UserError as error:
            problems.append(error)
    raise_all(problems)


def raise_all(problems: list[UserError] | tuple[UserError, ...]) -> None:
    """Raise these problems: nothing for none, the only one itself, else all in one."""
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise ProblemsError(tuple(problems))
