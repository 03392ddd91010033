"""The message that asks an address whether it wants the digest."""

from bot.core.domain.day_text import day_text
from bot.core.domain.document import Button, Buttons, Document, Heading, Note, Paragraph, run
from bot.core.domain.i18n import Translate
from bot.mail.domain.subscriber import Subscriber

CONFIRM_PATH, UNSUBSCRIBE_PATH = "/mail/confirm/", "/mail/unsubscribe/"
"""Where the pages are, below the bot's public address."""


def present_request(subscriber: Subscriber, link: str, at: str, say: Translate) -> Document:
    """It asks once, says what happens otherwise, and has nothing that the person who asked typed.

    `at` is when a digest comes: `09:00 Asia/Seoul`.
    """
    title = say("Do you want a digest of papers by e-mail?")
    until = day_text(subscriber.confirm_until.date(), say.locale)
    return Document(
        (
            Heading(run(title)),
            Paragraph(
                run(
                    say(
                        "Somebody asked for a curator's notes on papers to be sent to {address}, on days "
                        "with notes at {at}.",
                        address=subscriber.address,
                        at=at,
                    )
                )
            ),
            Paragraph(
                run(say("Nothing is sent unless you confirm it on the page behind this link:"))
            ),
            Buttons((Button(say("Confirm the subscription"), url=link),)),
            Note(
                run(
                    say(
                        "The link works until {day}. If you did not ask for this, do nothing: you get "
                        "no further message.",
                        day=until,
                    )
                )
            ),
        ),
        summary=title,
    )
