"""Linking channels: a code made in one channel is entered in the other, by managers of both."""

import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from bot.channels.domain.digest_options import Layout
from bot.channels.domain.present_linked_channels import (
    Place,
    present_code,
    present_linked,
    present_unlinked,
)
from bot.channels.store import channel_preferences, linked_channels, subscriptions
from bot.core.database.database import Transaction
from bot.core.domain.document import Document, Note, notice, run
from bot.core.domain.errors import UsageError
from bot.core.domain.i18n import Translate, translatable
from bot.core.ports import ChannelRef, Platform, parse_channel
from bot.discussion.services import guards
from bot.discussion.services.discuss import DiscussionContext
from bot.discussion.services.thread_messages import key_of, notice_to_all
from bot.outbox.store import copy_deliveries, deliveries

VALID_FOR = timedelta(minutes=15)

_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Letters of a code, without those that are mistaken for one another (0/O, 1/I)."""
_LENGTH = 10


async def make_code(context: DiscussionContext, channel: ChannelRef, say: Translate) -> Document:
    """A new code for the channel; an earlier one is revoked. Only its hash is stored."""
    code = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    async with context.db.transaction() as tx:
        await tx.guard(guards.LINKS)
        now = context.clock()
        await linked_channels.add_code(
            tx, _hash(code), str(channel), now=now, until=now + VALID_FOR
        )
    return present_code(code, int(VALID_FOR.total_seconds()) // 60, say)


async def enter_code(
    context: DiscussionContext, channel: ChannelRef, code: str, say: Translate
) -> Document:
    """Link the channel with the channel that made the code. Raises `UsageError`."""
    wanted = "".join(code.split()).upper()
    now = context.clock()

    async def both(tx: Transaction) -> frozenset[str]:
        other = await linked_channels.find_code(tx, _hash(wanted), now)
        return frozenset({str(channel)} | ({other} if other is not None else set()))

    async with guards.guarded(context.db, both, guards.LINKS) as tx:
        other = await linked_channels.find_code(tx, _hash(wanted), now)
        if other is None:
            raise UsageError(
                "This code is unknown or too old: make a new one with “/digest link” in the "
                "other channel"
            )
        if other == str(channel):
            raise UsageError("This code was made in this channel: enter it in the other one")
        before = [await _sharing(tx, each) for each in (other, str(channel))]
        joined = await linked_channels.join(tx, other, str(channel), now)
        await linked_channels.use_code(tx, _hash(wanted))
        after = await _sharing(tx, str(channel))
        if joined:
            met = {member: after - _linked_before(member, before) for member in after}
            await _tell(tx, context, met, present=present_linked, name=("linked", _hash(wanted)))
    if not joined:
        return notice(say("These channels are linked already."))
    context.to_send()
    text = say(
        "Linked with {channel}: discussions of the same paper are shared from now on.",
        channel=other,
    )
    linked = notice(text)
    return replace(linked, blocks=(*linked.blocks, Note(run(_readers(after, say)))))


async def unlink(context: DiscussionContext, channel: ChannelRef, say: Translate) -> Document:
    """Stop sharing the channel's discussions; copies already posted stay."""
    own = str(channel)
    async with guards.guarded(context.db, guards.of(own), guards.LINKS) as tx:
        before = await _sharing(tx, own)
        left = await linked_channels.leave(tx, own)
        if left:
            await copy_deliveries.unshare(tx, own)
        if own in before:
            others = before - {own}
            parted = {own: others, **{other: frozenset({own}) for other in others}}
            name = ("unlinked", own, context.clock().isoformat())
            await _tell(tx, context, parted, present=present_unlinked, name=name)
    if not left:
        return notice(say("This channel is not linked."))
    context.to_send()
    return notice(
        say("This channel no longer shares its discussions. Replies already shared stay.")
    )


async def _sharing(tx: Transaction, channel: str) -> frozenset[str]:
    """The channels linked with a channel, itself included."""
    return frozenset(await linked_channels.list_group(tx, channel))


def _linked_before(channel: str, groups_before: Iterable[frozenset[str]]) -> frozenset[str]:
    """The channels linked with a channel before, always with itself."""
    return next((each for each in groups_before if channel in each), frozenset()) | {channel}


async def _tell(
    tx: Transaction,
    context: DiscussionContext,
    news: Mapping[str, Iterable[str]],
    *,
    present: Callable[[Sequence[Place], Iterable[Translate]], Document],
    name: tuple[str, ...],
) -> None:
    """Tell each channel, publicly and once, which other channels it shares discussions with now."""
    drafts = []
    for channel, others in sorted(news.items()):
        if others:
            places = [_place(parse_channel(other)) for other in sorted(others)]
            document = await notice_to_all(
                tx, context.voices, parse_channel(channel), partial(present, places)
            )
            drafts.append(
                deliveries.Draft(
                    key=key_of((*name, channel)),
                    channel=parse_channel(channel),
                    part="notice",
                    document=document,
                    is_unasked=True,
                )
            )
    await deliveries.add(tx, drafts, context.clock())


def _place(channel: ChannelRef) -> Place:
    """A channel for people; only web channels have names that we know."""
    return Place(channel.platform, channel.id if channel.platform is Platform.WEB else "")


_AFTER_DISCUSS = translatable(
    "A paper gets a thread when somebody presses “Discuss”. Replies there are stored and can be "
    "searched from this channel."
)
_STORED = {
    Layout.PAPERS: translatable(
        "Replies in papers' threads here are stored and can be searched from this channel."
    ),
    Layout.THREAD: translatable(
        "A paper gets a thread of its own when somebody presses “Discuss”. Replies there and in the "
        "day's thread are stored, and those about papers can be searched from this channel."
    ),
    Layout.COMPACT: _AFTER_DISCUSS,
    Layout.TITLES: _AFTER_DISCUSS,
}


async def describe(context: DiscussionContext, channel: ChannelRef, say: Translate) -> str:
    """The channel's discussion settings in a line, where they differ from the default."""
    async with context.db.reading() as tx:
        preferences = await channel_preferences.get(tx, str(channel))
        group = await linked_channels.list_group(tx, str(channel))
        subscription = await subscriptions.find(tx, str(channel))
    lines = []
    others = [other for other in group if other != str(channel)]
    if not preferences.discussion:
        lines.append(say("Replies in threads here are neither stored nor shared."))
    elif others:
        lines += (
            say("Discussions are shared with {channels}.", channels=", ".join(others)),
            _readers([str(channel), *others], say),
        )
    elif subscription is not None:
        lines += (
            say(_STORED[subscription.options.layout]),
            _readers([str(channel)], say),
            say("“/digest settings discussion:off” stops that."),
        )
    if preferences.public_since is not None:
        lines.append(
            say(
                "The archive's website shows what is said in these threads since {since}, without "
                "names. “/digest settings public:off” stops that.",
                since=f"{preferences.public_since:%Y-%m-%d %H:%M} UTC",
            )
        )
    if not preferences.notices:
        lines.append(say("Updates about papers are not posted in their threads here."))
    return " ".join(lines)


def _readers(sharing: Iterable[str], say: Translate) -> str:
    """Who can read replies from these channels on the web page."""
    if any(parse_channel(channel).platform is Platform.WEB for channel in sharing):
        return say("The bot's web page shows it to everybody who can open the page.")
    return say(
        "The bot's web page shows it to the operator, and to people of this channel who sign in there."
    )


def _hash(code: str) -> str:
    return hashlib.sha256(f"link:{code}".encode()).hexdigest()
