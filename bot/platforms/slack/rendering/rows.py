"""Lists: their rows as rich text, and one select menu below them for the rows' commands.

A button beside each of thirty rows is a wall on a phone. An option of a menu carries its whole
command line, so it works without stored state.
"""

from collections.abc import Iterator, Sequence

from bot.core.domain.dataclass import dataclass
from bot.core.domain.document import (
    Button,
    Inline,
    Item,
    Text,
    map_item,
    plain_text,
)
from bot.core.latex import readable
from bot.platforms.slack.rendering.controls import CHOOSE, LONGEST_LABEL, button_rows
from bot.platforms.slack.rendering.piece import (
    Piece,
    is_short,
    json_length,
    make_piece,
    plain_object,
    prose,
    within_a_block,
    write_json,
)
from bot.platforms.slack.rendering.text import Json, clean, length, printable, rich, shortened

_NEW_LINE = Text("\n")

_LONGEST_LIST = 2500
_LONGEST_OPTION = 150
_OPTIONS_A_SELECT = 20


@dataclass(frozen=True, slots=True)
class _Written:
    """A part of a block, and its JSON."""

    part: Json
    json: str


@dataclass(frozen=True, slots=True)
class _Row:
    """An item laid out: clean `runs`, none if it is blank, and as much of them as fits into one block.

    `size` estimates the length of that in JSON. The `rest` continues below the list. `option` chooses
    the row in a menu, if its button can be pressed there.
    """

    number: int | None
    runs: tuple[Inline, ...]
    section: _Written
    plain: str
    size: int
    rest: tuple[tuple[Inline, ...], ...]
    button: Button | None
    option: _Written | None


def list_pieces(items: Sequence[Item]) -> Iterator[Piece]:
    """The pieces of a list; LaTeX in it is made readable."""
    rows = [_row(item) for item in items]
    chunk: list[_Row] = []
    size = 0
    for row in rows:
        if not row.runs:
            continue
        if chunk and size + row.size > _LONGEST_LIST:
            yield _list_block(chunk)
            chunk, size = [], 0
        chunk.append(row)
        size += row.size
        if row.rest:
            yield _list_block(chunk)
            chunk, size = [], 0
            for part in row.rest:
                yield from prose(part, "rich_text_section")
    if chunk:
        yield _list_block(chunk)
    yield from _choices(rows)


def _row(item: Item) -> _Row:
    item = map_item(item, readable)
    title, detail = clean(item.inlines), clean(item.detail)
    runs = (*title, _NEW_LINE, *detail) if title and detail else title or detail
    if all(inline.text.isspace() for inline in runs):
        runs = ()
    size = json_length(runs)
    first, *rest = [runs] if is_short(size) else within_a_block(runs)
    return _Row(
        item.number,
        first,
        _section(first),
        plain_text(first),
        json_length(first) if rest else size,
        tuple(rest),
        item.button,
        _option(item.number, title, item.button),
    )


def _section(runs: tuple[Inline, ...]) -> _Written:
    section: Json = {"type": "rich_text_section", "elements": rich(runs)}
    return _Written(section, write_json(section))


def _list_block(rows: Sequence[_Row]) -> Piece:
    """Rows as a numbered list if their numbers are consecutive, else as a bulleted list."""
    first = rows[0].number
    ordered = first is not None and all(
        row.number == first + place for place, row in enumerate(rows)
    )
    style: Json = {"type": "rich_text_list", "style": "ordered" if ordered else "bullet"}
    if ordered and first is not None and first > 1:
        style["offset"] = first - 1
    numbers = ["" if row.number is None else f"{row.number}. " for row in rows]
    sections = [
        _section((Text(number), *row.runs)) if number and not ordered else row.section
        for number, row in zip(numbers, rows, strict=True)
    ]
    plain = "\n".join([number + row.plain for number, row in zip(numbers, rows, strict=True)])
    elements = _joined(style, "elements", sections)
    return make_piece(
        {"type": "rich_text", "elements": [elements.part]},
        plain,
        written=f'{{"type": "rich_text", "elements": [{elements.json}]}}',
    )


def _joined(fields: Json, name: str, parts: Sequence[_Written]) -> _Written:
    """An object with these fields, of which there is one at least, and the parts as a list."""
    listed = ", ".join([part.json for part in parts])
    return _Written(
        fields | {name: [part.part for part in parts]},
        f'{write_json(fields)[:-1]}, "{name}": [{listed}]}}',
    )


def _choices(rows: Sequence[_Row]) -> Iterator[Piece]:
    """The buttons of rows as select menus, or as buttons if there are fewer than two."""
    chosen = [row for row in rows if row.option is not None]
    others = [row.button for row in rows if row.option is None and row.button is not None]
    if len(chosen) < 2:
        chosen, others = [], [row.button for row in rows if row.button is not None]
    for at in range(0, len(chosen), _OPTIONS_A_SELECT):
        yield _select(chosen[at : at + _OPTIONS_A_SELECT])
    yield from button_rows(others)


def _select(rows: Sequence[_Row]) -> Piece:
    labels = {row.button.label for row in rows if row.button is not None}
    placeholder = shortened(printable(labels.pop()), LONGEST_LABEL) if len(labels) == 1 else ""
    menu = _joined(
        {
            "type": "static_select",
            "action_id": f"{CHOOSE}.0",
            "placeholder": plain_object(placeholder or "…"),
        },
        "options",
        [row.option for row in rows if row.option is not None],
    )
    return make_piece(
        {"type": "actions", "elements": [menu.part]},
        is_control=True,
        written=f'{{"type": "actions", "elements": [{menu.json}]}}',
    )


def _option(
    number: int | None, title: tuple[Inline, ...], button: Button | None
) -> _Written | None:
    if button is None or not (button.command and length(button.command) <= _LONGEST_OPTION):
        return None
    name = plain_text(title).strip() or printable(button.label)
    numbered = name if number is None else f"{number}. {name}"
    text = plain_object(shortened(numbered, LONGEST_LABEL) or "…")
    option: Json = {"text": text, "value": button.command}
    return _Written(option, write_json(option))
