"""One pack and its index.

Source: git, *gitformat-pack*: index version 2 (and 1, which git still reads),
pack versions 2 and 3.
"""

from __future__ import annotations

import zlib
from bisect import bisect_left
from typing import TYPE_CHECKING

from pratique.formats.git.base import MAX_OBJECT_BYTES, GitError

if TYPE_CHECKING:
    from collections.abc import Callable

COMMIT, TREE, BLOB, TAG = 1, 2, 3, 4
"""Types of objects, as packs number them."""

MAX_CHAIN = 4096
"""Longest chain of deltas; git makes none over 4,095."""

MAX_TABLE = 500_000
"""Most objects of a pack whose places are kept in a table once many were asked for:
60 MB at most."""

MANY = 1_000
"""Questions after which that table is made: it takes as long as so many searches."""

_OFFSET_DELTA, _NAME_DELTA = 6, 7
_MAGIC = b"\xfftOc"
_LARGE = 0x8000_0000


class _Names:
    """Sorted names of one width in a buffer, for bisection."""

    def __init__(self, view: memoryview, start: int, width: int, stride: int) -> None:
        self._view, self._start, self._width, self._stride = view, start, width, stride

    def __len__(self) -> int:  # pragma: no cover - bisection is given its bounds
        return len(self._view) // self._stride

    def __getitem__(self, place: int) -> bytes:
        at = self._start + place * self._stride
        return bytes(self._view[at : at + self._width])


class Pack:
    """Objects of one pack.

    Args:
        name: For messages.
        index: The whole ``.idx``.
        pack: The whole ``.pack``.
        width: Bytes of an object's name.

    Raises:
        GitError: One of the two is truncated or of another version.
    """

    def __init__(self, name: str, index: memoryview, pack: memoryview, width: int) -> None:
        self.name = name
        self._index, self._pack, self._width = index, pack, width
        self._old = bytes(index[:4]) != _MAGIC
        head = 0 if self._old else 8
        if len(index) < head + 1024 + 2 * width:
            raise self._damaged("its index is truncated")
        if not self._old and bytes(index[4:8]) != b"\0\0\0\2":
            raise self._damaged("its index is of a version that is not read")
        if bytes(pack[:4]) != b"PACK" or bytes(pack[4:8]) not in {b"\0\0\0\2", b"\0\0\0\3"}:
            raise self._damaged("it is no pack of version 2 or 3")
        fanout = index[head : head + 1024]
        self._fanout = [0] + [int.from_bytes(fanout[i : i + 4]) for i in range(0, 1024, 4)]
        self.count = self._fanout[-1]
        if sorted(self._fanout) != self._fanout:
            raise self._damaged("its index is out of order")
        start = head + 1024
        stride = 4 + width if self._old else width
        self._names = _Names(index, start + (4 if self._old else 0), width, stride)
        self._asked = 0
        self._table: dict[bytes, int] | None = None
        self._offsets = start if self._old else start + self.count * (width + 4)
        each = stride if self._old else width + 8
        if len(index) < start + self.count * each + 2 * width:
            raise self._damaged("its index is truncated")

    def _damaged(self, why: str) -> GitError:
        return GitError(f"pack {self.name[:80]} is damaged: {why}")

    def find(self, name: bytes) -> int:
        """Offset of an object; -1 where the pack has none of that name."""
        place = self._search(name) if self._table is None else self._table.get(name, -1)
        if place < 0:
            return -1
        if self._old:
            at = self._offsets + place * (4 + self._width)
            return int.from_bytes(self._index[at : at + 4])
        at = self._offsets + 4 * place
        offset = int.from_bytes(self._index[at : at + 4])
        if offset & _LARGE:
            at = self._offsets + 4 * self.count + 8 * (offset ^ _LARGE)
            offset = int.from_bytes(self._index[at : at + 8])
        return offset

    def _search(self, name: bytes) -> int:
        """Place of a name in the index, or -1."""
        self._asked += 1
        if self._asked == MANY and self.count <= MAX_TABLE and not self._old:
            width, start = self._width, 8 + 1024
            names = bytes(self._index[start : start + self.count * width])
            places = range(self.count)
            self._table = {names[at * width : at * width + width]: at for at in places}
        first = name[0]
        end = self._fanout[first + 1]
        place = bisect_left(self._names, name, self._fanout[first], end)  # type: ignore[call-overload, unused-ignore]
        return place if place < end and self._names[place] == name else -1

    def read(self, offset: int, other: Callable[[bytes], tuple[int, bytes]]) -> tuple[int, bytes]:
        """Type and content of the object at an offset.

        Args:
            offset: As :meth:`find` gives it.
            other: Gives an object by its name, for deltas whose base is named.

        Raises:
            GitError: It is not what an object can be, or over the limit.
        """
        deltas: list[bytes] = []
        while True:
            kind, size, at = self._head(offset)
            if size > MAX_OBJECT_BYTES:
                raise self._damaged(f"the object at {offset} has {size:,} bytes, over the limit")
            if kind in {COMMIT, TREE, BLOB, TAG}:
                data = self._inflate(at, size)
                break
            if len(deltas) >= MAX_CHAIN:
                raise self._damaged(f"the chain of deltas at {offset} is too long")
            if kind == _OFFSET_DELTA:
                back, at = self._back(at)
                if not 0 < back < offset:
                    raise self._damaged(f"the delta at {offset} has no base")
                deltas.append(self._inflate(at, size))
                offset -= back
            elif kind == _NAME_DELTA:
                base = bytes(self._pack[at : at + self._width])
                deltas.append(self._inflate(at + self._width, size))
                kind, data = other(base)
                break
            else:
                raise self._damaged(f"the object at {offset} is of no type")
        for delta in reversed(deltas):
            data = self._apply(data, delta)
        return kind, data

    def _head(self, offset: int) -> tuple[int, int, int]:
        pack, at = self._pack, offset
        if not 12 <= offset < len(pack) - self._width:
            raise self._damaged(f"there is nothing at {offset}")
        byte = pack[at]
        kind, size, shift = byte >> 4 & 7, byte & 15, 4
        while byte & 0x80:
            at += 1
            if shift > 60 or at >= len(pack):
                raise self._damaged(f"the object at {offset} has no size")
            byte = pack[at]
            size |= (byte & 0x7F) << shift
            shift += 7
        return kind, size, at + 1

    def _back(self, at: int) -> tuple[int, int]:
        back = -1
        for place in range(at, min(at + 10, len(self._pack))):
            byte = self._pack[place]
            back = (back + 1) << 7 | byte & 0x7F
            if not byte & 0x80:
                return back, place + 1
        raise self._damaged(f"the delta before {at} has no base")

    def _inflate(self, at: int, size: int) -> bytes:
        # What is packed is rarely larger than what it unpacks to; a slice of the
        # mapped file costs nothing, but reading on would touch all of the pack.
        packed = self._pack[at : at + size + 1024]
        try:
            data = zlib.decompressobj().decompress(packed, size + 1)
        except zlib.error as error:
            raise self._damaged(f"at {at}: {error}") from None
        if len(data) != size:
            raise self._damaged(f"the object at {at} is not of its size")
        return data

    def _apply(self, base: bytes, delta: bytes) -> bytes:
        try:
            return apply_delta(base, delta)
        except (IndexError, ValueError) as error:
            raise self._damaged(f"a delta cannot be applied: {error}") from None


