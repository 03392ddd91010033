"""The buttons and menus of a document, put into rows and messages. Pure.

A list whose rows have buttons gets one menu; other buttons stand in rows of up to five.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.core.domain.document import (
    Button,
    Buttons,
    Document,
    Inline,
    Items,
    Link,
    Style,
    Text,
    plain_text,
)
from bot.core.ports import DeliveryKey
from bot.platforms.discord.rendering import markdown
from bot.platforms.discord.rendering.controls import (
    PARTS_MOST,
    Lines,
    Mark,
    custom_id,
    menu_id,
    option_room,
    option_value,
    room,
)
from bot.platforms.discord.rendering.payload import (
    LABEL_MOST,
    LINK_URL_MOST,
    OPTION_MOST,
    OPTIONS_MOST,
    PLACEHOLDER_MOST,
    ROW_BUTTONS_MOST,
    ROWS_MOST,
    Option,
    Press,
    Row,
    Select,
    Visit,
    size,
    within,
)


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of a menu to be: what is shown, and the command line that it carries."""

    label: str
    line: str


@dataclass(frozen=True, slots=True)
class Menu:
    """A select to be."""

    choices: tuple[Choice, ...]
    placeholder: str = ""


Wanted = tuple[Button, ...] | Menu


@dataclass(frozen=True, slots=True)
class Board:
    """The rows of one message, their lines still without the mark; `lines` fill its slip."""

    rows: tuple[Row, ...] = ()
    lines: Lines = field(default_factory=Lines)

    def marked(self, mark: Mark | None) -> tuple[Row, ...]:
        """The rows with the message's mark in their first `custom_id`."""
        rows: list[Row] = []
        for row in self.rows:
            if isinstance(row, Select):
                held, mark = _marked(row.custom_id, mark), None
                rows.append(Select(held, row.options, row.placeholder))
                continue
            buttons: list[Press | Visit] = []
            for button in row:
                if isinstance(button, Press):
                    button, mark = Press(button.label, _marked(button.custom_id, mark)), None  # noqa: PLW2901 - the same button, marked
                buttons.append(button)
            rows.append(tuple(buttons))
        return tuple(rows)

    @property
    def can_be_marked(self) -> bool:
        """Whether anything here has a `custom_id`."""
        return any(
            isinstance(row, Select) or any(isinstance(button, Press) for button in row)
            for row in self.rows
        )


def _marked(text: str, mark: Mark | None) -> str:
    if mark is None:
        return text
    place, colon, line = text.partition(":")
    return f"{place}@{mark}{colon}{line}"


@dataclass(frozen=True, slots=True)
class Spelled:
    """Something to press that no button can hold, as words."""

    inlines: tuple[Inline, ...]


def boards(
    document: Document, key: DeliveryKey | None
) -> tuple[tuple[Board, ...], tuple[Spelled, ...]]:
    """What there is to press, a board a message, and what must be said in words instead."""
    wanted = list(_wanted(document))
    if len(wanted) > ROWS_MOST:
        wanted = list(_dense(wanted))
    # The longest mark there can be: how many parts there are is not known yet.
    mark = Mark(key, PARTS_MOST, PARTS_MOST, opens_thread=True) if key else None
    made: list[Board] = []
    spelled: list[Spelled] = []
    for start in range(0, len(wanted), ROWS_MOST):
        board, words = _board(wanted[start : start + ROWS_MOST], mark)
        spelled += words
        if board.rows:
            made.append(board)
    return tuple(made), tuple(spelled)


def _wanted(document: Document) -> Iterator[Wanted]:
    for block in document.blocks:
        if isinstance(block, Items):
            yield from _item_buttons(block)
        elif isinstance(block, Buttons):
            for start in range(0, len(block.buttons), ROW_BUTTONS_MOST):
                yield block.buttons[start : start + ROW_BUTTONS_MOST]


