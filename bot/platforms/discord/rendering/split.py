"""Splitting text into pieces that fit: at a space if possible, never inside a link; code at lines."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from bot.core.domain.characters import cut_at
from bot.core.domain.document import Inline, Link, Text
from bot.platforms.discord.rendering.markdown import code_block, joined
from bot.platforms.discord.rendering.payload import is_within, size

PIECE_MOST = 1900
"""Text is cut into pieces of this size at most: two fill an embed, three a message."""

Render = Callable[[tuple[Inline, ...]], str]


class Chunk(NamedTuple):
    """A piece of Markdown and its length once it is `contained`, at most.

    `glue` stands before it, unless an embed begins with it.
    """

    text: str
    size: int
    glue: str
    breaks: bool = False
    """Whether a new embed has to begin with it."""


def chunks(
    inlines: tuple[Inline, ...], wrap: Render, between: str, before: str = "\n\n"
) -> list[Chunk]:
    """The rendered inlines in pieces, with what stands before the first and between them."""
    return glued(pieces(inlines, PIECE_MOST, wrap), between, before)


def glued(texts: Iterable[str], between: str, before: str = "\n\n") -> list[Chunk]:
    """The texts, each with what stands before it."""
    return [
        Chunk(text, size(text) + text.count("_"), between if place else before)
        for place, text in enumerate(texts)
    ]


def pieces(inlines: tuple[Inline, ...], most: int, render: Render) -> list[str]:
    """The rendered inlines in pieces of at most `most`; together they are the whole text.

    `render` is given what `joined` gave. It must not get shorter with more text, and any single
    character must fit.
    """
    rest = joined(inlines)
    found: list[str] = []
    while rest:
        # Text that is longer than the room as plain text need not be rendered to know it.
        rendered = render(rest) if sum([len(inline.text) for inline in rest]) <= most else None
        if rendered is not None and is_within(rendered, most):
            rest = ()
        else:
            head, rest = _cut(rest, most, render)
            rendered = render(head)
        if rendered.strip():
            found.append(rendered)
    return found


def code_pieces(text: str, most: int) -> Iterator[str]:
    """Code blocks of at most `most` that show the text, whole lines in each where they fit."""
    piece = ""
    for line in text.splitlines(keepends=True):
        for part in _parts(line, most // 3):
            if piece and size(code_block(piece + part)) > most:
                yield code_block(piece)
                piece = ""
            piece += part
    if piece.strip():
        yield code_block(piece)


def _parts(line: str, most: int) -> Iterator[str]:
    """The line in parts of at most so many characters."""
    at = 0
    while len(line) - at > most:
        end = at + max(1, cut_at(line[at : at + most + 1], most))
        yield line[at:end]
        at = end
    yield line[at:]


def _cut(
    inlines: tuple[Inline, ...], most: int, render: Render
) -> tuple[tuple[Inline, ...], tuple[Inline, ...]]:
    taken: tuple[Inline, ...] = ()
    for place, inline in enumerate(inlines):
        if len(inline.text) <= most and size(render((*taken, inline))) <= most:
            taken = (*taken, inline)
            continue
        behind = inlines[place + 1 :]
        if isinstance(inline, Text):
            return _cut_text(taken, inline, behind, most, render)
        if taken:
            return taken, inlines[place:]
        return (), joined((Text(_spelled_out(inline)), *behind))
    return taken, ()


def _spelled_out(link: Link) -> str:
    """A link that fits into no piece, as text."""
    return link.text if link.text == link.url else f"{link.text} ({link.url})"


def _cut_text(
    taken: tuple[Inline, ...],
    inline: Text,
    behind: tuple[Inline, ...],
    most: int,
    render: Render,
) -> tuple[tuple[Inline, ...], tuple[Inline, ...]]:
    fitting = min(len(inline.text), most)
    while fitting:
        rendered = size(render((*taken, Text(inline.text[:fitting], inline.style))))
        if rendered <= most:
            break
        fitting = min(fitting - 1, fitting * most // rendered)
    spaces = (inline.text.rfind(space, 0, fitting + 1) for space in " \n")
    space = max(spaces)
    if space > fitting // 2 or (taken and space > 0):
        fitting = space
    elif taken:  # not even its first words: it begins the next piece
        return taken, (inline, *behind)
    else:
        fitting = cut_at(inline.text, max(fitting, 1))
    kept = Text(inline.text[:fitting], inline.style)
    rest = Text(inline.text[fitting:].lstrip(" "), inline.style)
    return (*taken, kept), (rest, *behind) if rest.text else behind
