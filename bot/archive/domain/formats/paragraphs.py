"""Splits a text into paragraphs, as `vault_note` reads them."""

from bot.archive.domain.markup.markdown import CodeBlocks, may_have_blocks
from bot.archive.domain.markup.visible import with_line_feeds


def split_paragraphs(text: str) -> tuple[str, ...]:
    """The paragraphs of a text. Blocks of code and of mathematics are one each, verbatim.

    Blank lines separate the others; white space around them and at the end of their lines is none of
    theirs. The paragraphs, joined by blank lines, are split in the same way again.
    """
    lines = with_line_feeds(text).split("\n")
    blocks = CodeBlocks(lines).all() if may_have_blocks(text) else {}
    found: list[str] = []
    unfinished: list[str] = []
    at = 0
    while at < len(lines):
        end = blocks.get(at)
        if end is not None:
            block = "\n".join(lines[at:end]).strip("\n").rstrip()
            found += "\n".join(unfinished).strip(), block
            unfinished.clear()
        elif lines[at].strip():
            unfinished.append(lines[at].rstrip())
        else:
            found.append("\n".join(unfinished).strip())
            unfinished.clear()
        at = end or at + 1
    found.append("\n".join(unfinished).strip())
    return tuple(filter(None, found))
