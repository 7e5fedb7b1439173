"""How the client gets files: over HTTP or from a folder, never slower than a floor.

Lengths are limited by python-tuf, by the signed length or the limit of the
role (TUF 1.0 §5: endless data); the pace is limited here (slow retrieval,
§1.5.2).
"""

from __future__ import annotations

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

BLOCK = 256 * 1024


class Fetcher(FetcherInterface):
    """Fetches ``http:``, ``https:`` and ``file:`` addresses.

    Args:
        transfer: Speaks HTTP.
        clock: Seconds, monotonic.
    """

    def __init__(self, transfer: Transfer, clock: Callable[[], float] = time.monotonic) -> None:
        self._transfer = transfer
        self._clock = clock

    def _fetch(self, url: str) -> Iterator[bytes]:
        parts = urlsplit(url)
        if parts.scheme == "file":
            return paced(_file(Path(unquote(parts.path)), url), url, self._clock)
        if parts.scheme in {"http", "https"}:
            return paced(_translated(self._transfer, url), url, self._clock)
        raise DownloadError(f"{url} is no http, https or file address")


def paced(blocks: Iterable[bytes], url: str, clock: Callable[[], float]) -> Iterator[bytes]:
    """Hand blocks on, and give up when they come too slowly.

    Raises:
        SlowRetrievalError: They do.
    """
    start, size = clock(), 0
    for block in blocks:
        size += len(block)
        took = clock() - start
        if took > GRACE_SECONDS and size < (took - GRACE_SECONDS) * MIN_BYTES_PER_SECOND:
            raise SlowRetrievalError(
                f"{url} comes at less than {MIN_BYTES_PER_SECOND:,} bytes a second"
            )
        yield block


def _translated(transfer: Transfer, url: str) -> Iterator[bytes]:
    try:
        yield from transfer.stream(url)
    except StatusError as error:
        raise DownloadHTTPError(error.message, error.status) from None
    except UpstreamError as error:
        raise DownloadError(error.message) from None


def _file(path: Path, url: str) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                yield block
    except (FileNotFoundError, NotADirectoryError):
        raise DownloadHTTPError(f"{url} does not exist", 404) from None
    except OSError as error:
        raise DownloadError(f"{url} cannot be read: {error.strerror}") from None