def apply_delta(base: bytes, delta: bytes) -> bytes:
    """The object that a delta makes of its base (*gitformat-pack*, "Deltified representation").

    Raises:
        ValueError: The two do not fit, or the result is over the limit.
        IndexError: The delta is truncated.
    """
    source, at = _size(delta, 0)
    target, at = _size(delta, at)
    if source != len(base):
        raise ValueError("its base is another")
    if target > MAX_OBJECT_BYTES:
        raise ValueError("its result is over the limit")
    made = bytearray()
    while at < len(delta):
        order = delta[at]
        at += 1
        if order & 0x80:
            offset = size = 0
            for bit in range(4):
                if order & 1 << bit:
                    offset |= delta[at] << 8 * bit
                    at += 1
            for bit in range(3):
                if order & 0x10 << bit:
                    size |= delta[at] << 8 * bit
                    at += 1
            size = size or 0x10000
            if offset + size > len(base):
                raise ValueError("it copies what is not there")
            made += base[offset : offset + size]
        elif order:
            made += delta[at : at + order]
            at += order
        else:
            raise ValueError("it has an order that means nothing")
        if len(made) > target:
            break
    if len(made) != target:
        raise ValueError("its result is not of its size")
    return bytes(made)


def _size(delta: bytes, at: int) -> tuple[int, int]:
    size = shift = 0
    while True:
        byte = delta[at]
        size |= (byte & 0x7F) << shift
        at += 1
        shift += 7
        if not byte & 0x80:
            return size, at
        if shift > 63:
            raise ValueError("it has no size")
