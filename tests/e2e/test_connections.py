"""Connections that send nothing, or half a request, take nothing from the bot.

Without limits 1,100 of them used up its file descriptors, and the digest stopped (issue 12, item 9).
"""

import asyncio
import resource
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from tests.e2e.process import Running, bot, paperbot, ready, starting
from tests.e2e.test_run import write_vault
from tests.waiting import HANGING, eventually

HALF_A_HEADER = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
HALF_A_BODY = (
    b"POST /api/say HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\n"
    b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
)


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    """This process may open as many connections as a test needs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4096
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip("this account may open too few files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@asynccontextmanager
async def held(
    running: Running, sent: bytes, *, number: int
) -> AsyncIterator[list[asyncio.StreamReader]]:
    """So many connections on which this was sent."""
    host, _, port = running.address.removeprefix("http://").rstrip("/").partition(":")
    readers: list[asyncio.StreamReader] = []
    writers: list[asyncio.StreamWriter] = []
    try:
        for _ in range(number):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(sent)
            readers.append(reader)
            writers.append(writer)
        yield readers
    finally:
        for writer in writers:
            writer.close()


async def closed(reader: asyncio.StreamReader) -> None:
    """Wait until the bot has ended the connection."""
    with suppress(ConnectionError):
        await reader.read()


@pytest.mark.parametrize("sent", [HALF_A_HEADER, HALF_A_BODY, b""], ids=["header", "body", "none"])
async def test_a_digest_goes_out_past_a_thousand_half_sent_requests(
    tmp_path: Path, many_descriptors: None, sent: bytes
) -> None:
    vault = write_vault(tmp_path)
    prlimit = shutil.which("prlimit")
    if prlimit is None:
        pytest.skip("prlimit is not installed")
    # What a process of most systems has to begin with; the bot may not ask for more.
    under = (prlimit, "--nofile=1024:1024")
    settings = {"PAPERBOT_VAULT": str(vault)}
    async with starting(tmp_path, "run", settings=settings, under=under) as running:
        await ready(running)

        async def is_imported() -> bool:
            return "Paper 2" in await running.text("tag/rl")

        await eventually(is_imported)
        async with held(running, sent, number=1100):
            status, _, err = await paperbot(
                tmp_path, "post", "2025-02-04", "--channel", "web:general"
            )
            assert (status, err) == (0, "")

            async def is_posted() -> bool:
                return "2번째 생각입니다." in await running.text("")

            await eventually(is_posted)
            assert (await running.get("healthz"))["ok"] is True
        assert sum(map(len, running.log)) < 20_000
        assert await running.stop() == 0


@pytest.mark.parametrize("sent", [HALF_A_HEADER, HALF_A_BODY, b""], ids=["header", "body", "none"])
async def test_who_sends_no_whole_request_in_time_is_disconnected(
    tmp_path: Path, sent: bytes
) -> None:
    async with bot(tmp_path) as running:
        started = time.monotonic()
        async with held(running, sent, number=3) as readers:
            await asyncio.wait_for(asyncio.gather(*map(closed, readers)), timeout=HANGING)

    assert time.monotonic() - started > 15  # a slow client has time to finish
