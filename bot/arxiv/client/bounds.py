"""Bounds of a response: what would block the parser for long is refused before it is parsed.

A response is parsed in a thread. But one call of a regular expression or a string method holds the
GIL, so that the event loop stops as well, and feedparser makes such calls with the whole text of
an element: 80 ns a character, and in authors, where it looks for an e-mail address, that times the
length of the longest word. So an incremental parser measures the elements first. It also checks
that the XML is well-formed, since feedparser accepts XML that is not.
"""

from typing import Final
from xml.parsers import expat

from bot.arxiv.ports import Refusal, SourceReplyError

LONGEST_TEXT: Final = 2**17
"""Characters in one element with its children. The longest list of authors has a third of it."""

_BLOCK: Final = LONGEST_TEXT
_LONGEST_TAG: Final = 2**14
_MOST_TAGS: Final = 400_000
"""Elements of a response. A feed of 2,000 items has about 60,000."""

_LONGEST_WORDS: Final = 2**20
"""The sum of the squares of word lengths in an author: the cost of feedparser's address search."""

_NAMES: Final = frozenset({"author", "creator", "managingeditor", "publisher", "webmaster"})
_STEP: Final = 2**16
_GAP: Final = " "
_ENTRY: Final = "http://www.w3.org/2005/Atom entry"


def check_tags(body: bytes) -> None:
    """Raise `SourceReplyError` for too many tags, or too long a text without one; fast."""
    if body.count(b"<") > _MOST_TAGS:
        raise _too_large(f"more than {_MOST_TAGS:,} tags")
    # Whatever is twice as long as a block has a whole one within.
    for at in range(0, len(body) - _BLOCK + 1, _BLOCK):
        if body.find(b"<", at, at + _BLOCK) < 0:
            raise _too_large(f"more than {_BLOCK // 2**10} kB without a tag")


def check_elements(body: bytes) -> None:
    """Raise `SourceReplyError` for XML that is not well-formed, or too large an element.

    It must declare no document type.
    """
    measuring = _Measuring()
    parser = expat.ParserCreate("utf-8", _GAP)
    parser.buffer_text = True
    parser.StartElementHandler = measuring.start
    parser.EndElementHandler = measuring.end
    parser.CharacterDataHandler = measuring.text
    try:
        for at in range(0, len(body), _STEP):
            parser.Parse(body[at : at + _STEP], False)  # noqa: FBT003 - takes no names
        parser.Parse(b"", True)  # noqa: FBT003 - likewise
    except expat.ExpatError as error:
        raise SourceReplyError(Refusal.MALFORMED, f"broken XML: {error}") from error


def _too_large(reason: str) -> SourceReplyError:
    return SourceReplyError(Refusal.TOO_LARGE, reason)


class _Measuring:
    """Adds up the text of each element that feedparser takes as one.

    Those are all but the feed's frame: the root, `channel`, and each entry or item.
    """

    def __init__(self) -> None:
        self._frame: list[str] = []
        self._within = 0
        self._length = 0
        self._name = ""
        self._words: list[str] | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        size = len(name) + sum(len(key) + len(value) for key, value in attributes.items())
        if size > _LONGEST_TAG:
            raise _too_large(f"a tag of {size:,} characters")
        if self._within:
            self._within += 1
            self._add(size)
        elif self._is_frame(name):
            self._frame.append(name)
        else:
            self._within = 1
            self._length = 0
            self._name = name.rpartition(_GAP)[2]
            self._words = [] if self._name.lower() in _NAMES else None

    def _is_frame(self, name: str) -> bool:
        match len(self._frame):
            case 0:
                return True
            case 1:
                return name in {_ENTRY, "channel"}
            case 2:
                return name == "item" and self._frame[1] == "channel"
            case _:
                return False

    def end(self, _: str) -> None:
        """An element ends."""
        if not self._within:
            self._frame.pop()
            return
        self._within -= 1
        if not self._within and self._words:
            words = "".join(self._words).split()
            if sum(len(word) ** 2 for word in words) > _LONGEST_WORDS:
                raise _too_large(f"<{self._name[:20]}> with words that no name has")

    def text(self, text: str) -> None:
        """Some of the text of an element."""
        if self._within:
            self._add(len(text))
            if self._words is not None:
                self._words.append(text)

    def _add(self, length: int) -> None:
        self._length += length
        if self._length > LONGEST_TEXT:
            raise _too_large(f"<{self._name[:20]}> with more than {LONGEST_TEXT:,} characters")
