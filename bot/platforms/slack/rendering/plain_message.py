"""A message without blocks, sent if Slack rejects them.

Links are written as mrkdwn. A button becomes its label and its command line or URL, so that the
command can be typed.
"""

from collections.abc import Iterator
from typing import Any

from bot.core.domain.i18n import Translate
from bot.platforms.slack.rendering.render import Payload
from bot.platforms.slack.rendering.text import cut, escaped, length

LONGEST_TEXT = 40_000
"""Slack truncates the text of a new message at this length (chat.postMessage)."""
LONGEST_UPDATE = 4000
"""Slack rejects a longer text in chat.update."""


def without_blocks(payload: Payload, say: Translate, *, longest: int) -> str:
    """The words of a message in a `length` of at most `longest`, with a note to the reader."""
    note = escaped(say("(Slack rejected this message's formatting; it is shown as plain text.)"))
    lines = [line for block in payload.blocks for line in _lines(block) if line.strip()]
    text = "\n".join([*(lines or [payload.text]), note])
    if length(text) <= longest:
        return text
    note = escaped(
        say("(Slack rejected this message's formatting; it is shown as plain text, shortened.)")
    )
    room = longest - length(note) - 3
    return f"{text[: cut(text, room)].rstrip()}…\n\n{note}"


def _lines(block: dict[str, Any]) -> Iterator[str]:
    match block.get("type"):
        case "rich_text":
            for part in block["elements"]:
                yield from _rich(part)
        case "header":
            yield _text(block["text"])
        case "section":
            yield from (_text(field) for field in block["fields"])
        case "context":
            yield from (_text(element) for element in block["elements"])
        case "actions":
            yield from (_control(element) for element in block["elements"])


def _rich(part: dict[str, Any]) -> Iterator[str]:
    if part["type"] != "rich_text_list":
        yield "".join(map(_run, part["elements"]))
        return
    first = part.get("offset", 0) + 1
    for place, row in enumerate(part["elements"], start=first):
        bullet = f"{place}. " if part["style"] == "ordered" else "• "
        yield bullet + "".join(map(_run, row["elements"]))


def _run(run: dict[str, Any]) -> str:
    if run["type"] == "link":
        label = escaped(run["text"]).replace("|", "¦").replace("\n", " ")
        return f"<{escaped(run['url'])}|{label}>"
    if run["type"] == "user":
        return f"<@{run['user_id']}>"
    return escaped(run["text"])


def _text(value: dict[str, Any]) -> str:
    text = str(value["text"])
    return text if value["type"] == "mrkdwn" else escaped(text)


def _control(element: dict[str, Any]) -> str:
    if element["type"] == "static_select":
        options = [
            f"{_text(each['text'])}: {escaped(each['value'])}" for each in element["options"]
        ]
        return "\n".join(options)
    carried = element.get("value") or element.get("url") or ""
    return f"{_text(element['text'])}: {escaped(carried)}"
