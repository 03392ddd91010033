"""Linking channels: a code that is made in one and entered in the other, by who may manage both."""

import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from bot.channels.domain.digest_options import Layout
from bot.channels.domain.present_linked_channels import (
    Place,
    present_code,
    present_linked,
    present_unlinked,
)
from bot.channels.store import channel_preferences, linked_channels, subscriptions
from bot.core.database.database import Transaction
from bot.core.domain.document import Document, Note, dump, notice, run
from bot.core.domain.errors import UsageError
from bot.core.domain.i18n import Translate
from bot.core.ports import ChannelRef, Platform, parse_channel
from bot.discussion.services.discuss import Talk
from bot.discussion.services.thread_messages import channel_voices, key_of
from bot.outbox.domain.content_hash import content_hash
from bot.outbox.store import copy_deliveries, deliveries

VALID_FOR = timedelta(minutes=15)

_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without those that people take for one another."""
_LENGTH = 10


async def make_code(talk: Talk, channel: ChannelRef, say: Translate) -> Document:
    """A new code of that channel; the one before it ends. Only its hash is kept."""
    code = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    async with talk.db.transaction() as tx:
        await linked_channels.add_code(tx, _hash(code), str(channel), talk.clock() + VALID_FOR)
    return present_code(code, int(VALID_FOR.total_seconds()) // 60, say)


async def enter_code(talk: Talk, channel: ChannelRef, code: str, say: Translate) -> Document:
    """Link that channel with the one that the code is of. Raises `UsageError`."""
    wanted = "".join(code.split()).upper()
    now = talk.clock()
    async with talk.db.transaction() as tx:
        other = await linked_channels.find_code(tx, _hash(wanted), now)
        if other is None:
            raise UsageError(
                "This code is unknown or too old: make a new one with “/digest link” in the "
                "other channel"
            )
        if other == str(channel):
            raise UsageError("This code is of this channel: enter it in the other one")
        before = [await _sharing(tx, each) for each in (other, str(channel))]
        joined = await linked_channels.join(tx, other, str(channel), now)
        await linked_channels.use_code(tx, _hash(wanted))
        after = await _sharing(tx, str(channel))
        if joined:
            met = {member: after - _circle_of(member, before) for member in after}
            await _tell(tx, talk, met, present=present_linked, name=("linked", _hash(wanted)))
    if not joined:
        return notice(say("These channels are linked already."))
    talk.to_send()
    text = say(
        "Linked with {channel}: discussions of the same paper are shared from now on.",
        channel=other,
    )
    linked = notice(text)
    return replace(linked, blocks=(*linked.blocks, Note(run(_readers(after, say)))))


async def unlink(talk: Talk, channel: ChannelRef, say: Translate) -> Document:
    """The channel shares its discussions no more; copies that are there stay."""
    own = str(channel)
    async with talk.db.transaction() as tx:
        before = await _sharing(tx, own)
        left = await linked_channels.leave(tx, own)
        if left:
            await copy_deliveries.unshare(tx, own)
        if own in before:
            others = before - {own}
            parted = {own: others, **{other: frozenset({own}) for other in others}}
            name = ("unlinked", own, talk.clock().isoformat())
            await _tell(tx, talk, parted, present=present_unlinked, name=name)
    if not left:
        return notice(say("This channel is not linked."))
    talk.to_send()
    return notice(say("This channel shares its discussions no more; what is there stays."))


async def _sharing(tx: Transaction, channel: str) -> frozenset[str]:
    """The channels that share a channel's discussions, itself included."""
    return frozenset(await linked_channels.of(tx, channel))


def _circle_of(channel: str, circles_before: Iterable[frozenset[str]]) -> frozenset[str]:
    """Whom a channel shared with already; itself in any case."""
    return next((each for each in circles_before if channel in each), frozenset()) | {channel}


async def _tell(
    tx: Transaction,
    talk: Talk,
    news: Mapping[str, Iterable[str]],
    *,
    present: Callable[[Sequence[Place], Iterable[Translate]], Document],
    name: tuple[str, ...],
) -> None:
    """Tell each channel, for everybody to read, about the others that are news to it: once."""
    drafts = []
    for channel, others in sorted(news.items()):
        if others:
            places = [_place(parse_channel(other)) for other in sorted(others)]
            content = dump(present(places, await channel_voices(tx, talk.voices, channel)))
            drafts.append(
                deliveries.Draft(
                    key=key_of((*name, channel)),
                    channel=parse_channel(channel),
                    part="notice",
                    content=content,
                    shape=content_hash(content),
                )
            )
    await deliveries.add(tx, drafts, talk.clock())


def _place(channel: ChannelRef) -> Place:
    """Only the web chat's channels are called what they are known by to us."""
    return Place(channel.platform, channel.id if channel.platform is Platform.WEB else "")


async def change_wish(
    talk: Talk, channel: ChannelRef, *, discussion: str | None, notices: str | None
) -> None:
    """What the channel wants of discussions from now on. Raises `UsageError`."""
    async with talk.db.transaction() as tx:
        wish = await channel_preferences.get(tx, str(channel))
        if discussion is not None:
            wish = replace(wish, discussion=_is_on("discussion", discussion))
            if not wish.discussion:
                await copy_deliveries.unshare(tx, str(channel))
        if notices is not None:
            wish = replace(wish, notices=_is_on("notices", notices))
        await channel_preferences.put(tx, str(channel), wish)


async def describe(talk: Talk, channel: ChannelRef, say: Translate) -> str:
    """How the channel stands with discussions, where that is worth a line."""
    async with talk.db.reading() as tx:
        wish = await channel_preferences.get(tx, str(channel))
        circle = await linked_channels.of(tx, str(channel))
        subscription = await subscriptions.find(tx, str(channel))
    lines = []
    others = [other for other in circle if other != str(channel)]
    if not wish.discussion:
        lines.append(say("What is said in threads here is neither kept nor shared."))
    elif others:
        lines += (
            say("Discussions are shared with {channels}.", channels=", ".join(others)),
            _readers([str(channel), *others], say),
        )
    elif subscription is not None and subscription.wishes.layout is Layout.COMPACT:
        lines.append(say("In this layout papers have no threads, so there are no discussions."))
    elif subscription is not None:
        lines += (
            say("What is said in papers' threads here is kept, and found from here."),
            _readers([str(channel)], say),
            say("“/digest settings discussion:off” ends that."),
        )
    if not wish.notices:
        lines.append(say("News of papers does not come into their threads here."))
    return " ".join(lines)


def _readers(sharing: Iterable[str], say: Translate) -> str:
    """Who reads what is said in these channels on the web page, which knows no log-in."""
    if any(parse_channel(channel).platform is Platform.WEB for channel in sharing):
        return say("The bot's web page shows it to everybody who can open that.")
    return say("The bot's web page shows it on the bot's own machine only.")


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
