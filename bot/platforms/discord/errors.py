"""What Discord's errors mean for a message, and what a person can do about each."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus

import aiohttp
import discord

from bot.core.domain.extent import Extent
from bot.core.domain.i18n import translatable
from bot.core.domain.untrusted.incoming_text import well_formed
from bot.core.ports import ChatError
from bot.core.ports.error_table import (
    ABOUT_THE_REQUEST,
    HELD_FOR,
    RETRIED_AFTER,
    ErrorKind,
    ErrorMeaning,
    held,
    refused,
    retry,
    uncertain,
)

NO_CHANNEL = translatable(
    "Discord has no such channel: it was deleted, or the id is wrong. Check the id, or remove "
    "the subscription"
)
NO_ACCESS = translatable(
    "the bot cannot see that channel: invite it to the server, or grant it View Channel there, "
    "then resume the subscription"
)
NO_PERMISSION = translatable(
    "the bot lacks a permission in that channel: “paperbot doctor” names it. Grant it, then "
    "resume the subscription"
)
NO_HISTORY = translatable(
    "the bot cannot read the channel's history: grant it Read Message History there"
)
BAD_TOKEN = translatable(
    "Discord rejects the bot's token: reset it in the developer portal, put the new one into "
    "DISCORD_TOKEN, then restart the bot"
)
_NO_POSTS = translatable(
    "the bot cannot post in that kind of channel: choose a text, announcement or forum channel"
)
_RULES = translatable(
    "a rule of that server blocks the message (AutoMod, a link filter or verification): ask its "
    "administrators to allow this bot"
)
_TAG = translatable(
    "that forum requires a tag on every post and has none of the paper's: add a tag of the same "
    "name, or do not require one"
)
_GONE = translatable("the message no longer exists")
LOCKED = translatable("that thread is locked: unlock it if the discussion should go on")
_ARCHIVED = translatable("that thread is archived and cannot be reopened")
_THREADS = translatable("that server has as many open threads as Discord allows: close some")
_NOT_OURS = translatable("the message was not posted by this bot")
NOBODY = translatable("that person does not accept direct messages from this bot")
_FLAGGED = translatable(
    "Discord's protection against spam has flagged this bot, so that it cannot send direct messages: "
    "its owner can appeal at https://dis.gd/app-quarantine"
)
_TWO_FACTORS = translatable(
    "that server requires the bot's owner to use two-factor authentication: turn it on in the "
    "owner's account"
)
_MALFORMED = translatable(
    "Discord rejects the request as invalid. This is a bug in the bot: please report it"
)
RATE = translatable("Discord's rate limit is reached: the bot waits, then goes on")
TOO_MANY_FAILURES = translatable(
    "too many requests were refused; the bot waits so that Discord does not block it"
)
_BLOCKED = translatable("Discord's network blocks this machine for a while")
_BUSY = translatable("Discord is overloaded or has temporarily disabled this")
_BROKEN = translatable("Discord failed while processing the request; it may have succeeded anyway")
DISCONNECTED = translatable("the connection broke before Discord answered")
_UNREACHABLE = translatable("Discord cannot be reached")
NO_ANSWER = translatable("Discord did not answer in time")
NOT_SENT = translatable("the request waited too long for its turn and was not sent")
_UNKNOWN = translatable("Discord answered with an error that this bot does not know")

UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, NOT_TEXT = 10003, 10008, 50008
WRONG_CHANNEL_TYPE, THREAD_ARCHIVED, THREAD_EXISTS = 50024, 50083, 160004
TOO_MANY_THREADS = (160006, 160007)

MEANINGS: Mapping[int, ErrorMeaning] = {
    # An invisible channel or thread is 50001; an unknown one never comes back.
    **refused(NO_CHANNEL, UNKNOWN_CHANNEL, extent=Extent.GONE),
    **refused(NO_CHANNEL, 10004),
    **refused(NO_ACCESS, 50001),
    # Mostly for the whole channel, but a locked thread needs more permissions than others.
    **refused(NO_PERMISSION, 50013, 50028, extent=Extent.THREAD),
    **refused(_NO_POSTS, NOT_TEXT, WRONG_CHANNEL_TYPE, 50068),
    **refused(_RULES, 50009),
    **refused(_RULES, 40094, 200000, 200001, 240000, 20009, extent=Extent.MESSAGE),
    **refused(_TAG, 10087, 30048, 40066, 40067),
    **refused(_GONE, UNKNOWN_MESSAGE, 50021, extent=Extent.GONE),
    **refused(LOCKED, 160005, extent=Extent.GONE),
    **refused(_ARCHIVED, THREAD_ARCHIVED, extent=Extent.GONE),
    **refused(_THREADS, *TOO_MANY_THREADS, extent=Extent.THREAD),
    **refused(_NOT_OURS, 50005, extent=Extent.MESSAGE),
    **refused(NOBODY, 10013, 40007, 50007, 50033, 50278),
    **refused(_FLAGGED, 20026),
    **refused(_TWO_FACTORS, 60003),
    **refused(
        _MALFORMED,
        *(10001, 10002, 10015, 20001, 20002, 40005, 40060, 50006, 50016, 50027, 50034, 50035),
        *(50041, 50046, 50067, 50080, 50081, 50086, 50109, 50138, THREAD_EXISTS),
        extent=Extent.MESSAGE,
    ),
    **held(BAD_TOKEN, 40001, 40002, 50014, 50025),
    **retry(RATE, RETRIED_AFTER, 20016, 20022, 20028, 20029, 31002, 40003),
    **retry(RATE, HELD_FOR, 30046),
    **retry(_BUSY, HELD_FOR, 40004, 40006),
    **retry(_BUSY, RETRIED_AFTER, 40058, 130000),
    **uncertain(_BROKEN, 40333),
}
"""Discord's error codes that requests of this bot may get."""


