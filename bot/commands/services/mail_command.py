"""`/digest mail ADDRESS`: a manager of the channel has its digest sent to an address, which confirms."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.channels.domain.subscription import DigestOptions, Standing
from bot.channels.domain.typed_schedule import format_weekdays
from bot.core.database.database import Database
from bot.core.domain import document
from bot.core.domain.document import Document
from bot.core.domain.errors import NotFoundError, UsageError
from bot.core.domain.i18n import Translate
from bot.core.domain.mail.address import parse_address
from bot.core.ports import Command, parse_channel, person_id
from bot.digest.services import subscribe
from bot.digest.services.options.typed import TypedOptions
from bot.digest.services.options.zones import name_of
from bot.mail.services import opt_in
from bot.mail.services.opt_in import Asker, OptIn

_OF_THREADS = ("discussion", "notices", "public", "intro")
"""Options of what an e-mail does not have."""
_DEFAULT_TIME = "09:00"


async def answer(
    db: Database,
    asking: OptIn | None,
    command: Command,
    address: str,
    options: Mapping[str, str],
    *,
    zone: ZoneInfo,
    now: datetime,
    say: Translate,
) -> Document:
    """Ask the address; what is not typed is as in this channel's digest. Raises `UserError`."""
    if asking is None:
        raise UsageError("E-mail is not set up: ask whoever runs this bot")
    if not address:
        raise UsageError("Write the address: /digest mail team@example.org")
    for name in _OF_THREADS:
        if name in options:
            raise UsageError("“{name}” means nothing for e-mail, which has no threads", name=name)
    channel = parse_channel(f"mail:{parse_address(address)}")
    words = _otherwise(TypedOptions.of(options), await _options_here(db, command), zone)
    by = Asker(
        command.user.name,
        person_id(command.channel, command.user.id),
        str(command.channel),
    )
    added = await opt_in.add(db, channel, words, by, asking, now=now)
    if added.standing is Standing.PAUSED:  # until it confirms
        text = say(
            "{address} gets a message that asks for a confirmation. The digest goes there once its "
            "owner has confirmed, within three days.",
            address=channel.id,
        )
    else:
        text = say("{address} gets the digest.", address=channel.id)
    return document.private(document.notice(text))


async def _options_here(db: Database, command: Command) -> DigestOptions | None:
    try:
        return (await subscribe.get(db, command.channel)).options
    except NotFoundError:
        return None


def _otherwise(words: TypedOptions, here: DigestOptions | None, zone: ZoneInfo) -> TypedOptions:
    """What is not typed is as in the channel; its layout, quiet hours and recaps are not taken over."""
    if here is None:
        return replace(words, at=words.at or _DEFAULT_TIME, zone=words.zone or name_of(zone))
    defaults = TypedOptions(
        at=f"{here.schedule.at:%H:%M}",
        zone=name_of(here.schedule.zone),
        weekdays=format_weekdays(here.schedule.weekdays),
        languages=",".join(here.languages),
        tags=here.tags or None,
        most=str(here.most) if here.most else None,
        interface=str(here.interface) if here.interface is not None else None,
        only=here.only or None,
        unapproved=str(here.unapproved),
    )
    return TypedOptions.of({**defaults.typed(), **words.typed()})
