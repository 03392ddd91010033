"""Parses what people do with forms: typing, presses, submissions, and the message shortcut. Pure.

As in `event_parser`, a payload that is not meant for the bot becomes `None`.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from bot.archive.domain.arxiv_id import find_arxiv_ids
from bot.core.domain import command_line, commands
from bot.core.domain.late import late_pattern
from bot.platforms.slack.inbound.block_text import text_of
from bot.platforms.slack.inbound.event_parser import read_press
from bot.platforms.slack.inbound.events import (
    ButtonPress,
    CommandRequest,
    FormPressed,
    FormTyped,
    Location,
    OpenForm,
)
from bot.platforms.slack.inbound.mrkdwn import plain
from bot.platforms.slack.manifest import SHORTCUT
from bot.platforms.slack.rendering.modal import (
    ANSWER,
    FORM,
    PRESS,
    has_state,
    read_inputs,
    read_state,
)
from bot.platforms.slack.timestamps import parse_timestamp

_ENTRY = late_pattern(r"\bentry:\d{1,18}\b")
_DEEPEST = 12
"""Levels of a message's blocks and attachments."""


def read_action(body: Mapping[str, Any]) -> ButtonPress | FormTyped | FormPressed | None:
    """Parse what was pressed or typed, in a message, the App Home or a modal."""
    view = _object(body.get("view"))
    if text_of(view, "type") != "modal":
        return read_press(body)
    if text_of(view, "callback_id") == ANSWER:
        return _press_in_answer(body, view)
    actions = body.get("actions")
    action = _object(actions[0]) if isinstance(actions, list) and actions else {}
    form = _open_form(body, at=parse_timestamp(text_of(action, "action_ts")))
    if form is None:
        return None
    name = text_of(action, "action_id")
    if not name.startswith(PRESS):
        return FormTyped(form)
    trigger = text_of(body, "trigger_id")
    return FormPressed(trigger and f"slack:{trigger}", form, name.removeprefix(PRESS))


def read_submission(body: Mapping[str, Any]) -> OpenForm | None:
    """Parse a submitted form."""
    return _open_form(body)


def read_closed(body: Mapping[str, Any]) -> FormTyped | None:
    """Parse a form that was closed; `None` also where Slack does not say what stood in it."""
    if not has_state(_object(body.get("view"))):
        return None
    form = _open_form(body)
    return FormTyped(form) if form is not None else None


def read_shortcut(body: Mapping[str, Any]) -> CommandRequest | None:
    """Parse the message shortcut: the command that opens a form for the message's first paper."""
    person, message = _object(body.get("user")), _object(body.get("message"))
    user, channel = text_of(person, "id"), text_of(_object(body.get("channel")), "id")
    trigger = text_of(body, "trigger_id")
    if text_of(body, "callback_id") != SHORTCUT or not (user and channel and trigger):
        return None
    return CommandRequest(
        event_id=f"slack:{trigger}",
        line=command_line.format_line(commands.NOTE.name, _paper_of(message)),
        user=user,
        user_name=text_of(person, "name") or text_of(person, "username"),
        place=Location(channel, text_of(message, "thread_ts") or None),
        response_url=text_of(body, "response_url") or None,
        trigger=trigger,
    )


def _paper_of(message: Mapping[str, Any]) -> str:
    """The first arXiv paper that a message names or links to; in a digest, its entry; else empty."""
    shown = [*_texts(message.get("text")), *_texts(message.get("blocks"))]
    shown += _texts(message.get("attachments"))
    for text in shown:
        for mention in find_arxiv_ids(plain(text, lambda id_: id_)):
            if mention.id is not None:
                return mention.id.number
    return next((found[0] for text in shown if (found := _ENTRY.search(text))), "")


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    """Everything that is written below a value, addresses and buttons' lines included."""
    if isinstance(value, str):
        yield value
    elif depth < _DEEPEST and isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part, depth + 1)


def _press_in_answer(body: Mapping[str, Any], view: Mapping[str, Any]) -> ButtonPress | None:
    """A button in the answer to a form: it is answered where the form was opened."""
    state = read_state(view)
    if state is None or not state.channel:
        return None
    place = {"channel_id": state.channel, "thread_ts": state.thread}
    return read_press({**body, "container": place})


def _open_form(body: Mapping[str, Any], at: datetime | None = None) -> OpenForm | None:
    view, person = _object(body.get("view")), _object(body.get("user"))
    state, user, id_ = read_state(view), text_of(person, "id"), text_of(view, "id")
    if text_of(view, "callback_id") != FORM or state is None or not (user and id_):
        return None
    return OpenForm(
        view=id_,
        hash=text_of(view, "hash"),
        state=state,
        inputs=read_inputs(view),
        user=user,
        user_name=text_of(person, "name") or text_of(person, "username"),
        at=at,
    )


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
