"""A subscription's options as people type them, and what they are once they are read."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Self

from bot.archive.domain.typed_dates import Days
from bot.channels.domain.quiet_hours import parse_quiet
from bot.channels.domain.schedule import Schedule
from bot.channels.domain.subscription import (
    DigestOptions,
    format_tags,
    parse_interface,
    parse_intro,
    parse_languages,
    parse_layout,
    parse_most,
    parse_recap,
    parse_unapproved,
)
from bot.channels.domain.typed_schedule import parse_time, parse_weekdays
from bot.core.domain.dataclass import dataclass
from bot.digest.services.options.zones import parse_zone
from bot.lookup.domain.entry_filter import parse_only
from bot.lookup.domain.tag_filter import parse_tags


@dataclass(frozen=True, slots=True)
class TypedOptions:
    """Options as typed; `None` means not given."""

    at: str | None = None
    zone: str | None = None
    weekdays: str | None = None
    languages: str | None = None
    tags: str | None = None
    layout: str | None = None
    most: str | None = None
    since: str | None = None
    interface: str | None = None
    intro: str | None = None
    recap: str | None = None
    only: str | None = None
    quiet: str | None = None
    unapproved: str | None = None

    @classmethod
    def of(cls, options: Mapping[str, str]) -> Self:
        """Those of a command's options that belong to a subscription."""
        named = {_FIELDS.get(name, name): value for name, value in options.items()}
        return cls(**{each.name: named[each.name] for each in fields(cls) if each.name in named})

    def typed(self) -> Mapping[str, str]:
        """The options that are given, by their names in the command table."""
        names = {field: name for name, field in _FIELDS.items()}
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {names.get(name, name): v for name, v in values.items() if v is not None}


_FIELDS = {"tz": "zone"}


def read_options(words: TypedOptions, otherwise: DigestOptions, days: Days) -> DigestOptions:
    """The typed options merged over the present ones; raises `UserError`."""
    schedule = otherwise.schedule
    return replace(
        otherwise,
        schedule=Schedule(
            at=parse_time(words.at) if words.at is not None else schedule.at,
            zone=parse_zone(words.zone) if words.zone is not None else schedule.zone,
            weekdays=(
                parse_weekdays(words.weekdays) if words.weekdays is not None else schedule.weekdays
            ),
        ),
        languages=(
            parse_languages(words.languages) if words.languages is not None else otherwise.languages
        ),
        tags=format_tags(parse_tags(words.tags)) if words.tags is not None else otherwise.tags,
        layout=parse_layout(words.layout) if words.layout is not None else otherwise.layout,
        most=parse_most(words.most) if words.most is not None else otherwise.most,
        intro=parse_intro(words.intro) if words.intro is not None else otherwise.intro,
        recap=parse_recap(words.recap) if words.recap is not None else otherwise.recap,
        only=parse_only(words.only, days) if words.only is not None else otherwise.only,
        quiet=parse_quiet(words.quiet) if words.quiet is not None else otherwise.quiet,
        unapproved=(
            parse_unapproved(words.unapproved)
            if words.unapproved is not None
            else otherwise.unapproved
        ),
        interface=(
            parse_interface(words.interface) if words.interface is not None else otherwise.interface
        ),
    )
