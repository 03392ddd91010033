"""What the bot writes for itself into a message: command lines of buttons, and delivery keys.

A button carries its whole command line in its `custom_id`, so it works without any memory. A
line that is too long for that stands in the message's *slip*, the invisible address of an
embed, and the `custom_id` says which line of the slip it continues. A message that was posted
with a key also carries its *mark*: in the first `custom_id`, else in the slip.
"""

import base64
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from bot.core.ports import DeliveryKey
from bot.platforms.discord.rendering.payload import CUSTOM_ID_MOST, OPTION_MOST, URL_MOST, size

_REST = r"(?P<place>[0-9a-z]{1,3})(?:@(?P<mark>[0-9a-z.]{1,40}))?:"
BUTTON = re.compile(rf"pb{_REST}(?P<line>.*)", re.DOTALL)
MENU = re.compile(rf"pm{_REST}")
"""The `custom_id` of every menu of this bot: its options carry the lines."""

_MARK = re.compile(r"([0-9a-z]{1,25})\.([0-9a-f]{1,4})\.([0-9a-f]{1,4})(\.t)?")
_REFERENCE = re.compile(r"~(\d):(.*)", re.DOTALL)
# A real host, so that no check of addresses stumbles; what stands behind # is never sent.
_SLIP = "https://arxiv.org/#pb/"
_SLIP_LINES_MOST = 10
_MARK_MOST = 40
_SLIP_BYTES_MOST = 64 * 1024
PARTS_MOST = 0xFFFF


@dataclass(frozen=True, slots=True)
class Mark:
    """Which delivery a message belongs to: part `part` of `parts`, and if a thread belongs to it."""

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
class Slip:
    """What is written into an embed's invisible address."""

    mark: Mark | None = None
    lines: tuple[str, ...] = ()

    def url(self) -> str | None:
        """The address; `None` when there is nothing to write."""
        if self.mark is None and not self.lines:
            return None
        packed = zlib.compress("\n".join(self.lines).encode(), 9) if self.lines else b""
        text = base64.urlsafe_b64encode(packed).decode().rstrip("=")
        return f"{_SLIP}{self.mark or ''}/{text}"

    @property
    def fits(self) -> bool:
        """Whether it may be written, with any mark beside its lines."""
        length = size(self.url() or "") + (0 if self.mark else _MARK_MOST)
        return len(self.lines) <= _SLIP_LINES_MOST and length <= URL_MOST


def read_slip(url: str | None) -> Slip:
    """The slip in an address; an empty one where there is none."""
    if url is None or not url.startswith(_SLIP):
        return Slip()
    mark, _, text = url.removeprefix(_SLIP).partition("/")
    try:
        packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        unpacked = zlib.decompressobj().decompress(packed, _SLIP_BYTES_MOST) if packed else b""
        lines = tuple(unpacked.decode().split("\n")) if unpacked else ()
    except (ValueError, zlib.error):
        lines = ()
    return Slip(read_mark(mark), lines)


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
class Lines:
    """Command lines as they are written into one message: whole, or by way of its slip."""

    slip: tuple[str, ...] = ()

    def shortened(self, line: str, room: int) -> "tuple[str, Lines] | None":
        """The line in at most `room`, and the lines that the slip then holds.

        `None`: it fits neither here nor into the slip.
        """
        if size(line) <= room and not line.startswith("~"):
            return line, self
        # Buttons that turn pages differ in their last word only: they share a line.
        head, colon, tail = line.rpartition(":")
        start, rest = (head + colon, tail) if colon and size(tail) + 3 <= room else (line, "")
        held = self.slip if start in self.slip else (*self.slip, start)
        if not Slip(None, held).fits:
            return None
        return f"~{held.index(start)}:{rest}", Lines(held)


def full_line(text: str, slip_lines: Iterable[str]) -> str | None:
    """The command line that `shortened` wrote; `None` when its slip is gone."""
    match = _REFERENCE.fullmatch(text)
    if match is None:
        return text or None
    lines = tuple(slip_lines)
    place = int(match[1])
    return lines[place] + match[2] if place < len(lines) else None


def _base36(number: int) -> str:
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    return digits[number] if number < 36 else _base36(number // 36) + digits[number % 36]
