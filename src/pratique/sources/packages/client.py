"""Asks registries, and remembers their answers in a folder.

Proxies and certificates are taken from the environment, as httpx does.  What is
remembered is used for a day, and offline at any age.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
import time
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urljoin, urlsplit

import msgspec

from pratique.model.errors import LimitError, UpstreamError

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0

MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""Largest answer that is read; the packuments of the largest npm packages have 50 MB."""

MAX_REDIRECTS = 3
"""Registries redirect once, to where their files are."""

ATTEMPTS = 3
"""Requests made before an answer is given up."""

BACKOFF_SECONDS = 0.5
"""Before the second request; doubled before the third."""

MAX_WAIT_SECONDS = 10.0
"""Longest wait between two requests, also where the server asks for more."""

FRESH_SECONDS = 24 * 3600.0
"""Age up to which a remembered answer is used without asking again; what is published
under a version hardly ever changes, and deprecations are news of days."""

_GONE = frozenset({404, 410})
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class AbsentError(UpstreamError):
    """The registry says that there is no such thing."""


class Answer(msgspec.Struct, frozen=True):
    """What was answered."""

    url: str
    """What was asked for, without user and password."""

    body: bytes
    cached: bool = False


class _Kept(msgspec.Struct, frozen=True):
    name: str
    """Digest of address and ``Accept``; the address may hold a password and is not kept."""

    stored: float
    body: bytes
    absent: bool = False


