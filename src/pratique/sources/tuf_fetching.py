"""How python-tuf's client gets the files of a repository: over HTTP, or from a folder.

Lengths are limited by the client, to what is signed or to the limit of the
role (TUF 1.0 §5, endless data); pace and time are limited here (§1.5.2, slow
retrieval).
"""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from tuf.api.exceptions import DownloadError, DownloadHTTPError, SlowRetrievalError
from tuf.ngclient.fetcher import FetcherInterface

from pratique.model.errors import UpstreamError
from pratique.sources.transfer import StatusError, Transfer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

GRACE_SECONDS = 20.0
"""A transfer may take this long at any pace: small metadata behind a slow proxy."""

MIN_BYTES_PER_SECOND = 1024
"""Average pace below which a transfer is given up after the grace: slower than any modem."""

MAX_TRUST_SECONDS = 120.0
"""Longest that one file of a trust root may take: they have some kilobytes."""

FOLDER = "folder:"
"""How the addresses begin that :class:`FolderFetcher` takes."""

BLOCK = 256 * 1024
"""Bytes of a file that are read at a time."""


class Fetcher(FetcherInterface):
    """Fetches ``http:``, ``https:`` and ``file:`` addresses.

    Args:
        transfer: Speaks HTTP.
        clock: Seconds, monotonic.
        seconds: Longest that one file may take, at any pace.
    """

    def __init__(
        self,
        transfer: Transfer,
        clock: Callable[[], float] = time.monotonic,
        *,
        seconds: float = math.inf,
    ) -> None:
        self._transfer = transfer
        self._clock = clock
        self._seconds = seconds

    def _fetch(self, url: str) -> Iterator[bytes]:
        parts = urlsplit(url)
        if parts.scheme == "file":
            blocks = _read(Path(unquote(parts.path)), url)
        elif parts.scheme in {"http", "https"}:
            blocks = _streamed(self._transfer, url)
        else:
            raise DownloadError(f"{url} is no http, https or file address")
        return paced(blocks, url, self._clock, seconds=self._seconds)


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
                return _read(path, str(path))
        raise DownloadHTTPError(f"{candidates[0]} does not exist", 404)


def _leaves(name: str) -> bool:
    """Whether a name could lead out of its folder, or is none."""
    return not name or name.startswith("/") or ".." in name.split("/") or "\0" in name


def paced(
    blocks: Iterable[bytes], url: str, clock: Callable[[], float], *, seconds: float = math.inf
) -> Iterator[bytes]:
    """Hand blocks on, and give up when they come too slowly or for too long.

    Args:
        blocks: Of one file.
        url: Of that, for the message.
        clock: Seconds, monotonic.
        seconds: Longest that the file may take, at any pace.

    Raises:
        SlowRetrievalError: They do.
    """
    start, size = clock(), 0
    for block in blocks:
        size += len(block)
        took = clock() - start
        if took > seconds:
            raise SlowRetrievalError(f"{url} takes over {seconds:.0f} seconds")
        if took > GRACE_SECONDS and size < (took - GRACE_SECONDS) * MIN_BYTES_PER_SECOND:
            raise SlowRetrievalError(
                f"{url} comes at less than {MIN_BYTES_PER_SECOND:,} bytes a second"
            )
        yield block


def _streamed(transfer: Transfer, url: str) -> Iterator[bytes]:
    try:
        yield from transfer.stream(url)
    except StatusError as error:
        raise DownloadHTTPError(error.message, error.status) from None
    except UpstreamError as error:
        raise DownloadError(error.message) from None


def _read(path: Path, shown: str) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                yield block
    except (FileNotFoundError, NotADirectoryError):
        raise DownloadHTTPError(f"{shown} does not exist", 404) from None
    except OSError as error:
        raise DownloadError(f"{shown} cannot be read: {error.strerror}") from None
