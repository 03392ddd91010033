"""Who may write notes: the people of `PAPERBOT_CURATORS`, or whoever manages the channel.

Anybody can open direct messages with the bot, so managing one's own is no right to write notes. Nor is
managing a channel of a workspace or server that anybody could have added the bot to: all share one
archive.
"""

from bot.channels.domain.present_managers import unsure_words
from bot.core.domain.i18n import Translate
from bot.core.ports import ChannelRef, User, person_ids
from bot.desk.services.context import NoteContext
from bot.digest.services import managers


async def find_refusal(
    notes: NoteContext, channel: ChannelRef, user: User, say: Translate
) -> str | None:
    """Why a person may not write notes; `None` for one who may. Raises `StorageError`."""
    people = (*user.known_as, *person_ids(channel, user))
    if notes.curators & set(people):
        return None
    if notes.curators:
        if user.is_unsure:  # also of their own workspace, with which a curator may be named
            return unsure_words(say)
        return say(
            "Only curators may write notes. The operator can add you to PAPERBOT_CURATORS: {person}",
            person=people[0],
        )
    if not await notes.vets(channel, user):
        return say(
            "Anybody can add this bot, so only people whom its operator names may write notes. The "
            "operator sets PAPERBOT_CURATORS: {person}",
            person=people[0],
        )
    if not user.manages_only_own and await managers.may_manage(notes.db, channel, user):
        return None
    if user.is_unsure:
        return unsure_words(say)
    if user.manages_only_own:
        return say(
            "Notes are not written in direct messages: type /note in a channel that you manage. "
            "The operator can also name you in PAPERBOT_CURATORS: {person}",
            person=people[0],
        )
    return say(
        "Only people who may manage this channel may write notes. The operator can name others in "
        "PAPERBOT_CURATORS: {person}",
        person=people[0],
    )
