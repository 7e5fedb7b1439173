"""Calling upstream: addresses that are checked where they are connected to, and limits.

What an index names may lie anywhere in public; an address that is not public
is connected to only where the configuration itself names it.  The check is on
the resolved address that the connection is then made to, so that no second
answer of a name server can differ from the first.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import httpcore
import httpx
import msgspec

from pratique import __version__
from pratique.gate.errors import AwayError, BrokenError, NotHereError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping

CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
"""Without a byte for so long, an answer is given up."""

INDEX_SECONDS = 60.0
"""Longest that an index page may take as a whole; clients give up after about as much."""

MAX_INDEX_BYTES = 256 * 1024 * 1024
"""Largest index page, unpacked.  The largest packuments have about 100 MB."""

MAX_REDIRECTS = 3
"""Registries redirect once, to where their files are."""

MAX_CONNECTIONS = 64
ATTEMPTS = 2
"""Requests made before an index page is given up; the stale one is then served."""

_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_GONE = frozenset({404, 410})


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """An index page as upstream gave it."""

    url: str
    """Where it was found at last."""

    asked: str = ""
    """Where it was asked for."""

    type: str = ""
    """Its content type, without parameters, lower case."""

    etag: str = ""
    body: bytes = b""


class _Guard(httpcore.AsyncNetworkBackend):
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
        addresses = await _resolved(host, port)
        if (host.lower(), port) not in self._trusted:
            private = {address for address in addresses if not _public(address)}
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
            for address in await _resolved(host, port)
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


class _Transport(httpx.AsyncHTTPTransport):
    def __init__(self, trusted: frozenset[tuple[str, int]], context: ssl.SSLContext) -> None:
        super().__init__(verify=context)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=MAX_CONNECTIONS,
            max_keepalive_connections=MAX_CONNECTIONS,
            keepalive_expiry=30.0,
            network_backend=_Guard(trusted),
        )


class Fetcher:
    """Calls out.

    Args:
        trusted: Addresses of the configuration: they may be private ones.
        cafile: Certificates to trust besides the system's; may be empty.
    """

    def __init__(self, trusted: Iterable[str], cafile: str = "") -> None:
        self._trusted = frozenset(map(origin, trusted))
        context = ssl.create_default_context()
        if cafile:
            context.load_verify_locations(cafile)
        self._client = httpx.AsyncClient(
            transport=_Transport(self._trusted, context),
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS, pool=READ_SECONDS),
            headers={"User-Agent": f"pratique/{__version__}"},
            follow_redirects=False,
            trust_env=False,
        )

    async def page(self, url: str, accept: str, etag: str = "") -> Page | None:
        """An index page; ``None`` where it is still the one of the entity tag.

        Raises:
            NotHereError: Upstream says that there is none.
            AwayError: Upstream does not answer.
            BrokenError: It answers what it should not.
        """
        headers = {"Accept": accept} | ({"If-None-Match": etag} if etag else {})
        for attempt in range(ATTEMPTS):
            try:
                async with asyncio.timeout(INDEX_SECONDS):
                    return await self._page(url, headers)
            except TimeoutError:
                raise AwayError(f"{shown(url)} takes too long") from None
            except AwayError:
                if attempt + 1 == ATTEMPTS:
                    raise
                await asyncio.sleep(0.2)
        raise AssertionError  # the loop returns or raises

    async def _page(self, url: str, headers: dict[str, str]) -> Page | None:
        async with self.stream(url, headers, same_origin=True) as answer:
            if answer.status_code == 304:
                return None
            body = bytearray()
            async for block in answer.aiter_bytes():
                body += block
                if len(body) > MAX_INDEX_BYTES:
                    raise BrokenError(f"{shown(url)} is over {MAX_INDEX_BYTES:,} bytes")
            kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
            return Page(
                url=str(answer.url),
                asked=url,
                type=kind,
                etag=answer.headers.get("etag", "")[:200],
                body=bytes(body),
            )

    @asynccontextmanager
    async def stream(
        self, url: str, headers: Mapping[str, str], *, same_origin: bool = False
    ) -> AsyncIterator[httpx.Response]:
        """A successful answer, its body yet to be read; redirects are followed and checked.

        Args:
            url: Address.
            headers: Of the request.
            same_origin: Whether it may not lead to another host.

        Raises:
            NotHereError: Upstream says that there is none.
            AwayError: Upstream does not answer.
            BrokenError: It answers what it should not.
        """
        try:
            for _ in range(MAX_REDIRECTS + 1):
                request = self._client.build_request("GET", checked(url), headers=headers)
                answer = await self._client.send(request, stream=True)
                try:
                    if answer.status_code not in _REDIRECTS:
                        _judge(answer, url)
                        yield answer
                        return
                    target = urljoin(url, answer.headers.get("location", ""))
                finally:
                    await answer.aclose()
                self._may_follow(url, target, same_origin=same_origin)
                url = target
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            raise BrokenError(f"{shown(url)} is not an address to fetch from") from None
        except httpx.DecodingError:
            raise BrokenError(f"{shown(url)} answers what cannot be unpacked") from None
        except httpx.HTTPError as error:
            what = type(error).__name__
            raise AwayError(f"{shown(url)} does not answer ({what})") from None
        raise BrokenError(f"{shown(url)} redirects more than {MAX_REDIRECTS} times")

    def _may_follow(self, url: str, target: str, *, same_origin: bool) -> None:
        here, there = urlsplit(url), urlsplit(checked(target))
        if here.scheme == "https" and there.scheme != "https":
            raise BrokenError(f"{shown(url)} redirects to an address without encryption")
        if same_origin and origin(url) != origin(target):
            raise BrokenError(f"{shown(url)} redirects to another host")

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.aclose()


def origin(url: str) -> tuple[str, int]:
    """Host, lower case, and port of an address."""
    parts = urlsplit(url)
    return (parts.hostname or "").lower(), parts.port or (443 if parts.scheme == "https" else 80)


def checked(url: str) -> str:
    """An address, if it is one that may be fetched from at all.

    Raises:
        BrokenError: It is none of http or https, or has no host.
    """
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or not url.isprintable() or " " in url or len(url) > 8192:
        raise BrokenError(f"{shown(url)} is not an address to fetch from")
    return url


def shown(url: str) -> str:
    """An address for a message: without user, password and query, and of bounded length."""
    try:
        parts = urlsplit(url)
        text = f"{parts.scheme}://{parts.hostname or ''}"
        text += f":{parts.port}" if parts.port else ""
        text += parts.path
    except ValueError:
        text = "an address that is none"
    return "".join(sign if sign.isprintable() else "?" for sign in text)[:200]


def _judge(answer: httpx.Response, url: str) -> None:
    status = answer.status_code
    if status in _GONE:
        raise NotHereError(f"{shown(url)} is not there")
    if status in _TRANSIENT:
        raise AwayError(f"{shown(url)} answers with status {status}")
    if status not in {200, 304}:
        raise BrokenError(f"{shown(url)} answers with status {status}")


async def _resolved(host: str, port: int) -> list[str]:
    """Addresses of a host, each once."""
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=1)
    except (OSError, TimeoutError, UnicodeError) as error:
        raise httpcore.ConnectError(f"{host} cannot be resolved") from error
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def _public(text: str) -> bool:
    """Whether an address is one of the public network (RFC 6890 and its registry)."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    return address.is_global and not address.is_multicast and (mapped is None or mapped.is_global)
