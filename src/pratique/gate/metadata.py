"""Index pages as upstream gave them: kept on disk, asked for again when they are old.

A page that cannot be had again is served stale.  One that upstream has taken
away is kept, marked as gone: what was stored of it can still be installed.
"""

from __future__ import annotations

import asyncio
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from pratique.gate.errors import AwayError, BrokenError, NotHereError
from pratique.gate.fetch import Page
from pratique.gate.files import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from pratique.gate.clock import Clock
    from pratique.gate.fetch import Fetcher

FRESH_SECONDS = 60.0
"""How long a page is used without asking upstream whether it has changed."""

RETRY_SECONDS = 10.0
"""How long a stale page is used before an upstream that is away is asked again."""

MAX_KEPT_BYTES = 64 * 1024 * 1024
"""Pages kept in memory besides the files."""

_pages = msgspec.msgpack.Decoder(Page)


class Cached(msgspec.Struct):
    """A page, and how far it is to be trusted."""

    page: Page
    until: float
    """Steady time until which it is used as it is."""

    stale: bool = False
    """Upstream could not be asked."""

    gone: bool = False
    """Upstream says that there is no such package any more."""


class Metadata:
    """Keeps index pages.

    Args:
        folder: Where.
        fetcher: Calls upstream.
        clock: Of which only the steady time is used.
    """

    def __init__(self, folder: Path, fetcher: Fetcher, clock: Clock) -> None:
        self._folder = folder
        self._scratch = folder / "new"
        self._scratch.mkdir(parents=True, exist_ok=True)
        self._fetcher = fetcher
        self._clock = clock
        self._kept: dict[str, Cached] = {}
        self._bytes = 0
        self._running: dict[str, asyncio.Task[Cached]] = {}

    async def get(self, url: str, accept: str) -> Cached:
        """The page of an address; those who ask at once share one request.

        Raises:
            NotHereError: There is none, and never was.
            AwayError: Upstream does not answer, and there is none here.
            BrokenError: Upstream answers what it should not, and there is none here.
        """
        known = self._kept.get(url)
        if known is not None and self._clock.steady() < known.until:
            return known
        task = self._running.get(url)
        if task is None:
            task = asyncio.create_task(self._renew(url, accept))
            self._running[url] = task
            task.add_done_callback(lambda _: self._running.pop(url, None))
        return await asyncio.shield(task)

    async def _renew(self, url: str, accept: str) -> Cached:
        path = self._folder / sha256(url.encode()).hexdigest()
        old = await asyncio.to_thread(self._read, path)
        try:
            new = await self._fetcher.page(url, accept, old.etag if old else "")
        except (AwayError, BrokenError):
            if old is None:
                raise
            return self._keep(url, Cached(old, self._clock.steady() + RETRY_SECONDS, stale=True))
        except NotHereError:
            if old is None:
                raise
            return self._keep(url, Cached(old, self._clock.steady() + FRESH_SECONDS, gone=True))
        if new is None:
            if old is None:
                raise BrokenError("upstream says that a page is unchanged that was never here")
            new = old
        else:
            packed = msgspec.msgpack.encode(new)
            await asyncio.to_thread(write_whole, path, packed, self._scratch)
        return self._keep(url, Cached(new, self._clock.steady() + FRESH_SECONDS))

    def _keep(self, url: str, cached: Cached) -> Cached:
        replaced = self._kept.pop(url, None)
        if replaced is not None:
            self._bytes -= len(replaced.page.body)
        self._kept[url] = cached
        self._bytes += len(cached.page.body)
        while self._bytes > MAX_KEPT_BYTES and len(self._kept) > 1:
            oldest = next(iter(self._kept))
            self._bytes -= len(self._kept.pop(oldest).page.body)
        return cached

    @staticmethod
    def _read(path: Path) -> Page | None:
        try:
            return _pages.decode(path.read_bytes())
        except (OSError, msgspec.DecodeError):
            return None
