"""A form as a modal of Discord, and the text that its submission brings back. Pure.

A modal has at most five components, which are the fields: of what stands above them elsewhere
one line is shown, beside a field. The `custom_id` carries all that a submission needs, so any process can take it.
"""

import re
from collections.abc import Mapping
from typing import Any

import discord

from bot.core.domain.dataclass import dataclass
from bot.core.domain.form import FIELDS_MOST, Field, FieldKind, Form
from bot.core.domain.late import late_pattern
from bot.core.domain.untrusted.incoming_text import well_formed
from bot.platforms.discord.rendering.payload import CUSTOM_ID_MOST, size, within

_VALUE_MOST = 4000
_TITLE_MOST = _LABEL_MOST = 45
_DESCRIPTION_MOST = 100
_ACTION = "!form:"
_MODAL = late_pattern(r"pf:(?P<name>[a-z]{1,16}):(?P<key>[^:]{1,64}):(?P<paper>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class FormState:
    """What a modal carries: which form, which filling of it, and the command's paper."""

    name: str
    key: str
    paper: str = ""

    def __str__(self) -> str:
        """The `custom_id`; a paper that does not fit is left out."""
        start = f"pf:{self.name}:{self.key}:"
        whole = f"{start}{self.paper}"
        return whole if size(whole) <= CUSTOM_ID_MOST else start


def read_state(custom_id: str) -> FormState | None:
    """What `str` of a state wrote."""
    match = _MODAL.fullmatch(custom_id)
    return FormState(match["name"], match["key"], match["paper"]) if match else None


@dataclass(frozen=True, slots=True)
class ActionLine:
    """What a button below a message carries that presses a further button of a form.

    A modal has no such buttons. What was typed is stored under the form's key.
    """

    name: str
    key: str
    action: str
    paper: str

    def __str__(self) -> str:
        return f"{_ACTION}{self.name}:{self.key}:{self.action}:{self.paper}"


def read_action(line: str) -> ActionLine | None:
    """What `str` of an `ActionLine` wrote; no command line begins like that."""
    parts = line.removeprefix(_ACTION).split(":", 3)
    return ActionLine(*parts) if line.startswith(_ACTION) and len(parts) == 4 else None


def is_too_long(form: Form) -> bool:
    """Whether a modal cannot show all of a form's text."""
    return len(form.fields) > FIELDS_MOST or any(
        size(each.value) > _VALUE_MOST for each in form.fields
    )


def modal(form: Form, paper: str) -> discord.ui.Modal:
    """The modal of a form; it is stopped, so that discord.py does not keep it in memory."""
    state = FormState(form.name, form.key, paper)
    made = discord.ui.Modal(
        title=within(form.title, _TITLE_MOST) or "…", timeout=None, custom_id=str(state)
    )
    above = _above(form)
    for each in form.fields:
        problem = form.problems.get(each.name, "")
        remark = form.remarks.get(each.name, "")
        beside = f"⚠️ {problem}" if problem else f"💡 {remark}" if remark else _hint(each)
        if not beside:
            beside, above = above, ""  # the first field that has nothing to say says it
        made.add_item(_label(each, beside))
    made.stop()
    return made


def _above(form: Form) -> str:
    """The most important line of what stands above the fields elsewhere, or nothing."""
    if general := form.problems.get("", ""):
        return f"⚠️ {general}"
    if general := form.remarks.get("", ""):
        return f"💡 {general}"
    return form.about[0] if form.about else ""


def _label(field: Field, beside: str) -> "discord.ui.Label[discord.ui.Modal]":
    is_long = field.kind is FieldKind.TEXT or "\n" in field.value
    longest = _VALUE_MOST if field.kind is FieldKind.TEXT else min(field.longest, _VALUE_MOST)
    return discord.ui.Label(
        text=within(field.label, _LABEL_MOST) or "…",
        description=within(beside, _DESCRIPTION_MOST) or None,
        component=discord.ui.TextInput(
            custom_id=field.name,
            style=discord.TextStyle.paragraph if is_long else discord.TextStyle.short,
            default=field.value or None,
            required=field.is_required,
            max_length=max(longest, size(field.value), 1),
        ),
    )


def _hint(field: Field) -> str:
    tags = " ".join(f"#{each}" for each in field.suggestions)
    return f"{field.hint} {tags}".strip()


def read_values(data: Mapping[str, Any]) -> dict[str, str]:
    """The text of each field of a submitted modal."""
    values: dict[str, str] = {}
    for component in data.get("components") or ():
        inside = component.get("component")
        for each in (*([inside] if inside else ()), *(component.get("components") or ())):
            if each.get("custom_id"):
                values[str(each["custom_id"])] = well_formed(str(each.get("value") or ""))
    return values
