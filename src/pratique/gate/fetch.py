"""Calling upstream: within limits, by the guard, with the credentials of the registry only."""

from __future__ import annotations

import asyncio
import ssl
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin, urlsplit

import httpcore
import httpx
import msgspec

from pratique import __version__
from pratique.gate.errors import AwayError, BrokenError, NotHereError, OutageError
from pratique.gate.guard import CONNECT_SECONDS, Guard, check_behind_proxy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping

    from pratique.gate.credentials import Credentials
    from pratique.gate.metrics import Metrics
    from pratique.gate.proxies import Proxies

READ_SECONDS = 30.0
"""Without a byte for so long, an answer is given up."""

INDEX_SECONDS = 60.0
"""Longest that an index page may take as a whole; clients give up after about as much."""

MAX_INDEX_BYTES = 256 * 1024 * 1024
"""Largest index page, unpacked.  The largest packuments have about 100 MB."""

MAX_REDIRECTS = 3
"""Registries redirect once, to where their files are."""

MAX_CONNECTIONS = 64
OUTAGE_FAILURES = 3
"""Failures to connect in a row after which a host counts as away."""

OUTAGE_SECONDS = 10.0
"""How long a host that is away is not asked again."""

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
    modified: str = ""
    """``Last-Modified``, as written."""

    body: bytes = b""


class _Transport(httpx.AsyncHTTPTransport):
    """Connects through a guard, directly or by a proxy."""

    def __init__(
        self, trusted: frozenset[tuple[str, int]], context: ssl.SSLContext, proxy: str = ""
    ) -> None:
        super().__init__(verify=context)
        limits: dict[str, Any] = {
            "ssl_context": context,
            "max_connections": MAX_CONNECTIONS,
            "max_keepalive_connections": MAX_CONNECTIONS,
            "keepalive_expiry": 30.0,
        }
        if not proxy:
            self._pool = httpcore.AsyncConnectionPool(network_backend=Guard(trusted), **limits)
            return
        parts = urlsplit(proxy)
        login = (
            (unquote(parts.username).encode(), unquote(parts.password or "").encode())
            if parts.username
            else None
        )
        self._pool = httpcore.AsyncHTTPProxy(
            f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}",
            proxy_auth=login,
            network_backend=Guard(frozenset({origin(proxy)})),
            **limits,
        )


class _Ways(httpx.AsyncBaseTransport):
    """Chooses between the direct way and the proxies."""

    def __init__(
        self, trusted: frozenset[tuple[str, int]], context: ssl.SSLContext, proxies: Proxies | None
    ) -> None:
        self._trusted = trusted
        self._proxies = proxies
        self._direct = _Transport(trusted, context)
        addresses = proxies.addresses() if proxies else ()
        self._behind = {url: _Transport(trusted, context, url) for url in addresses}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it (HTTPX's transport API)."""
        scheme, (host, port) = request.url.scheme, origin(str(request.url))
        proxy = self._proxies.of(scheme, host, port) if self._proxies else ""
        if not proxy:
            return await self._direct.handle_async_request(request)
        await check_behind_proxy(host, port, self._trusted)
        return await self._behind[proxy].handle_async_request(request)

    async def aclose(self) -> None:
        """Give the connections back."""
        for way in (self._direct, *self._behind.values()):
            await way.aclose()


class Watch:
    """Counts what is asked upstream, by the ecosystem whose registry it is.

    Args:
        metrics: Where it is counted.
        upstreams: Address of the registry, by ecosystem.
    """

    def __init__(self, metrics: Metrics, upstreams: Mapping[str, str]) -> None:
        self._metrics = metrics
        self._names = {origin(url): ecosystem for ecosystem, url in upstreams.items()}
        # Two registries on one host are told apart by their paths.
        self._upstreams = sorted(upstreams.items(), key=lambda one: -len(one[1]))

    def _of(self, url: str) -> str:
        for ecosystem, base in self._upstreams:
            if url.startswith(base.rstrip("/") + "/"):
                return ecosystem
        return self._names.get(origin(url), "files")

    def asked(self, url: str, seconds: float) -> None:
        """Upstream began to answer."""
        self._metrics.asked(self._of(url), seconds)

    def failed(self, url: str, kind: str) -> None:
        """Upstream did not answer, or with an error."""
        self._metrics.failed(self._of(url), kind)


class Fetcher:
    """Calls out.

    Args:
        trusted: Addresses of the configuration: they may be private ones.
        cafile: Certificates to trust besides the system's; may be empty.
        credentials: Of the registries.
        proxies: Towards the outside.
        watch: Told how long upstream takes, and what it does not answer.
    """

    def __init__(
        self,
        trusted: Iterable[str],
        cafile: str = "",
        credentials: Credentials | None = None,
        proxies: Proxies | None = None,
        watch: Watch | None = None,
    ) -> None:
        self._watch = watch
        self._trusted = frozenset(map(origin, trusted))
        self._credentials = credentials
        self._failed: dict[tuple[str, int], tuple[int, float]] = {}
        context = ssl.create_default_context()
        if cafile:
            context.load_verify_locations(cafile)
        self._client = httpx.AsyncClient(
            transport=_Ways(self._trusted, context, proxies),
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS, pool=READ_SECONDS),
            headers={"User-Agent": f"pratique/{__version__}"},
            follow_redirects=False,
            trust_env=False,
        )

    def away(self) -> list[str]:
        """Hosts that are not asked at the moment, because they did not answer."""
        now = time.monotonic()
        return sorted(
            f"{host}:{port}" for (host, port), (_, until) in self._failed.items() if now < until
        )

    def _may_ask(self, url: str) -> None:
        _, until = self._failed.get(origin(url), (0, 0.0))
        if time.monotonic() < until:
            raise OutageError(
                f"{shown(url)} did not answer a moment ago, and is not asked yet again"
            )

    def _answered(self, url: str, *, well: bool) -> None:
        """After some failures to connect, nobody waits for the next one for a while."""
        if well:
            self._failed.pop(origin(url), None)
            return
        count = self._failed.get(origin(url), (0, 0.0))[0] + 1
        rest = OUTAGE_SECONDS if count >= OUTAGE_FAILURES else 0.0
        if len(self._failed) > 1000:
            self._failed.clear()
        self._failed[origin(url)] = count, time.monotonic() + rest

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
            except AwayError as error:
                if attempt + 1 == ATTEMPTS or isinstance(error, OutageError):
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
                modified=answer.headers.get("last-modified", "")[:100],
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
                self._may_ask(checked(url))
                sent = dict(headers) | (self._credentials.header(url) if self._credentials else {})
                request = self._client.build_request("GET", url, headers=sent)
                begun = time.monotonic()
                answer = await self._client.send(request, stream=True, auth=None)
                if self._watch is not None:
                    self._watch.asked(url, time.monotonic() - begun)
                self._answered(url, well=True)
                try:
                    if answer.status_code in _TRANSIENT and self._watch is not None:
                        self._watch.failed(url, "status")
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
            if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout)):
                self._answered(url, well=False)
            what = type(error).__name__
            if self._watch is not None:
                self._watch.failed(url, "no answer")
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
