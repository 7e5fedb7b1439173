"""How much room the store may take, and what goes when there is none left.

What was used least recently goes first; never what a client gets at this
moment, and never what is to be kept.  That something went is in the log before
it is gone; its digest stays pinned, so that it can only come back unchanged.
"""

from __future__ import annotations

import os
import time
from collections import Counter, OrderedDict
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pratique.gate.errors import FullError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOTE_SECONDS = 60.0
"""How exactly the last use of a file is noted on disk (its time of change)."""


class Space:
    """Counts bytes, and chooses what goes.

    Args:
        folder: Of the blobs.
        limit: Bytes that they may have together; ``None`` for as many as there are.
    """

    def __init__(self, folder: Path, limit: int | None = None) -> None:
        self._folder = folder
        self.limit = limit
        self.used = 0
        self.kept: set[str] = set()
        """Digests that never go."""

        self._sizes: OrderedDict[str, int] = OrderedDict()
        self._busy: Counter[str] = Counter()
        self._promised: dict[int, int] = {}
        self._noted: dict[str, float] = {}
        for _, size, digest in sorted(self._scan()) if limit is not None else ():
            self._sizes[digest] = size
            self.used += size

    def _scan(self) -> Iterator[tuple[float, int, str]]:
        for folder in os.scandir(self._folder):
            for file in os.scandir(folder.path) if folder.is_dir() else ():
                found = file.stat()
                yield found.st_mtime, found.st_size, file.name

    def added(self, digest: str, size: int) -> None:
        """A blob is here."""
        if self.limit is not None and digest not in self._sizes:
            self._sizes[digest] = size
            self.used += size

    @contextmanager
    def using(self, digest: str) -> Iterator[None]:
        """Hold a blob for as long as somebody reads it."""
        self.hold(digest)
        try:
            yield
        finally:
            self.release(digest)

    def hold(self, digest: str) -> None:
        """Somebody begins to read a blob; :meth:`release` ends it."""
        self._busy[digest] += 1
        if digest in self._sizes:
            self._sizes.move_to_end(digest)
            now = time.monotonic()
            if now - self._noted.get(digest, -NOTE_SECONDS) >= NOTE_SECONDS:
                self._noted[digest] = now
                try:
                    os.utime(self._folder / digest[:2] / digest)
                except OSError:
                    return  # a disk that only reads: the order of use is forgotten at the end

    def release(self, digest: str) -> None:
        """The end of :meth:`hold`."""
        self._busy[digest] -= 1
        if self._busy[digest] <= 0:
            del self._busy[digest]

    def promised(self, key: int) -> int:
        """Bytes that are set aside for a download; less than none where it was never asked."""
        return self._promised.get(key, -1)

    def promise(self, key: int, size: int) -> list[tuple[str, int]]:
        """Set bytes aside for what is on its way; what has to go for it, already taken out.

        Args:
            key: Of the download.
            size: Bytes that it has at least; replaces what was set aside for it before.

        Raises:
            FullError: There is no room, and nothing that may go.
        """
        if self.limit is None or self.promised(key) >= size:
            return []
        others = sum(self._promised.values()) - self._promised.get(key, 0)
        needed = self.used + others + size - self.limit
        gone: list[tuple[str, int]] = []
        if needed > 0:
            freed = 0
            for digest, bytes_ in self._sizes.items():
                if freed >= needed:
                    break
                if digest not in self._busy and digest not in self.kept:
                    gone.append((digest, bytes_))
                    freed += bytes_
            if freed < needed:
                raise FullError(
                    f"the store is full: its quota is {self.limit:,} bytes, and everything in it "
                    "is kept or in use"
                )
        for digest, bytes_ in gone:
            del self._sizes[digest]
            self._noted.pop(digest, None)
            self.used -= bytes_
        self._promised[key] = size
        return gone

    def settle(self, key: int) -> None:
        """What was on its way is here, or will not come."""
        self._promised.pop(key, None)

    def remove(self, gone: list[tuple[str, int]], record: Callable[[str, int], None]) -> None:
        """Take away what was chosen, each on record before it is gone."""
        for digest, size in gone:
            record(digest, size)
            (self._folder / digest[:2] / digest).unlink(missing_ok=True)
