"""Index pages as upstream gave them: kept on disk, asked for again when they are old.

A page that cannot be had again is served stale.  One that upstream has taken
away is kept, marked as gone: what was stored of it can still be installed.
"""

from __future__ import annotations

import asyncio
import math
from contextlib import suppress
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
        self.fetcher = fetcher
        self._clock = clock
        self._kept: dict[str, Cached] = {}
        self._bytes = 0
        self._running: dict[str, asyncio.Task[Cached]] = {}

    async def get(self, key: str, url: str, accept: str, *, fixed: bool = False) -> Cached:
        """The page of a project; those who ask at once share one request.

        Args:
            key: What it is kept by: a registry may move.
            url: Where upstream has it.
            accept: Content types, as a header has them.
            fixed: Whether it never changes: one that is here is not asked for again.

        Raises:
            NotHereError: There is none, and never was.
            AwayError: Upstream does not answer, and there is none here.
            BrokenError: Upstream answers what it should not, and there is none here.
        """
        known = self._kept.get(key)
        if known is not None and self._clock.steady() < known.until:
            return known
        task = self._running.get(key)
        if task is None:
            task = asyncio.create_task(self._renew(key, url, accept, fixed=fixed))
            self._running[key] = task
            task.add_done_callback(lambda _: self._running.pop(key, None))
        return await asyncio.shield(task)

    async def _renew(self, key: str, url: str, accept: str, *, fixed: bool) -> Cached:
        path = self._folder / sha256(key.encode()).hexdigest()
        old = await asyncio.to_thread(self._read, path)
        if fixed and old is not None:
            return self._keep(key, Cached(old, math.inf))
        try:
            new = await self.fetcher.page(url, accept, old.etag if old and old.asked == url else "")
        except (AwayError, BrokenError):
            if old is None:
                raise
            return self._keep(key, Cached(old, self._clock.steady() + RETRY_SECONDS, stale=True))
        except NotHereError:
            if old is None:
                raise
            return self._keep(key, Cached(old, self._clock.steady() + FRESH_SECONDS, gone=True))
        if new is None:
            if old is None:
                raise BrokenError("upstream says that a page is unchanged that was never here")
            new = old
        else:
            packed = msgspec.msgpack.encode(new)
            with suppress(OSError):  # a full disk: it is in memory, and asked for again
                await asyncio.to_thread(write_whole, path, packed, self._scratch)
        return self._keep(key, Cached(new, self._clock.steady() + FRESH_SECONDS))

    def _keep(self, key: str, cached: Cached) -> Cached:
        replaced = self._kept.pop(key, None)
        if replaced is not None:
            self._bytes -= len(replaced.page.body)
        self._kept[key] = cached
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
