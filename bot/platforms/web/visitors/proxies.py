"""The headers of trusted proxies: `X-Forwarded-For`, `X-Forwarded-Proto`, who is signed in. Pure.

Anybody can send these headers. They are read only on connections from the proxies in
PAPERBOT_WEB_PROXIES, and only the part that such proxies have added. The signed-in user also
needs the proxy's secret, since other programs may connect from the same address (issue 14, item 6).
"""

import hmac
import ipaddress
from collections.abc import Sequence
from dataclasses import field
from typing import TypeAlias

from bot.core.domain.dataclass import dataclass

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

_NETWORK_OF_ONE = 64
"""Bits of the IPv6 network of one customer, who chooses the other 64."""


@dataclass(frozen=True, slots=True)
class Proxies:
    """The networks of the trusted proxies."""

    networks: tuple[Network, ...] = ()

    def visitor_address(self, remote: str | None, forwarded_for: Sequence[str]) -> str:
        """The visitor's IPv4 address or IPv6 network, which limits apply to.

        `forwarded_for` are the values of `X-Forwarded-For`, in order. Each proxy appends the
        address of its client, so the last address that is no trusted proxy is the visitor's.
        """
        address = read_address(remote or "")
        named = [name for value in forwarded_for for name in value.split(",")]
        while address is not None and self._include(address) and named:
            earlier = read_address(named.pop().strip())
            if earlier is None:
                break
            address = earlier
        if isinstance(address, ipaddress.IPv6Address):
            return str(ipaddress.ip_network((address, _NETWORK_OF_ONE), strict=False))
        return str(address or "")

    def came_by_tls(self, remote: str | None, forwarded_proto: Sequence[str]) -> bool:
        """Whether the connected, trusted proxy received the request over TLS."""
        if not self.are_connected(remote) or not forwarded_proto:
            return False
        return forwarded_proto[-1].rpartition(",")[2].strip().casefold() == "https"

    def are_connected(self, remote: str | None) -> bool:
        """Whether the connection is one of a trusted proxy."""
        address = read_address(remote or "")
        return address is not None and self._include(address)

    def _include(self, address: Address) -> bool:
        return any(address in network for network in self.networks)


SECRET_HEADER = "X-Paperbot-Proxy-Secret"  # noqa: S105 - the name of a header
"""The header in which a proxy sends its secret."""

_LONGEST_USER = 200


@dataclass(frozen=True, slots=True)
class ProxySignIn:
    """How a proxy that signs people in tells who they are."""

    user_header: str
    secret: str = field(repr=False)

    def user(
        self, proxies: Proxies, remote: str | None, *, users: Sequence[str], secrets: Sequence[str]
    ) -> str | None:
        """The signed-in user; `None` without one, and without a trusted address or the secret.

        `users` and `secrets` are the values of the two headers. A header that is there twice has a
        value that the proxy did not set, so then nobody is signed in.
        """
        if not proxies.are_connected(remote) or len(users) != 1 or len(secrets) != 1:
            return None
        if not hmac.compare_digest(_bytes(secrets[0]), _bytes(self.secret)):
            return None
        user = users[0].strip()
        is_readable = user.isprintable() and len(user) <= _LONGEST_USER
        return user if user and is_readable else None


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def read_address(text: str) -> Address | None:
    """The address in a socket name or header: with a port, zone or brackets, or IPv4-mapped."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
