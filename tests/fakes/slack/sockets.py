"""Socket Mode: tickets, connections, envelopes and their acknowledgements."""

import asyncio
import itertools
import json
from typing import Any

from aiohttp import WSMsgType, web

Json = dict[str, Any]
MOST = 10


class Sockets:
    """The open connections; envelopes go out over them in turn.

    `silent` sockets answer no pings, `refusing` ones are not opened at all.
    """

    def __init__(self) -> None:
        self.open: list[web.WebSocketResponse] = []
        self._transports: dict[web.WebSocketResponse, asyncio.BaseTransport | None] = {}
        self.opened = 0
        self.silent = False
        self.refusing = False
        self.deaf = False
        """Acknowledgements get lost on the way."""
        self._tickets: set[str] = set()
        self._numbers = itertools.count(1)
        self._waiting: dict[str, asyncio.Future[Json]] = {}

    def new_ticket(self) -> str:
        ticket = f"ticket-{next(self._numbers)}"
        self._tickets.add(ticket)
        return ticket

    async def serve(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets or self.refusing:
            raise web.HTTPForbidden(text="invalid ticket")
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        self.opened += 1
        await socket.send_json(
            {
                "type": "hello",
                "num_connections": len(self.open) + 1,
                "connection_info": {"app_id": "A0001"},
                "debug_info": {"host": "applink", "approximate_connection_time": 18060},
            }
        )
        self.open.append(socket)
        self._transports[socket] = request.transport
        if len(self.open) > MOST:
            await self.disconnect(self.open[0], reason="too_many_websockets")
        try:
            async for message in socket:
                await self._received(socket, message)
        finally:
            self._transports.pop(socket, None)
            if socket in self.open:
                self.open.remove(socket)
        return socket

    async def _received(self, socket: web.WebSocketResponse, message: Any) -> None:
        if message.type is WSMsgType.PING:
            if not self.silent:
                await socket.pong(message.data)
        elif message.type is WSMsgType.TEXT:
            body = json.loads(message.data)
            waiting = self._waiting.pop(body.get("envelope_id", ""), None)
            if waiting is not None and not waiting.done() and not self.deaf:
                waiting.set_result(body.get("payload") or {})

    async def push(
        self, kind: str, payload: Json, retry: Json, *, seconds: float
    ) -> tuple[bool, Json]:
        """Send an envelope over one connection; whether it was acknowledged in time, and with."""
        usable = [socket for socket in self.open if not socket.closed]
        if not usable:
            return False, {}
        number = next(self._numbers)
        envelope = {
            "envelope_id": f"envelope-{number}",
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": 0, "retry_reason": "", **retry}
        waiting: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._waiting[f"envelope-{number}"] = waiting
        try:
            await usable[number % len(usable)].send_json(envelope)
            async with asyncio.timeout(seconds):
                return True, await waiting
        except (TimeoutError, ConnectionError):
            return False, {}

    async def send_to_all(self, text: str) -> None:
        """A raw frame to every connection, also a malformed one."""
        for socket in list(self.open):
            await socket.send_str(text)

    async def disconnect(
        self, socket: web.WebSocketResponse, *, reason: str = "refresh_requested"
    ) -> None:
        """Ask a client to go, then hang up, as Slack does every few hours."""
        await socket.send_json(
            {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink"}}
        )
        if socket in self.open:
            self.open.remove(socket)

    def abort(self) -> None:
        """Cut every connection as a broken network does."""
        for socket in list(self.open):
            transport = self._transports.get(socket)
            if isinstance(transport, asyncio.Transport):
                transport.abort()
        self.open.clear()  # at once: a client may be back before they are seen to end

    async def close(self) -> None:
        for socket in list(self.open):
            await socket.close()
