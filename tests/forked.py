"""Programs of the tests that start at once: forked from a process that has imported what they need.

To import it anew takes a second of processor, and the chaos tests start and kill hundreds of
processes. Each is a process of its own all the same, with its own event loop, connections and end.
"""

import asyncio
import multiprocessing
import os
import runpy
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

PROGRAMS = ("tests.chaos.runner", "tests.chaos.talker", "tests.fakes.chat_server")
"""What is imported before; other modules can be run, too."""
NO_CERTIFICATES = {"SSL_CERT_FILE": os.devnull, "SSL_CERT_DIR": os.devnull}
"""The environment of processes that speak to this machine alone.

aiohttp reads the certificates of all authorities when it is imported, which is a sixth of the start
of a small process.
"""

_FORKS = multiprocessing.get_context("forkserver")
_IMPORTED = "tests.imported"
_FORKS.set_forkserver_preload([_IMPORTED])


class Forked:
    """A program that runs, as far as `asyncio.subprocess.Process` is used here."""

    def __init__(self, process: ForkServerProcess, stdout: asyncio.StreamReader) -> None:
        self._process = process
        self._ended = asyncio.Event()
        self.stdout = stdout
        asyncio.get_running_loop().add_reader(process.sentinel, self._note_end)

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit status; that of a signal is negative, and `None` that of a program that runs."""
        return self._process.exitcode

    async def wait(self) -> None:
        """Wait until it has ended."""
        await self._ended.wait()

    async def end(self) -> None:
        """Kill it, if it still runs."""
        self._process.kill()
        await self._ended.wait()

    def _note_end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._process.sentinel)
        self._process.join()  # at once: it has ended
        self._ended.set()


async def start(module: str, *arguments: str) -> Forked:
    """Run a module as `python -m` does, with what it prints as `stdout`.

    The first start of a test process waits until everything is imported.
    """
    reading, writing = _FORKS.Pipe(duplex=False)
    process = _FORKS.Process(target=_run, args=(module, arguments, writing), daemon=True)
    process.start()
    try:
        writing.close()
        stdout = asyncio.StreamReader()
        pipe = os.fdopen(os.dup(reading.fileno()), "rb", buffering=0)
        reading.close()
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stdout), pipe
        )
        return Forked(process, stdout)
    except BaseException:
        process.kill()
        raise


def _run(module: str, arguments: Sequence[str], stdout: Connection) -> None:
    if _IMPORTED not in sys.modules:  # Python says nothing where that has failed
        raise ImportError(f"{_IMPORTED} could not be imported from {Path.cwd()}")
    os.dup2(stdout.fileno(), sys.stdout.fileno())
    stdout.close()
    sys.argv = [module, *arguments]
    sys.modules.pop(module, None)
    runpy.run_module(module, run_name="__main__", alter_sys=True)
