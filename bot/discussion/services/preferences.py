"""What a channel wants of discussions: whether they are stored, told of updates, and public."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Self

from bot.channels.domain.subscription import parse_switch
from bot.channels.store import channel_preferences, subscriptions
from bot.channels.store.channel_preferences import ChannelPreferences
from bot.core.database.database import Transaction
from bot.core.domain.dataclass import dataclass
from bot.core.domain.errors import UsageError
from bot.core.ports import ChannelRef, Platform
from bot.discussion.domain.present_public import present_not_public, present_public
from bot.discussion.services import guards
from bot.discussion.services.discuss import DiscussionContext
from bot.discussion.services.thread_messages import key_of, notice_to_all
from bot.outbox.store import copy_deliveries, deliveries


@dataclass(frozen=True, slots=True)
class TypedPreferences:
    """Preferences as typed, `on` or `off`; `None` means not given."""

    discussion: str | None = None
    notices: str | None = None
    public: str | None = None

    @classmethod
    def of(cls, options: Mapping[str, str]) -> Self:
        """Those of a command's options that are preferences."""
        return cls(
            **{each.name: options[each.name] for each in fields(cls) if each.name in options}
        )


async def check(context: DiscussionContext, channel: ChannelRef, words: TypedPreferences) -> None:
    """Raise `UsageError` where `change` would."""
    if words == TypedPreferences():
        return
    async with context.db.reading() as tx:
        before = await channel_preferences.get(tx, str(channel))
    _changed(channel, before, words, context.clock())


async def change(context: DiscussionContext, channel: ChannelRef, words: TypedPreferences) -> None:
    """Change the channel's preferences; those not given stay. Raises `UsageError`.

    The channel is told when its replies become public, and when they no longer are.
    """
    if words == TypedPreferences():
        return
    now = context.clock()
    # `subscribe.remove` also ends that replies are public, under this guard.
    subscription = subscriptions.guards_of(str(channel))
    async with guards.guarded(context.db, guards.of(str(channel)), *subscription) as tx:
        before = await channel_preferences.get(tx, str(channel))
        after = _changed(channel, before, words, now)
        if words.discussion is not None and not after.discussion:
            await copy_deliveries.unshare(tx, str(channel))
        await channel_preferences.put(tx, str(channel), after)
        told = after.public_since != before.public_since
        if told:
            await _tell(tx, context, channel, is_public=after.public_since is not None, now=now)
    if told:
        context.to_send()


def _changed(
    channel: ChannelRef, before: ChannelPreferences, words: TypedPreferences, now: datetime
) -> ChannelPreferences:
    """Who turns discussions off ends that they are public, also for when they are on again."""
    discussion = _switched("discussion", words.discussion, before.discussion)
    is_public = _switched("public", words.public, before.public_since is not None and discussion)
    if is_public and channel.platform is Platform.MAIL:
        raise UsageError("“{name}” means nothing for e-mail, which has no threads", name="public")
    if is_public and not discussion:
        raise UsageError(
            "Replies in this channel are not stored, so they cannot be public: write discussion:on "
            "and public:on"
        )
    return ChannelPreferences(
        discussion=discussion,
        notices=_switched("notices", words.notices, before.notices),
        public_since=(before.public_since or now) if is_public else None,
    )


def _switched(name: str, typed: str | None, otherwise: bool) -> bool:
    return parse_switch(typed, name=name) if typed is not None else otherwise


async def _tell(
    tx: Transaction,
    context: DiscussionContext,
    channel: ChannelRef,
    *,
    is_public: bool,
    now: datetime,
) -> None:
    """Tell everybody in the channel, also in its quiet hours: they may be writing."""
    present, name = (present_public, "public") if is_public else (present_not_public, "not public")
    draft = deliveries.Draft(
        key=key_of((name, str(channel), now.isoformat())),
        channel=channel,
        part="notice",
        document=await notice_to_all(tx, context.voices, channel, present),
    )
    await deliveries.add(tx, [draft], now)
