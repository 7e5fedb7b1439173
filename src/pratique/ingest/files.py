"""Files to take in: named ones, and those of folders, one at a time."""

from __future__ import annotations

import os
import posixpath
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.formats.base import MAX_DOCUMENT_BYTES, TreeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

SKIPPED_FOLDERS = frozenset({".git", ".hg", ".svn", "node_modules", "site-packages", "__pycache__"})
"""Folders with nothing to take in: version control's own, installed packages, caches."""


class Beside:
    """What lies in and below a folder, as readers see it; never outside.

    Args:
        root: The folder.
    """

    def __init__(self, root: Path) -> None:
        self._real = os.path.realpath(root)

    def read(self, path: str) -> bytes:
        """Bytes of a file.

        Raises:
            TreeError: It is absent, no regular file, unreadable, over
                ``MAX_DOCUMENT_BYTES`` or outside of the folder.
        """
        full = self._inside(path)
        try:
            # Without blocking, so that a named pipe cannot hold the program up.
            descriptor = os.open(full, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode):
                    raise TreeError("is not a regular file")
                data = file.read(MAX_DOCUMENT_BYTES + 1)
        except OSError as error:
            raise TreeError(f"cannot be read: {(error.strerror or '').lower()}") from None
        if len(data) > MAX_DOCUMENT_BYTES:
            raise TreeError(f"is over the limit of {MAX_DOCUMENT_BYTES:,} bytes")
        return data

    def is_file(self, path: str) -> bool:
        """Whether the path is a regular file inside the folder."""
        try:
            return Path(self._inside(path)).is_file()
        except (OSError, TreeError, ValueError):
            return False

    def names(self, path: str) -> Sequence[str]:
        """Sorted names in a folder; empty where there is none."""
        try:
            return sorted(entry.name for entry in Path(self._inside(path or ".")).iterdir())
        except (OSError, TreeError, ValueError):
            return ()

    def _inside(self, path: str) -> str:
        if "\0" in path:
            raise TreeError("has a NUL byte in its name")
        full = os.path.realpath(Path(self._real, posixpath.normpath(path)))
        if full != self._real and not full.startswith(self._real.rstrip(os.sep) + os.sep):
            raise TreeError("leads outside of the folder")
        return full


class Alone:
    """Nothing at all: what a document on standard input has beside it."""

    def read(self, path: str) -> bytes:
        """Raise, as there is nothing.

        Raises:
            TreeError: Always.
        """
        raise TreeError(f"{path} cannot be looked up: the document was given alone")

    def is_file(self, _path: str) -> bool:
        """No path is a file."""
        return False

    def names(self, _path: str) -> Sequence[str]:
        """No folder has names."""
        return ()


def walk(root: Path, failed: Callable[[str, str], None]) -> Iterator[str]:
    """Relative paths of all files below a folder, in sorted order, one folder at a time.

    Symbolic links to folders are not followed.

    Args:
        root: The folder.
        failed: Told the path and the reason where a folder cannot be listed.
    """
    pending = [""]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(Path(root, folder)) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            failed(folder or ".", f"cannot be listed: {(error.strerror or '').lower()}")
            continue
        folders = []
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in SKIPPED_FOLDERS:
                    folders.append(path)
            else:
                yield path
        pending.extend(reversed(folders))
