"""Which requests are answered: pure checks, and the headers of every answer.

The chat has no passwords. What must be kept out is other *sites*: a page elsewhere that makes the
visitor's browser post here (checked by `Sec-Fetch-Site` and `Origin`, and by a content type that
no form can send), and a name that is pointed at this machine to read it (DNS rebinding, checked
by `Host`). What a visitor may do is decided by their cookie: see `access`.
"""

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from bot.core.domain.untrusted.incoming_text import well_formed

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


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


def is_same_origin(headers: Mapping[str, str], names: frozenset[str]) -> bool:
    """Whether a request that changes something was made by a page of this server.

    `names` are what a proxy in front is called. Such a proxy may replace `Host`, so the browser's
    own word (`Sec-Fetch-Site`, which no page can set) comes before a comparison with it.
    """
    site = headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = headers.get("Origin", "").partition("://")[2].casefold()
    return origin != "" and (origin == headers.get("Host", "").casefold() or origin in names)


def clean_text(text: str) -> str:
    """A person's text, well-formed, without white space at its ends."""
    return well_formed(text.strip()).strip()


def clean_beginning(text: str) -> str:
    """What is being typed, well-formed. A space at its end counts: a new term begins there."""
    cleaned = clean_text(text)
    return f"{cleaned} " if cleaned and text[-1:].isspace() else cleaned


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
