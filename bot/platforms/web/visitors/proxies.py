"""`X-Forwarded-For` and `X-Forwarded-Proto` of trusted proxies. Pure.

Anybody can send these headers. They are read only on connections from the proxies in
PAPERBOT_WEB_PROXIES, and only the part that such proxies have added.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

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
        address = read_address(remote or "")
        if address is None or not self._include(address) or not forwarded_proto:
            return False
        return forwarded_proto[-1].rpartition(",")[2].strip().casefold() == "https"

    def _include(self, address: Address) -> bool:
        return any(address in network for network in self.networks)


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
