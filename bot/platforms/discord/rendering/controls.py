"""What the bot stores in its messages: command lines of buttons, and delivery keys.

A button carries its whole command line in its `custom_id`, so no database is needed to handle it. A
line that is too long is stored in a *hidden URL*, the address of an embed without a title, which
Discord does not show; the `custom_id` then refers to a line of it. A message that was posted with a
key carries that key as a *mark*: in the first `custom_id`, else in the hidden URL.
"""

import base64
import re
import zlib
from collections.abc import Iterable

from bot.core.domain.dataclass import dataclass
from bot.core.domain.late import late_pattern
from bot.core.ports import DeliveryKey
from bot.platforms.discord.rendering.payload import CUSTOM_ID_MOST, OPTION_MOST, URL_MOST, size

_REST = r"(?P<place>[0-9a-z]{1,3})(?:@(?P<mark>[0-9a-z.]{1,40}))?:"
BUTTON = re.compile(rf"pb{_REST}(?P<line>.*)", re.DOTALL)
MENU = re.compile(rf"pm{_REST}")
"""The `custom_id` of every menu of this bot: its options carry the lines."""

_MARK = late_pattern(r"([0-9a-z]{1,25})\.([0-9a-f]{1,4})\.([0-9a-f]{1,4})(\.t)?")
_REFERENCE = late_pattern(r"~(\d):(.*)", re.DOTALL)
# A real host, so that every check of addresses accepts it; a fragment is never sent.
_HIDDEN_URL = "https://arxiv.org/#pb/"
_HIDDEN_LINES_MOST = 10
_MARK_MOST = 40
_HIDDEN_BYTES_MOST = 64 * 1024
PARTS_MOST = 0xFFFF


@dataclass(frozen=True, slots=True)
class Mark:
    """Which delivery a message belongs to: part `part` of `parts`, and whether it opens a thread."""

    key: DeliveryKey
    part: int = 1
    parts: int = 1
    opens_thread: bool = False

    def __str__(self) -> str:
        thread = ".t" if self.opens_thread else ""
        return f"{self.key}.{self.part:x}.{self.parts:x}{thread}"


def read_mark(text: str) -> Mark | None:
    """The mark that `str` wrote."""
    match = _MARK.fullmatch(text)
    if match is None:
        return None
    return Mark(DeliveryKey(match[1]), int(match[2], 16), int(match[3], 16), bool(match[4]))


@dataclass(frozen=True, slots=True)
class HiddenUrl:
    """What an embed's address holds; Discord does not show it."""

    mark: Mark | None = None
    lines: tuple[str, ...] = ()

    def url(self) -> str | None:
        """The address; `None` when there is nothing to write."""
        if self.mark is None and not self.lines:
            return None
        text = ""
        if self.lines:
            packed = zlib.compress("\n".join(self.lines).encode(), 9)
            text = base64.urlsafe_b64encode(packed).decode().rstrip("=")
        return f"{_HIDDEN_URL}{self.mark or ''}/{text}"

    @property
    def fits(self) -> bool:
        """Whether it is short enough, with any mark beside its lines."""
        length = size(self.url() or "") + (0 if self.mark else _MARK_MOST)
        return len(self.lines) <= _HIDDEN_LINES_MOST and length <= URL_MOST


def read_hidden_url(url: str | None) -> HiddenUrl:
    """The hidden URL in an address; an empty one if there is none."""
    if url is None or not url.startswith(_HIDDEN_URL):
        return HiddenUrl()
    mark, _, text = url.removeprefix(_HIDDEN_URL).partition("/")
    try:
        packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        unpacked = zlib.decompressobj().decompress(packed, _HIDDEN_BYTES_MOST) if packed else b""
        lines = tuple(unpacked.decode().split("\n")) if unpacked else ()
    except (ValueError, zlib.error):
        lines = ()
    return HiddenUrl(read_mark(mark), lines)


def custom_id(place: int, line: str, mark: Mark | None = None) -> str:
    """The `custom_id` of the button at this place of its message."""
    return f"pb{_base36(place)}{f'@{mark}' if mark else ''}:{line}"


def menu_id(place: int, mark: Mark | None = None) -> str:
    """The `custom_id` of the menu at this place of its message."""
    return f"pm{_base36(place)}{f'@{mark}' if mark else ''}:"


def room(place: int, mark: Mark | None = None) -> int:
    """How long a line may be in that `custom_id`."""
    return CUSTOM_ID_MOST - size(custom_id(place, "", mark))


def mark_of(custom_id: str) -> Mark | None:
    """The mark that a `custom_id` carries."""
    match = BUTTON.fullmatch(custom_id) or MENU.fullmatch(custom_id)
    return read_mark(match["mark"]) if match and match["mark"] else None


def option_value(place: int, line: str) -> str:
    """The value of the option at this place; values of one select must differ."""
    return f"{_base36(place)}:{line}"


def option_room(place: int) -> int:
    """How long a line may be in that value."""
    return OPTION_MOST - size(option_value(place, ""))


def option_line(value: str) -> str:
    """The line of an option's value."""
    return value.partition(":")[2]


@dataclass(frozen=True, slots=True)
class CommandLines:
    """The command lines of one message: whole in a `custom_id`, or in its hidden URL."""

    hidden: tuple[str, ...] = ()

    def shortened(self, line: str, room: int) -> "tuple[str, CommandLines] | None":
        """The line in at most `room`, and the lines that the hidden URL then holds.

        `None`: it fits into neither.
        """
        if size(line) <= room and not line.startswith("~"):
            return line, self
        # Paging buttons differ in their last word only: they share a line.
        head, colon, tail = line.rpartition(":")
        start, rest = (head + colon, tail) if colon and size(tail) + 3 <= room else (line, "")
        held = self.hidden if start in self.hidden else (*self.hidden, start)
        if not HiddenUrl(None, held).fits:
            return None
        return f"~{held.index(start)}:{rest}", CommandLines(held)


def full_line(text: str, hidden_lines: Iterable[str]) -> str | None:
    """The command line that `shortened` wrote; `None` if the hidden URL is missing."""
    match = _REFERENCE.fullmatch(text)
    if match is None:
        return text or None
    lines = tuple(hidden_lines)
    place = int(match[1])
    return lines[place] + match[2] if place < len(lines) else None


def _base36(number: int) -> str:
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    return digits[number] if number < 36 else _base36(number // 36) + digits[number % 36]
