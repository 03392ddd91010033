"""Documents and people's text as HTML. Pure; all text is untrusted.

Every character is escaped, addresses are http or https or stay text, and text with directional
characters is isolated, so that nothing reaches out of its location. Marks piled up on a letter are
clipped by the style sheet. Nothing is ever cut: HTML has room for every document.
"""

import re
from collections.abc import Sequence
from urllib.parse import quote, urlsplit

from markupsafe import Markup, escape

from bot.archive.domain.inlines import inlines as linked
from bot.core.domain import command_line, commands
from bot.core.domain.chart import ON_PAGE, svg
from bot.core.domain.document import (
    Block,
    Button,
    Buttons,
    Chart,
    Code,
    Divider,
    Document,
    Fields,
    Heading,
    Inline,
    Item,
    Items,
    Link,
    Note,
    Paragraph,
    Quote,
    Style,
    map_text,
    plain_text,
    run,
)
from bot.core.domain.late import late_pattern
from bot.core.domain.untrusted.link_text import target_to_show
from bot.core.latex import readable
from bot.platforms.web.addresses import form_address

# C0 and C1 controls, lone surrogates and noncharacters: HTML cannot contain them.
_UNPRINTABLE = late_pattern("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
# Directional overrides, embeddings, isolates and marks, and letters of right-to-left scripts.
_DIRECTIONAL = late_pattern(
    "[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u0590-\u08ff\ufb1d-\ufdfd\ufe70-\ufefc]"
    "|[\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_TAG = late_pattern(r"(?<![\w#/&])#(\w[\w-]{0,59})")
_PAGED = late_pattern(
    r"/paper entry:(?P<entry>[0-9]{1,18})|/paper #(?P<tag>\w[\w-]{0,59})"
    r"|/digest (?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"|/digest recap (?P<period>[0-9]{4}(?:-W?[0-9]{2})?)"
)
_OWN = late_pattern(r"/c/[\w.~%-]{1,400}/t/[0-9]{1,18}|/entry/[0-9]{1,18}", re.ASCII)
_STYLES = {Style.STRONG: "strong", Style.EMPHASIS: "em", Style.CODE: "code"}
_URL_LENGTH = 2000
_REL = "noopener noreferrer nofollow"


def render(document: Document) -> Markup:
    """The blocks of a document."""
    parts: list[Markup] = []
    titled = False
    for block in map_text(document, readable).blocks:
        parts.append(_block(block, titled=titled))
        titled = titled or isinstance(block, Heading)
    return Markup("\n").join(parts)


def render_text(text: str) -> Markup:
    """A person's text: its lines unchanged, addresses as links."""
    return Markup('<p class="said" dir="auto">{}</p>').format(render_inlines(linked(text)))


def render_inlines(inlines: Sequence[Inline], *, tags: bool = False) -> Markup:
    """A run of inlines; `tags` makes each `#tag` lead to its papers."""
    return Markup("").join(_inline(inline, tags=tags) for inline in inlines)


def own_path(url: str) -> str | None:
    """The address, if it is the path of a message of this chat or of an entry; else `None`."""
    return url if _OWN.fullmatch(url) else None


def safe_url(url: str) -> str | None:
    """The address, if it is http or https with a host and no unprintable character; else `None`."""
    if len(url) > _URL_LENGTH or _UNPRINTABLE.search(url) or any(c.isspace() for c in url):
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and host else None


def isolated(text: str) -> Markup:
    """The text in a `<bdi>`, so that its direction does not affect the text around it."""
    return Markup("<bdi>{}</bdi>").format(printable(text))


def printable(text: str) -> str:
    """The text with U+FFFD for each character that HTML cannot contain."""
    return _UNPRINTABLE.sub("\ufffd", text)


def tag_path(tag: str) -> str:
    """The path of the page of a tag."""
    return "/tag/" + quote(printable(tag), safe="")


def form_page(line: str) -> str | None:
    """The path of the form that a command line opens, if it opens one."""
    name, _, rest = line.removeprefix("/").partition(" ")
    if name != commands.NOTE.name:
        return None
    options = {"paper": printable(rest.strip())} if rest.strip() else {}
    opened = command_line.CommandLine(commands.NOTE, options)
    return form_address(opened) if command_line.opens_form(opened.spec, options) else None


def command_page(line: str) -> str | None:
    """The path of the page with the same content as the command's answer, if there is one.

    Inside the chat the line is asked; the page is for a new tab, and where scripts are off.
    """
    match = _PAGED.fullmatch(line)
    if match is None:
        return None
    if match["entry"]:
        return f"/entry/{match['entry']}"
    if match["period"]:
        return f"/recap/{match['period']}"
    return tag_path(match["tag"]) if match["tag"] else f"/digest/{match['day']}"


def _block(block: Block, *, titled: bool) -> Markup:
    match block:
        case Heading():
            level = "h4" if titled else "h3"
            return Markup('<{0} dir="auto">{1}</{0}>').format(level, render_inlines(block.inlines))
        case Paragraph():
            return _prose("p", block.inlines, block.language)
        case Quote():
            return _prose("blockquote", block.inlines, block.language)
        case Note():
            text = render_inlines(block.inlines, tags=True)
            return Markup('<p class="note" dir="auto">{}</p>').format(text)
        case Items():
            return _items(block.items)
        case Fields():
            rows = (
                Markup('<dt dir="auto">{}</dt><dd dir="auto">{}</dd>').format(
                    printable(label), render_inlines(value)
                )
                for label, value in block.fields
            )
            return Markup("<dl>{}</dl>").format(Markup("").join(rows))
        case Code():
            return Markup('<pre dir="ltr" tabindex="0"><code>{}</code></pre>').format(
                printable(block.text)
            )
        case Chart():
            # `svg` escapes names; without style attributes, which the page's policy forbids.
            return Markup('<div class="chart">{}</div>').format(Markup(svg(block, ON_PAGE)))  # noqa: S704
        case Divider():
            return Markup("<hr>")
        case Buttons() if block.buttons and all(map(_is_tag, block.buttons)):
            tags = render_inlines(
                run(" ".join(button.label for button in block.buttons)), tags=True
            )
            return Markup('<p class="note" dir="auto">{}</p>').format(tags)
        case Buttons():
            row = Markup("").join(_button(button) for button in block.buttons)
            return Markup('<div class="buttons">{}</div>').format(row)


def _prose(name: str, inlines: Sequence[Inline], language: str | None) -> Markup:
    lang = Markup(' lang="{}"').format(language) if language else Markup("")
    return Markup('<{0}{1} dir="auto">{2}</{0}>').format(name, lang, render_inlines(inlines))


def _items(items: Sequence[Item]) -> Markup:
    numbered = any(item.number is not None for item in items)
    rows = Markup("\n").join(_item(item) for item in items)
    name = "ol" if numbered else "ul"
    return Markup('<{0} class="items">{1}</{0}>').format(name, rows)


def _item(item: Item) -> Markup:
    value = Markup(' value="{}"').format(item.number) if item.number is not None else Markup("")
    detail = Markup("")
    if item.detail:
        detail = Markup('<div class="detail" dir="auto">{}</div>').format(
            render_inlines(item.detail, tags=True)
        )
    button = Markup("")
    if item.button is not None:
        button = _button(item.button, about=plain_text(item.inlines))
    return Markup('<li{}><div class="line" dir="auto">{}</div>{}{}</li>').format(
        value, render_inlines(item.inlines), detail, button
    )


def _is_tag(button: Button) -> bool:
    """Whether a button looks up the tag that it is named for: on a page, a link is enough."""
    return _TAG.fullmatch(button.label) is not None and button.command == (
        command_line.format_line("paper", button.label)
    )


def _button(button: Button, *, about: str = "") -> Markup:
    """A button with a command line, or a link; with an unsafe address, only its label."""
    label = printable(button.label)
    name = Markup("")
    if about and about != button.label:
        # A screen reader must tell ten buttons named “Read” apart.
        name = Markup(' aria-label="{}"').format(f"{label}: {printable(about)}")
    if button.command is not None:
        page = command_page(button.command)
        if (form := form_page(button.command)) is not None:
            return Markup('<a class="button" href="{}"{}>{}</a>').format(form, name, label)
        opening = Markup('<button type="button"')
        if page is not None:
            opening = Markup('<a href="{}"').format(page)
        return Markup('{} class="button" data-command="{}"{}>{}</{}>').format(
            opening, printable(button.command), name, label, "a" if page else "button"
        )
    url = safe_url(button.url or "")
    if url is None:
        return Markup('<span class="button">{}</span>').format(label)
    return Markup('<a class="button" href="{}" rel="{}" target="_blank"{}>{}</a>').format(
        url, _REL, name, label
    )


def _inline(inline: Inline, *, tags: bool) -> Markup:
    if isinstance(inline, Link):
        url = safe_url(inline.url)
        words = _words(inline.text or inline.url)
        if own_path(inline.url) is not None:
            return Markup('<a href="{}">{}</a>').format(inline.url, words)
        if url is None:
            return words
        target = Markup("")
        if (shown := target_to_show(inline)) is not None:
            target = Markup(' <bdi dir="ltr">({})</bdi>').format(printable(shown))
        return Markup('<a href="{}" rel="{}" target="_blank">{}{}</a>').format(
            url, _REL, words, target
        )
    words = _tagged(inline.text) if tags else _words(inline.text)
    name = _STYLES.get(inline.style)
    return Markup("<{0}>{1}</{0}>").format(name, words) if name else words


def _words(text: str) -> Markup:
    return isolated(text) if _DIRECTIONAL.search(text) else escape(printable(text))


def _tagged(text: str) -> Markup:
    """Small print with its tags as links; in the chat they run `/paper #tag`."""
    if _DIRECTIONAL.search(text):
        return isolated(text)
    parts: list[Markup] = []
    at = 0
    for match in _TAG.finditer(text):
        parts.append(escape(printable(text[at : match.start()])))
        parts.append(
            Markup('<a class="tag" href="{}" data-command="{}">{}</a>').format(
                tag_path(match[1]), command_line.format_line("paper", f"#{match[1]}"), match[0]
            )
        )
        at = match.end()
    parts.append(escape(printable(text[at:])))
    return Markup("").join(parts)
