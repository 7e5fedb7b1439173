"""Texts set aside on disk while records come in, read again by number."""

from __future__ import annotations

import os
from array import array
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pratique.advisories.errors import GenerationError
from pratique.advisories.files import sync

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

QUICK = 1
"""Level of zstd: what is set aside is packed for good later."""


class Spool:
    """Writes pieces one after another; each has the number of those before it.

    Args:
        path: Of the file.
        packed: Whether to compress each piece.
        kept: Pieces of a checkpoint to go on from.

    Raises:
        GenerationError: They are not there any more.
    """

    def __init__(self, path: Path, *, packed: bool = False, kept: int = 0) -> None:
        self._path = path
        self._places = path.with_name(f"{path.name}.places")
        self._offsets = array("Q", [0])
        self._saved = 0
        if kept:
            self._restore(kept)
        self._file = path.open("r+b" if kept else "wb")
        self._file.seek(self._offsets[-1])
        self._file.truncate()
        self._packed = packed
        self._pack: Callable[[bytes], bytes] = bytes
        if packed:
            import zstandard

            self._pack = zstandard.ZstdCompressor(level=QUICK).compress

    def _restore(self, kept: int) -> None:
        offsets = array("Q")
        try:
            with self._places.open("rb") as file:
                offsets.fromfile(file, kept + 1)
            size = self._path.stat().st_size
        except (OSError, EOFError, ValueError):
            raise GenerationError(f"{self._path} is not what was written.") from None
        if size < offsets[-1]:
            raise GenerationError(f"{self._path} is not what was written.")
        self._offsets, self._saved = offsets, kept + 1

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def add(self, data: bytes) -> None:
        """Set a piece aside."""
        self._offsets.append(self._offsets[-1] + self._file.write(self._pack(data)))

    def checkpoint(self) -> None:
        """Have all pieces on disk, so that another spool can go on after them."""
        self._file.flush()
        with self._places.open("r+b" if self._saved else "wb") as file:
            file.seek(8 * self._saved)
            self._offsets[self._saved :].tofile(file)
            file.truncate()
        self._saved = len(self._offsets)
        sync(self._path)
        sync(self._places)

    @contextmanager
    def reading(self) -> Iterator[Callable[[int], bytes]]:
        """Give what reads the piece of a number; nothing can be added any more.

        Not mapped: all that was read would count as memory of the process.
        """
        self.close()
        with self.peeking() as read:
            yield read

    @contextmanager
    def peeking(self) -> Iterator[Callable[[int], bytes]]:
        """Give what reads the piece of a number, of those that are on disk."""
        unpack: Callable[[bytes], bytes] = bytes
        if self._packed:
            import zstandard

            unpack = zstandard.ZstdDecompressor().decompress
        descriptor = os.open(self._path, os.O_RDONLY)

        def read(number: int) -> bytes:
            start = self._offsets[number]
            return unpack(os.pread(descriptor, self._offsets[number + 1] - start, start))

        try:
            yield read
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """End writing."""
        self._file.close()

    def discard(self) -> None:
        """Remove the file."""
        self.close()
        self._path.unlink(missing_ok=True)
        self._places.unlink(missing_ok=True)
