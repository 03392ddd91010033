"""Posting, finding, editing and deleting in Discord, exactly once however often it is begun.

A message's nonce is its delivery's key: for some minutes, Discord answers the same nonce with
the message that is there. Afterwards, whoever is in doubt reads the channel's history and looks
for the key, which every message of ours carries (`controls`): REST promises no nonce in a
history, and a forum's posts have none.

A document of several messages is posted first part first, the others into its thread. If that
is cut short, `find` calls it absent, and the next attempt posts the parts that are missing.
"""

import asyncio
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias, TypeVar

import discord

from bot.core.domain.document import Document
from bot.core.domain.extent import Extent
from bot.core.domain.i18n import translatable
from bot.core.ports import (
    ChannelRef,
    ChatError,
    ChatRefusedError,
    ChatUnavailableError,
    ChatUncertainError,
    DeliveryKey,
    MessageRef,
)
from bot.core.ports.error_table import ErrorKind
from bot.platforms.discord.errors import (
    NOT_TEXT,
    THREAD_ARCHIVED,
    THREAD_EXISTS,
    TOO_MANY_THREADS,
    UNKNOWN_CHANNEL,
    UNKNOWN_MESSAGE,
    TooManyRequests,
    chat_error,
    code_of,
    meaning_of,
)
from bot.platforms.discord.places import Where, channel_number, read_reference, reference
from bot.platforms.discord.posting.forum import forum_tags
from bot.platforms.discord.posting.search import Found, search_channel, search_thread
from bot.platforms.discord.rendering.markdown import Readable
from bot.platforms.discord.rendering.payload import Payload
from bot.platforms.discord.rendering.render import TooLongError, render, thread_name, thread_name_of
from bot.platforms.discord.rest import CALL_SECONDS, FORUMS, RAISED, Rest, sorted_errors

log = logging.getLogger(__name__)

Result = TypeVar("Result")
Sleep: TypeAlias = Callable[[float], Awaitable[None]]

TOGETHER_SECONDS = 18.0
"""How long the requests for one document may take together, waiting for limits included."""
_TRIES = 3
_LOOKED_BACK = timedelta(days=7)
"""How far an attempt looks for the parts that an earlier one left behind."""
_REMEMBERED = 2000
_LONG = 20_000
"""Characters above which a document is rendered beside the event loop."""

_TOO_LONG = translatable("the text is too long to post, even in several messages: shorten it")
_REST_MISSING = translatable("only its first part is posted so far")


class _Patience:
    """How long one document's requests may still wait."""

    def __init__(self, sleep: Sleep) -> None:
        self.sleep = sleep
        self._ends_at = asyncio.get_running_loop().time() + TOGETHER_SECONDS

    @property
    def left(self) -> float:
        return self._ends_at - asyncio.get_running_loop().time()

    async def wait_out(self, step: Callable[[], Awaitable[Result]]) -> Result:
        """The step's result, waiting for limits as long as there is time."""
        while True:
            try:
                return await step()
            except TooManyRequests as error:
                wait = error.retry_after.total_seconds()
                if error.shut_out or wait > self.left:
                    raise
                await self.sleep(wait)


@dataclass(frozen=True, slots=True)
class _Job:
    """One document on its way."""

    document: Document
    key: DeliveryKey
    payloads: tuple[Payload, ...]
    thread_name: str
    patience: _Patience

    def nonce(self, part: int) -> str:
        """Always the same for the same part."""
        if part == 1:
            return self.key
        return "p" + hashlib.sha256(f"{self.key}/{part}".encode()).hexdigest()[:24]

    def others(self, there: Found) -> list[tuple[int, Payload]]:
        """The parts after the first that are not there yet."""
        numbered = enumerate(self.payloads[1:], start=2)
        return [(part, payload) for part, payload in numbered if part not in there.parts]


@contextmanager
def _begun() -> Iterator[None]:
    """From here on the beginning stands there: what fails for now must be looked at first."""
    try:
        yield
    except (ChatError, *RAISED) as error:
        meant = chat_error(error)
        if isinstance(meant, ChatRefusedError):
            raise
        raise ChatUncertainError(f"{_REST_MISSING}: {meant}") from error


