"""Arranging the buttons and menus of a document in rows and messages. Pure.

A list whose rows have buttons gets one menu; other buttons stand in rows of up to five.
"""

from collections.abc import Iterable, Iterator
from dataclasses import field, replace

from bot.core.domain.dataclass import dataclass
from bot.core.domain.document import (
    Block,
    Button,
    Buttons,
    Inline,
    Link,
    Style,
    Text,
)
from bot.core.ports import DeliveryKey
from bot.platforms.discord.rendering import markdown
from bot.platforms.discord.rendering.controls import (
    PARTS_MOST,
    CommandLines,
    Mark,
    custom_id,
    menu_id,
    option_room,
    option_value,
    room,
)
from bot.platforms.discord.rendering.list_rows import Choice, ListRows, make_choice
from bot.platforms.discord.rendering.payload import (
    LABEL_MOST,
    LINK_URL_MOST,
    OPTIONS_MOST,
    PLACEHOLDER_MOST,
    ROW_BUTTONS_MOST,
    ROWS_MOST,
    CommandButton,
    LinkButton,
    Option,
    Row,
    Select,
    size,
    within,
)


@dataclass(frozen=True, slots=True)
class Menu:
    """A planned select menu."""

    choices: tuple[Choice, ...]
    placeholder: str = ""


ControlRow = tuple[Button, ...] | Menu


@dataclass(frozen=True, slots=True)
class ButtonRows:
    """The rows of one message, without the mark; `lines` go into the hidden URL."""

    rows: tuple[Row, ...] = ()
    lines: CommandLines = field(default_factory=CommandLines)

    def marked(self, mark: Mark) -> tuple[Row, ...]:
        """The rows with the message's mark in their first `custom_id`."""
        left = [mark]

        def marked(custom_id: str) -> str:
            return _marked(custom_id, left.pop() if left else None)

        rows: list[Row] = []
        for row in self.rows:
            if isinstance(row, Select):
                rows.append(replace(row, custom_id=marked(row.custom_id)))
            else:
                rows.append(
                    tuple(
                        replace(button, custom_id=marked(button.custom_id))
                        if isinstance(button, CommandButton)
                        else button
                        for button in row
                    )
                )
        return tuple(rows)

    @property
    def can_be_marked(self) -> bool:
        """Whether anything here has a `custom_id`."""
        return any(
            isinstance(row, Select) or any(isinstance(button, CommandButton) for button in row)
            for row in self.rows
        )


def _marked(text: str, mark: Mark | None) -> str:
    if mark is None:
        return text
    place, colon, line = text.partition(":")
    return f"{place}@{mark}{colon}{line}"


@dataclass(frozen=True, slots=True)
class SpelledOut:
    """A button's command or address in words, because no button can hold it."""

    inlines: tuple[Inline, ...]


def button_rows(
    blocks: Iterable[Block | ListRows], key: DeliveryKey | None
) -> tuple[tuple[ButtonRows, ...], tuple[SpelledOut, ...]]:
    """The rows for each message, and what must be spelled out instead."""
    wanted = list(_wanted(blocks))
    if len(wanted) > ROWS_MOST:
        wanted = list(_dense(wanted))
    # The longest possible mark: the number of parts is not known yet.
    mark = Mark(key, PARTS_MOST, PARTS_MOST, opens_thread=True) if key else None
    made: list[ButtonRows] = []
    spelled: list[SpelledOut] = []
    for start in range(0, len(wanted), ROWS_MOST):
        board, words = _button_rows(wanted[start : start + ROWS_MOST], mark)
        spelled += words
        if board.rows:
            made.append(board)
    return tuple(made), tuple(spelled)


def _wanted(blocks: Iterable[Block | ListRows]) -> Iterator[ControlRow]:
    for block in blocks:
        if isinstance(block, ListRows):
            yield from _list_buttons(block)
        elif isinstance(block, Buttons):
            for start in range(0, len(block.buttons), ROW_BUTTONS_MOST):
                yield block.buttons[start : start + ROW_BUTTONS_MOST]


def _list_buttons(listed: ListRows) -> Iterator[ControlRow]:
    commands = [(row.button, row.choice) for row in listed.rows if row.button and row.choice]
    links = tuple(row.button for row in listed.rows if row.button and not row.choice)
    if len(commands) == 1:
        yield (commands[0][0],)
    elif commands:
        labels = {button.label for button, _ in commands}
        shared = labels.pop() if len(labels) == 1 else ""
        choices = [
            choice if shared else make_choice(button.label, choice.line)
            for button, choice in commands
        ]
        for start in range(0, len(choices), OPTIONS_MOST):
            yield Menu(tuple(choices[start : start + OPTIONS_MOST]), shared)
    for start in range(0, len(links), ROW_BUTTONS_MOST):
        yield links[start : start + ROW_BUTTONS_MOST]


def _dense(wanted: list[ControlRow]) -> Iterator[ControlRow]:
    """The same in as few rows of buttons as possible."""
    buttons: list[Button] = []
    for row in wanted:
        if isinstance(row, Menu):
            yield row
        else:
            buttons += row
    for start in range(0, len(buttons), ROW_BUTTONS_MOST):
        yield tuple(buttons[start : start + ROW_BUTTONS_MOST])


def _button_rows(
    wanted: list[ControlRow], mark: Mark | None
) -> tuple[ButtonRows, list[SpelledOut]]:
    lines = CommandLines()
    rows: list[Row] = []
    spelled: list[SpelledOut] = []
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
    return ButtonRows(tuple(rows), lines), spelled


def _select(
    menu: Menu, place: int, lines: CommandLines
) -> tuple[Select | None, CommandLines, list[SpelledOut]]:
    options: list[Option] = []
    spelled: list[SpelledOut] = []
    for number, choice in enumerate(menu.choices):
        written = lines.shortened(choice.line, option_room(number))
        if written is None:
            spelled.append(_spelled_out(choice.name, choice.line))
            continue
        line, lines = written
        options.append(Option(choice.label, option_value(number, line)))
    if not options:
        return None, lines, spelled
    placeholder = within(markdown.one_line(menu.placeholder), PLACEHOLDER_MOST)
    return Select(menu_id(place), tuple(options), placeholder), lines, spelled


def _buttons(
    buttons: tuple[Button, ...], place: int, lines: CommandLines, mark: Mark | None
) -> tuple[tuple[CommandButton | LinkButton, ...], int, CommandLines, list[SpelledOut]]:
    made: list[CommandButton | LinkButton] = []
    spelled: list[SpelledOut] = []
    for button in buttons:
        whole = markdown.one_line(button.label)
        label = within(whole, LABEL_MOST) or "…"
        if button.command is None:
            visit = _link_button(label, button.url or "")
            if visit is None:
                spelled.append(SpelledOut((Link(button.label, button.url or ""),)))
                continue
            made.append(visit)
        else:
            written = lines.shortened(button.command, room(place, mark))
            if written is None:
                spelled.append(_spelled_out(button.label, button.command))
                continue
            line, lines = written
            made.append(CommandButton(label, custom_id(place, line)))
        place += 1
        if label.rstrip("…") != whole.rstrip("…"):
            spelled.append(SpelledOut((Text(whole),)))
    return tuple(made), place, lines, spelled


def _link_button(label: str, url: str) -> LinkButton | None:
    address = markdown.address(url)
    if address is None or size(address) > LINK_URL_MOST:
        return None
    return LinkButton(label, address)


def _spelled_out(label: str, line: str) -> SpelledOut:
    return SpelledOut((Text(f"{label}: "), Text(line, Style.CODE)))