def _item_buttons(block: Items) -> Iterator[Wanted]:
    rows = [(item, item.button) for item in block.items if item.button is not None]
    commands = [(item, button) for item, button in rows if button.command is not None]
    links = tuple(button for _, button in rows if button.command is None)
    if len(commands) == 1:
        yield (commands[0][1],)
    elif commands:
        labels = {button.label for _, button in commands}
        shared = labels.pop() if len(labels) == 1 else ""
        choices = []
        for item, button in commands:
            number = "" if item.number is None else f"{item.number}. "
            label = f"{number}{plain_text(item.inlines)}" if shared else button.label
            choices.append(Choice(label, button.command or ""))
        for start in range(0, len(choices), OPTIONS_MOST):
            yield Menu(tuple(choices[start : start + OPTIONS_MOST]), shared)
    for start in range(0, len(links), ROW_BUTTONS_MOST):
        yield links[start : start + ROW_BUTTONS_MOST]


def _dense(wanted: list[Wanted]) -> Iterator[Wanted]:
    """The same with as few rows of buttons as can be."""
    buttons: list[Button] = []
    for row in wanted:
        if isinstance(row, Menu):
            yield row
        else:
            buttons += row
    for start in range(0, len(buttons), ROW_BUTTONS_MOST):
        yield tuple(buttons[start : start + ROW_BUTTONS_MOST])


def _board(wanted: list[Wanted], mark: Mark | None) -> tuple[Board, list[Spelled]]:
    lines = Lines()
    rows: list[Row] = []
    spelled: list[Spelled] = []
    place = 0
    for row in wanted:
        if isinstance(row, Menu):
            made, lines, words = _select(row, place, lines)
            rows += [made] if made else []
            place += 1
        else:
            buttons, place, lines, words = _buttons(row, place, lines, mark)
            rows += [buttons] if buttons else []
        spelled += words
    return Board(tuple(rows), lines), spelled


def _select(menu: Menu, place: int, lines: Lines) -> tuple[Select | None, Lines, list[Spelled]]:
    options: list[Option] = []
    spelled: list[Spelled] = []
    for number, choice in enumerate(menu.choices):
        written = lines.shortened(choice.line, option_room(number))
        if written is None:
            spelled.append(_spelled(choice.label, choice.line))
            continue
        line, lines = written
        label = within(markdown.one_line(choice.label), OPTION_MOST) or "…"
        options.append(Option(label, option_value(number, line)))
    if not options:
        return None, lines, spelled
    placeholder = within(markdown.one_line(menu.placeholder), PLACEHOLDER_MOST)
    return Select(menu_id(place), tuple(options), placeholder), lines, spelled


def _buttons(
    buttons: tuple[Button, ...], place: int, lines: Lines, mark: Mark | None
) -> tuple[tuple[Press | Visit, ...], int, Lines, list[Spelled]]:
    made: list[Press | Visit] = []
    spelled: list[Spelled] = []
    for button in buttons:
        whole = markdown.one_line(button.label)
        label = within(whole, LABEL_MOST) or "…"
        if button.command is None:
            visit = _visit(label, button.url or "")
            if visit is None:
                spelled.append(Spelled((Link(button.label, button.url or ""),)))
                continue
            made.append(visit)
        else:
            written = lines.shortened(button.command, room(place, mark))
            if written is None:
                spelled.append(_spelled(button.label, button.command))
                continue
            line, lines = written
            made.append(Press(label, custom_id(place, line)))
        place += 1
        if label.rstrip("…") != whole.rstrip("…"):
            spelled.append(Spelled((Text(whole),)))
    return tuple(made), place, lines, spelled


def _visit(label: str, url: str) -> Visit | None:
    address = markdown.address(url)
    if address is None or size(address) > LINK_URL_MOST:
        return None
    return Visit(label, address)


def _spelled(label: str, line: str) -> Spelled:
    return Spelled((Text(f"{label}: "), Text(line, Style.CODE)))
