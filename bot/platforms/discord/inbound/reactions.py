"""Reactions to the bot's messages: from gateway events to the inbox, and read over REST."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from datetime import datetime
from typing import Any

import discord

from bot.core.ports import ChannelRef, Inbox, MessageRef, Reaction, ReactionsRead, User
from bot.discussion.inbound.thread_queue import Outcome, ThreadQueue
from bot.platforms.discord.errors import UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, code_of
from bot.platforms.discord.inbound.gateway import GatewayClient
from bot.platforms.discord.inbound.thread_inbound import ThreadInbound
from bot.platforms.discord.people import channel_ref, parent_ref
from bot.platforms.discord.places import MessageLocation, read_reference, reference
from bot.platforms.discord.rest import Rest, sorted_errors
from bot.reactions.domain.emoji import is_positive

_PAGE = 100

Json = Mapping[str, Any]


class ReactionInbound:
    """Hands on what events tell, over any number of connections one after the other.

    Discord gives no times, but keeps the order: what counts is when an event came.
    """

    def __init__(
        self,
        threads: ThreadInbound,
        inbox: Inbox,
        queue: ThreadQueue,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._threads = threads
        self._inbox = inbox
        self._queue = queue
        self._clock = clock

    async def on_reaction(
        self, client: GatewayClient, event: discord.RawReactionActionEvent, at: datetime
    ) -> None:
        """Hand on that somebody gave a reaction or took it back; returns once it is stored."""
        emoji = emoji_name(event.emoji)
        author = event.message_author_id  # Discord tells it of reactions that are given
        if event.user_id == client.me or author not in {None, client.me} or not is_positive(emoji):
            return
        is_added = event.event_type == "REACTION_ADD"

        async def take() -> Outcome:
            message = await self._message(client, event.channel_id, event.message_id)
            if message is not None:
                user = User(str(event.user_id), "", can_manage=False)
                await self._inbox.on_reaction(Reaction(message, user, emoji, is_added, at))
            return Outcome.NEW

        await self._hand_on(client, f"{event.message_id}/{event.user_id}/{emoji}/{at}", take)

    async def on_cleared(
        self,
        client: GatewayClient,
        event: discord.RawReactionClearEvent | discord.RawReactionClearEmojiEvent,
        at: datetime,
    ) -> None:
        """Hand on that all reactions to a message were removed, or all of one emoji."""
        cleared = getattr(event, "emoji", None)
        emoji = emoji_name(cleared) if cleared is not None else None

        async def take() -> Outcome:
            message = await self._message(client, event.channel_id, event.message_id)
            if message is not None:
                read = ReactionsRead(message, frozenset(), at, emoji)
                await self._inbox.on_reactions_read(read)
            return Outcome.NEW

        await self._hand_on(client, f"{event.message_id}/{emoji}/{at}", take)

    async def _hand_on(self, client: GatewayClient, name: str, take: Any) -> None:
        name = f"discord/reaction/{name}"
        outcome = await self._queue.hand_on(name, take, is_over=client.is_closed)
        if outcome is Outcome.FAILED:
            await self._queue.retry_seldom(name, take, is_over=client.is_closed)

    async def _message(
        self, client: GatewayClient, channel: int, message: int
    ) -> MessageRef | None:
        """The reference to a message; `None` where its thread is gone."""
        place = client.get_channel(channel)
        if place is None:  # such as an archived thread
            place = await self._threads.thread(client, client.get_partial_messageable(channel))
        if isinstance(place, discord.Thread):
            return reference(parent_ref(place), place.id, message)
        if not isinstance(place, discord.abc.GuildChannel):
            return None
        return reference(channel_ref(channel, place.guild.id), None, message)


def emoji_name(emoji: discord.PartialEmoji) -> str:
    """The character, or the name and id of a custom emoji, as `reactions` in messages has them."""
    return f"{emoji.name or ''}:{emoji.id}" if emoji.id is not None else emoji.name or ""


class DiscordReactionReader:
    """`ReactionReader`: reads messages, then who gave each positive reaction."""

    def __init__(self, rest: Rest, *, clock: Callable[[], datetime]) -> None:
        self._rest = rest
        self._clock = clock

    async def reactions(
        self,
        channel: ChannelRef,  # noqa: ARG002 - the messages say where they are
        papers: Collection[MessageRef],
    ) -> AsyncIterator[ReactionsRead]:
        """See `ReactionReader`. Papers of a forum cost a call each."""
        places: dict[int, dict[int, MessageRef]] = {}
        for paper in papers:
            location: MessageLocation = read_reference(paper)
            places.setdefault(location.within, {})[location.message] = paper
        for place, wanted in places.items():
            began, left = self._clock(), dict(wanted)
            if len(left) > 1:
                async for found in self._history(place, min(left)):
                    number = int(found["id"])
                    if number in left:
                        yield await self._read(place, found, left.pop(number), began)
                    if not left:
                        break
            for number, paper in left.items():
                message = await self._find(place, number)
                if message is not None:
                    yield await self._read(place, message, paper, began)

    async def _history(self, place: int, first: int) -> AsyncIterator[Json]:
        after = first - 1
        while True:
            start = after
            with sorted_errors():
                page: list[Any] = await self._rest.call(
                    lambda http, after=start: http.logs_from(place, _PAGE, after=after)  # type: ignore[misc]
                )
            for found in page:
                yield found
            if len(page) < _PAGE:
                return
            after = max(int(found["id"]) for found in page)

    async def _find(self, place: int, number: int) -> Json | None:
        """The message; `None` if it was deleted, perhaps with its thread."""
        with sorted_errors():
            try:
                found: Any = await self._rest.call(lambda http: http.get_message(place, number))
            except discord.NotFound as error:
                if code_of(error) in {UNKNOWN_MESSAGE, UNKNOWN_CHANNEL}:
                    return None
                raise
        return found  # type: ignore[no-any-return]

    async def _read(
        self, place: int, message: Json, paper: MessageRef, began: datetime
    ) -> ReactionsRead:
        me = (await self._rest.account()).user
        given = []
        for each in message.get("reactions") or []:
            emoji = emoji_name(discord.PartialEmoji.from_dict(each["emoji"]))
            if is_positive(emoji):
                people = await self._people(place, int(message["id"]), emoji)
                given += [
                    (User(str(user), "", can_manage=False), emoji) for user in people if user != me
                ]
        return ReactionsRead(paper, frozenset(given), began)

    async def _people(self, place: int, message: int, emoji: str) -> list[int]:
        """Everybody who gave a reaction, burst reactions included."""
        found: list[int] = []
        for kind in (0, 1):
            after: int | None = None
            while True:
                start = after
                with sorted_errors():
                    page: list[Any] = await self._rest.call(
                        lambda http, after=start, kind=kind: http.get_reaction_users(  # type: ignore[misc]
                            place, message, emoji, _PAGE, after, kind
                        )
                    )
                found += [int(user["id"]) for user in page]
                if len(page) < _PAGE:
                    break
                after = found[-1]
        return found
