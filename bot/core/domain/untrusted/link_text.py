"""Whether a link's text may stand alone, or its target must be shown beside it.

A text that reads like an address promises to lead there. Where the target is another one, both
are shown, on every platform (issue 12, item 2). Compared is what a reader sees: look-alike
letters, unseen characters, other writings of dots and slashes, percent-encodings and the case of
a host make no difference to what a text promises.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from bot.core.domain.dataclass import dataclass
from bot.core.domain.document import Link
from bot.core.domain.late import late_pattern
from bot.core.domain.untrusted.confusables import look_alike

_LABELS = r"(?:[\w-]{1,63}\.){1,20}"
_GENERIC = (
    "com|org|net|edu|gov|mil|int|info|biz|app|dev|xyz|page|site|online|tech|cloud|blog|live|news"
    "|wiki|science|academy|space|world|today|top|club|shop|store|link|click|digital|network"
    "|systems|software|education|institute|example|test|google|cool|pro|name|art|design|group"
    "|team|work|works|studio|company|center|services|solutions|support|email|media|video|games"
    "|fun|icu|vip|win|lol|guru|university|foundation|health|finance|global|city|zone|one|asia"
    "|한국|닷컴|닷넷|中国|рф"
)
# In a text as it looks: an address with a scheme, a host with something behind it or a name that
# hosts end in, and an id of arXiv.
_ADDRESS = late_pattern(
    r"[a-z][a-z0-9+.-]{1,30}://\S*"
    # Behind the name another script may follow without a space: `arxiv.org에서`.
    rf"|(?<![\w-])(?:[^\s/@]{{1,100}}@)?"
    rf"(?:www\.{_LABELS}\w{{2,63}}|{_LABELS}(?:{_GENERIC}|[a-z]{{2}}|xn--[a-z0-9-]{{1,59}})(?![a-z0-9-])"
    rf"|{_LABELS}[a-z]{{2,63}}(?=\.?(?::\d|/))|(?:\d{{1,3}}\.){{3}}\d{{1,3}}(?![\w.])"
    r"|localhost(?=[:/]))(?:[.:/?#]\S*)?"
    r"|\barxiv:\s?(?P<arxiv>\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z-]+)?/\d{7})",
    re.IGNORECASE,
)
# `train.py` is the name of a file where nothing else makes it an address.
_FILE = late_pattern(r"[\w.-]+\.(?:cu|go|js|jl|md|pl|py|rb|rs|sh|so|ts)", re.IGNORECASE)
_TURNS = late_pattern("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_AROUND = "<>()[]{}\"'“”‘’«»,.;:!?…*_`~|/"
_SCRIPTS = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE"})
_LONGEST = 2000
"""Characters of a text that are looked at; a longer one is shown with its target."""


def target_to_show(link: Link) -> str | None:
    """The address to show beside the link's text; `None` where the text may stand alone.

    Alone may stand a text without an address, the target itself, and the host that it is on.
    Where the target itself misleads (`https://arxiv.org@evil.example/`, look-alike letters in its
    host) the host that it leads to is always shown, in ASCII.
    """
    return _target_to_show(link.text, link.url)


@lru_cache(maxsize=4096)
def _target_to_show(text: str, url: str) -> str | None:
    if not text.strip() or url.startswith("/"):
        return None  # renderers show such a link's address; a path stays within the web chat
    target = _Place.of(url)
    if target is None:
        return url
    if target.misleads:
        return target.honest_host if text.strip() == url else f"{target.honest_host}: {url}"
    if text.strip() == url:
        return None
    if len(text) > _LONGEST or _TURNS.search(text):
        return url
    return None if all(_is_kept(promise, target) for promise in _promises(text)) else url


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an address leads, as far as a reader can tell two places apart."""

    host: str
    port: str
    rest: str
    honest_host: str
    misleads: bool

    @classmethod
    def of(cls, address: str) -> "_Place | None":
        try:
            # Browsers read a backslash as a slash.
            parts = urlsplit(address.replace("\\", "/"))
            host, port = unquote(parts.hostname or "").rstrip("."), parts.port
        except ValueError:
            return None
        if not host:
            return None
        shown = ".".join(map(_from_punycode, re.split("[.\u3002\uff0e\uff61]", host)))
        rest = look_alike(unquote(parts.path + (f"?{parts.query}" if parts.query else "")))
        return cls(
            host=look_alike(shown).casefold().removeprefix("www."),
            port="" if port in {None, 80, 443} else str(port),
            rest=rest.rstrip(_AROUND),
            honest_host=".".join(map(_to_punycode, shown.split("."))),
            misleads="@" in parts.netloc
            or "\\" in address
            or any(map(_imitates, shown.split("."))),
        )


def _promises(text: str) -> Iterator[re.Match[str]]:
    for match in _ADDRESS.finditer(look_alike(unquote(text))):
        if not _FILE.fullmatch(match[0].rstrip(_AROUND)):
            yield match


def _is_kept(promise: re.Match[str], target: _Place) -> bool:
    """Whether the address in a text is where the link leads."""
    if promise["arxiv"]:
        on_arxiv = target.host.removeprefix("export.") == "arxiv.org"
        return on_arxiv and promise["arxiv"].casefold() in target.rest.casefold()
    address = promise[0].rstrip(_AROUND)
    place = _Place.of(address if "://" in address else f"https://{address}")
    if place is None:
        return False
    user, at, _ = address.rpartition("@")
    if at and "/" not in user.partition("://")[2] and ("." in user or "://" in user):
        return False  # what stands before an @ is no host
    return (place.host, place.port) == (target.host, target.port) and place.rest in {
        "",
        target.rest,
    }


def _imitates(label: str) -> bool:
    """Whether a part of a host can be taken for another one: by its letters, or its marks."""
    if label.isascii():
        return False
    if look_alike(label).isascii():
        return True
    letters = [unicodedata.name(letter, "?").partition(" ")[0] for letter in label]
    marks = unicodedata.normalize("NFD", label)
    below = any(unicodedata.combining(mark) in {202, 220} for mark in marks)
    return len(_SCRIPTS & set(letters)) > 1 or below


def _from_punycode(label: str) -> str:
    if not label.casefold().startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return label


def _to_punycode(label: str) -> str:
    if label.isascii():
        return label
    folded = unicodedata.normalize("NFKC", label).casefold()
    if folded.isascii():
        return folded  # full-width letters, which browsers read as plain ones
    return "xn--" + folded.encode("punycode").decode("ascii")
