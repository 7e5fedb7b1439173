"""A file of blobs found by a 64-bit key: sorted, memory-mapped, checksummed.

``NAME.idx`` holds a header, the ascending keys and the offsets of their blobs;
``NAME.dat`` holds the blobs.  Keys are checksummed in 256 buckets, blobs one by
one, and each is verified when it is first read: opening costs nothing, and
damage is never taken for absence.
"""

from __future__ import annotations

import os
import struct
import sys
from bisect import bisect_left
from itertools import groupby
from typing import TYPE_CHECKING, BinaryIO
from zlib import crc32

from pratique.advisories.errors import FormatError, GenerationError
from pratique.advisories.files import Blobs, Mapped, sync

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

BUCKETS = 256
"""By the highest byte of the key; also the partitions in which a table is built."""

SPOOL_BYTES = 64 * 1024 * 1024
"""Rows held in memory while a table is built, over all partitions."""

_MAGIC = b"PRTQTBL1"
_HEADER = struct.Struct(f"<8sQ{BUCKETS + 1}Q{BUCKETS}II")
_FRAME = struct.Struct("<II")
_LENGTH = struct.Struct("<QI")


def bucket_of(key: int) -> int:
    """Number of the bucket of a key: its first byte."""
    return key >> 56


class TableWriter:
    """Collects rows in any order and number, and writes them as a table.

    Args:
        folder: For the files.
        name: Of the files, without their suffixes.
        work: For the partitions, until they are discarded; the same folder where
            none is given.
    """

    def __init__(self, folder: Path, name: str, work: Path | None = None) -> None:
        self._folder = folder
        self._name = name
        self._work = work or folder
        self._buffers = [bytearray() for _ in range(BUCKETS)]
        self._held = 0

    def add(self, key: int, payload: bytes) -> None:
        """Take one row."""
        self._buffers[key >> 56] += _LENGTH.pack(key, len(payload)) + payload
        self._held += len(payload) + _LENGTH.size
        if self._held >= SPOOL_BYTES:
            self._spill()

    def _partition(self, bucket: int) -> Path:
        return self._work / f".{self._name}.{bucket:02x}"

    def checkpoint(self) -> list[int]:
        """Have all rows on disk.

        Returns:
            The sizes of the partitions, to :meth:`restore` them.
        """
        self._spill()
        sizes = []
        for bucket in range(BUCKETS):
            path = self._partition(bucket)
            sizes.append(path.stat().st_size if path.exists() else 0)
            if sizes[-1]:
                sync(path)
        return sizes

    def restore(self, sizes: list[int]) -> None:
        """Go on from a checkpoint.

        Raises:
            GenerationError: A partition is shorter than it was then.
        """
        for bucket, size in enumerate(sizes):
            path = self._partition(bucket)
            found = path.stat().st_size if path.exists() else 0
            if found < size:
                raise GenerationError(f"{path} is not what was written.")
            if found > size:
                os.truncate(path, size)

    def discard(self) -> None:
        """Remove the partitions of a finished table."""
        for bucket in range(BUCKETS):
            self._partition(bucket).unlink(missing_ok=True)

    def _spill(self) -> None:
        for bucket, buffer in enumerate(self._buffers):
            if buffer:
                with self._partition(bucket).open("ab") as file:
                    file.write(buffer)
                buffer.clear()
        self._held = 0

    def _rows(self, bucket: int) -> list[tuple[int, bytes]]:
        path, data = self._partition(bucket), bytes(self._buffers[bucket])
        self._buffers[bucket] = bytearray()
        if path.exists():
            data = path.read_bytes() + data
        rows, position = [], 0
        while position < len(data):
            key, length = _LENGTH.unpack_from(data, position)
            position += _LENGTH.size
            rows.append((key, data[position : position + length]))
            position += length
        rows.sort(key=lambda row: row[0])
        return rows

    def finish(self, merge: Callable[[list[bytes]], Iterable[bytes]]) -> int:
        """Write the table.

        Args:
            merge: Makes the blobs of one key from all of its rows; none, where
                nothing of them is to be kept.

        Returns:
            How many blobs it has.  The partitions stay until they are discarded.
        """
        starts, sums, count = [0], [], 0
        parts: list[tuple[list[int], list[int]]] = []
        with (self._folder / f"{self._name}.dat").open("wb") as blobs:
            offset = 0
            for bucket in range(BUCKETS):
                keys: list[int] = []
                offsets: list[int] = []
                for key, rows in groupby(self._rows(bucket), key=lambda row: row[0]):
                    for blob in merge([payload for _, payload in rows]):
                        keys.append(key)
                        offsets.append(offset)
                        blobs.write(_FRAME.pack(len(blob), crc32(blob)))
                        blobs.write(blob)
                        offset += _FRAME.size + len(blob)
                packed = struct.pack(f"<{len(keys)}Q", *keys)
                sums.append(crc32(struct.pack(f"<{len(keys)}Q", *offsets), crc32(packed)))
                count += len(keys)
                starts.append(count)
                parts.append((keys, offsets))
        with (self._folder / f"{self._name}.idx").open("wb") as index:
            _write_index(index, count, starts, sums, parts)
        return count


