"""The mail server that takes the bot's messages."""

from dataclasses import field
from enum import StrEnum

from bot.core.domain.dataclass import dataclass


class Security(StrEnum):
    """How a connection is encrypted."""

    TLS = "tls"
    """From its first byte."""
    STARTTLS = "starttls"
    """After `STARTTLS`, without which nothing is sent."""
    NONE = "none"
    """Not at all: a server on this machine."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where it answers; `user` and `password` are empty where it wants none."""

    host: str
    port: int
    security: Security
    user: str = ""
    password: str = field(default="", repr=False)