class TooManyRequests(Exception):  # noqa: N818 - it is what HTTP calls it
    """A 429, raised by the HTTP hooks before discord.py waits."""

    def __init__(self, retry_after: timedelta, *, is_global: bool, is_blocked: bool) -> None:
        super().__init__(str(retry_after))
        self.retry_after = retry_after
        self.is_global = is_global
        self.is_blocked = is_blocked


class NotRepeatedError(Exception):
    """A server error after a request that must not be repeated."""


class PausedError(Exception):
    """No request is sent for now: too many were refused."""

    def __init__(self, pause: timedelta) -> None:
        super().__init__(str(pause))
        self.pause = pause


def meaning_of(error: Exception) -> ErrorMeaning:
    """What an exception of discord.py or of the HTTP hooks means for the message being sent."""
    match error:
        case TooManyRequests() if error.is_blocked:
            pause = max(error.retry_after, HELD_FOR)
            return ErrorMeaning(ErrorKind.HELD, _BLOCKED, pause, whole_workspace=True)
        case TooManyRequests():
            return ErrorMeaning(ErrorKind.RETRY, RATE, error.retry_after, error.is_global)
        case PausedError():
            return ErrorMeaning(
                ErrorKind.HELD, TOO_MANY_FAILURES, error.pause, whole_workspace=True
            )
        case discord.RateLimited():
            return ErrorMeaning(ErrorKind.RETRY, RATE, timedelta(seconds=error.retry_after))
        case discord.LoginFailure():
            return ErrorMeaning(ErrorKind.HELD, BAD_TOKEN, HELD_FOR, whole_workspace=True)
        case discord.HTTPException():
            return _meaning_of_answer(error)
        case NotRepeatedError():
            return ErrorMeaning(ErrorKind.UNCERTAIN, _BROKEN)
        case aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError():
            return ErrorMeaning(ErrorKind.RETRY, _UNREACHABLE)
        case _:
            return ErrorMeaning(ErrorKind.UNCERTAIN, DISCONNECTED)


def _meaning_of_answer(error: discord.HTTPException) -> ErrorMeaning:
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ErrorMeaning(ErrorKind.UNCERTAIN, _BROKEN)
    if error.status == HTTPStatus.TOO_MANY_REQUESTS:
        return ErrorMeaning(ErrorKind.HELD, _BLOCKED, HELD_FOR, whole_workspace=True)
    if error.code in MEANINGS:
        return MEANINGS[error.code]
    match error.status:
        case HTTPStatus.UNAUTHORIZED:
            return ErrorMeaning(ErrorKind.HELD, BAD_TOKEN, HELD_FOR, whole_workspace=True)
        case HTTPStatus.FORBIDDEN if not error.code:
            # No JSON with a code: the response comes from the proxy before Discord's API.
            return ErrorMeaning(ErrorKind.HELD, _BLOCKED, HELD_FOR, whole_workspace=True)
        case HTTPStatus.FORBIDDEN:
            return ErrorMeaning(ErrorKind.REFUSED, NO_PERMISSION, extent=Extent.THREAD)
        case status if status == HTTPStatus.BAD_REQUEST or status in ABOUT_THE_REQUEST:
            # The request itself is refused: other messages may be accepted.
            return ErrorMeaning(ErrorKind.REFUSED, _UNKNOWN, extent=Extent.MESSAGE)
        case HTTPStatus.NOT_FOUND | HTTPStatus.METHOD_NOT_ALLOWED:
            return ErrorMeaning(ErrorKind.REFUSED, _UNKNOWN, extent=Extent.THREAD)
        case _:
            return ErrorMeaning(ErrorKind.UNCERTAIN, _UNKNOWN)


def chat_error(error: Exception) -> ChatError:
    """The exception of the port; its `detail` is what Discord said."""
    return error if isinstance(error, ChatError) else meaning_of(error).chat_error(_detail(error))


def uncertain_error(error: Exception) -> ChatError:
    """The same, where an earlier request of the call may have been done."""
    return replace(meaning_of(error), kind=ErrorKind.UNCERTAIN).chat_error(_detail(error))


def _detail(error: Exception) -> str:
    if isinstance(error, discord.HTTPException):
        text = " ".join(well_formed(error.text).split())[:200]
        return f"{error.status}, {error.code}: {text}" if text else f"{error.status}, {error.code}"
    if isinstance(error, TooManyRequests | PausedError | discord.LoginFailure):
        return ""
    return type(error).__name__


def code_of(error: Exception) -> int:
    """Discord's own code, or 0."""
    return error.code if isinstance(error, discord.HTTPException) else 0
