"""The fake's gateway: identify, resume with replay, heartbeats, intents, one zlib stream each."""

import asyncio
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from tests.fakes.discord.world import APP_ID, Channel, Json, Person, World

GUILDS, GUILD_MESSAGES, DIRECT_MESSAGES, MESSAGE_CONTENT = 1 << 0, 1 << 9, 1 << 12, 1 << 15
GUILD_REACTIONS = 1 << 10
_DISPATCH, _HEARTBEAT, _IDENTIFY, _RESUME, _RECONNECT = 0, 1, 2, 6, 7
_INVALID_SESSION, _HELLO, _ACK = 9, 10, 11
_PRIVILEGED = (1 << 1) | (1 << 8) | MESSAGE_CONTENT


@dataclass(eq=False)
class Connection:
    """One websocket, compressed as one stream if it asked for that."""

    socket: web.WebSocketResponse
    compressor: Any
    transport: asyncio.Transport | None

    async def send(self, payload: Json | str) -> None:
        text = payload if isinstance(payload, str) else json.dumps(payload)
        if self.socket.closed:
            return
        try:
            if self.compressor is None:
                await self.socket.send_str(text)
                return
            data = self.compressor.compress(text.encode())
            data += self.compressor.flush(zlib.Z_SYNC_FLUSH)
            await self.socket.send_bytes(data)
        except ConnectionError:
            return  # the bot is gone: what was sent stays in the session's buffer


@dataclass(eq=False)
class Session:
    """What a bot may resume: everything that was dispatched to it, with sequence numbers."""

    id: str
    intents: int
    connection: Connection | None
    shard: tuple[int, int] = (0, 1)
    sent: list[Json] = field(default_factory=list)

    def gets(self, guild: int | None) -> bool:
        """Whether the events of that guild, or of direct messages, come over it."""
        number, count = self.shard
        return ((guild or 0) >> 22) % count == number

    async def dispatch(self, event: str, data: Json) -> None:
        payload = {"op": _DISPATCH, "t": event, "s": len(self.sent) + 1, "d": data}
        self.sent.append(payload)
        if self.connection is not None:
            await self.connection.send(payload)


@dataclass(frozen=True)
class Harm:
    """What happens to every connection at a `moment`: "connected", "hello", "ready", "resumed".

    Several moments stand with spaces between them.

    It is closed with the code `closes`, or told to reconnect, or told that its session is invalid
    though it may be resumed.
    """

    moment: str
    closes: int = 0
    reconnect: bool = False
    invalid_session: bool = False


