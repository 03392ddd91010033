"""The language of the person who asks: what the platform says, else their last one, else a guess."""

import logging
from functools import partial

from bot.core.database.database import Database, Transaction
from bot.core.domain.characters import HANGUL_SYLLABLE
from bot.core.domain.errors import UserError
from bot.core.domain.i18n import Translate
from bot.core.ports import Command, Platform, ThreadMessage, person_ids
from bot.discussion.services.thread_messages import Voices, channel_voice
from bot.discussion.store import person_locales

log = logging.getLogger(__name__)

_LONGEST = 20
"""Characters of a locale: longer than any that a platform sends."""


async def asker_voice(tx: Transaction, voices: Voices, message: ThreadMessage) -> Translate:
    """The language of the author of a message."""
    person = person_ids(message.message.channel, message.user)[0]
    return await person_voice(
        tx,
        voices,
        person,
        locale=message.locale,
        channel=str(message.message.channel),
        text=message.text,
    )


async def person_voice(
    tx: Transaction, voices: Voices, person: str, *, channel: str, text: str, locale: str = ""
) -> Translate:
    """The language of a person (`person_id`) who wrote `text` in a channel.

    Their locale; where it is unknown, Korean for a text with Hangul, else the channel's language.
    """
    known = locale or await tx.call(partial(person_locales.find, person=person))
    if known:
        return voices(known)
    return (
        voices("ko") if HANGUL_SYLLABLE.search(text) else await channel_voice(tx, voices, channel)
    )


async def known_locale(db: Database, command: Command) -> str:
    """The locale of a command's author, which is kept for what they write in threads.

    If the platform does not tell it this time, it is the last one. The web chat always tells it.
    """
    if command.channel.platform is Platform.WEB:
        return command.locale
    person, locale = person_ids(command.channel, command.user)[0], command.locale[:_LONGEST]
    find = partial(person_locales.find, person=person)
    try:
        known = await db.read_row(find)
        if locale and locale != known:
            async with db.transaction() as tx:
                await person_locales.put(tx, person, locale)
    except UserError as error:  # the database; the command is answered nevertheless
        log.warning("the language of a person could not be stored: %s", error)
        known = ""
    return locale or known
