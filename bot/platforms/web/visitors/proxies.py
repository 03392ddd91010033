"""What a proxy in front says of a visitor: their address, and whether they came by TLS. Pure.

Anybody can send `X-Forwarded-For`. It is read only where the connection comes from a proxy that
the operator has named (PAPERBOT_WEB_PROXIES), and only as far as such proxies wrote it.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

_NETWORK_OF_ONE = 64
"""Bits of an IPv6 address that one customer is given: the other half is theirs to choose."""


@dataclass(frozen=True, slots=True)
class Proxies:
    """The proxies whose headers are believed."""

    networks: tuple[Network, ...] = ()

    def visitor_address(self, remote: str | None, forwarded_for: Sequence[str]) -> str:
        """What a visitor's requests are counted by: an IPv4 address, or an IPv6 network.

        `forwarded_for` are the values of `X-Forwarded-For`, in order. Each proxy adds to their
        end whom it was asked by, so they are read from the end, until one is no known proxy.
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
        """Whether the proxy that is connected says that it was asked by TLS."""
        address = read_address(remote or "")
        if address is None or not self._include(address) or not forwarded_proto:
            return False
        return forwarded_proto[-1].rpartition(",")[2].strip().casefold() == "https"

    def _include(self, address: Address) -> bool:
        return any(address in network for network in self.networks)


def read_address(text: str) -> Address | None:
    """An address as sockets and headers write it: with a port, a zone, in brackets, mapped."""
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
