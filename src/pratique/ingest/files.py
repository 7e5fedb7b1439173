"""Files of a folder, as readers see them: within limits, never outside.

What is checked (inventory) and what is taken in (ingest) are read through the same trees.
"""

from __future__ import annotations

import os
import posixpath
import stat
from typing import TYPE_CHECKING

from pratique.formats.base import MAX_DOCUMENT_BYTES, TreeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

MAX_FILES = 2_000_000
"""Most directory entries walked.  A checkout of a large organisation's
monorepo has some hundred thousand."""

SKIPPED_FOLDERS = frozenset(
    {".git", ".hg", ".svn", ".bzr", "__pycache__", ".tox", ".nox", ".mypy_cache", ".ruff_cache"},
)
"""Folders with nothing to read: version control's own and caches."""

INSTALLED_FOLDERS = frozenset({"node_modules", "site-packages", "dist-packages", ".venv", "venv"})
"""Folders with what a package manager installed; walked only on request, since
the lockfile beside them says the same."""


class FolderTree:
    """A folder of this machine.

    Symbolic links are followed for files as long as they stay below the root,
    and never for folders, so that loops cannot occur.

    Args:
        root: The folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._real = os.path.realpath(root)

    def read(self, path: str) -> bytes:
        """Bytes of a file.

        Raises:
            TreeError: It is absent, not a regular file, unreadable, larger than
                ``MAX_DOCUMENT_BYTES`` or outside the root.
        """
        full = self._inside(path)
        try:
            # Opened without blocking, so that a named pipe cannot hold the program up.
            descriptor = os.open(full, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            raise TreeError(f"cannot be read: {_reason(error)}") from None
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise TreeError("is not a regular file")
            if status.st_size > MAX_DOCUMENT_BYTES:
                raise TreeError(
                    f"is {status.st_size:,} bytes, over the limit of {MAX_DOCUMENT_BYTES:,}",
                )
            try:
                data = file.read(MAX_DOCUMENT_BYTES + 1)
            except OSError as error:
                raise TreeError(f"cannot be read: {_reason(error)}") from None
        if len(data) > MAX_DOCUMENT_BYTES:
            raise TreeError(f"grew over the limit of {MAX_DOCUMENT_BYTES:,} bytes")
        return data

    def is_file(self, path: str) -> bool:
        """Whether the path is a regular file inside the root."""
        try:
            return stat.S_ISREG(os.stat(self._inside(path)).st_mode)  # noqa: PTH116 - a str is at hand
        except (OSError, TreeError, ValueError):
            return False

    def names(self, path: str) -> Sequence[str]:
        """Sorted names in a folder; empty where there is no such folder."""
        try:
            return sorted(os.listdir(self._inside(path or ".")))  # noqa: PTH208 - names are wanted
        except (OSError, TreeError, ValueError):
            return ()

    def walk(
        self,
        start: str = "",
        *,
        installed: bool = False,
        skip: Callable[[str], bool] = lambda _: False,
        failed: Callable[[str, str], None] = lambda _path, _why: None,
    ) -> Iterator[str]:
        """Relative paths of all files below ``start``, in sorted order.

        Args:
            start: Folder to begin at, relative to the root.
            installed: Whether to enter folders with installed packages.
            skip: Whether to leave out a path, folders included.
            failed: Told the path and the reason where a folder cannot be listed.
        """
        left_out = SKIPPED_FOLDERS if installed else SKIPPED_FOLDERS | INSTALLED_FOLDERS
        pending, seen = [start], 0
        while pending:
            folder = pending.pop()
            try:
                with os.scandir(os.path.join(self.root, folder) if folder else self.root) as found:  # noqa: PTH118
                    entries = sorted(found, key=lambda entry: entry.name)
            except OSError as error:
                failed(folder or ".", f"cannot be listed: {_reason(error)}")
                continue
            folders = []
            for entry in entries:
                seen += 1
                if seen > MAX_FILES:
                    failed(
                        folder or ".", f"has more than {MAX_FILES:,} files; the rest is left out"
                    )
                    return
                path = f"{folder}/{entry.name}" if folder else entry.name
                if skip(path):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in left_out:
                        folders.append(path)
                else:
                    yield path
            pending.extend(reversed(folders))

    def _inside(self, path: str) -> str:
        if "\0" in path:
            raise TreeError("has a NUL byte in its name")
        joined = os.path.join(self._real, posixpath.normpath(path))  # noqa: PTH118
        full = os.path.realpath(joined)
        if full != self._real and not full.startswith(self._real.rstrip(os.sep) + os.sep):
            raise TreeError("leads outside of what is checked")
        return full


class LoneTree:
    """No files at all: what a document on standard input or a lone file has beside it."""

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


def _reason(error: OSError) -> str:
    return (error.strerror or error.__class__.__name__).lower()
