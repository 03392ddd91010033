"""A document as the HTML part of a message.

Mail programs drop style sheets, scripts and forms, and some drop `<style>`: each element has its style
inline, and `<style>` only turns the colours round in the dark. No picture is loaded from outside, so
that opening a message tells nobody. Links show where they lead where their text says otherwise.
"""

from collections.abc import Sequence
from html import escape

from bot.core.domain.chart import bars
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
)
from bot.core.domain.late import late_pattern
from bot.core.domain.untrusted.link_text import target_to_show
from bot.core.latex import readable
from bot.platforms.mail.rendering.addresses import button_address, link_address
from bot.platforms.mail.rendering.footer import Footer

_UNPRINTABLE = late_pattern("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_DIRECTIONAL = late_pattern(
    "[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u0590-\u08ff\ufb1d-\ufdfd\ufe70-\ufefc]"
    "|[\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_FONT = (
    "font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,'Apple SD Gothic Neo',"
    "'Malgun Gothic','Noto Sans KR',sans-serif"
)
_INK, _SOFT, _LINE, _LEAD, _PAGE = "#1f2328", "#57606a", "#d8dee4", "#0550ae", "#ffffff"
_CODE = f"margin:0 0 16px;padding:12px;border:1px solid {_LINE};border-radius:6px;font-size:13px;"
_DARK = (
    "@media (prefers-color-scheme:dark){"
    ".page{background:#0d1117!important}"
    ".ink{color:#e6edf3!important}.soft{color:#9da7b3!important}.lead{color:#79b8ff!important}"
    ".line{border-color:#3d444d!important}}"
)
_TAGS = {Style.STRONG: "strong", Style.EMPHASIS: "em", Style.CODE: "code"}


def html_part(document: Document, footer: Footer, site: str) -> str:
    """The whole page; the first lines of a message list show its summary."""
    body = _Body(site)
    shown = map_text(document, readable)
    following = (*shown.blocks[1:], None)
    blocks = "\n".join(filter(None, map(body.block, shown.blocks, following)))
    end = "".join(f'<p class="soft" style="margin:0 0 6px">{escape(x)}</p>' for x in footer.lines)
    links = " · ".join(_anchor(label, url) for label, url in footer.links)
    return (
        f'<!doctype html>\n<html lang="{escape(footer.locale)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        '<meta name="supported-color-schemes" content="light dark">'
        f"<title>{escape(_printable(shown.summary))}</title><style>{_DARK}</style></head>\n"
        f'<body class="page" style="margin:0;padding:0;background:{_PAGE}">'
        f'<div class="ink" style="max-width:640px;margin:0 auto;padding:20px 16px;{_FONT};'
        f'font-size:16px;line-height:1.6;color:{_INK};overflow-wrap:anywhere;word-break:keep-all">\n'
        f"{blocks}\n"
        f'<div class="line soft" style="margin:32px 0 0;padding:16px 0 0;border-top:1px solid {_LINE};'
        f'font-size:13px;color:{_SOFT}">{end}<p style="margin:0">{links}</p></div>\n'
        "</div></body></html>\n"
    )


