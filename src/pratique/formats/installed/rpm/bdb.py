"""``Packages``: a hash table of Berkeley DB (format 7 to 10, ``dbinc/db_page.h`` of 5.3).

Every page of the table is looked at once, in the order of the file; the
table's buckets do not matter where all values are wanted.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from pratique.formats.installed.rpm.blobs import MAX_HEADER, DamageError
from pratique.model.errors import InputError, UnsupportedError

if TYPE_CHECKING:
    from pratique.formats.installed.rpm.blobs import Blobs, Damaged

MAGIC = 0x061561
_HEAD = 26
"""Bytes of a page before its index of items."""

_HASH_PAGES = frozenset({2, 13})
_OVERFLOW = 7
_KEYDATA, _OFFPAGE = 1, 3


def is_hash(head: bytes) -> bool:
    """Whether a file begins as a hash table of Berkeley DB does, in either byte order."""
    return head[12:16] in {MAGIC.to_bytes(4, "little"), MAGIC.to_bytes(4, "big")}


def blobs(data: bytes, damaged: Damaged) -> Blobs:
    """The headers in a database: all values but rpm's own counter under key 0.

    Raises:
        InputError: It is no such database.
        UnsupportedError: It is encrypted.
    """
    if len(data) < 512 or not is_hash(data):
        raise InputError("is no Berkeley DB hash database")
    order = "<" if data[12:16] == MAGIC.to_bytes(4, "little") else ">"
    (size,) = struct.unpack_from(f"{order}I", data, 20)
    if size < 512 or size > 65536 or size & (size - 1):
        raise InputError(f"has pages of {size:,} bytes, which no Berkeley DB has")
    if data[24]:
        raise UnsupportedError("is an encrypted Berkeley DB, which is not read")
    (last,) = struct.unpack_from(f"{order}I", data, 32)
    pages = len(data) // size
    if last >= pages:
        damaged(f"states {last + 1:,} pages, but holds {pages:,}")
    table = _Table(data, order, size, pages)
    for number in range(1, min(last + 1, pages)):
        if data[number * size + 25] not in _HASH_PAGES:
            continue
        yield from table.values(number, damaged)


class _Table:
    def __init__(self, data: bytes, order: str, size: int, pages: int) -> None:
        self.data = data
        self.order = order
        self.size = size
        self.pages = pages
        self.seen: set[int] = set()
        """Overflow pages: each belongs to one value, so that loops end."""

    def values(self, number: int, damaged: Damaged) -> Blobs:
        """Values of the pairs on a page."""
        at = number * self.size
        (count,) = struct.unpack_from(f"{self.order}H", self.data, at + 20)
        if _HEAD + 2 * count > self.size:
            damaged(f"page {number} states {count} items, more than it has room for")
            return
        offsets = struct.unpack_from(f"{self.order}{count}H", self.data, at + _HEAD)
        for index in range(0, count - 1, 2):
            try:
                key = self._item(at, offsets, index)
                if key == b"\0\0\0\0":
                    continue
                yield self._item(at, offsets, index + 1)
            except DamageError as error:
                damaged(f"page {number}: {error.message}")

    def _item(self, at: int, offsets: tuple[int, ...], index: int) -> bytes:
        start = offsets[index]
        stop = offsets[index - 1] if index else self.size
        if not _HEAD <= start < stop <= self.size:
            raise DamageError(f"item {index} is outside of the page")
        kind = self.data[at + start]
        if kind == _KEYDATA:
            return self.data[at + start + 1 : at + stop]
        if kind == _OFFPAGE and start + 12 <= self.size:
            page, length = struct.unpack_from(f"{self.order}II", self.data, at + start + 4)
            return self._chain(page, length)
        raise DamageError(f"item {index} is of type {kind}, which no package has")

    def _chain(self, page: int, length: int) -> bytes:
        """A value on overflow pages of its own."""
        if length > min(MAX_HEADER, len(self.data)):
            raise DamageError(f"a value states {length:,} bytes, more than the file holds")
        parts, have = [], 0
        while page and have < length:
            if page >= self.pages or page in self.seen:
                raise DamageError(f"a value goes on at page {page}, which is not its own")
            self.seen.add(page)
            at = page * self.size
            if self.data[at + 25] != _OVERFLOW:
                raise DamageError(f"a value goes on at page {page}, which is no overflow page")
            following, used = (
                struct.unpack_from(f"{self.order}I", self.data, at + 16)[0],
                struct.unpack_from(f"{self.order}H", self.data, at + 22)[0],
            )
            if used > self.size - _HEAD:
                raise DamageError(f"page {page} states more bytes than it holds")
            parts.append(self.data[at + _HEAD : at + _HEAD + used])
            have += used
            page = following
        if have < length:
            raise DamageError(f"a value of {length:,} bytes ends after {have:,}")
        return b"".join(parts)[:length]
