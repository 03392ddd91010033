"""Which process this is, when it is to stop, and whether another one still runs."""

import asyncio
import os
import signal
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def machine_name() -> str:
    """This machine, this boot of it and this container: within it, a process id is one process."""
    parts = [socket.gethostname()]
    boot = Path("/proc/sys/kernel/random/boot_id")
    if boot.is_file():
        parts.append(boot.read_text(encoding="ascii").strip())
    namespace = Path("/proc/self/ns/pid")
    if namespace.is_symlink():
        parts.append(str(namespace.readlink()))
    return " ".join(parts)


def new_owner_name() -> str:
    """A name that no process had before."""
    return uuid.uuid4().hex


def process_runs(machine: str, pid: int) -> bool | None:
    """Whether that process runs; `None` when it cannot be known from here.

    A process id may have been given to another process since: then it seems to run.
    """
    if machine != machine_name():
        return None
    if pid == os.getpid():
        return False  # it was an earlier process: this one asks before it owns anything
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    except OSError:
        return None
    return True


@contextmanager
def stopped_by_signal() -> Iterator[asyncio.Event]:
    """Set by the first SIGTERM or SIGINT; a second one does what it always does."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT)

    def stop() -> None:
        stopping.set()
        for number in signals:
            loop.remove_signal_handler(number)

    for number in signals:
        loop.add_signal_handler(number, stop)
    try:
        yield stopping
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
