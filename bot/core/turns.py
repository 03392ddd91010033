"""How long a thread computes before another one that waits for the GIL has its turn."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_TURN = 0.001
"""Seconds; 5 ms are Python's own."""

_lock = threading.Lock()
_asked: list[float] = []
"""The interval from before, once for each that asked for short turns and has not ended."""


@contextmanager
def short_turns() -> Iterator[None]:
    """Let threads have their turn after 1 ms, while one computes for long beside others that wait.

    Where each statement of a database's thread would wait for 5 ms, an import takes a fifth longer.
    For the whole process; may overlap.
    """
    with _lock:
        _asked.append(_asked[0] if _asked else sys.getswitchinterval())
        sys.setswitchinterval(min(_asked[0], _TURN))
    try:
        yield
    finally:
        with _lock:
            before = _asked.pop()
            if not _asked:
                sys.setswitchinterval(before)
