"""Which hosts are the organisation's own, and which anybody can publish to."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

INSIDE = (
    "test",
    "internal",
    "local",
    "localhost",
    "localdomain",
    "lan",
    "intranet",
    "corp",
    "home",
    "private",
    "home.arpa",
)
"""Ends of names that no public server can have: RFC 6761 and 6762 (test, localhost,
local), RFC 8375 (home.arpa), ICANN's reservation of 2024 (internal), and names that ICANN
set aside because inside networks use them (corp, home; RFC 6762 appendix G has the rest)."""

_VARIABLE = re.compile(r"\$\{?\w|%\w+%|\$\(")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def host_of(url: str) -> str:
    """The host of an address, lower case; empty for a path or an address without one."""
    text = url.strip().removeprefix("sparse+").removeprefix("registry+").removeprefix("git+")
    if text.startswith("//"):
        text = f"https:{text}"
    if not _SCHEME.match(text):
        return ""
    try:
        return (urlsplit(text).hostname or "").rstrip(".")
    except ValueError:
        return "(unreadable address)"


def inside(host: str) -> bool:
    """Whether only an inside network can answer for a host name or address."""
    try:
        address = ip_address(host)
    except ValueError:
        pass
    else:
        return address.is_private or address.is_loopback or address.is_link_local
    if "." not in host:
        return bool(host) and host.replace("-", "").isalnum()
    return any(host.endswith(f".{end}") for end in INSIDE)


class Hosts:
    """Says of an address whether it is internal.

    Where a host is neither named nor known by its ending, and no other host is known to be
    internal, it is not settled: it counts as the assumption says and is noted.

    Args:
        given: Hosts named as internal; their subdomains are too.
        known: Whether some internal host is known: then every other one is public.
        assumed: Hosts that are taken as internal for now.
    """

    def __init__(
        self,
        given: frozenset[str] = frozenset(),
        *,
        known: bool = False,
        assumed: frozenset[str] = frozenset(),
    ) -> None:
        self.given = given
        self._known = known or bool(given)
        self._assumed = assumed
        self.unsettled: dict[str, None] = {}
        """Hosts that were asked about and could not be settled."""

    def named(self, host: str) -> bool:
        """Whether a host is internal for certain."""
        return inside(host) or any(host == one or host.endswith(f".{one}") for one in self.given)

    def internal(self, url: str) -> bool:
        """Whether an address is internal; a path on this machine is, a built-in source is not."""
        if not url:
            return False
        host = host_of(url)
        if _VARIABLE.search(host or url):
            host = url[:80]
        elif not host or url.startswith("file:") or self.named(host):
            return True
        elif self._known:
            return False
        self.unsettled[host] = None
        return host in self._assumed

    def public(self, url: str) -> bool:
        """The opposite of :meth:`internal`."""
        return not self.internal(url)


def insecure(url: str) -> bool:
    """Whether an address is asked without encryption, away from this machine."""
    text = url.strip().removeprefix("sparse+")
    if not text.lower().startswith("http://"):
        return False
    host = host_of(text)
    return host not in {"localhost", "127.0.0.1", "::1"} and not _VARIABLE.search(host)
