"""Messages, channels and threads as Discord's REST API answers them, parsed."""

from typing import Any

from bot.core.domain.dataclass import dataclass
from bot.core.ports import ChatUncertainError
from bot.platforms.discord.errors import DISCONNECTED
from bot.platforms.discord.rendering.controls import Mark, mark_of, read_hidden_url

FORUM, MEDIA = 15, 16
THREADS = frozenset({10, 11, 12})
FORUMS = frozenset({FORUM, MEDIA})

_HAS_THREAD = 1 << 5
_REQUIRES_TAG = 1 << 4


@dataclass(frozen=True, slots=True)
class Posted:
    """A message in a channel; `mark` only if the bot posted it."""

    id: int
    author: int
    mark: Mark | None
    has_thread: bool
    content: str


@dataclass(frozen=True, slots=True)
class Place:
    """A channel or thread."""

    id: int
    type: int
    guild: int | None = None
    parent: int | None = None
    last_message: int = 0
    tags: tuple[tuple[int, str], ...] = ()
    """A forum's tags: id and name."""
    requires_tag: bool = False


def read_id(found: Any) -> int:
    """The id of an object; raises `ChatUncertainError` where the answer is not Discord's."""
    try:
        return int(found["id"])
    except (KeyError, TypeError, ValueError) as error:
        # Not Discord's response (a proxy's page); the request may have succeeded.
        raise ChatUncertainError(DISCONNECTED) from error


def read_posted(found: Any, me: int) -> Posted:
    """A message; `me` is the bot's user id."""
    author = int(found["author"]["id"])
    return Posted(
        id=read_id(found),
        author=author,
        mark=_mark(found) if author == me else None,
        has_thread=bool(found.get("flags", 0) & _HAS_THREAD) or "thread" in found,
        content=str(found.get("content") or ""),
    )


def _mark(found: Any) -> Mark | None:
    for row in found.get("components") or ():
        for component in row.get("components") or ():
            if "custom_id" in component:
                return mark_of(str(component["custom_id"]))
    embeds = found.get("embeds") or ()
    return read_hidden_url(embeds[0].get("url")).mark if embeds else None


def read_place(found: Any) -> Place:
    """A channel or thread."""

    def number(name: str) -> int | None:
        return int(found[name]) if found.get(name) else None

    return Place(
        id=read_id(found),
        type=int(found["type"]),
        guild=number("guild_id"),
        parent=number("parent_id"),
        last_message=number("last_message_id") or 0,
        tags=tuple((read_id(tag), str(tag["name"])) for tag in found.get("available_tags") or ()),
        requires_tag=bool(found.get("flags", 0) & _REQUIRES_TAG),
    )
