"""The content of one Discord message, and Discord's limits."""

from typing import TypeAlias

from bot.core.domain.characters import cut_at
from bot.core.domain.dataclass import dataclass

CONTENT_MOST = 2000
DESCRIPTION_MOST = 4096
EMBEDS_MOST = 10
EMBED_TOTAL_MOST = 6000
URL_MOST = 2048
ROWS_MOST = 5
ROW_BUTTONS_MOST = 5
LABEL_MOST = 80
LINK_URL_MOST = 512
CUSTOM_ID_MOST = 100
PICTURE_TEXT_MOST = 1024
OPTIONS_MOST = 25
OPTION_MOST = 100
PLACEHOLDER_MOST = 150
THREAD_NAME_MOST = 100


@dataclass(frozen=True, slots=True)
class Embed:
    """An embed; its `url` is not shown, because there is no title."""

    description: str
    footer: str = ""
    url: str | None = None


@dataclass(frozen=True, slots=True)
class CommandButton:
    """A button that sends an interaction to the bot."""

    label: str
    custom_id: str


@dataclass(frozen=True, slots=True)
class LinkButton:
    """A button that opens an address."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a select."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Select:
    """A select menu, which is easy to use on a phone."""

    custom_id: str
    options: tuple[Option, ...]
    placeholder: str = ""


Row: TypeAlias = tuple[CommandButton | LinkButton, ...] | Select


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A PNG that goes with a message; `text` says in words what it shows."""

    data: bytes
    text: str


@dataclass(frozen=True, slots=True)
class Payload:
    """One message: text, then a picture, then embeds, then rows of buttons and menus.

    Its text mentions the user whom it `calls`, the only one who is notified.
    """

    content: str = ""
    embeds: tuple[Embed, ...] = ()
    rows: tuple[Row, ...] = ()
    picture: PictureFile | None = None
    calls: int | None = None


def size(text: str) -> int:
    """A text's length in UTF-16 units: the strictest reading of Discord's "characters"."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def is_within(text: str, most: int) -> bool:
    """Whether the text's length is at most that; a character has two UTF-16 units at most."""
    return 2 * len(text) <= most or size(text) <= most


def within(text: str, most: int) -> str:
    """The text, or as much of its beginning as fits with an ellipsis."""
    if is_within(text, most):
        return text
    kept = text[: cut_at(text, most - 1)]
    while size(kept) > most - 1:
        kept = kept[: cut_at(kept, len(kept) - 1)]
    return kept.rstrip() + "…"
