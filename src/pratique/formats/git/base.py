"""What the readers of a repository's parts share: files, limits, errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from pratique.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_SMALL_BYTES = 16 * 1024 * 1024
"""Largest file of text (``config``, ``packed-refs``, ``.gitmodules``): 200,000
references are 13 MB."""

MAX_INDEX_BYTES = 512 * 1024 * 1024
"""Largest index: two million files are about 250 MB."""

MAX_OBJECT_BYTES = 32 * 1024 * 1024
"""Most that one object unpacks to.  Only commits, tags, trees and ``.gitmodules``
are ever unpacked; of these a tree with 500,000 names is the largest."""

MAX_COMMITS = 5_000_000
"""Most commits of one history; the largest public ones have less than half of it."""


class GitError(InputError):
    """A part of a repository that is absent, damaged or of another format."""


class GitFiles(Protocol):
    """The files below one folder of a repository.

    Paths are relative and have forward slashes.  An implementation keeps to the
    folders it was given: a link that leads elsewhere is no file.
    """

    def read(self, path: str, limit: int = MAX_SMALL_BYTES) -> bytes | None:
        """Bytes of a file; ``None`` where it does not exist.

        Raises:
            GitError: It is no regular file, larger than the limit, or unreadable.
        """

    def view(self, path: str) -> memoryview | None:
        """The bytes of a file in place, however large; ``None`` where it does not exist.

        Raises:
            GitError: It is no regular file, or unreadable.
        """

    def names(self, path: str) -> Sequence[str]:
        """Sorted names in a folder; empty where there is none."""


def is_name(text: str) -> bool:
    """Whether a text is the full name of an object: 40 or 64 hexadecimal digits."""
    return len(text) in {40, 64} and not set(text) - set("0123456789abcdef")
