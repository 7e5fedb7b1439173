"""What a reader of a format is, and how it sees files without touching a disk.

Readers are pure: bytes in, model out.  A format that spans several files
(``-r`` includes, parent POMs, installed trees) asks a :class:`Tree` for the
others, so that the same reader works on a folder, an image layer or a test's
dictionary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from pratique.model.errors import InputError
from pratique.model.inventory import Location, Problem, Reading, Trouble

MAX_DOCUMENT_BYTES = 256 * 1024 * 1024
"""Largest document that a reader is given.  The largest SBOM of the shared
corpus has 5 MB; published ones of whole distributions reach 150 MB."""

MAX_DEPTH = 64
"""Deepest nesting of objects and arrays that any reader follows."""

MAX_ITEMS = 1_000_000
"""Most components or edges taken from one document."""


class TreeError(InputError):
    """A file beside the one being read is absent, unreadable, too large or outside the tree."""


class Tree(Protocol):
    """Files that can be read by relative path; never leads outside its root.

    Paths have forward slashes, are relative to the root, and may contain
    ``..`` as long as they stay inside.
    """

    def read(self, path: str) -> bytes:
        """Bytes of a file.

        Raises:
            TreeError: There is no such file, or it may not be read.
        """
        ...

    def is_file(self, path: str) -> bool:
        """Whether the path is a regular file inside the tree."""
        ...

    def names(self, path: str) -> Sequence[str]:
        """Sorted names in a folder; empty where there is no such folder."""
        ...


ReadFunction = Callable[[bytes, str, Tree], Reading]
"""Takes a document's bytes, its path relative to the tree, and the tree.

Returns what could be read; a bad item becomes a problem with its line, and the
rest is kept.  Raises InputError only where nothing at all could be read; its
message is one line without the path (``line 7: is not valid JSON: …``).
"""

SniffFunction = Callable[[bytes], bool]
"""Whether a document is of this format, judged by its first 64 KiB."""


LinkFunction = Callable[[Iterable[tuple[str, bytes]], Tree], dict[str, tuple[str, ...]]]
"""Takes the paths and bytes of all documents of one format, and the tree.

Returns paths to the paths of the documents whose component they depend on.
"""


class Kind(StrEnum):
    """What sort of document a format is."""

    LOCKFILE = "lockfile"
    """Names versions that were resolved."""

    MANIFEST = "manifest"
    """Names what is wanted; left out where a lockfile beside it supersedes it."""

    INSTALLED = "installed"
    """What is there: an installed tree, a package database, a binary."""

    SBOM = "sbom"


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """One format, as the registry lists it; the code behind it is imported on use."""

    name: str
    """Unique, as the field writes it: ``package-lock.json``, ``cyclonedx-json``."""

    title: str
    """For the list of formats in the documentation: ``npm lockfile, versions 1 to 3``."""

    kind: Kind
    ecosystem: str = ""
    """OSV ecosystem of what it describes, or empty where it describes several."""

    files: tuple[str, ...]
    """Glob patterns on the file's base name, letter case as written.  A pattern
    with a slash is matched against the end of the path."""

    read: str
    """Import string of a :data:`ReadFunction`: ``package.module:function``."""

    sniff: str = ""
    """Import string of a :data:`SniffFunction`; asked where the name decides
    nothing (standard input, odd names) or where several readers take the name."""

    link: str = ""
    """Import string of a :data:`LinkFunction`, for formats of one component a
    document whose edges lead from document to document."""

    supersedes: tuple[str, ...] = ()
    """Names of readers whose documents in the same folder then say nothing more
    (``package-lock.json`` supersedes ``package.json``)."""


class Notes:
    """Collects the problems of one document.

    Args:
        path: Of the document, for the locations.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._problems: list[Problem] = []

    def unreadable(self, message: str, line: int = 0) -> None:
        """Something could not be read: the answer becomes incomplete."""
        self._add(Trouble.UNREADABLE, message, line)

    def unknown(self, message: str, line: int = 0) -> None:
        """Something was read but not determined: the answer becomes incomplete."""
        self._add(Trouble.UNKNOWN, message, line)

    def notice(self, message: str, line: int = 0) -> None:
        """Worth saying; the answer is complete without it."""
        self._add(Trouble.NOTICE, message, line)

    def extend(self, problems: Sequence[Problem]) -> None:
        """Take over problems that were collected elsewhere, with their own places."""
        self._problems.extend(problems)

    def _add(self, trouble: Trouble, message: str, line: int) -> None:
        self._problems.append(Problem(Location(self.path, line), trouble, message))

    def __iter__(self) -> Iterator[Problem]:
        return iter(self._problems)

    def done(self) -> tuple[Problem, ...]:
        """Everything collected, in order, each once."""
        return tuple(dict.fromkeys(self._problems))
