"""Addresses within texts: where one begins, and where it ends.

An address is never found shorter than it stands: its brackets, its letters of any script and its
marks belong to it. Not so the punctuation of the sentence around it, and not Hangul, Han or kana
glued behind a Latin letter, a digit or a bracket: particles follow addresses without a space
(`https://arxiv.org/abs/2007.05869와`).
"""

from collections.abc import Iterator
from typing import Final
from urllib.parse import quote, urlsplit

from bot.core.domain.dataclass import dataclass
from bot.core.domain.late import late_pattern

LONGEST: Final = 2000
"""Characters of an address; what is longer stays text."""

# Space, quotes and angle brackets end an address, and so does the punctuation of Asian scripts.
_ENDS: Final = (
    '\\s\\x00-\\x20\\x7f-\\xa0<>"`\u2018-\u201f\u00ab\u00bb\u2026\u3000-\u3003\u3008-\u301f\uff01\uff08\uff09'
    "\uff0c\uff0e\uff1a\uff1b\uff1f\uff5e\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ufff9-\uffff"
    "\ud800-\udfff\ue000-\uf8ff"
)
_CANDIDATE: Final = late_pattern(rf"(?i:https?)://[^{_ENDS}]+")
_GLUED_SCRIPTS: Final = "\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff"
_GLUED: Final = late_pattern(rf"(?<=[A-Za-z0-9)\]}}])[{_GLUED_SCRIPTS}]")
_HOST: Final = late_pattern(r"[^/?#]*")
# A name that hosts end in with text behind it: `org입니다`. Only Latin letters are compared without
# case: of 40,000 characters that have none, to look for one takes longer than all else here.
_GLUED_TO_HOST: Final = late_pattern(
    rf"(?<=\.)(?i:[a-z]{{2}}|com|org|net|edu|gov|info|app|dev|wiki|blog)(?=[{_GLUED_SCRIPTS}])"
    rf"|(?<=\.)(?i:[a-z0-9-]+)(?=[{_GLUED_SCRIPTS}][^.]*$)"
)
_PUNCTUATION: Final = ".,;:!?"
_EMPHASIS: Final = "*_~'|"
_MOST_SIGNS: Final = 3
"""Signs before an address (`***`) that are looked for behind it."""
_BRACKETS: Final = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True, slots=True)
class Found:
    """An address, and where it stands in its text."""

    url: str
    start: int

    @property
    def end(self) -> int:
        """Where the text goes on."""
        return self.start + len(self.url)


def find_addresses(text: str) -> Iterator[Found]:
    """The addresses in a text, in order. Linear in its length."""
    if "://" not in text:
        return
    for match in _CANDIDATE.finditer(text):
        before = text[max(0, match.start() - _MOST_SIGNS) : match.start()]
        url = _without_sentence(_without_glued(match[0]), before)
        if len(url) <= LONGEST and _HOST.match(url.partition("://")[2])[0]:  # type: ignore[index]
            yield Found(url, match.start())


def _without_glued(url: str) -> str:
    if url.isascii():
        return url
    scheme, slashes, rest = url.partition("://")
    host = _HOST.match(rest)[0]  # type: ignore[index]
    glued = None if host.isascii() else _GLUED_TO_HOST.search(host)
    if glued is not None:
        return f"{scheme}{slashes}{host[: glued.end()]}"
    behind = rest[len(host) :]
    glued = _GLUED.search(behind)
    return f"{scheme}{slashes}{host}{behind[: glued.start()] if glued else behind}"


def _without_sentence(url: str, before: str) -> str:
    """The address without the punctuation behind it, and without signs that stand around it."""
    missing = {end: url.count(start) - url.count(end) for end, start in _BRACKETS.items()}
    signs = [*before] if before and before[-1] in _EMPHASIS else []
    end = len(url)
    while end:
        last = url[end - 1]
        if last in _BRACKETS and missing[last] < 0:
            missing[last] += 1
        elif signs and last == signs[-1]:
            signs.pop()
        elif last not in _PUNCTUATION:
            break
        end -= 1
    return url[:end]


def ascii_address(url: str) -> str | None:
    """The address in ASCII, as it goes over the wire: `bücher.de` is `xn--bcher-kva.de`.

    `None` where it is not an address of http or https.
    """
    if url.isascii():
        return url if is_web_address(url) else None
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode("ascii")
        port = f":{parts.port}" if parts.port else ""
    except (ValueError, UnicodeError):
        return None
    if not host or parts.username is not None:
        return None
    rest = quote(parts._replace(scheme="", netloc="").geturl(), safe="!#$%&'()*+,-./:;=?@[]_~")
    made = f"{parts.scheme}://{host}{port}{rest}"
    return made if is_web_address(made) else None


def is_web_address(url: str) -> bool:
    """Whether it is an address of http or https in printable ASCII."""
    return _IN_ASCII.fullmatch(url) is not None


_IN_ASCII: Final = late_pattern(r"https?://[!-~]+")
