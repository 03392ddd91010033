"""Renders a `Form` as a Slack modal, and reads back what stands in its fields. Pure.

Slack keeps what a person typed into an input as long as its block id stays the same, and then ignores
another `initial_value` (slackapi/bolt-python, issue 1064). So a block id ends in a checksum of the
text that the bot put into the input: it changes only where the bot puts in another text.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2s
from typing import Any

from bot.core.domain.dataclass import dataclass
from bot.core.domain.document import Document
from bot.core.domain.form import TEXT_MOST, TITLE_MOST, Field, FieldKind, Form, FormAction
from bot.platforms.slack.rendering.piece import plain_object
from bot.platforms.slack.rendering.render import render_home
from bot.platforms.slack.rendering.text import Json, cut, length, printable, shortened

FORM, ANSWER = "form", "answer"
"""Callback ids of modals: one with a form, one with nothing to fill in."""
PRESS = "press."
"""Prefix of the action ids of a form's further buttons; the name of the action follows."""

_TYPED = "typed"
_LONGEST_LABEL, _LONGEST_BUTTON, _LONGEST_HINT, _LONGEST_NOTICE = 2000, 75, 2000, 3000
_KEPT = (6, 7)
"""How many words a modal carries: one more for an organisation's app."""
_MOST_PARTS = 15
"""Inputs of one field: five fields of so many stay within the 100 blocks of a view."""
LONGEST_FIELD = (_MOST_PARTS - 1) * TEXT_MOST // 2
"""UTF-16 code units of a field that certainly fit into its inputs, of which each may be cut at half."""
_JOINTS = {"n": "\n", "s": " ", "": ""}


@dataclass(frozen=True, slots=True)
class FormState:
    """What a modal carries in `private_metadata`, so that any process can take its submission.

    `frame` is a checksum of everything that the form shows beside the values. `team` is the workspace
    where it was opened, of an app that an organisation has installed: Slack names the person's own.
    """

    name: str
    key: str
    channel: str
    thread: str | None
    locale: str
    frame: str = ""
    team: str = ""


@dataclass(frozen=True, slots=True)
class Input:
    """One input of an open modal and what stands in it."""

    block_id: str
    text: str

    @property
    def field(self) -> str:
        """The name of the form's field."""
        return self.block_id.split("/")[0]

    @property
    def joint(self) -> str:
        """What belongs between the text of the input before it and its own."""
        return _JOINTS.get("".join(filter(str.isalpha, self.block_id.split("/")[1])), "")


def render_form(form: Form, state: FormState, shown: Sequence[Input] = ()) -> Json:
    """The view of a form. `shown` are the inputs of the open modal that it replaces, if any.

    A text that is too long for one input goes on in another one below it.
    """
    frame = _frame(form)
    blocks: list[Json] = [_notice(text) for text in _above(form)]
    blocks += [_small(text) for text in form.about if printable(text).strip()]
    for field in form.fields:
        blocks += _inputs(field, shown)
        blocks += [
            _small(f"{sign} {texts[field.name]}")
            for sign, texts in (("⚠️", form.problems), ("💡", form.remarks))
            if printable(texts.get(field.name, "")).strip()
        ]
    if form.actions:
        blocks.append({"type": "actions", "elements": [*map(_button, form.actions)]})
    kept = replace(state, name=form.name, key=form.key, frame=frame)
    return {
        "type": "modal",
        "callback_id": FORM,
        "title": plain_object(shortened(printable(form.title), TITLE_MOST) or "…"),
        "submit": plain_object(shortened(printable(form.submit), TITLE_MOST) or "…"),
        "notify_on_close": True,
        "private_metadata": _dump(kept),
        "blocks": blocks,
    }


def is_too_long(form: Form) -> bool:
    """Whether a modal cannot hold the whole form; then it must not be shown, lest text is lost."""
    return any(length(each.value) > LONGEST_FIELD for each in form.fields)


def render_answer(document: Document, title: str, state: FormState) -> Json:
    """A modal that says what came of a form, with nothing to fill in."""
    kept = replace(state, frame="")
    return {
        "type": "modal",
        "callback_id": ANSWER,
        "title": plain_object(shortened(printable(title), TITLE_MOST) or "…"),
        "private_metadata": _dump(kept),
        "blocks": list(render_home(document)),
    }


def answer_submission(form: Form, state: FormState, shown: Sequence[Input]) -> Json:
    """The answer to a submission that has to be corrected.

    Slack shows errors beside the inputs. It takes them for inputs only, and they change nothing else:
    in any other case the whole view is replaced.
    """
    last = {each.field: each.block_id for each in shown}
    is_beside = set(form.problems) <= set(last) and all(form.problems.values())
    if (
        form.problems
        and not form.remarks
        and is_beside
        and dict(form.values) == values_of(shown)
        and (form.key, _frame(form, with_problems=False)) == (state.key, state.frame)
    ):
        errors = {last[name]: printable(text) or "…" for name, text in form.problems.items()}
        return {"response_action": "errors", "errors": errors}
    return {"response_action": "update", "view": render_form(form, state, shown)}


def _dump(state: FormState) -> str:
    kept = (state.name, state.key, state.channel, state.thread, state.locale, state.frame)
    return json.dumps((*kept, state.team) if state.team else kept, ensure_ascii=False)


