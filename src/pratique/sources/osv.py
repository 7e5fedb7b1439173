"""OSV's published records: the list of ecosystems and their zips.

Source: OSV.dev, *Data sources*: ``ecosystems.txt`` and ``{ecosystem}/all.zip``
in its public export bucket.  Proxies and certificates are taken from the
environment, as httpx does.
"""

from __future__ import annotations

import os
import tempfile
import time
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import quote, urlsplit

import msgspec

from pratique.model.errors import UpstreamError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

DEFAULT_URL = "https://osv-vulnerabilities.storage.googleapis.com"
"""OSV's export bucket, as its documentation gives it."""

VARIABLE = "PRATIQUE_OSV_URL"
"""Environment variable that names another place with the same files."""

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
"""Without a byte for so long, an answer is given up."""

ATTEMPTS = 4
"""Requests made before a file is given up."""

BACKOFF_SECONDS = 0.5
"""Before the second request; doubled before each further one."""

MAX_WAIT_SECONDS = 30.0
"""Longest wait between two requests, also where the server asks for more."""

MAX_LIST_BYTES = 1024 * 1024
"""Largest list of ecosystems; today's has 1 kB."""

MAX_ZIP_BYTES = 16 * 1024 * 1024 * 1024
"""Largest zip.  The whole export had 1.1 GB early in 2026."""

MAX_NAME = 100

_TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})
_BLOCK = 1024 * 1024


class Validators(msgspec.Struct, frozen=True):
    """What a server said of a file, to ask whether it has changed."""

    etag: str = ""
    last_modified: str = ""


def base_url(given: str = "") -> str:
    """Where the files are: as given, as the environment says, or OSV's own bucket.

    Raises:
        UsageError: It is not an http or https address.
    """
    url = (given or os.environ.get(VARIABLE) or DEFAULT_URL).rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise UsageError(f"{url!r} is not an http or https address.", remedy=f"Set {VARIABLE}.")
    return url


class OsvBucket:
    """Reads OSV's files; use as a context manager.

    Args:
        url: Of the folder that has ``ecosystems.txt``.
        wait: Waits a number of seconds.
    """

    def __init__(self, url: str, *, wait: Callable[[float], None] = time.sleep) -> None:
        self.url = url
        self._wait = wait
        self._client: httpx.Client | None = None

    def __enter__(self) -> Self:
        import httpx

        from pratique import __version__

        self._client = httpx.Client(
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
            follow_redirects=True,
            max_redirects=5,
            headers={"User-Agent": f"pratique/{__version__}"},
        )
        return self

    def __exit__(self, *_: object) -> None:
        if self._client is not None:
            self._client.close()

    def ecosystems(self) -> list[str]:
        """Names of all ecosystems, as the bucket lists them.

        Raises:
            UpstreamError: The list cannot be had or is not one.
        """
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "ecosystems.txt"
            self._get("ecosystems.txt", target, Validators(), MAX_LIST_BYTES)
            try:
                text = target.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                text = "\0"
        names = [line.strip() for line in text.splitlines() if line.strip()]
        if not names or not all(map(_is_name, names)):
            raise UpstreamError(
                f"{self.url}/ecosystems.txt is not a list of ecosystems.",
                remedy=f"Check {VARIABLE}, or name the ecosystems.",
            )
        return names

    def archive(self, ecosystem: str, target: Path, known: Validators) -> Validators | None:
        """Bring the zip of an ecosystem to a file, which is replaced in one step.

        Args:
            ecosystem: As the bucket lists it, without a suffix.
            target: The file.
            known: What the server said of the file that is there.

        Returns:
            What it says of the new one; ``None`` where it has not changed.

        Raises:
            UsageError: The name cannot be one of an ecosystem.
            UpstreamError: It cannot be had, or is not a zip.
        """
        if not _is_name(ecosystem):
            raise UsageError(f"{ecosystem[:80]!r} is not the name of an ecosystem.")
        return self._get(f"{quote(ecosystem)}/all.zip", target, known, MAX_ZIP_BYTES, archive=True)

    def _get(
        self, path: str, target: Path, known: Validators, limit: int, *, archive: bool = False
    ) -> Validators | None:
        url = f"{self.url}/{path}"
        problem = ""
        for attempt in range(ATTEMPTS):
            try:
                return self._once(url, target, known, limit, archive=archive)
            except _Transient as error:
                problem = str(error)
                pause = error.wait or BACKOFF_SECONDS * 2**attempt
                if attempt + 1 < ATTEMPTS:
                    self._wait(min(pause, MAX_WAIT_SECONDS))
        raise UpstreamError(
            f"{url} cannot be had: {problem}.",
            remedy=f"Check the network and its proxy, or set {VARIABLE}; "
            "'pratique advisories build' takes files that were brought otherwise.",
        )

    def _once(
        self, url: str, target: Path, known: Validators, limit: int, *, archive: bool
    ) -> Validators | None:
        import httpx

        assert self._client is not None
        headers = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
        try:
            with self._client.stream(
                "GET", url, headers={name: value for name, value in headers.items() if value}
            ) as answer:
                if answer.status_code == 304 and known != Validators():
                    return None
                _judge(url, answer)
                _save(url, answer, target, limit, archive=archive)
                return Validators(
                    answer.headers.get("etag", ""), answer.headers.get("last-modified", "")
                )
        except httpx.InvalidURL as error:
            raise UpstreamError(f"{url} is not an address: {error}.") from None
        except httpx.TooManyRedirects:
            raise UpstreamError(f"{url} leads from one address to the next.") from None
        except httpx.HTTPError as error:
            raise _Transient(str(error) or type(error).__name__) from None


class _Transient(Exception):  # noqa: N818 - not an error before all attempts are made
    """A request that may succeed when it is made again."""

    def __init__(self, message: str, wait: float = 0.0) -> None:
        super().__init__(message)
        self.wait = wait


def _is_name(text: str) -> bool:
    return (
        0 < len(text) <= MAX_NAME
        and text.isprintable()
        and not any(c in text for c in "/\\?#")
        and ".." not in text
    )


def _judge(url: str, answer: httpx.Response) -> None:
    status = answer.status_code
    if status == 200:
        return
    if status in _TRANSIENT:
        after = answer.headers.get("retry-after", "")
        raise _Transient(f"status {status}", float(after) if after.isdigit() else 0.0)
    if status == 404:
        raise UpstreamError(
            f"{url} does not exist.", remedy="Ecosystems are named as in ecosystems.txt there."
        )
    raise UpstreamError(f"{url} was answered with status {status}.")


def _save(url: str, answer: httpx.Response, target: Path, limit: int, *, archive: bool) -> None:
    """Write the body beside the target, check it, and put it in the target's place."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            for block in _blocks(url, answer, limit):
                file.write(block)
        if archive and not zipfile.is_zipfile(part):
            raise UpstreamError(f"{url} is not a zip.", remedy=f"Check {VARIABLE}.")
        part.replace(target)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()


def _blocks(url: str, answer: httpx.Response, limit: int) -> Iterator[bytes]:
    size = 0
    for block in answer.iter_bytes(_BLOCK):
        size += len(block)
        if size > limit:
            raise UpstreamError(f"{url} is over the limit of {limit:,} bytes.")
        yield block
