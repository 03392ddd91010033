"""Real proxies in front of a bot: nginx and haproxy as Debian has them, and a pipe of bytes."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.waiting import HANGING

_NGINX = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_processes 1;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass {upstream};
            {more}
        }}
    }}
}}
"""
_HAPROXY = """
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
frontend front
    bind 127.0.0.1:{port}
    default_backend bot
backend bot
{servers}
"""


@asynccontextmanager
async def nginx(folder: Path, upstream: str, more: str = "") -> AsyncIterator[str]:
    """nginx with nothing but `proxy_pass`, and the lines of `more`; gives its address."""
    port = free_port()
    settings = _NGINX.format(folder=folder, port=port, upstream=upstream.rstrip("/"), more=more)
    (folder / "nginx.conf").write_text(settings, encoding="utf-8")
    command = ("nginx", "-e", f"{folder}/start.log", "-p", str(folder), "-c", "nginx.conf")
    async with _serving(port, *command) as address:
        yield address


@asynccontextmanager
async def haproxy(folder: Path, *upstreams: str) -> AsyncIterator[str]:
    """haproxy with its defaults, which asks each upstream by turns; gives its address."""
    port = free_port()
    servers = "\n".join(
        f"    server bot{number} {upstream.removeprefix('http://').rstrip('/')}"
        for number, upstream in enumerate(upstreams)
    )
    settings = folder / "haproxy.cfg"
    settings.write_text(_HAPROXY.format(port=port, servers=servers), encoding="utf-8")
    async with _serving(port, "haproxy", "-db", "-f", str(settings)) as address:
        yield address


@asynccontextmanager
async def _serving(port: int, program: str, *arguments: str) -> AsyncIterator[str]:
    path = shutil.which(program, path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if path is None:
        pytest.skip(f"{program} is not installed")
    process = await asyncio.create_subprocess_exec(path, *arguments)
    try:
        async with asyncio.timeout(HANGING):
            while not await _listens(port):
                assert process.returncode is None, f"{program} ended"
                await asyncio.sleep(0.05)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        await process.wait()


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


@asynccontextmanager
async def byte_pipe(upstream: str) -> AsyncIterator[str]:
    """What stunnel, `ssh -L` and tunnels are to the bot: bytes go on as they come."""
    host, _, port = upstream.removeprefix("http://").rstrip("/").partition(":")

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(host, int(port))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_copy(reader, back))
            tasks.create_task(_copy(there, writer))

    server = await asyncio.start_server(pass_on, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()
