"""Choosing a forum's tags for a document, by name."""

from bot.core.domain.document import Document, Note, plain_text
from bot.platforms.discord.rendering.markdown import one_line
from bot.platforms.discord.rest import Place

_TAGS_MOST = 5


def forum_tags(forum: Place, document: Document) -> tuple[int, ...]:
    """The forum's tags that the document has; if one is required, at least the first tag."""
    words = {
        word.removeprefix("#").casefold()
        for block in document.blocks
        if isinstance(block, Note)
        for word in plain_text(block.inlines).split()
        if word.startswith("#")
    }
    wanted = [number for number, name in forum.tags if _slug(name) in words]
    if not wanted and forum.requires_tag:
        wanted = [number for number, _ in forum.tags[:1]]
    return tuple(wanted[:_TAGS_MOST])


def _slug(name: str) -> str:
    return one_line(name).casefold().replace(" ", "-").replace("_", "-")
