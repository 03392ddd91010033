"""An address that was asked whether it wants the digest, and what it answered.

    asked ──POST of the confirmation page──▶ confirmed ──POST of the unsubscribe link──▶ unsubscribed
      ▲                                                                                      │
      └──────────────────────────── asked again ─────────────────────────────────────────────┘

Until it has confirmed, an address gets one message: the one that asks.
"""

from dataclasses import field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from bot.core.domain.dataclass import dataclass
from bot.core.domain.i18n import translatable

CONFIRM_WITHIN = timedelta(days=3)
"""For so long the link of a confirmation message works."""

UNCONFIRMED = translatable("The address has not confirmed yet that it wants the digest")
UNSUBSCRIBED = translatable("The address has unsubscribed: ask it again with “channel add”")
NOT_ASKED = translatable("The address was never asked whether it wants the digest")
SUPERSEDED = translatable("The address was asked anew since")
BEFORE_CONFIRMATION = translatable("It was planned before the address confirmed the subscription")
BOUNCED = translatable("An operator noted that messages to the address come back")
REPORTED = translatable("A mail server reported that messages to the address come back")


@dataclass(frozen=True, slots=True)
class Subscriber:
    """An address. `token` is that of its unsubscribe links, which never changes.

    `confirm_key` is the key of the message that asks; its link works until `confirm_until`.
    """

    address: str
    token: str = field(repr=False)
    locale: str
    confirm_key: str
    confirm_until: datetime
    confirmed_at: datetime | None = None
    unsubscribed_at: datetime | None = None

    @property
    def wants_mail(self) -> bool:
        """Whether it has confirmed, and not unsubscribed since."""
        return self.confirmed_at is not None and self.unsubscribed_at is None

    def refusal_of(self, key: str = "") -> str:
        """Why it must not get the message with that key; empty where it may."""
        if self.unsubscribed_at is not None and key != self.confirm_key:
            return UNSUBSCRIBED
        if self.wants_mail or (key and key == self.confirm_key):
            return ""
        return UNCONFIRMED


class Answer(StrEnum):
    """What became of a press of the button on a page."""

    DONE = "done"
    """It is so now, or was already: a press may be repeated."""
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    """No address has that token: nothing was changed."""
    ENDED = "ended"
    """The subscription was removed before it was confirmed."""


class Subscribers(Protocol):
    """The addresses that were asked. Raises `StorageError`."""

    async def find(self, address: str) -> Subscriber | None:
        """The address, if it was ever asked."""
        ...

    async def find_by_token(self, token: str) -> Subscriber | None:
        """The address whose unsubscribe links have that token."""
        ...

    async def find_by_confirmation(self, token: str) -> Subscriber | None:
        """The address whose newest confirmation message has that token."""
        ...

    async def confirm(self, token: str) -> Answer:
        """The address wants the digest: its subscription begins, unless it was paused meanwhile.

        What was planned before is not sent. May be repeated.
        """
        ...

    async def unsubscribe(self, token: str) -> Answer:
        """The address wants nothing any more: its subscription ends, and what waits is not sent.

        May be repeated.
        """
        ...


@dataclass(frozen=True, slots=True)
class Handover:
    """A message whose content was about to be sent to the mail server; accepted or in doubt."""

    begun_at: datetime
    accepted_at: datetime | None = None


class Handovers(Protocol):
    """Which messages the mail server may have, by their key. Raises `StorageError`.

    SMTP cannot be asked whether a message arrived. What is written here before its content is sent
    leaves in doubt only what really is.
    """

    async def find(self, key: str) -> Handover | None:
        """What is known of the message; `None`: its content was certainly never sent."""
        ...

    async def know_since(self, instant: datetime) -> bool:
        """Whether every message since then is known of: the database was not restored after it."""
        ...

    async def begin(self, key: str) -> bool:
        """Note that its content is about to be sent; false where another call has, moments ago.

        It is also false where the message was accepted.
        """
        ...

    async def accept(self, key: str) -> None:
        """The server has taken it."""
        ...

    async def forget(self, key: str) -> None:
        """The server certainly has not taken it."""
        ...

    async def prune(self) -> None:
        """Forget those that are months old."""
        ...
