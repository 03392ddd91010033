"""A document as a message of e-mail, with its headers.

The content is sent in ASCII (base64 or quoted-printable), which every server passes on unchanged.
"""

from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import quote

from bot.core.domain.document import Document
from bot.core.domain.i18n import Translate
from bot.core.domain.mail.address import Sender
from bot.core.ports import DeliveryKey
from bot.mail.domain.present_request import UNSUBSCRIBE_PATH
from bot.mail.domain.subscriber import Subscriber
from bot.platforms.mail.rendering.footer import bare_footer, footer
from bot.platforms.mail.rendering.headers import as_it_is, one_line, with_address, with_text
from bot.platforms.mail.rendering.html_part import html_part
from bot.platforms.mail.rendering.text_part import text_part

_POLICY = SMTP.clone(cte_type="7bit")
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
    headers = [
        with_address("From", sender.address, one_line(sender.name)),
        with_address("To", subscriber.address),
        with_text("Subject", _subject(document)),
        as_it_is("Date", format_datetime(at)),
        as_it_is("Message-ID", message_id(key, sender)),
    ]
    if root is not None:
        first = message_id(root, sender)
        headers += [as_it_is("In-Reply-To", first), as_it_is("References", first)]
    headers += [
        as_it_is("Auto-Submitted", "auto-generated"),
        as_it_is("X-Auto-Response-Suppress", "All"),
    ]
    end = bare_footer(say)
    if subscriber.wants_mail:
        unsubscribe = f"{site}{UNSUBSCRIBE_PATH}{subscriber.token}"
        headers += [
            as_it_is("List-Id", f"<paperbot.{sender.domain}>"),
            as_it_is("List-Unsubscribe", f"<{quote(unsubscribe, safe=':/[]')}>"),
            as_it_is("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ]
        end = footer(subscriber.address, unsubscribe, f"{site}/papers", say)
    headers.append(as_it_is("Content-Language", say.locale))
    content = EmailMessage(policy=_POLICY)
    content.set_content(text_part(document, end, site), charset="utf-8")
    content.add_alternative(html_part(document, end, site), subtype="html", charset="utf-8")
    return b"".join((*headers, content.as_bytes()))


def _subject(document: Document) -> str:
    """The summary; its end stands in the message itself, where it is too long."""
    text = one_line(document.summary) or "paperbot"
    return text if len(text) <= _LONGEST_SUBJECT else f"{text[: _LONGEST_SUBJECT - 1].rstrip()}…"