class _Body:
    """The blocks of one document: its first heading is the title."""

    def __init__(self, site: str) -> None:
        self._site = site
        self._titled = False

    def block(self, block: Block, following: Block | None) -> str:
        """A divider before a heading is a wide one; else it parts the languages of one entry."""
        match block:
            case Heading(inlines):
                return self._heading(inlines)
            case Paragraph(inlines, language):
                return self._prose("p", inlines, language, "margin:0 0 14px")
            case Quote(inlines, language):
                style = f"margin:0 0 14px;padding:0 0 0 14px;border-left:3px solid {_LINE};color:{_SOFT}"
                return self._prose("blockquote", inlines, language, style, "line soft")
            case Note(inlines):
                style = f"margin:0 0 14px;font-size:14px;color:{_SOFT}"
                return self._prose("p", inlines, None, style, "soft")
            case Items(items):
                rows = "".join(map(self._item, items))
                return f'<div style="margin:0 0 14px">{rows}</div>'
            case Fields(fields):
                return self._fields(fields)
            case Code(text):
                return self._lines(text)
            case Chart():
                words = f'<p class="soft" style="margin:0 0 14px;font-size:14px;color:{_SOFT}">'
                return f"{self._lines(bars(block))}{words}{_text(block.text)}</p>"
            case Divider():
                room = "28px 0" if isinstance(following, Heading) else "20px 70% 20px 0"
                style = f"margin:{room};border:0;border-top:1px solid {_LINE}"
                return f'<hr class="line" style="{style}">'
            case Buttons(buttons):
                shown = " &nbsp; ".join(filter(None, map(self._button, buttons)))
                return f'<p style="margin:0 0 14px;font-size:14px">{shown}</p>' if shown else ""

    def _heading(self, inlines: Sequence[Inline]) -> str:
        tag, size = ("h2", 18) if self._titled else ("h1", 22)
        self._titled = True
        style = f"margin:0 0 8px;font-size:{size}px;line-height:1.35;font-weight:650"
        return f'<{tag} style="{style}">{self._inlines(inlines)}</{tag}>'

    def _prose(
        self,
        tag: str,
        inlines: Sequence[Inline],
        language: str | None,
        style: str,
        classes: str = "",
    ) -> str:
        lang = f' lang="{escape(language)}"' if language else ""
        of = f' class="{classes}"' if classes else ""
        return f'<{tag}{lang}{of} style="{style}">{self._inlines(inlines)}</{tag}>'

    def _item(self, item: Item) -> str:
        number = f"{item.number}. " if item.number is not None else "• "
        detail = self._inlines(item.detail)
        below = (
            f'<br><span class="soft" style="font-size:14px;color:{_SOFT}">{detail}</span>'
            if detail
            else ""
        )
        button = self._button(item.button) if item.button is not None else ""
        beside = f" &nbsp; {button}" if button else ""
        style = "margin:0 0 8px;padding:0 0 0 24px;text-indent:-24px"
        return f'<p style="{style}">{number}{self._inlines(item.inlines)}{beside}{below}</p>'

    def _fields(self, fields: Sequence[tuple[str, tuple[Inline, ...]]]) -> str:
        rows = "<br>".join(
            f'<span class="soft" style="color:{_SOFT}">{_text(name)}:</span> {self._inlines(value)}'
            for name, value in fields
        )
        return f'<p style="margin:0 0 14px">{rows}</p>'

    def _lines(self, text: str) -> str:
        return (
            f'<pre class="line" style="{_CODE}white-space:pre-wrap;word-break:normal">'
            f"{_text(text)}</pre>"
        )

    def _button(self, button: Button) -> str:
        url = button_address(button, self._site)
        return _anchor(button.label, url) if url is not None else ""

    def _inlines(self, inlines: Sequence[Inline]) -> str:
        return "".join(map(self._inline, inlines))

    def _inline(self, inline: Inline) -> str:
        if isinstance(inline, Link):
            return self._link(inline)
        tag = _TAGS.get(inline.style)
        text = _text(inline.text)
        return f"<{tag}>{text}</{tag}>" if tag else text

    def _link(self, link: Link) -> str:
        url = link_address(link.url, self._site)
        if url is None:
            return f"{_text(link.text)} ({_text(link.url)})"
        target = target_to_show(link)
        shown = (
            f' <span class="soft" style="color:{_SOFT}">({_text(target)})</span>' if target else ""
        )
        return f"{_anchor(link.text, url)}{shown}"


def _anchor(label: str, url: str) -> str:
    words = _text(label) if label.strip() else escape(url)
    return f'<a class="lead" href="{escape(url)}" style="color:{_LEAD}">{words}</a>'


def _text(text: str) -> str:
    """Escaped; text that could turn the line round is isolated, and line breaks are kept."""
    shown = escape(_printable(text)).replace("\n", "<br>")
    return f"<bdi>{shown}</bdi>" if _DIRECTIONAL.search(text) else shown


def _printable(text: str) -> str:
    return _UNPRINTABLE.sub("\ufffd", text)
