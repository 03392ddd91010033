"""Ports for servers that listen later than they are named, or again after a stop."""

import secrets
import socket

_FIRST, _LAST = 10_000, 32_000
"""Below those that the system gives to who asks for any port (from 32768 on Linux, 49152 elsewhere)."""


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens, and which nobody gets who asks for any port.

    So it is still free once a program has started that shall listen on it.
    """
    while True:
        # Not of `random`, which pytest-randomly makes the same in all processes of a run.
        port = _FIRST + secrets.randbelow(_LAST - _FIRST)
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
