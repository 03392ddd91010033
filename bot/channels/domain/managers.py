"""People who were named to manage a channel's digest, and how a command names them.

A person is named by the platform's id, never by a name: names can be chosen and are not unique.
"""

import re
from collections.abc import Mapping

from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import UsageError
from bot.core.domain.late import late_pattern

MOST_NAMED = 50
"""More people than this in one channel are a mistake."""

_MENTIONS: Mapping[str, re.Pattern[str]] = {
    "slack": late_pattern(r"<@(?P<id>[UW][A-Z0-9]{1,20})(?:\|[^>]*)?>"),
    "discord": late_pattern(r"<@!?(?P<id>[0-9]{1,20})>"),
}
"""How the platform itself writes a mention. The web chat has none."""
_BARE: Mapping[str, re.Pattern[str]] = {
    "slack": late_pattern(r"@?(?P<id>[UW][A-Z0-9]{5,20})"),
    "discord": late_pattern(r"@?(?P<id>[0-9]{15,20})"),
    "web": late_pattern(r"@?(?P<id>[0-9a-f]{16})"),
}
"""Ids without a mention's brackets: the web chat has no mentions, the command line none either."""

_ADD = frozenset({"add", "name", "추가", "지정"})
_REMOVE = frozenset({"remove", "delete", "삭제", "제거", "해제"})
_FILLERS = frozenset({"and", "@", ","})


@dataclass(frozen=True, slots=True)
class Manager:
    """A named person: the id with the platform and workspace, and the name they had."""

    person: str
    name: str = ""

    @property
    def id(self) -> str:
        """The platform's own id."""
        return self.person.rpartition("/")[2].rpartition(":")[2]


@dataclass(frozen=True, slots=True)
class ManagersChange:
    """The ids of the people to name, or to remove."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


def read_change(text: str, platform: str) -> ManagersChange | None:
    """What follows `/digest managers`; `None` if nothing does. Raises `UsageError`.

    `@…` and `add @…` name people, `remove @…` removes them.
    """
    words = text.replace(",", " ").split()
    if not words:
        return None
    verb = words[0].casefold()
    people = [word for word in words[verb in _ADD | _REMOVE :] if word.casefold() not in _FILLERS]
    if not people:
        raise UsageError("Mention the people behind it: “/digest managers {verb} @…”", verb=verb)
    ids = tuple(dict.fromkeys(read_person(word, platform) for word in people))
    return ManagersChange(removed=ids) if verb in _REMOVE else ManagersChange(added=ids)


def read_person(word: str, platform: str) -> str:
    """The id of a person that a word mentions; raises `UsageError`."""
    mention = _MENTIONS.get(platform)
    found = (mention and mention.fullmatch(word)) or _BARE[platform].fullmatch(word)
    if found is not None:
        return found["id"]
    match platform:
        case "slack":
            raise UsageError(
                "Slack sent “{word}” as a name, which anybody can choose. Write “@paperbot digest "
                "managers @…” in the channel, or update the app's manifest",
                word=word,
            )
        case "discord":
            raise UsageError(
                "“{word}” mentions nobody: choose a person from Discord's list after typing @, in "
                "the channel itself",
                word=word,
            )
        case _:
            raise UsageError(
                "“{word}” is a name, which anybody can choose. “/digest managers” shows everybody "
                "their own id: ask for it, and write that",
                word=word,
            )
