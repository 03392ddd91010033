"""Programs of the tests that start at once: forked from a process that has imported what they need.

To import it anew takes one or two seconds of processor, and the tests start and kill hundreds of
processes. Each is a process of its own all the same, with its own event loop, connections and end.
"""

import asyncio
import multiprocessing
import os
import runpy
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import TextIO

PROGRAMS = ("tests.chaos.runner", "tests.chaos.talker", "tests.fakes.chat_server")
"""Imported before, with all of `bot`; other modules can be run, too."""
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

    def __init__(
        self,
        process: ForkServerProcess,
        stdout: asyncio.StreamReader,
        stderr: asyncio.StreamReader | None,
    ) -> None:
        self._process = process
        self._ended = asyncio.Event()
        self.stdout = stdout
        self.stderr = stderr
        asyncio.get_running_loop().add_reader(process.sentinel, self._note_end)

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit status; that of a signal is negative, and `None` that of a program that runs."""
        return self._process.exitcode

    async def wait(self) -> int:
        """Wait until it has ended; the exit status."""
        await self._ended.wait()
        assert self.returncode is not None
        return self.returncode

    async def communicate(self) -> tuple[bytes, bytes]:
        """What it writes to standard output and standard error until it has ended."""
        assert self.stderr is not None
        out, err = await asyncio.gather(self.stdout.read(), self.stderr.read())
        await self.wait()
        return out, err

    def send_signal(self, number: signal.Signals) -> None:
        """Raises `ProcessLookupError` if it has ended."""
        if self.returncode is not None:  # another process may have its id by now
            raise ProcessLookupError(self.pid)
        os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL, if it still runs."""
        self._process.kill()

    async def end(self) -> None:
        """Kill it, if it still runs."""
        self.kill()
        await self._ended.wait()

    def _note_end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._process.sentinel)
        self._process.join()  # at once: it has ended
        self._ended.set()


async def start(
    module: str,
    *arguments: str,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    reads_stderr: bool = False,
) -> Forked:
    """Run a module as `python -m` does, with what it prints as `stdout`.

    It runs in `folder`, else in the current one, with that `environment`, else with the one of the
    first start. Variables that are read when Python starts or a module is imported, and TZ, have no
    effect. With `reads_stderr`, what it logs is `stderr`. The first start of a test process waits until
    everything is imported.
    """
    out = _FORKS.Pipe(duplex=False)
    err = _FORKS.Pipe(duplex=False) if reads_stderr else None
    setting = _Setting(str(folder or Path.cwd()), dict(environment) if environment else None)
    process = _FORKS.Process(
        target=_run,
        args=(module, arguments, setting, out[1], err[1] if err is not None else None),
        daemon=True,
    )
    process.start()
    try:
        stdout = await _reader(*out)
        stderr = await _reader(*err) if err is not None else None
        return Forked(process, stdout, stderr)
    except BaseException:
        process.kill()
        raise


async def _reader(reading: Connection, writing: Connection) -> asyncio.StreamReader:
    """What is read from a pipe that the program alone has left to write to."""
    writing.close()
    stream = asyncio.StreamReader()
    pipe = os.fdopen(os.dup(reading.fileno()), "rb", buffering=0)
    reading.close()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), pipe
    )
    return stream


@dataclass(frozen=True, slots=True)
class _Setting:
    """Where a program runs; the environment is `None` where it is that of the tests."""

    folder: str
    environment: Mapping[str, str] | None


def _run(
    module: str,
    arguments: Sequence[str],
    setting: _Setting,
    stdout: Connection,
    stderr: Connection | None,
) -> None:
    if _IMPORTED not in sys.modules:  # Python says nothing where that has failed
        raise ImportError(f"{_IMPORTED} could not be imported from {Path.cwd()}")
    # New text streams: those of the fork server may write to a file, and take its position into
    # account; a pipe has none.
    sys.stdout = _opened(stdout, 1, buffering=-1)
    if stderr is not None:
        sys.stderr = _opened(stderr, 2, buffering=1)
    os.chdir(setting.folder)
    if setting.environment is not None:
        os.environ.clear()  # noqa: TID251 - of this program, as below
        os.environ.update(setting.environment)  # noqa: TID251
    sys.argv = [module, *arguments]
    sys.modules.pop(module, None)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _opened(pipe: Connection, number: int, *, buffering: int) -> TextIO:
    os.dup2(pipe.fileno(), number)
    pipe.close()
    return os.fdopen(number, "w", buffering, "utf-8", "backslashreplace", closefd=False)
