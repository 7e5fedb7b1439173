"""Files of a generation, as its readers see them."""

from __future__ import annotations

import mmap
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from pratique.advisories.errors import GenerationError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

READ_AHEAD = 512
"""Bytes read at once for a blob; nine of ten are shorter."""


class Mapped:
    """An index file of a generation, mapped into memory.

    Args:
        path: Of the file.

    Raises:
        GenerationError: It is not there or cannot be read.
    """

    def __init__(self, path: Path) -> None:
        try:
            with path.open("rb") as file:
                size = file.seek(0, 2)
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else None
        except (OSError, ValueError) as error:
            raise unreadable(path, error) from None
        self.view = memoryview(self._map) if self._map is not None else memoryview(b"")

    def close(self) -> None:
        """Give the file back; views that are still held keep it open."""
        self.view.release()
        if self._map is not None:
            with suppress(BufferError):
                self._map.close()


class Blobs:
    """A data file of a generation, of which single pieces are read.

    Not mapped: scattered reads would make the process hold a page for each.

    Args:
        path: Of the file.

    Raises:
        GenerationError: It is not there or cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        except OSError as error:
            raise unreadable(path, error) from None

    def read(self, head: int, offset: int, length: Callable[[bytes], int]) -> tuple[bytes, bytes]:
        """A head and what follows it.

        Args:
            head: Size of the head.
            offset: Of the head.
            length: Gives the length of what follows, from a whole head.

        Returns:
            Both, either of them too short where the file ends before.
        """
        try:
            data = os.pread(self._descriptor, READ_AHEAD, offset)
            if len(data) < head:
                return data, b""
            size = length(data[:head])
            if head + size > len(data) and len(data) == READ_AHEAD:
                data += os.pread(self._descriptor, head + size - len(data), offset + len(data))
        except OSError as error:
            raise unreadable(self._path, error) from None
        return data[:head], data[head : head + size]

    def whole(self) -> bytes:
        """All of the file, where it is small."""
        try:
            return os.pread(self._descriptor, os.fstat(self._descriptor).st_size, 0)
        except OSError as error:
            raise unreadable(self._path, error) from None

    def close(self) -> None:
        """Give the file back."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __del__(self) -> None:
        self.close()


def sync(path: Path) -> None:
    """Have a file or folder on disk before anything relies on it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def unreadable(path: Path, error: Exception) -> GenerationError:
    """What is raised where a file of a generation cannot be read."""
    return GenerationError(f"{path.name} of the advisories cannot be read: {error}")
