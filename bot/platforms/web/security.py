"""Who may ask the server what: pure checks, and the headers of every answer.

The chat has no passwords; on the machine it runs on, whoever reaches it is let in. What must be
kept out is other *sites*: a page elsewhere that makes the visitor's browser post here (checked by
`Origin` and `Sec-Fetch-Site`, and by a content type that no form can send), and a name that is
pointed at this machine to read it (DNS rebinding, checked by `Host`).
"""

import ipaddress
import unicodedata
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

_FORWARDED = (
    "Forwarded",
    "Via",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Real-IP",
    "CF-Connecting-IP",
    "True-Client-IP",
)
_NAME_LENGTH = 40
_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp", "Zs"})


def host_is_ours(host: str, ours: frozenset[str]) -> bool:
    """Whether a `Host` header names this server: loopback, an address, or one of `ours`.

    An address cannot be rebound; only names can, so names must be known.
    """
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    if not name or any(character in host for character in "/@?#\\ "):
        return False
    name = name.rstrip(".").casefold()
    return (
        name == "localhost"
        or name.endswith(".localhost")
        or _address(name) is not None
        or name in ours
    )


def is_same_origin(headers: Mapping[str, str]) -> bool:
    """Whether a request that changes something was made by a page of this server."""
    site, origin = headers.get("Sec-Fetch-Site"), headers.get("Origin")
    if site is not None and site != "same-origin":
        return False
    if origin is not None:
        return origin.partition("://")[2].casefold() == headers.get("Host", "").casefold() != ""
    return site is not None


def is_on_this_machine(remote: str | None, headers: Mapping[str, str]) -> bool:
    """Whether the visitor sits at this machine: loopback, and nothing handed the request on."""
    address = _address(remote or "")
    if address is None or any(name in headers for name in _FORWARDED):
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback


def clean_text(text: str) -> str:
    """A person's text without what no keyboard types: controls and halves of characters."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = (
        character
        for character in text
        if character in "\n\t" or unicodedata.category(character) not in {"Cc", "Cs"}
    )
    return "".join(kept).strip()


def clean_name(name: str) -> str:
    """A visitor's name on one line, without invisible characters; empty when nothing is left."""
    kept = (
        character
        for character in unicodedata.normalize("NFC", name)
        if character == " " or unicodedata.category(character) not in _INVISIBLE
    )
    return " ".join("".join(kept).split())[:_NAME_LENGTH].strip()


@dataclass(frozen=True, slots=True)
class Pace:
    """How often one client may ask: `burst` at once, `rate` a second in the long run."""

    burst: float
    rate: float


class Turnstile:
    """A token bucket a client; it forgets the client that has been quiet longest."""

    def __init__(self, pace: Pace, *, most_clients: int = 4096) -> None:
        self._pace = pace
        self._most_clients = most_clients
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, client: str, now: float) -> float:
        """Let one request through (0) or say how many seconds to wait; `now` is in seconds."""
        tokens, at = self._buckets.pop(client, (self._pace.burst, now))
        tokens = min(self._pace.burst, tokens + max(0.0, now - at) * self._pace.rate)
        admitted = tokens >= 1
        self._buckets[client] = (tokens - 1 if admitted else tokens, now)
        if len(self._buckets) > self._most_clients:
            self._buckets.popitem(last=False)
        return 0.0 if admitted else (1 - tokens) / self._pace.rate


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