class Gateway:
    """Every connection of bots to this Discord, and the faults of all of them."""

    def __init__(self, world: World, own_url: Callable[[], str]) -> None:
        self.world = world
        self._own_url = own_url
        self.sessions: dict[str, Session] = {}
        self.connections: list[Connection] = []
        self.connected = 0
        """How many connections have been made so far."""
        self.identifies = 0
        self.resumes = 0
        self.identify_limit = 1000
        self.shards = 1
        """How many connections a bot should have, and has to."""
        self.harm: Harm | None = None
        self.refused = 0
        """How many connections were cut before the handshake."""
        self.refusing = False
        """Whether connections are cut before the handshake: the gateway is down."""
        self.acknowledges = True
        self.is_silent = False
        """Whether an identification is accepted, but never answered."""
        self.refuses_content = False
        """Whether the content intent was turned off a moment ago, and REST does not know yet."""
        self.resumable = True
        self.away: set[int] = set()
        """Guilds that are unavailable: they send no events."""
        self.heartbeat_ms = 41_250
        self.changed = asyncio.Event()

    @property
    def live(self) -> list[Session]:
        return [session for session in self.sessions.values() if session.connection is not None]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        if self.refusing:
            self.refused += 1
            self._note()
            if request.transport is not None:
                request.transport.close()
            return web.Response(status=502)
        socket = web.WebSocketResponse(autoping=True)
        await socket.prepare(request)
        compressor = zlib.compressobj() if request.query.get("compress") == "zlib-stream" else None
        transport = request.transport
        assert transport is None or isinstance(transport, asyncio.Transport)
        connection = Connection(socket, compressor, transport)
        self.connections.append(connection)
        self.connected += 1
        try:
            await self._harm(connection, "connected")
            await connection.send({"op": _HELLO, "d": {"heartbeat_interval": self.heartbeat_ms}})
            await self._harm(connection, "hello")
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._receive(connection, json.loads(message.data))
        finally:
            self.connections.remove(connection)
            for session in self.sessions.values():
                if session.connection is connection:
                    session.connection = None
            self._note()
        return socket

    async def _receive(self, connection: Connection, payload: Json) -> None:
        match payload.get("op"):
            case 1:
                if self.acknowledges:
                    await connection.send({"op": _ACK, "d": None})
            case 2:
                await self._identify(connection, payload["d"])
            case 6:
                await self._resume(connection, payload["d"])

    async def _identify(self, connection: Connection, data: Json) -> None:
        self.identifies += 1
        if data.get("token") != self.world.token or self.identifies > self.identify_limit:
            # Past the budget Discord resets the token, too: nothing helps but a new one.
            await connection.socket.close(code=4004, message=b"Authentication failed.")
            return
        if self.is_silent:
            return
        intents = data["intents"]
        may_read = self.world.content_intent and not self.refuses_content
        allowed = MESSAGE_CONTENT if may_read else 0
        if intents & _PRIVILEGED & ~allowed:
            await connection.socket.close(code=4014, message=b"Disallowed intent(s).")
            return
        shard = tuple(data.get("shard", (0, 1)))
        if shard[1] < self.shards:
            await connection.socket.close(code=4011, message=b"Sharding required.")
            return
        session = Session(f"session{len(self.sessions) + 1}", intents, connection, shard)
        self.sessions[session.id] = session
        await session.dispatch("READY", self._ready(session))
        for guild in self.world.guilds.values():
            if guild.has_bot and guild.id not in self.away and session.gets(guild.id):
                await session.dispatch("GUILD_CREATE", self.world.guild_json(guild, whole=True))
        await self._harm(connection, "ready")
        self._note()

    def _ready(self, session: Session) -> Json:
        return {
            "v": 10,
            "user": self.world.bot.json() | {"flags": 0, "verified": True, "email": None},
            "guilds": [
                {"id": str(guild.id), "unavailable": True}
                for guild in self.world.guilds.values()
                if guild.has_bot and session.gets(guild.id)
            ],
            "session_id": session.id,
            "resume_gateway_url": self._own_url(),
            "application": {"id": str(APP_ID), "flags": 0},
        }

    async def _resume(self, connection: Connection, data: Json) -> None:
        self.resumes += 1
        session = self.sessions.get(str(data.get("session_id")))
        if session is None or not self.resumable:
            await connection.send({"op": _INVALID_SESSION, "d": False})
            return
        missed = session.sent[data["seq"] :]
        for payload in missed:
            await connection.send(payload)
        session.connection = connection
        await session.dispatch("RESUMED", {"_trace": []})
        await self._harm(connection, "resumed")
        self._note()

    async def _harm(self, connection: Connection, moment: str) -> None:
        harm = self.harm
        if harm is None or moment not in harm.moment.split():
            return
        if harm.closes:
            await connection.socket.close(code=harm.closes)
        elif harm.reconnect:
            await connection.send({"op": _RECONNECT, "d": None})
        elif harm.invalid_session:
            await connection.send({"op": _INVALID_SESSION, "d": True})

    def _note(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    async def dispatch(self, event: str, data: Json, *, intent: int) -> None:
        """Send an event to every session that wants it, connected or resumable."""
        for session in list(self.sessions.values()):
            if session.intents & intent and session.gets(_guild_of(event, data)):
                await session.dispatch(event, data)

    async def dispatch_message(self, event: str, message: Json, channel: Channel) -> None:
        """A message's event: its words only for those who may read them."""
        if channel.guild in self.away:
            return
        intent = DIRECT_MESSAGES if channel.guild is None else GUILD_MESSAGES
        for session in list(self.sessions.values()):
            if not session.intents & intent or not session.gets(channel.guild):
                continue
            data = message
            if not session.intents & MESSAGE_CONTENT:
                data = self.world.without_content(message, channel)
            await session.dispatch(event, data)

    async def bring_back(self, guild: int) -> None:
        """A guild is available again; what happened in it meanwhile is not told."""
        self.away.discard(guild)
        data = self.world.guild_json(self.world.guilds[guild], whole=True)
        await self.dispatch("GUILD_CREATE", data, intent=GUILDS)

    def event_message(self, message: Json, channel: Channel, author: Person) -> Json:
        """A message as events carry it: with its guild and its author's membership."""
        if channel.guild is None:
            return dict(message)
        member = {k: v for k, v in self.world.member_json(author).items() if k != "user"}
        return message | {"guild_id": str(channel.guild), "member": member}

    async def send_raw(self, payload: Json | str) -> None:
        """Anything at all, as it stands, to every connected session."""
        for session in self.live:
            assert session.connection is not None
            await session.connection.send(payload)

    async def send_malformed(self, event: str, data: Any) -> None:
        """An event that is not what it should be; it counts in the sequence."""
        for session in self.live:
            await session.dispatch(event, data)

    async def repeat_last(self, event: str) -> None:
        """The last event of that name once more, as a resume with overlap gives it."""
        for session in self.live:
            found = [payload for payload in session.sent if payload["t"] == event]
            await session.dispatch(event, found[-1]["d"])

    async def ask_to_reconnect(self) -> None:
        await self.send_raw({"op": _RECONNECT, "d": None})

    async def invalidate(self, *, resumable: bool = False) -> None:
        """Say that the session is over; unless `resumable`, forget what it was."""
        for session in self.live:
            assert session.connection is not None
            connection = session.connection
            if not resumable:
                del self.sessions[session.id]
            await connection.send({"op": _INVALID_SESSION, "d": resumable})

    def drop(self) -> None:
        """Cut every connection without a word; sessions may be resumed."""
        for connection in list(self.connections):
            if connection.transport is not None:
                connection.transport.abort()

    def forget_sessions(self) -> None:
        """A resume after this finds nothing."""
        for session in self.live:
            session.connection = None
        self.sessions.clear()

    async def close(self, code: int) -> None:
        """Close every connection with a code."""
        for connection in list(self.connections):
            await connection.socket.close(code=code)

    async def stop(self) -> None:
        for connection in list(self.connections):
            await connection.socket.close(code=WSCloseCode.GOING_AWAY)


def _guild_of(event: str, data: Json) -> int | None:
    found = data.get("id" if event.startswith("GUILD_") else "guild_id")
    return int(found) if found is not None else None
