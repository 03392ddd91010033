"""`ports.Chat` over the fake chat server: the mapping of answers to errors that adapters make."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import aiohttp

from bot.core.domain.document import Document, dump
from bot.core.ports import (
    ChannelRef,
    ChatRefusedError,
    ChatUnavailableError,
    ChatUncertainError,
    DeliveryKey,
    Inbox,
    MessageRef,
    Platform,
)


class HttpChat:
    """A platform as the bot sees it; make one with `connected`."""

    def __init__(self, url: str, session: aiohttp.ClientSession, platform: Platform) -> None:
        self.platform = platform
        self._url = url
        self._session = session

    async def post(
        self,
        channel: ChannelRef,
        document: Document,
        *,
        key: DeliveryKey,
        since: datetime | None = None,  # noqa: ARG002 - of one message
    ) -> MessageRef:
        return await self._post(channel, None, document, key)

    async def reply(
        self,
        root: MessageRef,
        document: Document,
        *,
        key: DeliveryKey,
        since: datetime | None = None,  # noqa: ARG002 - of one message
    ) -> MessageRef:
        return await self._post(root.channel, root.id, document, key)

    async def _post(
        self, channel: ChannelRef, root: str | None, document: Document, key: DeliveryKey
    ) -> MessageRef:
        body = {
            "channel": str(channel),
            "root": root,
            "key": key,
            "document": dump(document),
            "pid": os.getpid(),
        }
        answer = await self._call("POST", "/messages", json=body)
        return MessageRef(channel, answer["id"])

    async def find(
        self,
        channel: ChannelRef,
        key: DeliveryKey,
        *,
        since: datetime,
        root: MessageRef | None = None,
    ) -> MessageRef | None:
        query = {"channel": str(channel), "key": key, "since": since.isoformat()}
        if root is not None:
            query["root"] = root.id
        answer = await self._call("GET", "/messages", params=query)
        return MessageRef(channel, answer["id"]) if answer["id"] else None

    async def edit(self, message: MessageRef, document: Document) -> None:
        await self._call("PUT", f"/messages/{message.id}", json={"document": dump(document)})

    async def delete(self, message: MessageRef) -> None:
        await self._call("DELETE", f"/messages/{message.id}")

    async def direct_channel(self, workspace: str, user: str) -> ChannelRef:
        return ChannelRef(self.platform, workspace, f"direct-{user}")

    async def run(self, inbox: Inbox) -> None:
        """Nobody talks to it."""

    async def _call(self, method: str, path: str, **what: object) -> dict[str, str]:
        try:
            async with self._session.request(method, self._url + path, **what) as response:  # type: ignore[arg-type]
                answer: dict[str, str] = await response.json()
                self._raise_for(response.status, response.headers.get("Retry-After"), answer)
                return answer
        except aiohttp.ClientConnectorError as error:
            raise ChatUnavailableError("no connection") from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ChatUncertainError(f"the connection broke: {type(error).__name__}") from error

    @staticmethod
    def _raise_for(status: int, retry_after: str | None, answer: dict[str, str]) -> None:
        match status:
            case 200:
                return
            case 429:
                wait = timedelta(seconds=float(retry_after or 1))
                raise ChatUnavailableError("too many messages", retry_after=wait)
            case 503:
                raise ChatUnavailableError(answer["error"])
            case 403 | 404:
                raise ChatRefusedError(answer["error"])
            case _:
                raise ChatUncertainError(f"{status}: {answer.get('error')}")


@asynccontextmanager
async def connected(url: str, platform: Platform = Platform.SLACK) -> AsyncIterator[HttpChat]:
    """A chat that speaks to the server at `url`."""
    connector = aiohttp.TCPConnector(limit=0, force_close=False)
    # aiohttp sends idempotent requests again by itself on a broken connection; POST it does not.
    async with aiohttp.ClientSession(connector=connector) as session:
        yield HttpChat(url, session, platform)
