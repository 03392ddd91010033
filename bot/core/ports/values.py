"""What is told between the bot and a platform: channels, messages, people and what they do."""

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import datetime
from enum import StrEnum
from typing import NewType

from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import UsageError
from bot.core.domain.mail.address import parse_address

DeliveryKey = NewType("DeliveryKey", str)
"""The permanent name of one outbound message: at most 25 characters of `[0-9a-z]` (Discord's nonce)."""


class Platform(StrEnum):
    """Where people talk."""

    DISCORD = "discord"
    MAIL = "mail"
    SLACK = "slack"
    WEB = "web"


@dataclass(frozen=True, slots=True)
class ChannelRef:
    """A channel; `workspace` and `id` are opaque outside the adapter that minted them."""

    platform: Platform
    workspace: str
    id: str

    def __str__(self) -> str:
        """`slack:T0123/C0123`, `discord:1234567890`, `web:general` or `mail:team@example.org`.

        `parse_channel` reads it.
        """
        place = f"{self.workspace}/{self.id}" if self.workspace else self.id
        return f"{self.platform}:{place}"


def parse_channel(text: str) -> ChannelRef:
    """The channel that an operator typed as REF; raises `UsageError`."""
    platform, colon, place = text.strip().partition(":")
    if platform == Platform.MAIL:
        return ChannelRef(Platform.MAIL, "", parse_address(place))
    workspace, slash, channel = place.rpartition("/")
    if platform == Platform.WEB:
        channel = hyphenated(channel)
    if not colon or platform not in set(Platform) or not channel or (slash and not workspace):
        raise UsageError(
            "“{text}” is not a channel: write slack:C0123, slack:T0123/C0123, "
            "discord:1234567890, web:general or mail:team@example.org",
            text=text,
        )
    return ChannelRef(Platform(platform), workspace, channel)


def hyphenated(name: str) -> str:
    """The name of a channel of the web chat, with a hyphen for each white space in it."""
    return "-".join(name.split())


@dataclass(frozen=True, slots=True)
class MessageRef:
    """A message; `id` is opaque, as in `ChannelRef`."""

    channel: ChannelRef
    id: str


@dataclass(frozen=True, slots=True)
class User:
    """A person; `can_manage` is the platform's answer for the channel at hand.

    `manages_only_own`: they can manage it only because it is their own direct messages with the bot,
    which anybody can open; this allows nothing that reaches further than these messages.
    `is_unsure`: the platform could not tell all of it for now, so that they may be allowed more.
    `workspace` is the person's own where Slack tells it: in a channel of Slack Connect it may be
    another than the channel's. `known_as` are ids of the same person on other platforms
    (`person_id`): who is signed in to the web chat with an account there.
    """

    id: str
    name: str
    can_manage: bool
    workspace: str = ""
    known_as: tuple[str, ...] = ()
    manages_only_own: bool = False
    is_unsure: bool = False


def person_id(channel: ChannelRef, user: str) -> str:
    """A person's id with its platform and, for Slack, the workspace: `slack:T0123/U0123`.

    Ids of Slack repeat in other workspaces; those of Discord and of the web chat do not.
    """
    if channel.platform is Platform.SLACK:
        return f"{channel.platform}:{channel.workspace}/{user}"
    return f"{channel.platform}:{user}"


def person_ids(channel: ChannelRef, user: User) -> tuple[str, ...]:
    """The ids under which a person may be known: that of their own workspace is the first.

    A person in a shared channel of Slack also has an id in the workspace that sees them there.
    """
    own = replace(channel, workspace=user.workspace or channel.workspace)
    return tuple(dict.fromkeys((person_id(own, user.id), person_id(channel, user.id))))


@dataclass(frozen=True, slots=True)
class Command:
    """A command of a person, already acknowledged to the platform.

    `name` is a name of the command table without the slash; `options` are its options as
    text; `locale` is the person's (`ko`, `en-US` …), empty if it is unknown; `root` is the thread
    it came from. Options mention people as `<@id>`; `mentioned` has the names of those whose name
    is known. `also_reads` are channels, as REFs, whose talk the person reads besides this one: an
    answer that tells of it is private.
    """

    name: str
    options: Mapping[str, str]
    user: User
    channel: ChannelRef
    locale: str
    root: MessageRef | None = None
    mentioned: Mapping[str, str] = field(default_factory=dict)
    also_reads: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FilledForm:
    """What a person typed into a form: its `name` and `key`, and the text of each field.

    `touched` are the fields that were typed into, where the platform knows (`None`: any): the others
    stand as they were shown, which may be older than what is stored.
    """

    name: str
    key: str
    values: Mapping[str, str]
    user: User
    channel: ChannelRef
    locale: str
    touched: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """One suggestion of an autocomplete: what is shown, what is filled in."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class ThreadMessage:
    """A message of a person in the thread under `root`; never the bot's own.

    `at` is when it was posted, by the platform's clock (`None`: now). `edited_at` is its version,
    `None` for the first one: the newest version wins, in any order of arrival. `locale` is the
    author's (`ko`, `en-US` …), empty where the platform does not tell it.
    """

    root: MessageRef
    message: MessageRef
    user: User
    text: str
    mentions_bot: bool
    at: datetime | None = None
    edited_at: datetime | None = None
    locale: str = ""


@dataclass(frozen=True, slots=True)
class KeptReply:
    """The stored version of a person's message, to be compared with the platform's history."""

    message: MessageRef
    said_at: datetime
    edited_at: datetime | None


@dataclass(frozen=True, slots=True)
class Reaction:
    """A person put an emoji on a message or, unless it `is_added`, took it back.

    `emoji` is a character, or a name (`+1::skin-tone-2`, `party_parrot`). `at` is by the platform's
    clock (`None`: now). Never the bot's own.
    """

    message: MessageRef
    user: User
    emoji: str
    is_added: bool
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReactionsRead:
    """All reactions of people that a message had at an instant; with `emoji`, all of that one."""

    message: MessageRef
    found: frozenset[tuple[User, str]]
    at: datetime
    emoji: str | None = None