def _write_index(
    index: BinaryIO,
    count: int,
    starts: list[int],
    sums: list[int],
    parts: list[tuple[list[int], list[int]]],
) -> None:
    header = _HEADER.pack(_MAGIC, count, *starts, *sums, 0)[:-4]
    index.write(header + crc32(header).to_bytes(4, "little"))
    index.write(bytes(-(_HEADER.size) % 8))
    for which in (0, 1):
        index.writelines(struct.pack(f"<{len(part[which])}Q", *part[which]) for part in parts)


def _length(head: bytes) -> int:
    return int.from_bytes(head[:4], "little")


class Table:
    """Blobs of a table by key.

    Args:
        folder: Of the generation.
        name: Of the files, without their suffixes.

    Raises:
        GenerationError: A file is absent, truncated or damaged.
    """

    def __init__(self, folder: Path, name: str) -> None:
        if sys.byteorder != "little":  # pragma: no cover - the keys are read in place
            raise FormatError("advisories can be read on little-endian machines only.")
        self.name = name
        self._index = Mapped(folder / f"{name}.idx")
        self._blobs = Blobs(folder / f"{name}.dat")
        view = self._index.view
        if len(view) < _HEADER.size or bytes(view[:8]) != _MAGIC:
            raise self._damaged("its header is not one")
        head = _HEADER.unpack_from(view)
        if crc32(view[: _HEADER.size - 4]) != head[-1]:
            raise self._damaged("the checksum of its header differs")
        self.count: int = head[1]
        self._starts: tuple[int, ...] = head[2 : BUCKETS + 3]
        self._sums: tuple[int, ...] = head[BUCKETS + 3 : -1]
        start = _HEADER.size + (-_HEADER.size) % 8
        if len(view) != start + 16 * self.count:
            raise self._damaged("it is truncated")
        self._keys = view[start : start + 8 * self.count].cast("Q")
        self._offsets = view[start + 8 * self.count :].cast("Q")
        self._verified = bytearray(BUCKETS)

    def _damaged(self, why: str) -> GenerationError:
        return GenerationError(f"the advisories' {self.name} index is damaged: {why}.")

    def _verify(self, bucket: int) -> None:
        lo, hi = self._starts[bucket], self._starts[bucket + 1]
        if not 0 <= lo <= hi <= self.count:
            raise self._damaged("its buckets are out of order")
        found = crc32(self._offsets[lo:hi], crc32(self._keys[lo:hi]))
        if found != self._sums[bucket]:
            raise self._damaged(f"the checksum of bucket {bucket} differs")
        self._verified[bucket] = 1

    def keys(self, bucket: int) -> list[int]:
        """Keys of one bucket, ascending, verified."""
        if not self._verified[bucket]:
            self._verify(bucket)
        return self._keys[self._starts[bucket] : self._starts[bucket + 1]].tolist()

    def find(self, key: int) -> list[bytes]:
        """Blobs of a key; more than one where keys of different things are equal."""
        bucket = key >> 56  # bucket_of, without a call for each of 100,000 questions
        if not self._verified[bucket]:
            self._verify(bucket)
        keys, end = self._keys, self._starts[bucket + 1]
        at = bisect_left(keys, key, self._starts[bucket], end)
        found = []
        while at < end and keys[at] == key:
            found.append(self.blob(self._offsets[at]))
            at += 1
        return found

    def items(self) -> Iterator[tuple[int, bytes]]:
        """All keys with their blobs, ascending; verifies everything."""
        for bucket in range(BUCKETS):
            self._verify(bucket)
        for key, offset in zip(self._keys, self._offsets, strict=True):
            yield key, self.blob(offset)

    def blob(self, offset: int) -> bytes:
        """One blob, verified."""
        head, blob = self._blobs.read(_FRAME.size, offset, _length)
        if len(head) < _FRAME.size:
            raise self._damaged("its blobs are truncated")
        length, checksum = _FRAME.unpack(head)
        if len(blob) != length or crc32(blob) != checksum:
            raise self._damaged(f"the blob at {offset} is not what was written")
        return blob

    def __iter__(self) -> Iterator[bytes]:
        """All blobs, in the order of their keys; verifies everything."""
        for bucket in range(BUCKETS):
            self._verify(bucket)
        for offset in self._offsets:
            yield self.blob(offset)

    def close(self) -> None:
        """Give the files back."""
        self._keys.release()
        self._offsets.release()
        self._index.close()
        self._blobs.close()
