"""Texts set aside on disk while records come in, read again by number."""

from __future__ import annotations

import mmap
from array import array
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

QUICK = 1
"""Level of zstd: what is set aside is packed for good later."""


class Spool:
    """Writes pieces one after another; each has the number of those before it.

    Args:
        path: Of the file, which is removed after it was read.
        packed: Whether to compress each piece.
    """

    def __init__(self, path: Path, *, packed: bool = False) -> None:
        self._path = path
        self._file = path.open("wb")
        self._offsets = array("Q", [0])
        self._packed = packed
        self._pack: Callable[[bytes], bytes] = bytes
        if packed:
            import zstandard

            self._pack = zstandard.ZstdCompressor(level=QUICK).compress

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def add(self, data: bytes) -> None:
        """Set a piece aside."""
        self._file.write(self._pack(data))
        self._offsets.append(self._file.tell())

    @contextmanager
    def reading(self) -> Iterator[Callable[[int], bytes]]:
        """Give what reads the piece of a number; nothing can be added any more."""
        self.close()
        unpack: Callable[[bytes], bytes] = bytes
        if self._packed:
            import zstandard

            unpack = zstandard.ZstdDecompressor().decompress
        with self._path.open("rb") as file:
            mapped = (
                mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if self._offsets[-1] else b""
            )

            def read(number: int) -> bytes:
                return unpack(mapped[self._offsets[number] : self._offsets[number + 1]])

            try:
                yield read
            finally:
                if isinstance(mapped, mmap.mmap):
                    mapped.close()
        self._path.unlink()

    def close(self) -> None:
        """End writing."""
        self._file.close()
