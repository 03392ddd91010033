"""A bounce: what a mail server reports of a message that it could not deliver (RFC 3464).

Anybody can send a report to the sender's mailbox, and the Message-ID follows from address and day. So a
report counts only with the token of the address's unsubscribe links: it stands in the headers of our message,
which the report quotes, and whoever has it could unsubscribe the address anyway.
"""

from collections.abc import Iterator
from dataclasses import field
from email import message_from_bytes
from email.errors import MessageError
from email.message import Message

from bot.core.domain.dataclass import dataclass
from bot.core.domain.late import late_pattern
from bot.mail.domain.present_request import UNSUBSCRIBE_PATH

LARGEST = 2_000_000
"""In bytes: a report may quote the whole message, and reading takes time with its size."""

_TOKEN = late_pattern(rf"{UNSUBSCRIBE_PATH}([A-Za-z0-9_-]{{1,200}})>")
_KEY = late_pattern(r"<([^@<>\s]{1,100})@")
_STATUS = late_pattern(r"\s*([245]\.[0-9]{1,3}\.[0-9]{1,3})\b")
_QUOTED = ("text/rfc822-headers", "message/rfc822", "message/global", "message/global-headers")


@dataclass(frozen=True, slots=True)
class BounceReport:
    """What a report says: of which message, by its key and the `token` of its address, and why.

    `status` is that of RFC 3463 (`5.1.1`). `is_final`: the address itself gets no message.
    """

    token: str = field(repr=False)
    key: str
    status: str
    is_final: bool


def parse(data: bytes) -> BounceReport | None:
    """The report in a message; `None` for any other message, and one that quotes none of ours."""
    if len(data) > LARGEST:
        return None
    try:
        report = message_from_bytes(data)
        parts = report.get_payload()
        if report.get_content_type() != "multipart/report" or not isinstance(parts, list):
            return None
        fates = [each for part in parts for each in _fates(part)]
        quoted = next(filter(None, map(_quoted, parts)), None)
    except (MessageError, ValueError, LookupError, RecursionError, TypeError, AttributeError):
        return None  # whatever the parser does not expect is no report
    if quoted is None or not fates:
        return None
    token, key = quoted
    final = next((fate for fate in fates if _is_final(*fate)), None)
    _, status = final or fates[0]
    return BounceReport(token, key, status, is_final=final is not None)


def _fates(part: object) -> Iterator[tuple[str, str]]:
    """Action and status of each recipient in the part that machines read."""
    if not isinstance(part, Message) or part.get_content_type() != "message/delivery-status":
        return
    blocks = part.get_payload()
    for block in blocks if isinstance(blocks, list) else ():
        if isinstance(block, Message) and block["Action"] is not None:
            status = _STATUS.match(str(block["Status"] or ""))
            yield str(block["Action"]).strip().casefold(), status[1] if status else ""


def _is_final(action: str, status: str) -> bool:
    """5.7.x is about the message or its sender, as in the conversation with the server."""
    return action == "failed" and status.startswith("5.") and not status.startswith("5.7.")


def _quoted(part: object) -> tuple[str, str] | None:
    """Token and key of our message, from the part that quotes it."""
    if not isinstance(part, Message) or part.get_content_type() not in _QUOTED:
        return None
    inner = part.get_payload()
    original = inner[0] if isinstance(inner, list) else None
    decoded = part.get_payload(decode=True)
    if isinstance(decoded, bytes):
        original = message_from_bytes(decoded)
    if not isinstance(original, Message):
        return None
    token = _TOKEN.search(str(original["List-Unsubscribe"] or ""))
    key = _KEY.search(str(original["Message-ID"] or ""))
    return (token[1], key[1]) if token is not None and key is not None else None
