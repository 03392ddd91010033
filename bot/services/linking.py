"""Linking channels: a code that is made in one and entered in the other, by who may manage both."""

import hashlib
import secrets
from dataclasses import replace
from datetime import timedelta

from bot.domain.document import Document
from bot.domain.errors import UsageError
from bot.domain.present import notice
from bot.domain.present_discussion import present_code
from bot.domain.words import Say
from bot.ports import ChannelRef
from bot.services.discuss import Talk
from bot.store import channel_wishes, circles, copies

VALID_FOR = timedelta(minutes=15)

_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without those that people take for one another."""
_LENGTH = 10


async def make_code(talk: Talk, channel: ChannelRef, say: Say) -> Document:
    """A new code of that channel; the one before it ends. Only its hash is kept."""
    code = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    async with talk.db.transaction() as tx:
        await circles.add_code(tx, _hash(code), str(channel), talk.clock() + VALID_FOR)
    return present_code(code, int(VALID_FOR.total_seconds()) // 60, say)


async def enter_code(talk: Talk, channel: ChannelRef, code: str, say: Say) -> Document:
    """Link that channel with the one that the code is of. Raises `UsageError`."""
    wanted = "".join(code.split()).upper()
    now = talk.clock()
    async with talk.db.transaction() as tx:
        other = await circles.find_code(tx, _hash(wanted), now)
        if other is None:
            raise UsageError(
                "This code is unknown or too old: make a new one with “/digest link” in the "
                "other channel"
            )
        if other == str(channel):
            raise UsageError("This code is of this channel: enter it in the other one")
        joined = await circles.join(tx, other, str(channel), now)
        await circles.use_code(tx, _hash(wanted))
    if not joined:
        return notice(say("These channels are linked already."))
    return notice(
        say(
            "Linked with {channel}: discussions of the same paper are shared from now on.",
            channel=other,
        )
    )


async def unlink(talk: Talk, channel: ChannelRef, say: Say) -> Document:
    """The channel shares its discussions no more; copies that are there stay."""
    async with talk.db.transaction() as tx:
        left = await circles.leave(tx, str(channel))
        if left:
            await copies.unshare(tx, str(channel))
    if not left:
        return notice(say("This channel is not linked."))
    return notice(say("This channel shares its discussions no more; what is there stays."))


async def change_wish(
    talk: Talk, channel: ChannelRef, *, discussion: str | None, notices: str | None
) -> None:
    """What the channel wants of discussions from now on. Raises `UsageError`."""
    async with talk.db.transaction() as tx:
        wish = await channel_wishes.get(tx, str(channel))
        if discussion is not None:
            wish = replace(wish, discussion=_is_on("discussion", discussion))
            if not wish.discussion:
                await copies.unshare(tx, str(channel))
        if notices is not None:
            wish = replace(wish, notices=_is_on("notices", notices))
        await channel_wishes.put(tx, str(channel), wish)


async def describe(talk: Talk, channel: ChannelRef, say: Say) -> str:
    """How the channel stands with discussions, where that is worth a line."""
    async with talk.db.reading() as tx:
        wish = await channel_wishes.get(tx, str(channel))
        circle = await circles.of(tx, str(channel))
    lines = []
    others = ", ".join(other for other in circle if other != str(channel))
    if not wish.discussion:
        lines.append(say("What is said in threads here is neither kept nor shared."))
    elif others:
        lines.append(say("Discussions are shared with {channels}.", channels=others))
    if not wish.notices:
        lines.append(say("News of papers does not come into their threads here."))
    return " ".join(lines)


def _is_on(name: str, text: str) -> bool:
    folded = text.strip().casefold()
    if folded not in ("on", "off"):
        raise UsageError(
            "“{text}” is neither on nor off: write {name}:on or {name}:off",
            text=text.strip(),
            name=name,
        )
    return folded == "on"


def _hash(code: str) -> str:
    return hashlib.sha256(f"link:{code}".encode()).hexdigest()
