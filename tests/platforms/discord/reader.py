"""Discord's Markdown as its clients read it, for tests: what a message would show and do.

The rules and their order are those of the client's parser (simple-markdown with Discord's own
rules). MessageLocation the client tries a rule only at some places, this tries it at every place.
"""

import re
from dataclasses import dataclass

BLOCK = (
    ("quote", re.compile(r" *>>> ([\s\S]*)")),
    ("quote", re.compile(r" *> ([^\n]*)")),
    ("heading", re.compile(r" *#{1,3}[ \t]+([^\n]+)")),
    ("subtext", re.compile(r"-#[ \t]+([^\n]+)")),
    ("list", re.compile(r" *(?:[*+-]|\d+\.)[ \t]+([^\n]*)")),
)
INLINE = (
    ("codeblock", re.compile(r"```(?:[a-z0-9_+\-.#]+?\n)?\n*([^\n][\s\S]*?)\n*```", re.IGNORECASE)),
    ("escape", re.compile(r"\\([^0-9A-Za-z\s])")),
    ("autolink", re.compile(r"<((?:https?|steam|discord)://[^>\s]+)>")),
    ("url", re.compile(r"((?:https?|steam|discord)://[^\s<]+[^<.,:;\"'\]\s])")),
    (
        "link",
        re.compile(
            r"\[((?:\[[^\]]*\]|[^\[\]]|\](?=[^\[]*\]))*)\]"
            r"\(\s*<?((?:\([^)]*\)|[^\s\\]|\\.)*?)>?(?:\s+['\"]([\s\S]*?)['\"])?\s*\)"
        ),
    ),
    (
        "em",
        re.compile(
            r"\b_((?:__|\\[\s\S]|[^\\_])+?)_\b|\*(?=\S)((?:\*\*|\s+(?:[^*\s]|\*\*)|[^\s*])+?)\*(?!\*)",
            re.ASCII,
        ),
    ),
    ("strong", re.compile(r"\*\*((?:\\[\s\S]|[^\\])+?)\*\*(?!\*)")),
    ("underline", re.compile(r"__((?:\\[\s\S]|[^\\])+?)__(?!_)")),
    ("strike", re.compile(r"~~([\s\S]+?)~~(?!_)")),
    ("spoiler", re.compile(r"\|\|([\s\S]+?)\|\|")),
    ("code", re.compile(r"(`+)([\s\S]*?[^`])\1(?!`)")),
    ("mention", re.compile(r"<(?:@[!&]?|#)\d+>|<id:\w+>|</[^:>]+:\d+>")),
    ("emoji", re.compile(r"<a?:\w+:\d+>")),
    ("timestamp", re.compile(r"<t:-?\d+(?::\w)?>")),
    ("everyone", re.compile(r"@(?:everyone|here)\b")),
    ("shortcode", re.compile(r":[\w+~-]+:")),
)
INVITE = re.compile(
    r"(?i)discord\.gg/[\w-]+|discord(?:app)?\.com/(?:invite|template|gifts)/[\w-]+|dis\.gd/\w+"
)
"""Clients look for these in the source, whatever Markdown makes of it."""

_STARTS = frozenset("`\\<[*_~|@:hsd")
_FARTHEST = 40_000  # no message is longer


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    """What is shown."""
    url: str = ""


def read(source: str) -> list[Token]:
    """What the source shows, piece by piece; neighbouring plain text is one piece."""
    found: list[Token] = []
    plain: list[str] = []
    at, line_start = 0, True
    while at < len(source):
        token, length = _one(source, at, line_start=line_start)
        line_start = source[at + length - 1] == "\n"
        at += length
        if token.kind == "text":
            plain.append(token.text)
            continue
        found += [Token("text", "".join(plain)), token] if plain else [token]
        plain = []
    if plain:
        found.append(Token("text", "".join(plain)))
    if INVITE.search(source):
        found.append(Token("invite", ""))
    return found


def _one(source: str, at: int, *, line_start: bool) -> tuple[Token, int]:
    if line_start:
        for kind, pattern in BLOCK:
            match = pattern.match(source, at)
            if match is not None:
                return Token(kind, shown(match[1])), len(match[0])
    if source[at] not in _STARTS:
        return Token("text", source[at]), 1
    rest = source[at : at + _FARTHEST]
    for kind, pattern in INLINE:
        match = pattern.match(rest)
        if match is None:
            continue
        length = len(match[0])
        if kind == "escape":
            return Token("text", match[1]), length
        if kind == "link":
            return Token(kind, shown(match[1]), match[2]), length
        if kind in {"autolink", "url"}:
            return Token("link", match[1], match[1]), length
        if kind in {"code", "codeblock"}:
            return Token(kind, match[match.lastindex or 0]), length
        inner = next((group for group in match.groups() if group is not None), match[0])
        return Token(kind, shown(inner) if kind in {"em", "strong"} else match[0]), length
    return Token("text", source[at]), 1


def shown(source: str) -> str:
    """Only the words of what a source shows."""
    return "".join(token.text for token in read(source))
