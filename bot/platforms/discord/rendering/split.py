"""Inlines cut into pieces that each fit: at a space where there is one, never inside a link."""

from collections.abc import Callable, Iterator

from bot.core.domain.characters import cut_at
from bot.core.domain.document import Inline, Link, Text
from bot.platforms.discord.rendering.markdown import joined
from bot.platforms.discord.rendering.payload import size

Render = Callable[[tuple[Inline, ...]], str]


def pieces(inlines: tuple[Inline, ...], most: int, render: Render) -> Iterator[str]:
    """The inlines rendered, in pieces of at most `most`; joined they say all of it.

    `render` makes no piece shorter by more words, and any single character fits.
    """
    rest = joined(inlines)
    while rest:
        # What is longer as plain text than all the room need not be rendered to be found out.
        rendered = render(rest) if sum(len(inline.text) for inline in rest) <= most else None
        if rendered is not None and size(rendered) <= most:
            rest = ()
        else:
            head, rest = _cut(rest, most, render)
            rendered = render(head)
        if rendered.strip():
            yield rendered


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
        return (), (Text(_spelled(inline)), *behind)
    return taken, ()


def _spelled(link: Link) -> str:
    """A link that fits nowhere, as words."""
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
