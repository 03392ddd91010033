"""Discord's markup as the plain text that people wrote and read.

Mentions, emoji, dates and commands stand in a message's source as ids in angle brackets. Code is
left as it is: Discord shows it so. Emphasis stays as it was typed.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Protocol

from bot.core.domain.dataclass import dataclass
from bot.core.domain.late import late_pattern
from bot.core.domain.untrusted.incoming_text import mention_of

HIDDEN = "█████"
"""In place of a spoiler: other platforms cannot hide text, and readers follow the link to it."""

_MARKUP = late_pattern(
    r"(?P<verbatim>\\[\\<|`]|```.*?```|``.+?``|`[^`]+`)"
    r"|\|\|(?P<spoiler>.+?)\|\|"
    r"|<(?:@!?(?P<user>\d{15,20})|@&(?P<role>\d{15,20})|#(?P<channel>\d{15,20})"
    r"|a?:(?P<emoji>\w{1,64}):\d{1,20}"
    r"|t:(?P<time>-?\d{1,15})(?::(?P<style>[A-Za-z]))?"
    r"|/(?P<command>[-\w ]{1,100}):\d{1,20}"
    r"|id:(?P<guide>[a-z-]{1,20})(?::\d{1,20})?"
    r"|sound:\d{1,20}:(?P<sound>\d{1,20})"
    r"|(?P<address>(?:https?|mailto|tel|sms):[^<>\s]{1,2000}))>",
    re.DOTALL,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIMES = {
    "t": "%H:%M UTC",
    "T": "%H:%M:%S UTC",
    "d": "%Y-%m-%d",
    "D": "%Y-%m-%d",
    "S": "%Y-%m-%d %H:%M:%S UTC",
}
"""Each reader's client shows its own time zone, so UTC is named; other styles show `_TIME`."""
_TIME = "%Y-%m-%d %H:%M UTC"
_GUIDES = {
    "customize": "Channels & Roles",
    "browse": "Browse Channels",
    "guide": "Server Guide",
    "home": "Server Guide",
    "linked-roles": "Linked Roles",
}
"""What Discord's clients call the places that have an id of their own."""


class Names(Protocol):
    """What ids are called."""

    def user(self, number: int) -> str:
        """A person's name, without the sign before it."""
        ...

    def role(self, number: int) -> str:
        """A role's name, likewise."""
        ...

    def channel(self, number: int) -> str:
        """A channel's or thread's name, likewise."""
        ...


@dataclass(frozen=True, slots=True)
class _Reader:
    names: Names

    def spelled(self, found: re.Match[str]) -> str:
        match found.lastgroup:
            case "spoiler":
                return HIDDEN
            case "user":
                name = self.names.user(int(found["user"]))
                return mention_of(name, found.string, found.start())
            case "role":
                name = self.names.role(int(found["role"]))
                return mention_of(name, found.string, found.start())
            case "channel":
                return f"#{self.names.channel(int(found['channel']))}"
            case "emoji":
                return f":{found['emoji']}:"
            case "time" | "style":
                return _date(int(found["time"]), found["style"]) or found[0]
            case "command":
                return f"/{found['command']}"
            case "guide":
                return f"#{_GUIDES.get(found['guide'], found['guide'])}"
            case "sound":
                return "🔊"
            case "address":
                return found["address"]
            case _:
                return found[0]


def plain(text: str, names: Names) -> str:
    """The text with names for ids, dates in UTC, bare addresses and spoilers hidden."""
    return _MARKUP.sub(_Reader(names).spelled, text)


def _date(seconds: int, style: str | None) -> str | None:
    try:
        at = _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return None
    return at.strftime(_TIMES.get(style or "", _TIME))
