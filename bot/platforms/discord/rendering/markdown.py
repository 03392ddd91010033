r"""Rendering inlines as Discord's Markdown. Pure; text can neither ping, link nor format.

Only what Discord would act on is escaped, since notifications show the source: a colon before
`//` or around a shortcode, `@` of `@everyone`, `[` of a link, `<` of mentions and timestamps,
signs of emphasis, and what makes a heading, list or quote at the start of a line. Discord's
backslash escapes any sign, but not inside code, so there a backtick becomes its look-alike.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote, urlsplit

from bot.core.domain.document import Inline, Link, Style, Text
from bot.core.domain.late import late_pattern
from bot.core.domain.untrusted.link_text import target_to_show

# Control characters, direction marks and lone surrogates: some reorder the text around them.
_NO_TEXT = late_pattern(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
# Each alternative begins with its sign, for which a search is five times as fast: it skips to one.
_ACTIVE = late_pattern(
    r"\\|\*|`|\[|<|\((?<=\]\()"
    r"|_(?<![A-Za-z0-9]_)|_(?![A-Za-z0-9])"  # inside an English word it is harmless
    r"|~(?=~)|~(?<=~~)"
    r"|\|(?=\|)|\|(?<=\|\|)"
    r"|@(?=everyone|here)"
    r"|:(?=//)|:(?=[\w+~-]+:)"
)
_HELD = late_pattern(r"\\[\s\S]|(`+)[\s\S]*?\1|<https?://[^>]*>|_(?<=[A-Za-z0-9]_)")
"""Signs that are escaped, code, links, and underscores that begin within a word."""
_ENDS_EMPHASIS = late_pattern(r"_(?![A-Za-z0-9])")
_MAY_ACT = late_pattern(r"[\\*`\[<\]_~|@:/]")
"""A text without any of these needs no escaping but at the start of a line."""
_MAY_BEGIN = late_pattern(r"[ \t]*[#>+\d-]")
"""A line that begins otherwise needs no escaping at its start."""
_INVITE = late_pattern(r"(?i)((?:discord(?:app)?\.\w+|dsc\.gg|dis\.gd))/")
_INVITE_PATH = late_pattern(
    r"(?i)^((?:\w+\.)*(?:discord(?:app)?\.\w+|dsc\.gg|dis\.gd)/(?:(?:invite|template|gifts)/)?)"
    # A link to a message is no invite, and clients open it in place only as it is.
    r"(?!channels/(?:@me|\d+)/\d+(?:/\d+)?$)(\w)"
)
_LINE_START = late_pattern(r"(?m)^([ \t]*)(#{1,6}(?=\s)|-(?=#?\s)|\+(?=\s)|>)")
_LINE_NUMBER = late_pattern(r"(?m)^([ \t]*\d{1,9})([.)])(?=\s)")
_MARK_AT_END = late_pattern(r"(?m)^([ \t]*(?:\d{1,9}(?=[.)])|(?=[#+-])))([.)]|#{1,6}|-#?|\+)\Z")
"""A text that is cut there goes on behind a space, and would be read as a list or a heading."""
_MARKS_AT_END = (".", ")", "#", "-", "+")
_SIGNS = ("*", "`")
_SPACES = late_pattern(r"\s+")
_URL_SAFE = "!#$%&*+,-./:;=?@_~"  # no parentheses, brackets, quotes, angles or backslashes


def clean(text: str) -> str:
    """The text without control characters and direction marks; lines end with a newline."""
    if text.isprintable() or text.replace("\n", " ").isprintable():
        return text
    return _NO_TEXT.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str) -> str:
    """The text on one line."""
    return " ".join(clean(text).split())


def escape(text: str) -> str:
    """Markdown that shows exactly this text."""
    return _escaped(clean(text))


def _escaped(text: str) -> str:
    if _MAY_ACT.search(text):
        text = _ACTIVE.sub(r"\\\g<0>", text)
        if "/" in text:
            text = _INVITE.sub(r"\1\\/", text)
    if "\n" not in text and not _MAY_BEGIN.match(text):
        return text
    return _escaped_at(_LINE_NUMBER, _escaped_at(_LINE_START, text))


def _escaped_at(line_start: re.Pattern[str], text: str) -> str:
    """The text with what stands at the start of a line escaped.

    Searching would try the pattern at each character.
    """
    at = 0
    while not line_start.match(text, at):
        at = text.find("\n", at) + 1
        if not at:
            return text
    return line_start.sub(r"\1\\\2", text)


def render(
    inlines: Iterable[Inline],
    *,
    flat: bool = False,
) -> str:
    """The inlines as Markdown, all of a message; `flat` puts them on one line."""
    return contained(render_joined(joined(inlines), flat=flat))


def contained(source: str) -> str:
    """All of a message's text or of an embed, so that no word emphasises code or a link behind it.

    An underscore within a word begins emphasis if one before a space or sign ends it, and such a one
    cannot be escaped there. It is escaped only for that, since notifications show the source. The
    result is longer by at most the underscores of the source.
    """
    if not _ENDS_EMPHASIS.search(source):
        return source
    held = [each for each in _HELD.finditer(source) if each[0][0] in "`<"]
    end = max([each.end() for each in held if _ENDS_EMPHASIS.search(each[0])], default=0)
    return _HELD.sub(lambda each: r"\_" if each[0] == "_" else each[0], source[:end]) + source[end:]


def render_joined(inlines: tuple[Inline, ...], *, flat: bool = False) -> str:
    """The same of inlines that `joined` gave."""
    rendered = ""
    for inline in inlines:
        run = _run(inline, flat=flat)
        if rendered.endswith(_SIGNS) and run.startswith(_SIGNS):
            rendered += "\u200b"  # so that the signs of two runs are not read as one
        rendered += run
    return rendered


def flat(inlines: tuple[Inline, ...]) -> str:
    """Inlines that `joined` gave, on one line."""
    return render_joined(inlines, flat=True)


def small_print(inlines: tuple[Inline, ...]) -> str:
    """Inlines that `joined` gave, as small print."""
    return prefixed("-# ", inlines)


def prefixed(prefix: str, inlines: tuple[Inline, ...]) -> str:
    """Inlines that `joined` gave, with the prefix before every line that says something."""
    lines = render_joined(inlines).split("\n")
    return "\n".join([prefix + line for line in lines if line.strip()])


def code_block(text: str) -> str:
    """The lines as a code block, in which Discord reads no Markdown."""
    shown = clean(text).strip("\n").replace("```", "ˋˋˋ")
    # A fence with nothing in it is none in Discord: the next block would stand outside of its own.
    return f"```\n{_without_invites(shown) or ' '}\n```"


def joined(inlines: Iterable[Inline]) -> tuple[Inline, ...]:
    """The inlines with adjacent runs of one style merged, so that escaping sees whole text."""
    merged: list[Inline] = []
    last: Inline | None = None
    for inline in inlines:
        if not inline.text:
            continue
        if isinstance(inline, Text) and isinstance(last, Text) and inline.style is last.style:
            last = merged[-1] = Text(last.text + inline.text, last.style)
        else:
            merged.append(inline)
            last = inline
    return tuple(merged)


def _run(inline: Inline, *, flat: bool) -> str:
    if isinstance(inline, Link):
        return _link(inline)
    if inline.text == " ":
        return " "
    text, style = clean(inline.text), inline.style
    # Inline code stays on one line: across lines, a quote's mark would become part of it.
    if flat or style is Style.CODE:
        text = _on_one_line(text)
    if style is not Style.PLAIN and (core := text.strip()):
        at = text.index(core)
        return text[:at] + _styled(core, style) + text[at + len(core) :]
    escaped = _escaped(text)
    if escaped.endswith(_MARKS_AT_END):
        return _MARK_AT_END.sub(r"\1\\\2", escaped)
    return escaped


def _on_one_line(text: str) -> str:
    """The text with one space in place of each run of white space."""
    if text.isprintable() and "  " not in text:
        return text  # the only space that is printable is that of ASCII
    return _SPACES.sub(" ", text)


def _styled(text: str, style: Style) -> str:
    if style is Style.CODE:
        # Discord escapes nothing inside code, and looks for the end of a link even here.
        text = text.replace("`", "ˋ").replace("](", "]\u200b(")
        return f"`{_without_invites(text)}`"
    if style is Style.STRONG:
        return f"**{_escaped(text)}**"
    # Discord ends *…* at the first asterisk, escaped or not.
    return _escaped(text) if "*" in text else f"*{_escaped(text)}*"


def _without_invites(code: str) -> str:
    """Code in which no client finds an invite, below which it would show a card."""
    return _INVITE.sub("\\1\u200b/", code)


def _link(link: Link) -> str:
    url = address(link.url)
    label = one_line(link.text)
    if url is None:
        return escape(f"{label} ({link.url})" if label != link.url else label)
    shown = f"<{url}>"  # in angle brackets no card is put under the message for it
    if not label or label in (link.url, url):
        return shown
    # Discord takes no scheme in a label; any address there could promise another place.
    if "://" in label or target_to_show(link) is not None:
        return f"{escape(label)} ({shown})"
    if ("[" in label or "]" in label) and not _is_balanced(label):
        label = label.replace("[", "［").replace("]", "］")
    return f"[{_escaped(label)}]({shown})"


def _is_balanced(text: str) -> bool:
    depth = 0
    for character in text:
        depth += {"[": 1, "]": -1}.get(character, 0)
        if depth not in {0, 1}:  # Discord reads one level of brackets inside a label
            return False
    return depth == 0


@lru_cache(maxsize=4096)
def address(url: str) -> str | None:
    """The address in ASCII without characters that end a link; `None` if it is invalid."""
    try:
        parts = urlsplit(clean(url))
        host = (parts.hostname or "").encode("idna").decode("ascii")
        port = f":{parts.port}" if parts.port else ""
    except (ValueError, UnicodeError):
        return None
    if parts.scheme not in {"http", "https"} or not re.fullmatch(r"[a-z0-9._-]+|[0-9a-f:]+", host):
        return None
    host = f"[{host}]" if ":" in host else host
    rest = quote(parts._replace(scheme="", netloc="").geturl(), safe=_URL_SAFE)
    # Clients add a card below any invite: one character is percent-encoded to prevent it.
    plain = _INVITE_PATH.sub(lambda match: f"{match[1]}%{ord(match[2]):02x}", f"{host}{rest}")
    return f"{parts.scheme}://{host}{port}{plain.removeprefix(host)}"
