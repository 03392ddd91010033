"""`paperbot` as a real process: started, asked over HTTP, stopped or killed.

It is forked from one that has imported it (`tests/forked.py`), unless something else starts it, or its
environment holds what Python or the linker read: then it starts anew, as `test_demo.py` and
`tests/cli` start it, too.
"""

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from tests import forked
from tests.forked import NO_CERTIFICATES, Forked
from tests.waiting import HANGING, eventually

_READ_BEFORE = ("PYTHON", "LD_", "TZ")
"""How variables begin that are read before the first line of the program runs."""
_ADDRESS = re.compile(r"(http://127\.0\.0\.1:\d+/)\S*")


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without any setting of the bot, and these.

    arXiv is asked only where a test names a server of its own: no test reaches the internet.
    """
    prefixes = ("PAPERBOT_", "SLACK_", "DISCORD_", "ARXIV_")
    own = os.environ.items()  # noqa: TID251 - a child's environment, not a setting
    plain = {name: value for name, value in own if not name.startswith(prefixes)}
    arxiv = "on" if "ARXIV_API_URL" in settings and "ARXIV_FEED_URL" in settings else "off"
    ours = {"LC_ALL": "C.UTF-8", "PAPERBOT_WEB_PORT": "0", "ARXIV_POLL": arxiv}
    return plain | NO_CERTIFICATES | ours | dict(settings)


@dataclass(slots=True)
class Running:
    """A bot that runs; `log` is what it has written to standard error.

    `one_time_address` is the one that it has printed: `address` with a token.
    """

    process: asyncio.subprocess.Process | Forked
    address: str
    log: list[str]
    one_time_address: str = ""
    cookies: dict[str, str] = field(default_factory=dict)
    """The operator's, once the one-time address is used up."""

    @property
    def tracebacks(self) -> list[str]:
        """What it has logged, from the line before the first traceback on: nothing if it has none."""
        at = next((at for at, line in enumerate(self.log) if "Traceback" in line), None)
        return self.log[max(0, at - 1) :] if at is not None else []

    async def get(self, path: str) -> Any:
        """The JSON that its web server answers."""
        async with aiohttp.ClientSession() as session, session.get(self.address + path) as answer:
            return await answer.json()

    async def text(self, path: str) -> str:
        """The page that its web server answers."""
        async with aiohttp.ClientSession() as session, session.get(self.address + path) as answer:
            return await answer.text()

    async def until_connected(self, *platforms: str, is_ok: bool = True) -> None:
        """Wait until its `/healthz` calls each of these platforms connected, or none of them."""

        async def told() -> bool:
            states = (await self.get("healthz"))["platforms"]
            return all(states[each]["ok"] is is_ok for each in platforms)

        await eventually(told)

    async def ticks(self, pump: str, count: int = 2) -> None:
        """Wait until the pump has run that often from now on: what it would do wrongly, it has done."""
        seen = (await self.get("healthz"))["pumps"][pump]["last_ok_at"]
        async with asyncio.timeout(HANGING):
            while count:
                await asyncio.sleep(0.2)
                last = (await self.get("healthz"))["pumps"][pump]["last_ok_at"]
                count -= last != seen
                seen = last

    async def text_for_operator(self, path: str) -> str:
        """The page as the operator reads it; it uses up the one-time address."""
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookies=self.cookies, cookie_jar=jar) as session:
            if not self.cookies:
                async with session.get(self.one_time_address) as answer:
                    assert answer.status == 200
                self.cookies = {each.key: each.value for each in jar}
            async with session.get(self.address + path) as answer:
                return await answer.text()

    async def workspaces(self) -> Any:
        """What `/healthz` tells the operator of each workspace."""
        return json.loads(await self.text_for_operator("healthz"))["workspaces"]

    @property
    def resident_megabytes(self) -> float:
        """How much memory it has."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        [kilobytes] = re.findall(r"VmRSS:\s+(\d+) kB", status)
        return int(kilobytes) / 1024

    async def stop(self) -> int:
        """SIGTERM; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), timeout=HANGING)

    async def kill(self) -> None:
        """SIGKILL: no farewell."""
        self.process.kill()
        await self.process.wait()


@asynccontextmanager
async def starting(
    folder: Path, *arguments: str, settings: Mapping[str, str], under: Sequence[str] = ()
) -> AsyncIterator[Running]:
    """`paperbot …` in `folder`; its address is not known yet. Whatever is left is killed.

    `under` is the command line of a program that starts it, such as `prlimit`.
    """
    process = await _started(folder, *arguments, settings=settings, under=under)
    running = Running(process, "", [])
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_collect(process.stderr, running.log))
        try:
            yield running
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def _started(
    folder: Path, *arguments: str, settings: Mapping[str, str], under: Sequence[str] = ()
) -> asyncio.subprocess.Process | Forked:
    if not under and not any(name.startswith(_READ_BEFORE) for name in settings):
        return await forked.start(
            "bot", *arguments, folder=folder, environment=environment(settings), reads_stderr=True
        )
    return await asyncio.create_subprocess_exec(
        *(*under, sys.executable, "-m", "bot", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=folder,
        env=environment(settings),
    )


async def _collect(stream: asyncio.StreamReader | None, lines: list[str]) -> None:
    assert stream is not None
    async for line in stream:
        lines.append(line.decode())  # noqa: PERF401 - it is read while it grows


async def ready(running: Running) -> Running:
    """Wait until it has said its address."""
    assert running.process.stdout is not None
    async with asyncio.timeout(HANGING):
        async for line in running.process.stdout:
            if found := _ADDRESS.search(line.decode()):
                running.address, running.one_time_address = found[1], found[0]
                return running
    raise AssertionError("".join(running.log) or "it ended without a word")


@asynccontextmanager
async def bot(folder: Path, **settings: str) -> AsyncIterator[Running]:
    """`paperbot run`, ready."""
    async with starting(folder, "run", settings=settings) as running:
        yield await ready(running)


async def paperbot(folder: Path, *arguments: str, **settings: str) -> tuple[int, str, str]:
    """One command: exit status, standard output, standard error."""
    process = await _started(folder, *arguments, settings=settings)
    out, err = await asyncio.wait_for(process.communicate(), timeout=HANGING)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()
