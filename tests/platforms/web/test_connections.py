"""Limits of the web server's connections."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from bot.platforms.web.connections import Connections, accepted_at_once, most_connections
from tests.waiting import HANGING, until


@pytest.mark.parametrize("descriptors", [64, 256, 1024, 4096, 8192])
def test_connections_leave_the_bot_a_quarter_of_the_descriptors(descriptors: int):
    most = most_connections(descriptors)

    assert most >= 16
    assert most + accepted_at_once(descriptors) <= descriptors * 3 // 4


@asynccontextmanager
async def server(connections: Connections) -> AsyncIterator[tuple[int, asyncio.Semaphore]]:
    """A server behind these limits: its port, and a count of slow requests that have begun.

    `/slow` waits until the server stops.
    """
    stopped, begun = asyncio.Event(), asyncio.Semaphore(0)

    async def fast(_: web.Request) -> web.Response:
        return web.Response(text="fast")

    async def slow(_: web.Request) -> web.Response:
        begun.release()
        await stopped.wait()
        return web.Response(text="slow")

    application = web.Application(middlewares=[connections.middleware()])
    application.add_routes([web.get("/fast", fast), web.get("/slow", slow)])
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    inner = runner.server
    assert inner is not None
    listening = await asyncio.get_running_loop().create_server(
        lambda: connections.accept(inner()), "127.0.0.1", 0
    )
    try:
        yield listening.sockets[0].getsockname()[1], begun
    finally:
        stopped.set()
        listening.close()
        await runner.cleanup()


Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def send(port: int, text: bytes) -> Stream:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text)
    await writer.drain()
    return reader, writer


async def answer(stream: Stream) -> bytes:
    try:
        return await asyncio.wait_for(stream[0].readline(), timeout=HANGING)
    except ConnectionError:
        return b""


async def test_at_the_limit_the_oldest_connection_without_a_request_is_closed():
    connections = Connections(64)  # 40 connections
    async with server(connections) as (port, _):
        idle = [await send(port, b"GET /fast HT") for _ in range(connections.most)]
        fresh = await send(port, b"GET /fast HTTP/1.1\r\nHost: x\r\n\r\n")

        assert await answer(fresh) == b"HTTP/1.1 200 OK\r\n"
        assert await answer(idle[0]) == b""
        assert len(connections) == connections.most
        for _, writer in (*idle, fresh):
            writer.close()


async def test_a_request_in_progress_is_never_closed_for_a_new_connection():
    connections = Connections(64)
    async with server(connections) as (port, begun):
        slow = [
            await send(port, b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
            for _ in range(connections.most)
        ]
        for _ in slow:
            await asyncio.wait_for(begun.acquire(), timeout=HANGING)
        refused = await send(port, b"GET /fast HTTP/1.1\r\nHost: x\r\n\r\n")

        assert await answer(refused) == b""
        assert len(connections) == connections.most
        for _, writer in (*slow, refused):
            writer.close()


async def test_a_closed_connection_makes_room():
    connections = Connections(64)
    async with server(connections) as (port, _):
        for _ in range(3):
            stream = await send(port, b"GET /fast HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert await answer(stream) == b"HTTP/1.1 200 OK\r\n"
            await stream[0].read()
            stream[1].close()
        await until(lambda: len(connections) == 0)