class RegistryClient:
    """Fetches from registries; a context manager that several threads may use.

    Args:
        cache: Folder of remembered answers; ``None`` for none.
        offline: Whether only what is remembered may be used.
        wait: Waits a number of seconds.
    """

    def __init__(
        self,
        cache: Path | None,
        *,
        offline: bool = False,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._cache = cache
        self.offline = offline
        self._wait = wait
        self._client: httpx.Client | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def get(self, url: str, *, accept: str = "", limit: int = MAX_ANSWER_BYTES) -> Answer:
        """The answer to a request, from the folder where it is fresh there.

        Args:
            url: ``http://…`` or ``https://…``.
            accept: Media types, as the header ``Accept`` has them.
            limit: Bytes that the answer may have.

        Raises:
            AbsentError: There is no such thing.
            LimitError: The answer is too large.
            UpstreamError: There is no answer, or none is remembered and it may not be asked.
        """
        kept = self._kept(url, accept)
        if kept is not None and (self.offline or time.time() - kept.stored < FRESH_SECONDS):
            if kept.absent:
                raise AbsentError(f"{shown(url)} is not there.")
            return Answer(shown(url), kept.body, cached=True)
        if self.offline:
            raise UpstreamError(
                f"{shown(url)} is not remembered, and may not be asked offline.",
                remedy="Run once without --offline.",
            )
        try:
            body = self._fetched(url, accept, limit)
        except AbsentError:
            self._keep(url, accept, b"", absent=True)
            raise
        self._keep(url, accept, body)
        return Answer(shown(url), body)

    def json(self, url: str, *, accept: str = "application/json") -> tuple[Any, str]:
        """An answer as a JSON value, and its address; raises as :meth:`get`.

        Raises:
            UpstreamError: It is not JSON.
        """
        answer = self.get(url, accept=accept)
        try:
            return msgspec.json.decode(answer.body), answer.url
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise UpstreamError(f"{answer.url} is not JSON.") from None

    def _fetched(self, url: str, accept: str, limit: int) -> bytes:
        import httpx

        problem = ""
        for attempt in range(ATTEMPTS):
            wait = BACKOFF_SECONDS * 2**attempt
            try:
                return self._once(url, accept, limit)
            except _TransientError as error:
                problem, wait = str(error), max(wait, error.wait)
            except httpx.InvalidURL:
                raise UpstreamError(f"{shown(url)} is not an address.") from None
            except httpx.HTTPError as error:
                problem = type(error).__name__
            if attempt + 1 < ATTEMPTS:
                self._wait(min(wait, MAX_WAIT_SECONDS))
        raise UpstreamError(
            f"{shown(url)} does not answer ({problem}).",
            remedy="Check the network and its proxy, and how the package manager is configured.",
        )

    def _once(self, url: str, accept: str, limit: int) -> bytes:
        first, headers = url, {"Accept": accept} if accept else {}
        for _ in range(MAX_REDIRECTS + 1):
            with self._connected().stream("GET", url, headers=headers) as answer:
                status = answer.status_code
                if status in _REDIRECTS:
                    target = urljoin(url, answer.headers.get("location", ""))
                    if not may_follow(first, target):
                        raise UpstreamError(f"{shown(first)} leads to {shown(target)}, refused.")
                    url = target
                    continue
                if status in _GONE:
                    raise AbsentError(f"{shown(first)} is not there.")
                if status in _TRANSIENT:
                    after = answer.headers.get("retry-after", "")
                    raise _TransientError(status, float(after) if after.isdecimal() else 0.0)
                if status != 200:
                    raise UpstreamError(f"{shown(url)} is answered with status {status}.")
                return _body(answer, limit, url)
        raise UpstreamError(f"{shown(first)} redirects more than {MAX_REDIRECTS} times.")

    def _connected(self) -> httpx.Client:
        with self._lock:
            if self._client is None:
                import httpx

                from pratique import __version__

                self._client = httpx.Client(
                    timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
                    headers={"User-Agent": f"pratique/{__version__}"},
                )
            return self._client

    def _place(self, url: str, accept: str) -> Path | None:
        if self._cache is None:
            return None
        name = hashlib.sha256(f"{accept}\n{url}".encode("utf-8", "replace")).hexdigest()
        return self._cache / name[:2] / name

    def _kept(self, url: str, accept: str) -> _Kept | None:
        place = self._place(url, accept)
        if place is None:
            return None
        try:
            kept = msgspec.msgpack.decode(place.read_bytes(), type=_Kept)
        except (OSError, msgspec.DecodeError):
            return None
        return kept if kept.name == place.name else None

    def _keep(self, url: str, accept: str, body: bytes, *, absent: bool = False) -> None:
        """Remember an answer; a folder that cannot be written to is no failure."""
        place = self._place(url, accept)
        if place is None:
            return
        data = msgspec.msgpack.encode(_Kept(place.name, time.time(), body, absent))
        part: Path | None = None
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=".", dir=place.parent)
            part = Path(name)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            part.replace(place)
        except OSError:
            if part is not None:
                part.unlink(missing_ok=True)


class _TransientError(Exception):
    """A request that may succeed when it is made again."""

    def __init__(self, status: int, wait: float) -> None:
        super().__init__(f"status {status}")
        self.wait = wait


def _body(answer: httpx.Response, limit: int, url: str) -> bytes:
    parts, size = [], 0
    for part in answer.iter_bytes():
        size += len(part)
        if size > limit:
            raise LimitError(f"{shown(url)} is over the limit of {limit:,} bytes.")
        parts.append(part)
    return b"".join(parts)


def may_follow(base: str, target: str) -> bool:
    """Whether what a registry names may be fetched: its own host, or a public name.

    An encrypted address never leads to one that is not; a host given as a
    number must be public, so that a registry cannot point into this network.
    """
    try:
        here, there = urlsplit(base), urlsplit(target)
        if there.scheme not in {"http", "https"} or not there.hostname or there.port == 0:
            return False
    except ValueError:
        return False
    if here.scheme == "https" and there.scheme != "https":
        return False
    if here.hostname == there.hostname:
        return True
    host = there.hostname
    try:
        return ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith((".localhost", ".local", ".internal"))


def shown(url: str) -> str:
    """An address for a message: without user, password and query, and of bounded length."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
        text = f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"
    except ValueError:
        text = "an address that is none"
    return "".join(sign if sign.isprintable() else "?" for sign in text)[:300]
