"""Posting, finding, editing and deleting messages in Discord, exactly once after any retry.

A message's nonce is its delivery's key: for some minutes, Discord answers the same nonce with the
existing message. Later, an uncertain delivery is looked up in the channel's history by its key,
which every message of the bot carries (`controls`): the history shows no nonces, and forum posts
have none.

Of a document of several messages the first is posted first, the others into its thread. If that is
interrupted, `find` returns `None`, and the next attempt posts the missing parts.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

import discord

from bot.core.domain.document import Document
from bot.core.domain.extent import Extent
from bot.core.domain.i18n import translatable
from bot.core.kept import is_short
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
from bot.platforms.discord.answers import FORUMS, Posted
from bot.platforms.discord.errors import (
    NOT_TEXT,
    THREAD_ARCHIVED,
    THREAD_EXISTS,
    TOO_MANY_THREADS,
    UNKNOWN_CHANNEL,
    UNKNOWN_MESSAGE,
    chat_error,
    code_of,
    meaning_of,
)
from bot.platforms.discord.places import MessageLocation, channel_number, read_reference, reference
from bot.platforms.discord.posting.forum import forum_tags
from bot.platforms.discord.posting.job import Job, Sleep, TimeBudget, partly_posted
from bot.platforms.discord.posting.pictures import draw_chart
from bot.platforms.discord.posting.search import Found, search_channel, search_thread
from bot.platforms.discord.rendering.payload import PictureFile
from bot.platforms.discord.rendering.render import (
    TooLongError,
    render,
    render_kept,
    thread_name_of,
)
from bot.platforms.discord.rest import CALL_SECONDS, RAISED, Rest, sorted_errors

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

NO_PERMISSION = 50013
_TRIES = 3
_REMEMBERED = 2000

_TOO_LONG = translatable("the text is too long to post, even in several messages: shorten it")


class Posting:
    """The methods of `Chat` that need REST only."""

    def __init__(
        self,
        rest: Rest,
        *,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._rest = rest
        self._sleep = sleep
        self._forums: set[int] = set()
        self._posts: OrderedDict[DeliveryKey, int] = OrderedDict()
        """Forum posts by key: no nonce prevents a second one there."""

    async def post(
        self,
        channel: ChannelRef,
        document: Document,
        key: DeliveryKey,
        since: datetime | None = None,
    ) -> MessageRef:
        """Post a document; where an attempt began at `since`, the parts of it that are missing.

        Where files may not be attached, its chart is bars of text.
        """

        async def post(job: Job) -> MessageRef:
            return await self._post(channel, job, since)

        return await self._with_picture(document, key, post)

    async def _with_picture(
        self, document: Document, key: DeliveryKey, step: Callable[[Job], Awaitable[Answer]]
    ) -> Answer:
        """Run the step with the document's chart as a picture; again with bars where it is refused."""
        shown, picture = await draw_chart(document)
        if picture is not None:
            try:
                with sorted_errors():
                    return await step(await self._job(shown, key, picture))
            except ChatRefusedError as error:
                cause = error.__cause__
                if not isinstance(cause, discord.HTTPException) or cause.code != NO_PERMISSION:
                    raise
        return await step(await self._job(document, key))

    async def _post(self, channel: ChannelRef, job: Job, since: datetime | None) -> MessageRef:
        key = job.key
        with sorted_errors():
            place = channel_number(channel)
            there = Found()
            if since is not None and len(job.payloads) > 1:
                there = await search_channel(self._rest, place, key, since)
            within, message = there.parts.get(1) or await self._first(job, place)
            root = MessageLocation(place, within if within != place else None, message)
            if job.document.opens_thread or len(job.payloads) > 1:
                with partly_posted():
                    await self._go_on(job, root, there)
        return reference(channel, root.thread, message)

    async def _go_on(self, job: Job, root: MessageLocation, there: Found) -> None:
        """Open the thread of the first message, if it has none, and post the missing parts."""
        thread, name = root.thread, job.thread_name
        if thread is None and await job.patience.wait_out(lambda: self._open_thread(root, name)):
            thread = root.message
        await self._send_missing(job, root, thread, there)

    async def _first(self, job: Job, place: int) -> tuple[int, int]:
        """Post the first message; returns its channel or thread, and its id."""
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

    async def _send_missing(
        self, job: Job, root: MessageLocation, thread: int | None, there: Found
    ) -> None:
        """Post the missing parts: into the thread, or as replies to the first."""
        for part, _ in job.others(there):
            if thread is not None:
                await self._wait_and_send(job, part, thread)
            else:
                await self._wait_and_send(job, part, root.channel, answers=root.message)

    async def _wait_and_send(
        self, job: Job, part: int, channel: int, *, answers: int | None = None
    ) -> int:
        return await job.patience.wait_out(lambda: self._send(job, part, channel, answers=answers))

    async def _send(self, job: Job, part: int, channel: int, *, answers: int | None = None) -> int:
        """Send a part, again if the response is lost: the same nonce makes no second message."""
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
                    # It was posted and then deleted, or an earlier try may have posted it.
                    raise ChatUncertainError(str(meant)) from error
                is_lost = isinstance(meant, ChatUncertainError)
                if not is_lost or tried == _TRIES or job.patience.left < CALL_SECONDS:
                    raise
                await job.patience.sleep(0.5 * tried)

    async def _open_thread(self, root: MessageLocation, name: str, *, waits: bool = False) -> bool:
        """Open a message's thread; whether it has one now. Logs a refusal.

        Raises if there are too many threads for now and the caller `waits` for one.
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

    async def reply(
        self,
        root: MessageRef,
        document: Document,
        key: DeliveryKey,
        since: datetime | None = None,
    ) -> MessageRef:
        """Post into a message's thread; opens it if there is none, reopens it if archived.

        `since` as in `post`.
        """
        job = await self._job(document, key)
        with sorted_errors():
            place = read_reference(root)
            there = Found()
            if since is not None and len(job.payloads) > 1:
                there = await search_thread(self._rest, place.channel, place.discussion, key, since)
            if 1 not in there.parts:
                there.parts[1] = await self._answer(job, place)
            within, message = there.parts[1]
            thread = within if within != place.channel else None
            with partly_posted():
                await self._send_missing(
                    job, MessageLocation(place.channel, thread, message), thread, there
                )
        return reference(root.channel, thread, message)

    async def _answer(self, job: Job, root: MessageLocation) -> tuple[int, int]:
        """Post a reply; returns its channel or thread, and its id."""
        thread = root.discussion
        try:
            return thread, await self._send(job, 1, thread)
        except discord.HTTPException as error:
            if code_of(error) == THREAD_ARCHIVED:
                await self._rest.reopen(thread)
            elif code_of(error) != UNKNOWN_CHANNEL or root.thread is not None:
                raise
            elif not await self._open_thread(root, await self._name(job, root), waits=True):
                # No threads here (direct messages, a voice channel's chat): reply to the message.
                at = root.channel
                return at, await self._send(job, 1, at, answers=root.message)
        return thread, await self._send(job, 1, thread)

    async def _name(self, job: Job, root: MessageLocation) -> str:
        """The name of a thread that is opened for a reply: its root's title."""
        if job.document.thread_name:
            return job.thread_name
        return thread_name_of((await self._rest.message(root.channel, root.message)).content)

    async def find(
        self, channel: ChannelRef, key: DeliveryKey, *, since: datetime, root: MessageRef | None
    ) -> MessageRef | None:
        """The first message of a delivery, if all its parts were posted.

        Opens the message's thread if it is missing.
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
            at = MessageLocation(place, within if within != place else None, message)
            if first.mark.opens_thread and not first.has_thread and at.thread is None:
                await self._open_thread(at, thread_name_of(first.content))
        return reference(channel, at.thread, message)

    async def edit(self, message: MessageRef, document: Document) -> None:
        """Replace a message's document, in as many messages as needed; may be repeated."""
        with sorted_errors():
            at = read_reference(message)
            own = await self._rest.message(at.within, at.message)
            key = own.mark.key if own.mark else DeliveryKey(f"m{at.message:x}")
            await self._with_picture(document, key, lambda job: self._edit(at, own, job))

    async def _edit(self, at: MessageLocation, own: Posted, job: Job) -> None:
        before = own.mark.parts if own.mark else 1
        there = await self._further_parts(at, job.key, max(before, len(job.payloads)))
        await self._with_thread_open(
            at, lambda: self._rest.edit(at.within, at.message, job.payloads[0])
        )
        for part, (within, other) in sorted(there.parts.items()):
            if part <= len(job.payloads):
                await self._rest.edit(within, other, job.payloads[part - 1])
            else:
                await self._remove(within, other)
        if job.others(there):
            thread = at.thread
            if thread is None and (own.has_thread or await self._open_thread(at, job.thread_name)):
                thread = at.message
            await self._send_missing(job, at, thread, there)

    async def delete(self, message: MessageRef) -> None:
        """Delete a message and its further parts; the first part last."""
        with sorted_errors():
            at = read_reference(message)
            try:
                own = await self._rest.message(at.within, at.message)
            except discord.NotFound:
                return
            if own.mark is not None:
                there = await self._further_parts(at, own.mark.key, own.mark.parts)
                for part in sorted(there.parts, reverse=True):
                    await self._remove(*there.parts[part])
            await self._with_thread_open(at, lambda: self._remove(at.within, at.message))

    async def _further_parts(self, at: MessageLocation, key: DeliveryKey, parts: int) -> Found:
        """The posted parts after the first, of a document with so many parts."""
        if parts == 1:
            return Found()
        since = discord.utils.snowflake_time(at.message)
        found = await search_thread(self._rest, at.channel, at.discussion, key, since)
        found.parts.pop(1, None)
        return found

    async def _with_thread_open(
        self, at: MessageLocation, step: Callable[[], Awaitable[None]]
    ) -> None:
        """Run the step; if the message's thread is archived, reopen it and run it again."""
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

    async def _job(
        self, document: Document, key: DeliveryKey, picture: PictureFile | None = None
    ) -> Job:
        payloads = render_kept(document, key)
        try:
            if payloads is None:
                # Short ones in the event loop, since what `render` keeps is for one thread.
                payloads = (
                    render(document, key)
                    if is_short(document)
                    else await asyncio.to_thread(render, document, key)
                )
        except TooLongError as error:
            raise ChatRefusedError(_TOO_LONG, Extent.MESSAGE) from error
        if picture is not None:
            payloads = (replace(payloads[0], picture=picture), *payloads[1:])
        return Job(document, key, payloads, TimeBudget(self._sleep))
