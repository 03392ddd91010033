"""Laying out the rows of a list: their Markdown, and their names in a menu. Pure."""

from collections.abc import Callable

from bot.core.domain.dataclass import dataclass
from bot.core.domain.document import (
    Button,
    Item,
    Style,
    Text,
    map_item,
    plain_text,
)
from bot.platforms.discord.rendering import markdown
from bot.platforms.discord.rendering.payload import OPTION_MOST, within
from bot.platforms.discord.rendering.split import Chunk, chunks

_BULLET = (Text("• "),)
_SPACE = Text(" ")


@dataclass(frozen=True, slots=True)
class Choice:
    """An option of a planned menu: its whole name, its label and its command line."""

    name: str
    label: str
    line: str


@dataclass(frozen=True, slots=True)
class ListRow:
    """A row of a list: its Markdown, its button, and what that is in a menu, called as the row."""

    chunks: tuple[Chunk, ...]
    button: Button | None
    choice: Choice | None


@dataclass(frozen=True, slots=True)
class ListRows:
    """A list, laid out."""

    rows: tuple[ListRow, ...]


def list_rows(items: tuple[Item, ...], shown: Callable[[str], str]) -> ListRows:
    """The rows of a list; `shown` makes LaTeX in them readable."""
    return ListRows(tuple([_row(item, shown) for item in items]))


def make_choice(name: str, line: str) -> Choice:
    """The option of that name; its label is as much of it as fits."""
    return Choice(name, within(markdown.one_line(name), OPTION_MOST) or "…", line)


def _row(item: Item, shown: Callable[[str], str]) -> ListRow:
    item = map_item(item, shown)
    choice = None
    if item.button is not None and item.button.command is not None:
        number = "" if item.number is None else f"{item.number}. "
        choice = make_choice(f"{number}{plain_text(item.inlines)}", item.button.command)
    return ListRow(tuple(_chunks(item)), item.button, choice)


def _chunks(item: Item) -> list[Chunk]:
    bullet = _BULLET if item.number is None else (Text(f"{item.number}.", Style.STRONG), _SPACE)
    if not item.detail:
        return chunks((*bullet, *item.inlines), markdown.flat, " ", "\n")
    found = chunks((*bullet, *item.inlines), markdown.flat, " ")
    found += chunks(item.detail, markdown.small_print, "\n", "\n")
    return found
