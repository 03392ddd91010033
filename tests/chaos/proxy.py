"""A proxy in front of PostgreSQL that cuts connections, also in the middle of a commit."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class CuttingProxy:
    """Passes bytes both ways; `cut_next_commit` and `cut_all` break what a network may break."""

    def __init__(self, port: int) -> None:
        self._server_port = port
        self._open: set[asyncio.StreamWriter] = set()
        self._cuts = 0
        self.cut = 0
        """How many commits were cut."""
        self.port = 0

    def cut_next_commit(self) -> None:
        """The next COMMIT reaches the server; its answer reaches nobody."""
        self._cuts += 1

    def cut_all(self) -> None:
        """Break every connection."""
        for writer in tuple(self._open):
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            to_server = await asyncio.open_connection("127.0.0.1", self._server_port)
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, to_server[1]}
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._upstream(reader, to_server[1], writer))
                group.create_task(self._downstream(to_server[0], writer))
        except* OSError:
            pass
        finally:
            self._open -= {writer, to_server[1]}
            for each in (writer, to_server[1]):
                each.transport.abort()

    async def _upstream(
        self,
        reader: asyncio.StreamReader,
        server: asyncio.StreamWriter,
        client: asyncio.StreamWriter,
    ) -> None:
        while data := await reader.read(1 << 16):
            server.write(data)
            await server.drain()
            if self._cuts and b"COMMIT" in data:
                self._cuts -= 1
                self.cut += 1
                client.transport.abort()
                # The server gets it and finds out later that nobody waits for the answer.
                await asyncio.sleep(0.2)
                raise ConnectionResetError
        raise ConnectionResetError

    async def _downstream(self, server: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        while data := await server.read(1 << 16):
            client.write(data)
            await client.drain()
        raise ConnectionResetError


@asynccontextmanager
async def cutting_proxy(port: int) -> AsyncIterator[CuttingProxy]:
    """A proxy in front of the server on that port."""
    proxy = CuttingProxy(port)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        proxy.cut_all()
        with suppress(TimeoutError):
            await asyncio.wait_for(server.wait_closed(), 5)
