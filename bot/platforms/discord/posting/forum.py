"""Choosing a forum's tags for a document, by name."""

from collections.abc import Iterator

from bot.core.domain.document import Buttons, Document, Note, plain_text
from bot.platforms.discord.answers import Place
from bot.platforms.discord.rendering.markdown import one_line

_TAGS_MOST = 5


def forum_tags(forum: Place, document: Document) -> tuple[int, ...]:
    """The forum's tags that the document has; if one is required, at least the first tag."""
    words = {word.removeprefix("#").casefold() for word in _words(document) if word[0] == "#"}
    wanted = [number for number, name in forum.tags if _slug(name) in words]
    if not wanted and forum.requires_tag:
        wanted = [number for number, _ in forum.tags[:1]]
    return tuple(wanted[:_TAGS_MOST])


def _words(document: Document) -> Iterator[str]:
    """The words of small print and of buttons: tags stand in either."""
    for block in document.blocks:
        if isinstance(block, Note):
            yield from plain_text(block.inlines).split()
        elif isinstance(block, Buttons):
            yield from (word for button in block.buttons for word in button.label.split())


def _slug(name: str) -> str:
    return one_line(name).casefold().replace(" ", "-").replace("_", "-")
