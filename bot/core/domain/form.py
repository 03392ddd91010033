"""A form that a person fills in, platform-neutral: a modal in Slack and Discord, a page on the web.

Limits of the platforms (Slack's modal views, Discord's modals) bind every form, so that it is the
same one everywhere: five fields, titles and buttons of 24 characters, labels of 45, hints of 100.
"""

from collections.abc import Mapping
from dataclasses import field, replace
from enum import StrEnum

from bot.core.domain.dataclass import dataclass

FIELDS_MOST = 5
TITLE_MOST = 24
LABEL_MOST = 45
HINT_MOST = 100
TEXT_MOST = 3_000
"""Characters of one field; Slack's limit, the smallest one. Those of a text are counted in UTF-16."""
_ROOM = {"discord": 4_000, "web": 20_000}


def text_most(platform: str) -> int:
    """Characters that one field of a text takes there; what it takes, it can show again."""
    return _ROOM.get(platform, TEXT_MOST)


class FieldKind(StrEnum):
    """What a field takes."""

    LINE = "line"
    TEXT = "text"
    TAGS = "tags"
    """Tags, separated by spaces; `suggestions` are offered, others may be typed."""
    DAY = "day"
    """A date as people write it; empty for today."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field; `name` stays the same while the form is open, so that typed text is kept."""

    name: str
    label: str
    kind: FieldKind = FieldKind.LINE
    value: str = ""
    hint: str = ""
    is_required: bool = False
    longest: int = TEXT_MOST
    suggestions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FormAction:
    """A further button of a form; it never closes the form and loses nothing that was typed."""

    name: str
    label: str


@dataclass(frozen=True, slots=True)
class Form:
    """A form as it is shown.

    `name` says which form it is (`note`), `key` which filling of it: a submission that is repeated
    with the same key changes nothing. `about` are lines above the fields (which paper, what was
    noticed); `problems` stand beside the field of that name, under the name `""` above all fields.
    `remarks` stand there, too: what is worth a look, and stops nothing.
    """

    name: str
    key: str
    title: str
    submit: str
    fields: tuple[Field, ...]
    about: tuple[str, ...] = ()
    problems: Mapping[str, str] = field(default_factory=dict)
    remarks: Mapping[str, str] = field(default_factory=dict)
    actions: tuple[FormAction, ...] = ()

    def filled(self, values: Mapping[str, str]) -> "Form":
        """The form with what a person typed; fields without a value keep theirs."""
        fields = tuple(
            replace(each, value=values.get(each.name, each.value)) for each in self.fields
        )
        return replace(self, fields=fields)

    @property
    def values(self) -> Mapping[str, str]:
        """What stands in each field."""
        return {each.name: each.value for each in self.fields}
