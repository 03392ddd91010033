"""Select menus for the rows of a list, and rows of buttons.

A button or an option carries its whole command line, so it works without stored state.
"""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from bot.core.domain.document import Button, Inline, Item, Text, plain_text
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

_Choice: TypeAlias = tuple[int | None, tuple[Inline, ...], Button]
"""Number and title of a row, and its button."""

_LONGEST_LABEL = 75
_LONGEST_VALUE = 2000
_LONGEST_OPTION = 150
_BUTTONS_A_ROW = 5
_OPTIONS_A_SELECT = 20


def choices(items: Sequence[Item], titles: Sequence[tuple[Inline, ...]]) -> Iterator[Piece]:
    """The buttons of rows as select menus, or as buttons if there are fewer than two.

    `titles` are the clean runs of each item.
    """
    chosen: list[_Choice] = []
    others: list[Button] = []
    for item, title in zip(items, titles, strict=True):
        if item.button is not None and _can_be_chosen(item.button):
            chosen.append((item.number, title, item.button))
        elif item.button is not None:
            others.append(item.button)
    if len(chosen) < 2:
        chosen, others = [], [item.button for item in items if item.button is not None]
    for at in range(0, len(chosen), _OPTIONS_A_SELECT):
        yield _select(chosen[at : at + _OPTIONS_A_SELECT])
    yield from button_rows(others)


def _can_be_chosen(button: Button) -> bool:
    return button.command is not None and 0 < length(button.command) <= _LONGEST_OPTION


def _select(rows: Sequence[_Choice]) -> Piece:
    labels = {button.label for _, _, button in rows}
    placeholder = shortened(printable(labels.pop()), _LONGEST_LABEL) if len(labels) == 1 else ""
    element = {
        "type": "static_select",
        "action_id": f"{CHOOSE}.0",
        "placeholder": plain_object(placeholder or "…"),
        "options": [
            {"text": plain_object(_option(number, title, button)), "value": button.command}
            for number, title, button in rows
        ],
    }
    return make_piece({"type": "actions", "elements": [element]}, is_control=True)


def _option(number: int | None, title: tuple[Inline, ...], button: Button) -> str:
    name = plain_text(title).strip() or printable(button.label)
    numbered = name if number is None else f"{number}. {name}"
    return shortened(numbered, _LONGEST_LABEL) or "…"


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
    label = shortened(printable(button.label), _LONGEST_LABEL) or "…"
    element: Json = {"type": "button", "text": plain_object(label)}
    if button.command is not None:
        return element | {"action_id": f"{COMMAND}.{place}", "value": button.command}
    return element | {"action_id": f"{LINK}.{place}", "url": button.url}
