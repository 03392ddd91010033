"""The titles in a digest's header lead to the messages of the papers, once these are posted."""

from collections.abc import Sequence
from dataclasses import replace

from bot.core.domain.document import Block, Document, Item, Items, Link, plain_text


def link_titles(header: Document, addresses: Sequence[str | None]) -> Document:
    """The header with each title of its list leading to the paper's message.

    `addresses` are those of the messages, in the order of the titles; without one a title stays.
    """
    blocks: list[Block] = list(header.blocks)
    for place, block in enumerate(blocks):
        if isinstance(block, Items):
            rows = zip(block.items, addresses, strict=True)
            blocks[place] = Items(tuple(_linked(item, address) for item, address in rows))
            break
    return replace(header, blocks=tuple(blocks))


def _linked(item: Item, address: str | None) -> Item:
    if address is None:
        return item
    return replace(item, inlines=(Link(plain_text(item.inlines), address),))
