"""`/digest managers …`: shows who may manage a channel's digest; names people and removes them."""

from datetime import datetime

from bot.channels.domain.managers import read_change
from bot.channels.domain.present_managers import (
    present_managers,
    present_naming_refusal,
    present_refusal,
)
from bot.core.database.database import Database
from bot.core.domain.document import Document
from bot.core.domain.errors import UsageError
from bot.core.domain.i18n import Translate
from bot.core.ports import Command, person_id
from bot.digest.services import managers


async def find_refusal(db: Database, command: Command, say: Translate) -> Document | None:
    """The refusal to a person who may not manage the channel's digest; `None` for one who may."""
    if await managers.may_manage(db, command.channel, command.user):
        return None
    named = await managers.list_named(db, command.channel)
    return present_refusal(command.channel.platform, named, command.user, say)


async def answer(
    db: Database, command: Command, text: str, say: Translate, *, now: datetime
) -> Document:
    """The answer to `/digest managers` and the `text` behind it; raises `UserError`.

    Anybody may see the list. Only those whom the platform lets manage the channel may change it:
    rights are not handed on by people who were given them.
    """
    channel = command.channel
    if text and command.user.manages_only_own:
        raise UsageError("Nobody else can manage your direct messages with the bot")
    if text and not command.user.can_manage:
        return present_naming_refusal(channel.platform, command.user, say)
    wanted = read_change(text, channel.platform)
    if wanted is not None:
        by = person_id(channel, command.user.id)
        await managers.change(db, channel, wanted, names=command.mentioned, changed_by=by, now=now)
    named = await managers.list_named(db, channel)
    return present_managers(channel.platform, named, command.user, say)
