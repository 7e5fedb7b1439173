"""The commit graph: parents of all commits in one file, or a chain of files.

Source: git, *gitformat-commit-graph*, version 1.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from hashlib import sha1, sha256
from itertools import pairwise
from typing import TYPE_CHECKING

from pratique.formats.git.base import MAX_COMMITS, GitError

if TYPE_CHECKING:
    from pratique.formats.git.base import GitFiles

MAX_FILES = 64
"""Most files of a chain; git merges them long before."""

_NONE = 0x7000_0000
_MORE = 0x8000_0000
_LAST = 0x7FFF_FFFF


class CommitGraph:
    """Commits by position, and the positions of their parents.

    What the file says is believed, as git itself does; its checksum is
    verified.

    Args:
        files: ``objects`` of the repository.
        width: Bytes of an object's name.

    Raises:
        GitError: A file is absent, damaged or of another version.
    """

    def __init__(self, files: GitFiles, width: int) -> None:
        self.width = width
        self._parts: list[tuple[int, memoryview, list[int]]] = []
        self._words = array("I")
        self._more: list[array[int]] = []
        self._starts: list[int] = []
        self.count = 0
        whole = files.view("info/commit-graph")
        if whole is not None:
            self._add(whole)
            return
        chain = files.read("info/commit-graphs/commit-graph-chain")
        for line in (chain or b"").split()[:MAX_FILES]:
            name = line.decode("ascii", "replace")
            if not name.isalnum():
                raise GitError("the chain of the commit graph names no file")
            part = files.view(f"info/commit-graphs/graph-{name}.graph")
            if part is None:
                raise GitError("a file of the commit graph is absent")
            self._add(part)

    def _add(self, view: memoryview) -> None:
        width = self.width
        if len(view) < 8 + 12 + width or bytes(view[:4]) != b"CGPH" or view[4] != 1:
            raise GitError("the commit graph is of a version that is not read")
        if view[5] != (1 if width == 20 else 2):
            raise GitError("the commit graph is of another hash")
        made = (sha1 if width == 20 else sha256)(view[:-width]).digest()
        if made != bytes(view[-width:]):
            raise GitError("the checksum of the commit graph differs")
        chunks = self._chunks(view)
        if not {b"OIDF", b"OIDL", b"CDAT"} <= set(chunks) or len(chunks[b"OIDF"]) != 1024:
            raise GitError("the commit graph lacks a part")
        fanout = array("I", bytes(chunks[b"OIDF"]))
        data = array("I")
        rows = bytes(chunks[b"CDAT"])
        count, row = len(chunks[b"OIDL"]) // width, width + 16
        if len(rows) != count * row or len(chunks[b"OIDL"]) != count * width:
            raise GitError("the commit graph is truncated")
        data.frombytes(rows)
        more = array("I", bytes(chunks.get(b"EDGE", b"")))
        if sys.byteorder == "little":
            for each in (fanout, data, more):
                each.byteswap()
        starts = [0, *fanout]
        if starts != sorted(starts) or starts[-1] != count:
            raise GitError("the commit graph is out of order")
        self._parts.append((self.count, chunks[b"OIDL"], starts))
        self._starts.append(self.count)
        self._words += data
        self._more.append(more)
        self.count += count
        if self.count > MAX_COMMITS:
            raise GitError(f"the commit graph has more than {MAX_COMMITS:,} commits")

    def _chunks(self, view: memoryview) -> dict[bytes, memoryview]:
        found: dict[bytes, memoryview] = {}
        rows = [
            (bytes(view[at : at + 4]), int.from_bytes(view[at + 4 : at + 12]))
            for at in range(8, 8 + 12 * (view[6] + 1), 12)
            if at + 12 <= len(view)
        ]
        for (name, start), (_, end) in pairwise(rows):
            if not 0 <= start <= end <= len(view):
                raise GitError("the commit graph is out of order")
            if (end - start) % 4:
                raise GitError("the commit graph is truncated")
            found[name] = view[start:end]
        return found

    def position(self, name: bytes) -> int:
        """Position of a commit; -1 where it is not in the graph."""
        width = self.width
        for base, names, starts in self._parts:
            low, high = starts[name[0]], starts[name[0] + 1]
            place = bisect_left(
                range(high),
                name,
                low,
                key=lambda at, names=names: bytes(names[at * width : at * width + width]),  # type: ignore[misc]
            )
            if place < high and bytes(names[place * width : place * width + width]) == name:
                return base + place
        return -1

    def name(self, position: int) -> bytes:
        """Name of the commit at a position."""
        for base, names, _ in reversed(self._parts):
            if position >= base:
                at = (position - base) * self.width
                return bytes(names[at : at + self.width])
        raise GitError("the commit graph has no such commit")

    def parents(self, position: int) -> tuple[int, ...]:
        """Positions of a commit's parents.

        Raises:
            GitError: It names one that is not there.
        """
        at = position * (self.width + 16 >> 2) + (self.width >> 2)
        first, second = self._words[at], self._words[at + 1]
        count = self.count
        if second == _NONE:
            if first == _NONE:
                return ()
            if first < count:
                return (first,)
        elif second & _MORE:
            return (first, *self._further(position, second & _LAST))
        elif first < count and second < count:
            return (first, second)
        raise GitError("the commit graph names a parent that it has not")

    def _further(self, position: int, at: int) -> list[int]:
        part = next(n for n in reversed(range(len(self._starts))) if position >= self._starts[n])
        more, found = self._more[part], []
        while at < len(more):
            found.append(more[at] & _LAST)
            if found[-1] >= self.count:
                break
            if more[at] & _MORE:
                return found
            at += 1
        raise GitError("the commit graph names a parent that it has not")
