"""Which process this is, and whether another one on this machine still runs."""

import os
import socket
import uuid
from pathlib import Path


def machine_name() -> str:
    """This machine, this boot of it and this container: within it, a process id is one process."""
    parts = [socket.gethostname()]
    boot = Path("/proc/sys/kernel/random/boot_id")
    if boot.is_file():
        parts.append(boot.read_text().strip())
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