class Posting:
    """What a `Chat` does with messages, over REST alone."""

    def __init__(
        self,
        rest: Rest,
        *,
        readable: Readable,
        clock: Callable[[], datetime],
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._rest = rest
        self._sleep = sleep
        self._readable = readable
        self._clock = clock
        self._forums: set[int] = set()
        self._posts: OrderedDict[DeliveryKey, int] = OrderedDict()
        """What was posted in forums: there no nonce keeps a key from being posted twice."""

    async def post(self, channel: ChannelRef, document: Document, key: DeliveryKey) -> MessageRef:
        """Post a document, or those parts of it that are not there yet."""
        job = await self._job(document, key)
        with sorted_errors():
            place = channel_number(channel)
            there = Found()
            if len(job.payloads) > 1:
                since = self._clock() - _LOOKED_BACK
                there = await search_channel(self._rest, place, key, since)
            within, message = there.parts.get(1) or await self._first(job, place)
            root = Where(place, within if within != place else None, message)
            with _begun():
                thread = root.thread
                if thread is None and (document.opens_thread or len(job.payloads) > 1):
                    name = job.thread_name
                    if await job.patience.wait_out(lambda: self._opened(root, name)):
                        thread = root.message
                await self._others(job, root, thread, there)
        return reference(channel, root.thread, message)

    async def _first(self, job: _Job, place: int) -> tuple[int, int]:
        """Where the first message of a document now stands, and which it is."""
        if place not in self._forums:
            try:
                return place, await self._send(job, 1, place)
            except discord.HTTPException as error:
                if error.code != NOT_TEXT:
                    raise
        forum = await self._rest.place(place)
        if forum.type not in FORUMS:
            self._forums.discard(place)
            return place, await self._send(job, 1, place)
        self._forums.add(place)
        if (post := self._posts.get(job.key)) is None:
            tags = forum_tags(forum, job.document)
            post = await self._rest.open_post(place, job.thread_name, job.payloads[0], tags)
            self._posts[job.key] = post
            if len(self._posts) > _REMEMBERED:
                self._posts.popitem(last=False)
        return post, post

    async def _others(self, job: _Job, root: Where, thread: int | None, there: Found) -> None:
        """Post the parts that are missing: into the thread, or below the first."""
        for part, _ in job.others(there):
            if thread is not None:
                await self._wait_and_send(job, part, thread)
            else:
                await self._wait_and_send(job, part, root.channel, answers=root.message)

    async def _wait_and_send(
        self, job: _Job, part: int, channel: int, *, answers: int | None = None
    ) -> int:
        return await job.patience.wait_out(lambda: self._send(job, part, channel, answers=answers))

    async def _send(self, job: _Job, part: int, channel: int, *, answers: int | None = None) -> int:
        """Send a part, again where it got lost: the same nonce makes no second one."""
        payload, nonce = job.payloads[part - 1], job.nonce(part)
        tried = 0
        while True:
            tried += 1
            try:
                return await self._rest.send(channel, payload, nonce=nonce, answers=answers)
            except (ChatError, *RAISED) as error:
                meant = chat_error(error)
                if code_of(error) == UNKNOWN_MESSAGE or (
                    tried > 1 and isinstance(meant, ChatUnavailableError)
                ):
                    # It was there, and somebody has deleted it; or an earlier try may be there.
                    raise ChatUncertainError(str(meant)) from error
                is_lost = isinstance(meant, ChatUncertainError)
                if not is_lost or tried == _TRIES or job.patience.left < CALL_SECONDS:
                    raise
                await job.patience.sleep(0.5 * tried)

    async def _opened(self, root: Where, name: str, *, waits: bool = False) -> bool:
        """Whether the message has its thread, opened now or before; logs why not.

        Raises where there are too many threads for now, if what is on its way `waits` for one.
        """
        try:
            await self._rest.open_thread(root.channel, root.message, name)
        except discord.HTTPException as error:
            if code_of(error) == THREAD_EXISTS:
                return True
            is_gone = code_of(error) in {UNKNOWN_CHANNEL, UNKNOWN_MESSAGE}
            is_full = waits and code_of(error) in TOO_MANY_THREADS
            if is_gone or is_full or meaning_of(error).kind is not ErrorKind.REFUSED:
                raise
            log.warning("no thread for message %d: %s", root.message, chat_error(error))
            return False
        return True

    async def reply(self, root: MessageRef, document: Document, key: DeliveryKey) -> MessageRef:
        """Post into a message's thread; opens it where there is none, wakes it where it sleeps."""
        job = await self._job(document, key)
        with sorted_errors():
            place = read_reference(root)
            there = Found()
            if len(job.payloads) > 1:
                since = self._clock() - _LOOKED_BACK
                there = await search_thread(self._rest, place.channel, place.discussion, key, since)
            if 1 not in there.parts:
                there.parts[1] = await self._answer(job, place)
            within, message = there.parts[1]
            thread = within if within != place.channel else None
            with _begun():
                await self._others(job, Where(place.channel, thread, message), thread, there)
        return reference(root.channel, thread, message)

    async def _answer(self, job: _Job, root: Where) -> tuple[int, int]:
        """Where a reply now stands, and which message it is."""
        thread = root.discussion
        try:
            return thread, await self._send(job, 1, thread)
        except discord.HTTPException as error:
            if code_of(error) == THREAD_ARCHIVED:
                await self._rest.reopen(thread)
            elif code_of(error) != UNKNOWN_CHANNEL or root.thread is not None:
                raise
            elif not await self._opened(root, await self._name(job, root), waits=True):
                # No threads here (direct messages, a voice channel's chat): below the message.
                at = root.channel
                return at, await self._send(job, 1, at, answers=root.message)
        return thread, await self._send(job, 1, thread)

    async def _name(self, job: _Job, root: Where) -> str:
        """What a thread is called that is opened for a reply: after what it is about."""
        if job.document.thread_name:
            return job.thread_name
        return thread_name_of((await self._rest.message(root.channel, root.message)).content)

    async def find(
        self, channel: ChannelRef, key: DeliveryKey, *, since: datetime, root: MessageRef | None
    ) -> MessageRef | None:
        """The first message of a delivery, once all its parts are there.

        A message that lacks the thread it should have gets it now.
        """
        with sorted_errors():
            place = channel_number(channel)
            if root is not None:
                thread = read_reference(root).discussion
                found = await search_thread(self._rest, place, thread, key, since)
            else:
                found = await search_channel(self._rest, place, key, since)
            first = found.first
            if not found.is_complete or first is None or first.mark is None:
                return None
            within, message = found.parts[1]
            at = Where(place, within if within != place else None, message)
            if first.mark.opens_thread and not first.has_thread and at.thread is None:
                await self._opened(at, thread_name_of(first.content))
        return reference(channel, at.thread, message)

    async def edit(self, message: MessageRef, document: Document) -> None:
        """Replace what the message says, in as many messages as that takes; may be repeated."""
        with sorted_errors():
            at = read_reference(message)
            own = await self._rest.message(at.within, at.message)
            key = own.mark.key if own.mark else DeliveryKey(f"m{at.message:x}")
            job = await self._job(document, key)
            before = own.mark.parts if own.mark else 1
            there = await self._others_of(at, key, max(before, len(job.payloads)))
            await self._awake(at, lambda: self._rest.edit(at.within, at.message, job.payloads[0]))
            for part, (within, other) in sorted(there.parts.items()):
                if part <= len(job.payloads):
                    await self._rest.edit(within, other, job.payloads[part - 1])
                else:
                    await self._remove(within, other)
            if job.others(there):
                thread = at.thread
                if thread is None and (own.has_thread or await self._opened(at, job.thread_name)):
                    thread = at.message
                await self._others(job, at, thread, there)

    async def delete(self, message: MessageRef) -> None:
        """Remove a message and what goes on from it; the first part goes last."""
        with sorted_errors():
            at = read_reference(message)
            try:
                own = await self._rest.message(at.within, at.message)
            except discord.NotFound:
                return
            if own.mark is not None:
                there = await self._others_of(at, own.mark.key, own.mark.parts)
                for part in sorted(there.parts, reverse=True):
                    await self._remove(*there.parts[part])
            await self._awake(at, lambda: self._remove(at.within, at.message))

    async def _others_of(self, at: Where, key: DeliveryKey, parts: int) -> Found:
        """The further messages of a document that has some, or is going to."""
        if parts == 1:
            return Found()
        since = discord.utils.snowflake_time(at.message)
        found = await search_thread(self._rest, at.channel, at.discussion, key, since)
        found.parts.pop(1, None)
        return found

    async def _awake(self, at: Where, step: Callable[[], Awaitable[None]]) -> None:
        """Do something to a message; where its thread is archived, wake that first."""
        try:
            await step()
        except discord.HTTPException as error:
            if code_of(error) != THREAD_ARCHIVED:
                raise
            await self._rest.reopen(at.within)
            await step()

    async def _remove(self, within: int, message: int) -> None:
        try:
            await self._rest.delete(within, message)
        except discord.NotFound:
            return

    async def _job(self, document: Document, key: DeliveryKey) -> _Job:
        def work() -> tuple[Payload, ...]:
            return render(document, key, readable=self._readable)

        is_long = sum(len(str(block)) for block in document.blocks) > _LONG
        try:
            payloads = await asyncio.to_thread(work) if is_long else work()
        except TooLongError as error:
            raise ChatRefusedError(_TOO_LONG, Extent.MESSAGE) from error
        name = thread_name(document, readable=self._readable)
        return _Job(document, key, payloads, name, _Patience(self._sleep))
