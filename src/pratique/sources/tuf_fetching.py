"""How python-tuf's client gets the files of a repository: over HTTP, or from a folder.

Lengths are limited by the client, to what is signed or to the limit of the
role (TUF 1.0 §5, endless data); the time is limited here (§1.5.2, slow
retrieval).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import unquote

from tuf.api.exceptions import DownloadError, DownloadHTTPError, SlowRetrievalError
from tuf.ngclient.fetcher import FetcherInterface

from pratique.model.errors import UpstreamError
from pratique.sources.transfer import StatusError, Transfer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

MAX_SECONDS = 120.0
"""Longest that one file may take: those of a trust root have some kilobytes."""

FOLDER = "folder:"
"""How the addresses begin that :class:`FolderFetcher` takes."""

BLOCK = 256 * 1024
"""Bytes of a file that are read at a time."""


class HttpFetcher(FetcherInterface):
    """Fetches over HTTP.

    Args:
        transfer: Speaks it.
        clock: Seconds, monotonic.
    """

    def __init__(self, transfer: Transfer, clock: Callable[[], float] = time.monotonic) -> None:
        self._transfer = transfer
        self._clock = clock

    def _fetch(self, url: str) -> Iterator[bytes]:
        if not url.startswith(("http://", "https://")):
            raise DownloadError(f"{url} is no http or https address")
        return _in_time(_streamed(self._transfer, url), url, self._clock)


class FolderFetcher(FetcherInterface):
    """Takes files out of a folder, and never out of another.

    Both layouts are read: that of a served repository, and that of a checkout
    in which metadata have no version and targets no digest in their names and
    former roots are in ``root_history``.  The client checks all of it anyway.

    Args:
        metadata: Where the metadata are.
        targets: Where the targets are.
    """

    def __init__(self, metadata: Path, targets: Path) -> None:
        self._places = {"metadata": metadata, "targets": targets}

    def _fetch(self, url: str) -> Iterator[bytes]:
        kind, _, name = unquote(url.removeprefix(FOLDER)).partition("/")
        place = self._places.get(kind)
        if place is None or not url.startswith(FOLDER) or _leaves(name):
            raise DownloadError(f"{url[:200]!r} is no file of a repository")
        head, _, tail = name.rpartition("/")
        within = place / head if head else place
        candidates = [within / tail]
        if kind == "metadata" and tail.endswith(".root.json"):
            candidates.append(within / "root_history" / tail)
        elif "." in tail:
            candidates.append(within / tail.partition(".")[2])
        for path in candidates:
            if path.is_file():
                return _read(path)
        raise DownloadHTTPError(f"{candidates[0]} does not exist", 404)


def _leaves(name: str) -> bool:
    """Whether a name could lead out of its folder, or is none."""
    return not name or name.startswith("/") or ".." in name.split("/") or "\0" in name


def _in_time(blocks: Iterable[bytes], url: str, clock: Callable[[], float]) -> Iterator[bytes]:
    """Hand blocks on until the time is up."""
    start = clock()
    for block in blocks:
        if clock() - start > MAX_SECONDS:
            raise SlowRetrievalError(f"{url} takes over {MAX_SECONDS:.0f} seconds")
        yield block


def _streamed(transfer: Transfer, url: str) -> Iterator[bytes]:
    try:
        yield from transfer.stream(url)
    except StatusError as error:
        raise DownloadHTTPError(error.message, error.status) from None
    except UpstreamError as error:
        raise DownloadError(error.message) from None


def _read(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                yield block
    except OSError as error:
        raise DownloadError(f"{path} cannot be read: {error.strerror}") from None
