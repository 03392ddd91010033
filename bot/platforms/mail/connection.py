"""The connection to the mail server: one at a time, used for message after message."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress

import aiosmtplib

from bot.core.domain.mail.server import Security
from bot.core.ports import ChatUnavailableError
from bot.core.ports.error_table import RETRIED_AFTER
from bot.platforms.mail.access import Access
from bot.platforms.mail.errors import BUSY, SDK_ERRORS, Stage, chat_error

_ANSWER_SECONDS = 15.0
"""How long the server may take for a line; the whole message has 30 seconds, by the outbox."""
_TURN_SECONDS = 10.0
"""How long a message waits for those before it."""
IDLE_SECONDS = 20.0
"""A connection that is not used for so long is closed: servers count open ones."""


class Connection:
    """Sends messages one after the other; opened with the first and again where it broke.

    `tls` replaces the certificates of the system.
    """

    def __init__(self, access: Access, *, tls: ssl.SSLContext | None = None) -> None:
        self._access = access
        self._tls = tls
        self._turn = asyncio.Lock()
        self._client: aiosmtplib.SMTP | None = None
        self._used_at = 0.0

    async def send(self, to: str, content: bytes, begin: Callable[[], Awaitable[bool]]) -> bool:
        """Hand the message to the server; raises `ChatError`.

        `begin` is awaited once the server has taken the address, before the content is sent; where it
        says no, nothing is sent, and this is false.
        """
        try:
            async with asyncio.timeout(_TURN_SECONDS):
                await self._turn.acquire()
        except TimeoutError as error:
            raise ChatUnavailableError(BUSY, retry_after=RETRIED_AFTER) from error
        try:
            return await self._send(to, content, begin)
        finally:
            self._used_at = asyncio.get_running_loop().time()
            self._turn.release()

    async def check(self) -> None:
        """Connect and sign in; raises `ChatError`. Nothing is sent."""
        async with self._turn:
            await self._opened()

    async def close_idle(self) -> None:
        """Close the connection if it was not used for a while."""
        idle = asyncio.get_running_loop().time() - self._used_at
        if self._client is not None and not self._turn.locked() and idle >= IDLE_SECONDS:
            await self.close()

    async def close(self) -> None:
        """Say goodbye to the server, where there is a connection."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(*SDK_ERRORS):
                await client.quit(timeout=1.0)
            client.close()

    async def _send(self, to: str, content: bytes, begin: Callable[[], Awaitable[bool]]) -> bool:
        client = await self._opened()
        stage = Stage.SENDER
        is_settled = False
        try:
            await client.mail(self._access.sender.address)
            stage = Stage.RECIPIENT
            await client.rcpt(to)
            if not await begin():
                return False
            stage = Stage.CONTENT
            await client.data(content)
            is_settled = True
            return True
        except aiosmtplib.SMTPResponseException as error:
            is_settled = await self._goes_on(client)
            raise chat_error(error, stage) from error
        except SDK_ERRORS as error:
            raise chat_error(error, stage) from error
        finally:
            if not is_settled:  # an answer may still come, which belongs to no further message
                self._client = None
                client.close()

    async def _opened(self) -> aiosmtplib.SMTP:
        """A connection in which a message may begin."""
        client = self._client
        if client is not None:
            # The server may have closed it meanwhile, or refuse to go on.
            with suppress(*SDK_ERRORS):
                if client.is_connected:
                    await client.noop()
                    return client
            await self.close()
        access = self._access
        secure = access.server.security
        client = aiosmtplib.SMTP(
            hostname=access.server.host,
            port=access.server.port,
            username=access.server.user or None,
            password=access.server.password or None,
            local_hostname=access.sender.domain,
            timeout=_ANSWER_SECONDS,
            use_tls=secure is Security.TLS,
            start_tls=secure is Security.STARTTLS,
            tls_context=self._tls,
        )
        try:
            await client.connect()
        except SDK_ERRORS as error:
            client.close()
            raise chat_error(error, Stage.CONNECT) from error
        except BaseException:
            client.close()
            raise
        self._client = client
        return client

    async def _goes_on(self, client: aiosmtplib.SMTP) -> bool:
        """Whether the server takes the next message over this connection, after it refused one."""
        try:
            await client.rset(timeout=1.0)
        except SDK_ERRORS:
            return False
        return client.is_connected
