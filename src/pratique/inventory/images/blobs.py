"""Where the parts of an image lie: in a folder or in a tar archive."""

from __future__ import annotations

import io
import os
import posixpath
import re
import stat
from typing import TYPE_CHECKING, BinaryIO, Protocol

from pratique.formats.base import TreeError
from pratique.inventory.images.tar import Count, Kind, Member, members
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

MAX_LINKS = 10
"""Links from member to member of an archive that are followed; older versions of
``docker save`` linked equal layers once."""

_DIGEST = re.compile(r"(sha256|sha384|sha512):([0-9a-f]{64,128})\Z")


class Window(io.RawIOBase):
    """A part of a file, as a file of its own.

    Args:
        file: The whole; its position is moved.
        offset: Where the part begins.
        size: Of the part.
    """

    def __init__(self, file: BinaryIO, offset: int, size: int) -> None:
        super().__init__()
        self._file = file
        self._offset = offset
        self.size = size
        self._at = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """Position within the part."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position within the part."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read up to the end of the part."""
        wanted = min(len(buffer), max(0, self.size - self._at))
        self._file.seek(self._offset + self._at)
        data = self._file.read(wanted)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


class Blobs(Protocol):
    """Files of an image, by their path in its layout."""

    def has(self, path: str) -> bool:
        """Whether there is such a file."""
        ...

    def open(self, path: str) -> Window:
        """A file to read from, until these blobs are closed.

        Raises:
            TreeError: There is none, or it may not be read.
        """
        ...

    def close(self) -> None:
        """Let go of all files."""
        ...


class FolderBlobs:
    """The files of a layout folder; links that lead out of it are not followed.

    Args:
        root: The folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = os.path.realpath(root)
        self._opened: list[BinaryIO] = []

    def has(self, path: str) -> bool:
        """Whether there is such a regular file."""
        try:
            return stat.S_ISREG(os.stat(self._inside(path)).st_mode)  # noqa: PTH116 - a str is at hand
        except (OSError, TreeError, ValueError):
            return False

    def open(self, path: str) -> Window:
        """A file to read from."""
        if not self.has(path):
            raise TreeError("is not there")
        try:
            file = open(self._inside(path), "rb")  # noqa: PTH123, SIM115 - kept open for readers
        except OSError as error:
            raise TreeError(f"cannot be read: {(error.strerror or '').lower()}") from None
        self._opened.append(file)
        return Window(file, 0, os.fstat(file.fileno()).st_size)

    def close(self) -> None:
        """Let go of all files that were opened."""
        for file in self._opened:
            file.close()

    def _inside(self, path: str) -> str:
        full = os.path.realpath(os.path.join(self._root, posixpath.normpath(path)))  # noqa: PTH118
        if not full.startswith(self._root.rstrip(os.sep) + os.sep):
            raise TreeError("leads outside of the image")
        return full


class TarBlobs:
    """The members of an archive.

    Args:
        file: The archive.
        size: Of it.
        count: Of members that may come.

    Raises:
        InputError: It is damaged; an archive is not taken in part, as its
            index may be what is missing.
        LimitError: It has too many members.
    """

    def __init__(self, file: BinaryIO, size: int, count: Count) -> None:
        self._file = file
        self._members: dict[str, Member] = {}
        for member in members(file, size, count):
            self._members[posixpath.normpath(member.path).lstrip("/")] = member

    def has(self, path: str) -> bool:
        """Whether there is such a file."""
        return self._member(path) is not None

    def open(self, path: str) -> Window:
        """A member to read from."""
        member = self._member(path)
        if member is None:
            raise TreeError("is not in the archive")
        return Window(self._file, member.offset, member.size)

    def close(self) -> None:
        """Let go of the archive."""
        self._file.close()

    def _member(self, path: str) -> Member | None:
        name = posixpath.normpath(path)
        for _ in range(MAX_LINKS):
            member = self._members.get(name)
            if member is None or member.kind is Kind.FILE:
                return member
            if member.kind is Kind.SYMLINK:
                name = posixpath.normpath(posixpath.join(posixpath.dirname(name), member.target))
            elif member.kind is Kind.HARDLINK:
                name = posixpath.normpath(member.target)
            else:
                return None
        return None


def blob_path(digest: str) -> str:
    """Path of a blob in a layout (OCI image layout 1.1, "Blobs").

    Raises:
        InputError: The digest is of no algorithm that is checked here.
    """
    match = _DIGEST.match(digest)
    if match is None:
        raise InputError(f"digest {digest[:100]!r} is none of sha256, sha384 or sha512")
    return f"blobs/{match[1]}/{match[2]}"