def read_state(view: Mapping[str, Any]) -> FormState | None:
    """What a modal of the bot carries, or `None`."""
    try:
        kept = json.loads(view.get("private_metadata") or "")
    except (TypeError, ValueError):
        return None
    if not isinstance(kept, list) or len(kept) not in _KEPT:
        return None
    name, key, channel, thread, locale, frame, team = (*kept, "")[:7]
    words = (name, key, channel, locale, frame, team)
    if not all(isinstance(each, str) for each in words) or not isinstance(thread, str | None):
        return None
    return FormState(name, key, channel, thread, locale, frame, team)


def read_inputs(view: Mapping[str, Any]) -> tuple[Input, ...]:
    """The inputs of a form's view, as Slack sends it, with what stands in them.

    Slack may leave out of `state` what nobody changed since the view was replaced
    (slackapi/bolt-js, issue 1258): the text that the bot put in still stands there then.
    """
    typed = _object(_object(view.get("state")).get("values"))
    blocks = view.get("blocks")
    found = []
    for block in map(_object, blocks if isinstance(blocks, list) else ()):
        block_id, element = block.get("block_id"), _object(block.get("element"))
        if block.get("type") != "input" or not isinstance(block_id, str) or "/" not in block_id:
            continue
        text = element.get("initial_value")
        if (entry := _object(_object(typed.get(block_id)).get(_TYPED))) and "value" in entry:
            text = entry["value"]
        found.append(Input(block_id, text if isinstance(text, str) else ""))
    return tuple(found)


def has_state(view: Mapping[str, Any]) -> bool:
    """Whether Slack says what stands in any input."""
    return bool(_object(_object(view.get("state")).get("values")))


def values_of(inputs: Sequence[Input]) -> dict[str, str]:
    """The text of each field."""
    values: dict[str, str] = {}
    for each in inputs:
        if each.field not in values:
            values[each.field] = each.text
        elif each.text:
            values[each.field] += each.joint + each.text
    return values


def _inputs(field: Field, shown: Sequence[Input]) -> Iterator[Json]:
    value = printable(field.value)
    parts = [each for each in shown if each.field == field.name]
    if not parts or printable(values_of(parts)[field.name]) != value:
        parts = list(_parts(field.name, value, {each.block_id for each in shown}))
    is_long = field.kind is FieldKind.TEXT or len(parts) > 1 or "\n" in value
    for place, part in enumerate(parts):
        element: Json = {
            "type": "plain_text_input",
            "action_id": _TYPED,
            "multiline": is_long,
            "max_length": max(min(field.longest, TEXT_MOST), length(part.text), 1),
            "dispatch_action_config": {"trigger_actions_on": ["on_character_entered"]},
        }
        if part.text:
            element["initial_value"] = part.text
        label = field.label if place == 0 else f"{field.label} ({place + 1})"
        block: Json = {
            "type": "input",
            "block_id": part.block_id,
            "label": plain_object(shortened(printable(label), _LONGEST_LABEL) or "…"),
            "element": element,
            "optional": place > 0 or not field.is_required,
            "dispatch_action": True,  # Slack tells what is typed, to be kept as a draft
        }
        if place == len(parts) - 1 and (hint := _hint(field)):
            block["hint"] = plain_object(hint)
        yield block


def _parts(name: str, value: str, taken: set[str]) -> Iterator[Input]:
    """Inputs for a text, each within Slack's limit; their ids are none of those `taken`."""
    turn = 0
    while any(f"/{_checksum(value, turn)}" in each for each in taken):
        turn += 1
    mark = _checksum(value, turn)
    joint = ""
    for place in range(_MOST_PARTS):
        at = cut(value, TEXT_MOST)
        part, value = value[:at], value[at:]
        following = next((each for each in "ns" if value and part.endswith(_JOINTS[each])), "")
        part = part.removesuffix(_JOINTS[following])
        yield Input(f"{name}/{place}{joint}/{mark}", part)
        joint = following
        if not value:
            return


def _checksum(*values: object) -> str:
    return blake2s(repr(values).encode(errors="replace"), digest_size=6).hexdigest()


def _frame(form: Form, *, with_problems: bool = True) -> str:
    fields = [(each.name, each.label, each.hint, each.suggestions) for each in form.fields]
    problems = sorted(form.problems.items()) if with_problems else []
    beside = (problems, sorted(form.remarks.items()))
    return _checksum(form.title, form.submit, form.about, fields, form.actions, *beside)


def _above(form: Form) -> Iterator[str]:
    """The problems and remarks that are about no field."""
    names = {each.name for each in form.fields}
    for sign, texts in (("⚠️", form.problems), ("💡", form.remarks)):
        for name, text in texts.items():
            if name not in names and printable(text).strip():
                yield f"{sign} {text}"


def _hint(field: Field) -> str:
    tags = " ".join(f"#{each}" for each in field.suggestions)
    return shortened(printable(f"{field.hint} {tags}"), _LONGEST_HINT)


def _button(action: FormAction) -> Json:
    label = shortened(printable(action.label), _LONGEST_BUTTON) or "…"
    return {
        "type": "button",
        "action_id": f"{PRESS}{action.name}",
        "text": plain_object(label),
    }


def _notice(text: str) -> Json:
    return {"type": "section", "text": plain_object(_cut(text))}


def _small(text: str) -> Json:
    return {"type": "context", "elements": [plain_object(_cut(text))]}


def _cut(text: str) -> str:
    shown = printable(text)
    return shown[: cut(shown, _LONGEST_NOTICE)]


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
