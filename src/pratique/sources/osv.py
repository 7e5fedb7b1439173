"""OSV's published records: the list of ecosystems, their zips, and what has changed.

Source: OSV.dev, *Data sources*: ``ecosystems.txt``, ``{ecosystem}/all.zip``,
``{ecosystem}/modified_id.csv`` (newest first) and ``{ecosystem}/{id}.json`` in
its public export bucket.  Proxies and certificates are taken from the
environment, as httpx does, unless a proxy is named.
"""

from __future__ import annotations

import tempfile
import time
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar
from urllib.parse import quote

from pratique.model.errors import UpstreamError, UsageError
from pratique.sources.osv_changes import Row, is_name, newest_rows
from pratique.sources.osv_places import VARIABLE
from pratique.sources.parts import Part, Validators

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    import httpx

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

MAX_RECORD_BYTES = 64 * 1024 * 1024
"""Largest record.  The largest published ones have 12 MB."""

MAX_CHANGES_BYTES = 1024 * 1024 * 1024
"""Largest list of changes: some 20 million of them."""

TOGETHER = 8
"""Records fetched at once."""

MAX_LINE_BYTES = 64 * 1024
"""Longest line of a list."""

T = TypeVar("T")

_TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})


class OsvBucket:
    """Reads OSV's files; use as a context manager.

    Args:
        url: Of the folder that has ``ecosystems.txt``.
        proxy: For all requests; those of the environment where it is empty.
        wait: Waits a number of seconds.
    """

    def __init__(
        self, url: str, *, proxy: str = "", wait: Callable[[float], None] = time.sleep
    ) -> None:
        self.url = url
        self._proxy = proxy
        self._wait = wait
        self._client: httpx.Client | None = None

    def __enter__(self) -> Self:
        import httpx

        from pratique import __version__

        self._client = httpx.Client(
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
            follow_redirects=True,
            max_redirects=5,
            proxy=self._proxy or None,
            headers={"User-Agent": f"pratique/{__version__}", "Accept-Encoding": "identity"},
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
        if not names or not all(map(is_name, names)):
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
        if not is_name(ecosystem):
            raise UsageError(f"{ecosystem[:80]!r} is not the name of an ecosystem.")
        path = f"{quote(ecosystem)}/all.zip"
        return self._get(path, target, known, MAX_ZIP_BYTES, archive=True)

    def archive_size(self, ecosystem: str) -> int:
        """Bytes of the zip of an ecosystem; 0 where the server does not say.

        Raises:
            UpstreamError: It cannot be had.
        """
        url = f"{self.url}/{quote(ecosystem)}/all.zip"

        def ask() -> int:
            with self._answer("HEAD", url, {}) as answer:
                _judge(url, answer)
                size = answer.headers.get("content-length", "")
                return int(size) if size.isdigit() else 0

        return self._tried(url, ask)

    def changes(self, ecosystem: str, stop: Callable[[Row], bool]) -> list[Row] | None:
        """What has changed in an ecosystem, newest first.

        Args:
            ecosystem: As the bucket lists it.
            stop: Whether a row, and all after it, is known already.

        Returns:
            The rows before that; ``None`` where the bucket has no such list.

        Raises:
            UpstreamError: It cannot be had, or is not one.
        """
        if not is_name(ecosystem):
            raise UsageError(f"{ecosystem[:80]!r} is not the name of an ecosystem.")
        url = f"{self.url}/{quote(ecosystem)}/modified_id.csv"

        def read() -> list[Row] | None:
            with self._answer("GET", url, {}) as answer:
                if answer.status_code == 404:
                    return None
                _judge(url, answer)
                return newest_rows(url, _lines(_blocks(url, answer, MAX_CHANGES_BYTES)), stop)

        return self._tried(url, read)

    def until(self, ecosystem: str) -> datetime | None:  # noqa: ARG002 - a copy knows it
        """Up to when a copy can be complete; ``None``: the bucket is up to date."""
        return None

    def record(self, ecosystem: str, identifier: str) -> bytes | None:
        """One record, as JSON; ``None`` where the bucket has none of the id.

        Raises:
            UpstreamError: It cannot be had.
        """
        url = f"{self.url}/{quote(ecosystem)}/{quote(identifier, safe='')}.json"

        def read() -> bytes | None:
            with self._answer("GET", url, {}) as answer:
                if answer.status_code == 404:
                    return None
                _judge(url, answer)
                return b"".join(_blocks(url, answer, MAX_RECORD_BYTES))

        return self._tried(url, read)

    def records(
        self, ecosystem: str, identifiers: Iterable[str]
    ) -> Iterator[tuple[str, bytes | None]]:
        """Records by id as they come, several at once; raises as :meth:`record`."""
        from concurrent.futures import ThreadPoolExecutor, as_completed

        pool = ThreadPoolExecutor(TOGETHER)
        try:
            waiting = {pool.submit(self.record, ecosystem, each): each for each in identifiers}
            for done in as_completed(waiting):
                yield waiting[done], done.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _get(
        self, path: str, target: Path, known: Validators, limit: int, *, archive: bool = False
    ) -> Validators | None:
        url = f"{self.url}/{path}"
        return self._tried(url, lambda: self._once(url, target, known, limit, archive=archive))

    def _tried(self, url: str, ask: Callable[[], T]) -> T:
        problem = ""
        for attempt in range(ATTEMPTS):
            try:
                return ask()
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
        part = Part(target)
        headers = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
        headers = {name: value for name, value in headers.items() if value} | part.headers()
        with self._answer("GET", url, headers) as answer:
            if answer.status_code == 304 and known != Validators():
                part.discard()
                return None
            if answer.status_code == 416:
                part.discard()
                raise _Transient("status 416")
            if answer.status_code != 206:
                _judge(url, answer)
            validators = Validators(
                answer.headers.get("etag", ""), answer.headers.get("last-modified", "")
            )
            with part.opened(validators, more=answer.status_code == 206) as file:
                for block in _blocks(url, answer, limit - file.tell()):
                    file.write(block)
            if archive and not zipfile.is_zipfile(part.path):
                part.discard()
                raise UpstreamError(f"{url} is not a zip.", remedy=f"Check {VARIABLE}.")
            part.finish()
            return validators

    @contextmanager
    def _answer(self, method: str, url: str, headers: dict[str, str]) -> Iterator[httpx.Response]:
        import httpx

        assert self._client is not None
        try:
            with self._client.stream(method, url, headers=headers) as answer:
                yield answer
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


def _blocks(url: str, answer: httpx.Response, limit: int) -> Iterator[bytes]:
    size = 0
    # As they come: what is held back to fill a block is lost where the answer breaks off.
    for block in answer.iter_bytes():
        size += len(block)
        if size > limit:
            raise UpstreamError(f"{url} is over the limit of {limit:,} bytes.")
        yield block


def _lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        yield from lines
        if len(rest) > MAX_LINE_BYTES:
            break
    yield rest
