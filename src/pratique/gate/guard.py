"""Where connections may lead: addresses are checked where they are connected to.

What an index names may lie anywhere in public; an address that is not public
is connected to only where the configuration itself names it.  The check is on
the resolved address that the connection is then made to, so that no second
answer of a name server can differ from the first.
"""

from __future__ import annotations

import asyncio
from ipaddress import IPv4Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Any

import httpcore

from pratique.gate.errors import BrokenError

if TYPE_CHECKING:
    from collections.abc import Iterable

CONNECT_SECONDS = 10.0

_UNICAST = IPv6Network("2000::/3")
"""What IANA gives out as global unicast (RFC 4291, 2.4); Python counts more as global, such as
addresses of a site (RFC 3879) and those with an IPv4 address at their end (RFC 4291, 2.5.5.1)."""

_NAT64 = IPv6Network("64:ff9b::/96")
"""A gateway turns these into the IPv4 address at their end (RFC 6052, 2.1)."""


class Guard(httpcore.AsyncNetworkBackend):
    """Connects to public addresses, and to the hosts and ports it was told."""

    def __init__(self, trusted: frozenset[tuple[str, int]]) -> None:
        self._trusted = trusted
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolve, check, connect."""
        addresses = await resolved(host, port)
        if (host.lower(), port) not in self._trusted:
            private = {address for address in addresses if not public(address)}
            if private and not private <= await self._at_upstream(port):
                raise BrokenError(f"upstream leads to {host}, which is not a public address")
        last: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in addresses:
            try:
                return await self._backend.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        raise last

    async def _at_upstream(self, port: int) -> set[str]:
        """Addresses of the configured hosts at a port: what is there is upstream itself."""
        return {
            address
            for host, known in self._trusted
            if known == port
            for address in await resolved(host, port)
        }

    async def connect_unix_socket(
        self,
        path: str,  # noqa: ARG002 - as above
        timeout: float | None = None,  # noqa: ASYNC109, ARG002
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002
    ) -> httpcore.AsyncNetworkStream:
        """Never: no address of an index is a socket of this machine."""
        raise BrokenError("upstream leads to a local socket")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._backend.sleep(seconds)


async def check_behind_proxy(host: str, port: int, trusted: frozenset[tuple[str, int]]) -> None:
    """Refuse a host that a proxy is to be asked for and that is known here not to be public.

    The proxy resolves names itself; one that nobody here can resolve is its business.

    Raises:
        BrokenError: It is no public address, and no configured one.
    """
    if (host.lower(), port) in trusted:
        return
    try:
        addresses = await resolved(host, port)
    except httpcore.ConnectError:
        return
    if not all(map(public, addresses)):
        raise BrokenError(f"upstream leads to {host}, which is not a public address")


async def resolved(host: str, port: int) -> list[str]:
    """Addresses of a host, each once."""
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=1)
    except (OSError, TimeoutError, UnicodeError) as error:
        raise httpcore.ConnectError(f"{host} cannot be resolved") from error
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def public(text: str) -> bool:
    """Whether an address is one of the public network (RFC 6890 and its registry)."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if address.is_multicast or not address.is_global:
        return False
    if isinstance(address, IPv4Address):
        return True
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF).is_global
    mapped = address.sixtofour
    return address in _UNICAST and (mapped is None or mapped.is_global)
