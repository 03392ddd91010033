"""Rows of buttons. A button carries its whole command line, so it works without stored state."""

from collections.abc import Iterator, Sequence

from bot.core.domain.document import Button, Text
from bot.platforms.slack.rendering.piece import (
    LONGEST_BLOCK,
    Piece,
    make_piece,
    plain_object,
    prose,
    write_json,
)
from bot.platforms.slack.rendering.text import Json, clean, is_address, length, printable, shortened

COMMAND, LINK, CHOOSE = "command", "link", "choose"
"""Prefixes of action ids: a button with a command, a button with a URL, a select menu."""

LONGEST_LABEL = 75
_LONGEST_VALUE = 2000
_BUTTONS_A_ROW = 5


def button_rows(buttons: Sequence[Button]) -> Iterator[Piece]:
    """Rows of buttons; a command too long for a button becomes text that can be typed."""
    pressed = [button for button in buttons if _can_be_pressed(button)]
    for at in range(0, len(pressed), _BUTTONS_A_ROW):
        elements: list[Json] = []
        size = 0
        for place, button in enumerate(pressed[at : at + _BUTTONS_A_ROW]):
            element = _button(button, place)
            added = length(write_json(element))
            if elements and size + added > LONGEST_BLOCK:
                yield make_piece({"type": "actions", "elements": elements}, is_control=True)
                elements, size = [], 0
            elements.append(element)
            size += added
        yield make_piece({"type": "actions", "elements": elements}, is_control=True)
    for button in buttons:
        if not _can_be_pressed(button):
            words = f"{button.label}: {button.command or button.url or ''}"
            yield from prose(clean((Text(words),)), "rich_text_section")


def _can_be_pressed(button: Button) -> bool:
    if button.command is not None:
        return 0 < length(button.command) <= _LONGEST_VALUE
    return button.url is not None and is_address(button.url)


def _button(button: Button, place: int) -> Json:
    label = shortened(printable(button.label), LONGEST_LABEL) or "…"
    element: Json = {"type": "button", "text": plain_object(label)}
    if button.command is not None:
        return element | {"action_id": f"{COMMAND}.{place}", "value": button.command}
    return element | {"action_id": f"{LINK}.{place}", "url": button.url}
