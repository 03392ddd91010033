"""Messages of the bot in threads: planned in the outbox, in the reader's language."""

from collections.abc import Callable, Iterable
from datetime import datetime

from bot.archive.domain.entry import Language
from bot.archive.domain.present_entry import LANGUAGES
from bot.channels.store import subscriptions
from bot.core.database.database import Transaction
from bot.core.domain.document import Document, translated
from bot.core.domain.i18n import Translate
from bot.core.ports import ChannelRef, DeliveryKey, MessageRef, Platform
from bot.outbox.domain.delivery import delivery_key
from bot.outbox.store import deliveries, threads

Voices = Callable[[str], Translate]


async def reply_in(
    tx: Transaction,
    root: MessageRef,
    document: Document,
    name: Iterable[str],
    now: datetime,
    *,
    cause: MessageRef | None = None,
    part: str = "answer",
) -> int:
    """Plan a message in a thread; returns 1, or 0 if a message of that `name` was planned before.

    It is removed when its `cause`, a person's message in that channel, is deleted.
    """
    own = await threads.find(tx, root)
    draft = deliveries.Draft(
        key=key_of(name),
        channel=root.channel,
        part=part,
        document=document,
        root_id=own.delivery_id if own is not None else None,
        root_message=root.id if own is None else None,
        caused_by=cause.id if cause is not None else None,
        is_unasked=cause is None,
    )
    return await deliveries.add(tx, [draft], now)


def key_of(name: Iterable[str]) -> DeliveryKey:
    """The delivery key of the message of that name."""
    return DeliveryKey(delivery_key(*name))


def answer_name(message: MessageRef) -> tuple[str, ...]:
    """The name of the answer to a message."""
    return ("answer", str(message.channel), message.id)


async def is_answered(tx: Transaction, message: MessageRef) -> bool:
    """Whether the message was answered."""
    return await deliveries.is_known(tx, key_of(answer_name(message)))


def speak(
    voices: Voices,
    channel: ChannelRef,
    say: Translate,
    present: Callable[[Translate], Document],
) -> Document:
    """A message to everybody in a channel, in the language of `say`.

    In the web chat each reader sees it in the reader's own language.
    """
    return translated(present(say), {s.locale: present(s) for s in readers(voices, channel, say)})


def readers(voices: Voices, channel: ChannelRef, say: Translate) -> tuple[Translate, ...]:
    """The other languages in which a channel's readers see its messages."""
    if channel.platform is not Platform.WEB:
        return ()
    return tuple(voices(language) for language in LANGUAGES if language != say.locale)


async def channel_voice(tx: Transaction, voices: Voices, channel: str) -> Translate:
    """The language in which the bot speaks in a channel; English where it has no digest."""
    subscription = await subscriptions.find(tx, channel)
    return voices(subscription.options.spoken if subscription is not None else "en")


async def channel_voices(tx: Transaction, voices: Voices, channel: str) -> tuple[Translate, ...]:
    """The languages of a notice to everybody in a channel.

    The one that the channel chose, else every language of its digest in its order; without a
    subscription, all languages.
    """
    subscription = await subscriptions.find(tx, channel)
    languages: tuple[Language, ...] = LANGUAGES
    if subscription is not None:
        options = subscription.options
        languages = (options.interface,) if options.interface else options.languages
    return tuple(voices(language) for language in languages)


async def notice_to_all(
    tx: Transaction,
    voices: Voices,
    channel: ChannelRef,
    present: Callable[[Iterable[Translate]], Document],
) -> Document:
    """A notice in the channel's languages; in the web chat in each reader's own."""
    if channel.platform is Platform.WEB:
        say = await channel_voice(tx, voices, str(channel))
        return speak(voices, channel, say, lambda say: present((say,)))
    return present(await channel_voices(tx, voices, str(channel)))
