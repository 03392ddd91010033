"""What the mail server's answers mean for a message, and what a person can do about each.

What matters is where it was said. Before the content was sent, nothing was delivered. After it, only a
line of the server tells; where none came, nobody knows.
"""

import re
import ssl
from enum import StrEnum

import aiosmtplib

from bot.core.domain.extent import Extent
from bot.core.domain.i18n import translatable
from bot.core.domain.late import late_pattern
from bot.core.ports import ChatError
from bot.core.ports.error_table import HELD_FOR, RETRIED_AFTER, ErrorKind, ErrorMeaning

UNREACHABLE = translatable("the mail server cannot be reached")
CLOSED = translatable("the mail server takes no messages at the moment")
LOGIN = translatable("the mail server rejects the user or the password of PAPERBOT_SMTP_URL")
NO_TLS = translatable(
    "the connection to the mail server cannot be encrypted, or its certificate is not valid: check "
    "PAPERBOT_SMTP_URL"
)
SENDER = translatable(
    "the mail server does not take messages from the address of PAPERBOT_MAIL_FROM"
)
RELAY = translatable(
    "the mail server does not let the bot write to this address: check the user of PAPERBOT_SMTP_URL and "
    "what the server allows"
)
LATER = translatable("the mail server does not take the message for now")
BOUNCED = translatable(
    "the mail server refuses the address: it does not exist any more, or it takes no messages"
)
CONTENT = translatable("the mail server refuses the message itself")
IN_DOUBT = translatable("the connection broke before the mail server confirmed the message")
BUSY = translatable("another message is being sent")

SDK_ERRORS = (aiosmtplib.SMTPException, OSError, TimeoutError, ssl.SSLError)
"""What the client raises."""

_LONGEST = 200
_OF_ADDRESS = late_pattern(r"\b5\.(?:1\.\d{1,3}|2\.[0-4])\b")
"""Enhanced status codes (RFC 3463) of an address, and of a mailbox."""
_OF_POLICY = late_pattern(r"\b5\.7\.\d|\brelay", re.IGNORECASE)
"""What the server allows (RFC 3463, `X.7.X`): before the content, that is no word about the address."""
_OF_LOGIN = frozenset({530, 534, 535, 538})


class Stage(StrEnum):
    """How far a message had come."""

    CONNECT = "connect"
    SENDER = "sender"
    RECIPIENT = "recipient"
    CONTENT = "content"
    """From the moment in which the server may have all of it."""


def chat_error(error: BaseException, stage: Stage) -> ChatError:
    """The exception of the port for an error of the client at that stage."""
    found = _meaning(error, stage).chat_error(_detail(error))
    found.__cause__ = error if isinstance(error, Exception) else None
    return found


def _meaning(error: BaseException, stage: Stage) -> ErrorMeaning:
    code = error.code if isinstance(error, aiosmtplib.SMTPResponseException) else None
    if code is not None:
        return _of_answer(code, str(error), stage)
    if stage is Stage.CONTENT:
        return ErrorMeaning(ErrorKind.UNCERTAIN, IN_DOUBT)
    is_tls = any(isinstance(each, ssl.SSLError) for each in (error, error.__cause__))
    if is_tls or "STARTTLS" in str(error):  # the client has no type for a server without it
        return ErrorMeaning(ErrorKind.HELD, NO_TLS, HELD_FOR, whole_workspace=True)
    if "AUTH" in str(error):
        return ErrorMeaning(ErrorKind.HELD, LOGIN, HELD_FOR, whole_workspace=True)
    return ErrorMeaning(ErrorKind.RETRY, UNREACHABLE, RETRIED_AFTER, whole_workspace=True)


def _of_answer(code: int, words: str, stage: Stage) -> ErrorMeaning:
    if code in _OF_LOGIN:
        return ErrorMeaning(ErrorKind.HELD, LOGIN, HELD_FOR, whole_workspace=True)
    if code == aiosmtplib.SMTPStatus.domain_unavailable or stage is Stage.CONNECT:
        pause = RETRIED_AFTER if code < 500 else HELD_FOR
        return ErrorMeaning(ErrorKind.RETRY, CLOSED, pause, whole_workspace=True)
    if code < 500:
        return ErrorMeaning(ErrorKind.RETRY, LATER)
    if stage is Stage.SENDER:
        return ErrorMeaning(ErrorKind.HELD, SENDER, HELD_FOR, whole_workspace=True)
    if stage is Stage.RECIPIENT and _OF_POLICY.search(words):
        return ErrorMeaning(ErrorKind.HELD, RELAY, HELD_FOR)
    if stage is Stage.RECIPIENT or _OF_ADDRESS.search(words):
        return ErrorMeaning(ErrorKind.REFUSED, BOUNCED, extent=Extent.CHANNEL)
    return ErrorMeaning(ErrorKind.REFUSED, CONTENT, extent=Extent.MESSAGE)


def _detail(error: BaseException) -> str:
    """The server's own words on one line, or the name of what went wrong."""
    if isinstance(error, aiosmtplib.SMTPResponseException):
        words = " ".join(f"{error.code} {error.message}".split())
        printable = "".join(c if c.isprintable() else "\ufffd" for c in words)
        return printable if len(printable) <= _LONGEST else f"{printable[:_LONGEST]}…"
    return type(error).__name__
