"""Quoted lines (`> …`) as the abstract of a paper, also as a callout (`> [!abstract]`)."""

from collections.abc import Sequence

from bot.core.domain.late import late_pattern

_CALLOUT = late_pattern(r"\s*>\s*\[!([\w-]+)[^\]\n]{0,50}\][+-]?\s*(.*)")
_ABSTRACT = frozenset({"abstract", "summary", "tldr", "초록", "요약"})
_HEADINGS = frozenset({"", "abstract", "summary", "tldr", "tl;dr", "초록", "요약"})


def callout_kind(line: str) -> str | None:
    """The kind of callout that a quoted line opens, in lower case, or `None`."""
    found = _CALLOUT.match(line) if "[!" in line else None
    return found[1].casefold() if found is not None else None


def is_abstract_callout(line: str) -> bool:
    """Whether a line opens a callout with an abstract."""
    return callout_kind(line) in _ABSTRACT


def may_be_abstract(line: str) -> bool:
    """Whether an abstract may begin with this quoted line: other callouts are no abstract."""
    return callout_kind(line) in _ABSTRACT | {None}


def quoted_text(lines: Sequence[str]) -> str:
    """The text of quoted lines, by paragraph, without the mark of a callout.

    The title of a callout stays, unless it is just “Abstract” or the like.
    """
    texts = [line.lstrip().removeprefix(">").strip() for line in lines]
    opened = _CALLOUT.match(lines[0]) if lines and is_abstract_callout(lines[0]) else None
    if opened is not None:
        title = opened[2].strip()
        texts[:1] = [] if title.strip("*_:. ").casefold() in _HEADINGS else [title, ""]
    paragraphs = "\n".join(texts).split("\n\n")
    return "\n\n".join(" ".join(each.split("\n")).strip() for each in paragraphs).strip()
