"""A document as a message of e-mail, with its headers.

Headers are made by the standard library from values on one line, so that no text can add a header. The
content is sent in ASCII (base64 or quoted-printable), which every server passes on unchanged.
"""

import re
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from bot.core.domain.document import Document
from bot.core.domain.i18n import Translate
from bot.core.domain.mail.address import Sender
from bot.core.ports import DeliveryKey
from bot.mail.domain.present_request import UNSUBSCRIBE_PATH
from bot.mail.domain.subscriber import Subscriber
from bot.platforms.mail.rendering.footer import bare_footer, footer
from bot.platforms.mail.rendering.html_part import html_part
from bot.platforms.mail.rendering.text_part import text_part

_POLICY = SMTP.clone(cte_type="7bit")
_NOT_IN_HEADERS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\u202a-\u202e\u2066-\u2069]+"
)
_LONGEST_SUBJECT = 160


def message_id(key: str, sender: Sender) -> str:
    """The id of the message with that delivery key; a message that is sent again has the same."""
    return f"<{key}@{sender.domain}>"


def make_message(
    document: Document,
    *,
    key: DeliveryKey,
    subscriber: Subscriber,
    sender: Sender,
    site: str,
    at: datetime,
    say: Translate,
    root: str | None = None,
) -> bytes:
    """The message; `root` is the key of the one that it answers.

    An address that has confirmed gets the headers of RFC 8058 and a link to unsubscribe.
    """
    message = EmailMessage(policy=_POLICY)
    message["From"] = Address(one_line(sender.name), addr_spec=sender.address)
    message["To"] = Address(addr_spec=subscriber.address)
    message["Subject"] = _subject(document)
    message["Date"] = at
    message["Message-ID"] = message_id(key, sender)
    if root is not None:
        message["In-Reply-To"] = message["References"] = message_id(root, sender)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    end = bare_footer(say)
    if subscriber.wants_mail:
        unsubscribe = f"{site}{UNSUBSCRIBE_PATH}{subscriber.token}"
        message["List-Id"] = f"<paperbot.{sender.domain}>"
        message["List-Unsubscribe"] = f"<{unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        end = footer(subscriber.address, unsubscribe, f"{site}/papers", say)
    message.set_content(text_part(document, end, site), charset="utf-8")
    message.add_alternative(html_part(document, end, site), subtype="html", charset="utf-8")
    message["Content-Language"] = say.locale
    return message.as_bytes()


def one_line(text: str) -> str:
    """The text as a header can have it."""
    return _NOT_IN_HEADERS.sub(" ", text).strip()


def _subject(document: Document) -> str:
    """The summary; its end stands in the message itself, where it is too long."""
    text = one_line(document.summary) or "paperbot"
    return text if len(text) <= _LONGEST_SUBJECT else f"{text[: _LONGEST_SUBJECT - 1].rstrip()}…"
