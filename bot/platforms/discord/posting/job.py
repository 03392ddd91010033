"""One document that is being posted: its messages, its nonces, and the time that is left."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias, TypeVar

from bot.core.domain.dataclass import dataclass
from bot.core.domain.document import Document
from bot.core.domain.i18n import translatable
from bot.core.ports import ChatError, ChatRefusedError, ChatUncertainError, DeliveryKey
from bot.platforms.discord.errors import TooManyRequests, chat_error
from bot.platforms.discord.posting.search import Found
from bot.platforms.discord.rendering.payload import Payload
from bot.platforms.discord.rendering.render import thread_name
from bot.platforms.discord.rest import RAISED

Result = TypeVar("Result")
Sleep: TypeAlias = Callable[[float], Awaitable[None]]

TOGETHER_SECONDS = 18.0
"""The time limit for all requests of one document, waits for rate limits included."""
_REST_MISSING = translatable("only its first part is posted so far")


class TimeBudget:
    """The time that one document's requests have left."""

    def __init__(self, sleep: Sleep) -> None:
        self.sleep = sleep
        self._ends_at = asyncio.get_running_loop().time() + TOGETHER_SECONDS

    @property
    def left(self) -> float:
        return self._ends_at - asyncio.get_running_loop().time()

    async def wait_out(self, step: Callable[[], Awaitable[Result]]) -> Result:
        """The step's result; waits for rate limits as long as there is time."""
        while True:
            try:
                return await step()
            except TooManyRequests as error:
                wait = error.retry_after.total_seconds()
                if error.is_blocked or wait > self.left:
                    raise
                await self.sleep(wait)


@dataclass(frozen=True, slots=True)
class Job:
    """One document that is being posted."""

    document: Document
    key: DeliveryKey
    payloads: tuple[Payload, ...]
    patience: TimeBudget

    @property
    def thread_name(self) -> str:
        """What its thread is called."""
        return thread_name(self.document)

    def nonce(self, part: int) -> str:
        """The nonce of a part: always the same."""
        if part == 1:
            return self.key
        return "p" + hashlib.sha256(f"{self.key}/{part}".encode()).hexdigest()[:24]

    def others(self, there: Found) -> list[tuple[int, Payload]]:
        """The parts after the first that were not posted yet."""
        numbered = enumerate(self.payloads[1:], start=2)
        return [(part, payload) for part, payload in numbered if part not in there.parts]


@contextmanager
def partly_posted() -> Iterator[None]:
    """The first part is posted: a temporary failure from here on is uncertain."""
    try:
        yield
    except (ChatError, *RAISED) as error:
        meant = chat_error(error)
        if isinstance(meant, ChatRefusedError):
            raise
        raise ChatUncertainError(f"{_REST_MISSING}: {meant}") from error
