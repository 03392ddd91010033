"""A PostgreSQL server of an older version, as far as a client gets that asks only for the version."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_SSL, _GSSAPI = 80877103, 80877104
"""Requests for encryption, in place of a protocol's version."""


@asynccontextmanager
async def old_server(version: str) -> AsyncIterator[int]:
    """It says `version` to everybody; the port on 127.0.0.1."""
    server = await asyncio.start_server(lambda r, w: _answer(version, r, w), "127.0.0.1", 0)
    async with server:
        yield int(server.sockets[0].getsockname()[1])


async def _answer(version: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """PostgreSQL's manual, "Message Flow" and "Message Formats"."""
    while True:
        length, protocol = struct.unpack("!II", await reader.readexactly(8))
        await reader.readexactly(length - 8)
        if protocol not in {_SSL, _GSSAPI}:
            break
        writer.write(b"N")
    said = {"server_version": version, "server_encoding": "UTF8", "client_encoding": "UTF8"}
    writer.write(_message(b"R", struct.pack("!I", 0)))
    for name, value in said.items():
        writer.write(_message(b"S", f"{name}\0{value}\0".encode()))
    writer.write(_message(b"K", struct.pack("!II", 1, 1)) + _message(b"Z", b"I"))
    await reader.read()
    writer.close()


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body
