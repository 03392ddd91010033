"""Converts Slack's mrkdwn to plain text."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape

from bot.core.domain.late import late_pattern
from bot.core.domain.untrusted.incoming_text import mention_of

_REFERENCE = late_pattern(
    r"<(?P<sign>[@#!]?)(?P<target>[^<>|]{0,3000})(?:\|(?P<label>[^<>]{0,3000}))?>"
)
_SKIN_TONE = late_pattern(r"(:[\w+'-]{1,100}:):skin-tone-[2-6]:")
_SCHEME = late_pattern(r"(?:https?://|mailto:|tel:)", re.IGNORECASE)
_NO_DIGITS = late_pattern(r"[^0-9+]")
_LATEST = 253_402_300_799
"""The last second of the year 9999."""

_GROUP = "@group"
"""For a user group without a handle: looking it up needs the scope usergroups:read."""


def mentioned(text: str) -> tuple[str, ...]:
    """The ids of the people that a text mentions."""
    found = (mark["target"] for mark in _REFERENCE.finditer(text) if mark["sign"] == "@")
    return tuple(dict.fromkeys(found))


def unnamed_channels(text: str) -> tuple[str, ...]:
    """The ids of the channels that a text references without their names."""
    found = _REFERENCE.finditer(text)
    ids = (each["target"] for each in found if each["sign"] == "#" and not each["label"])
    return tuple(dict.fromkeys(ids))


def plain(text: str, name_of: Callable[[str], str]) -> str:
    """Plain text; `name_of` gives the name for the id of a person or channel."""
    spelled = _REFERENCE.sub(lambda found: _spelled(found, name_of), text)
    return unescape(_SKIN_TONE.sub(r"\1", spelled))


def command_text(text: str) -> str:
    """A typed command as plain text; people stay as `<@U123>`, channels without a name as `<#C123>`.

    With "escape channels, users, and links" Slack sends `<@U123|ada>`, `<#C123|rl>` and
    `<https://…>` in commands.
    """

    def kept(found: re.Match[str]) -> str:
        if found["sign"] == "@" or (found["sign"] == "#" and not found["label"]):
            return f"<{found['sign']}{found['target']}>"
        return _spelled(found, lambda id_: id_)

    return unescape(_REFERENCE.sub(kept, text))


def escape(text: str) -> str:
    """Plain text as mrkdwn without references."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def link(address: str, label: str = "") -> str:
    """A plain address as a reference of mrkdwn, with a plain label if there is one."""
    target = escape(address).replace("|", "%7C")
    return f"<{target}|{escape(label)}>" if label else f"<{target}>"


def _spelled(found: re.Match[str], name_of: Callable[[str], str]) -> str:
    target, label = found["target"], (found["label"] or "").strip()
    match found["sign"]:
        case "@":
            return mention_of(name_of(target), found.string, found.start())
        case "#":
            return f"#{label.removeprefix('#') or name_of(target)}"
        case "!":
            return _special(target, label)
        case _:
            return _link(target, label)


def _special(target: str, label: str) -> str:
    """`<!here>`, `<!subteam^S1|@handle>`, `<!date^1392734382^{date}^https://…|18 February>`."""
    kind, *more = target.split("^")
    if kind == "date":
        return _date(more, label)
    if kind == "subteam":
        return f"@{label.removeprefix('@')}" if label else _GROUP
    return label or f"@{kind}"


def _date(parts: list[str], label: str) -> str:
    """The fallback label of a date, or the date in UTC if there is no label."""
    seconds, _, address, *_ = [*parts, "", "", ""]
    if not label and seconds.isascii() and seconds.isdigit() and int(seconds) <= _LATEST:
        label = f"{datetime.fromtimestamp(int(seconds), UTC):%Y-%m-%d %H:%M} UTC"
    return _link(address, label) if address and label else label or address


def _link(target: str, label: str) -> str:
    bare = target if target.lower().startswith("http") else _SCHEME.sub("", target, count=1)
    if (
        not label
        or _without_scheme(label) == _without_scheme(target)
        or _same_number(target, label)
    ):
        return label if label and not target.lower().startswith("http") else bare
    return f"{label} ({bare})"


def _same_number(target: str, label: str) -> bool:
    """Whether the label is the same telephone number, written differently."""
    is_number = target.lower().startswith("tel:")
    return is_number and _NO_DIGITS.sub("", target) == _NO_DIGITS.sub("", label)


def _without_scheme(address: str) -> str:
    return _SCHEME.sub("", unescape(address), count=1).rstrip("/").casefold()
