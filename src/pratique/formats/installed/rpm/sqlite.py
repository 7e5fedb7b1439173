"""``rpmdb.sqlite``: one table of a SQLite 3 database, read page by page.

File format as in "Database File Format" of SQLite (3.45), sections 1.3 (header),
1.6 (b-tree pages), 1.6.2 (overflow), 2.1 (records) and 4 (write-ahead log).
Every page is visited at most once, so that loops end and no more bytes come
out than the file has.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, NamedTuple

from pratique.formats.installed.rpm.blobs import DamageError
from pratique.formats.installed.rpm.wal import newer_pages
from pratique.model.errors import InputError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pratique.formats.installed.rpm.blobs import Blobs, Damaged

MAGIC = b"SQLite format 3\0"
MAX_LEVELS = 20
"""Depth of a b-tree; SQLite's own limit (``BTCURSOR_MAX_DEPTH``)."""

MAX_COLUMNS = 100
"""Columns of a row that are told apart; the tables read here have five and two."""

_LEAF, _INTERIOR = 13, 5
_BLOB_COLUMN = re.compile(r"\(\s*['\"`\[]?hnum\b.*,\s*['\"`\[]?blob\b", re.IGNORECASE | re.DOTALL)


def blobs(data: bytes, log: bytes, damaged: Damaged) -> Blobs:
    """The headers in table ``Packages``.

    Args:
        data: Of the database.
        log: Of the write-ahead log beside it, or empty.
        damaged: Told what cannot be read.

    Raises:
        InputError: It is no SQLite database, or has no such table.
    """
    pages = _Pages(data, log, damaged)
    for row in pages.rows(_root(pages, damaged)):
        try:
            columns = _columns(row)
        except DamageError as error:
            damaged(error.message)
            continue
        if len(columns) == 2 and isinstance(columns[1], bytes):
            yield columns[1]
        else:
            damaged("a row of Packages holds no header")


def _root(pages: _Pages, damaged: Damaged) -> int:
    """Number of the first page of table ``Packages``, from the schema on page 1."""
    for row in pages.rows(1):
        try:
            columns = _columns(row)
        except DamageError as error:
            damaged(error.message)
            continue
        if len(columns) >= 5 and columns[0] == b"table" and columns[1] == b"Packages":
            if not isinstance(columns[3], int) or not _is_packages(columns[4]):
                raise UnsupportedError("has a table Packages of another shape than rpm's")
            return columns[3]
    raise InputError("has no table Packages")


def _is_packages(sql: object) -> bool:
    return isinstance(sql, bytes) and bool(_BLOB_COLUMN.search(sql.decode("utf-8", "replace")))


class _Shape(NamedTuple):
    size: int
    usable: int
    """Bytes of a page without those reserved at its end."""


class _Pages:
    """The pages of a database, as the log beside it leaves them."""

    def __init__(self, data: bytes, log: bytes, damaged: Damaged) -> None:
        self.data = data
        self.damaged = damaged
        self.newer: Mapping[int, bytes] = {}
        self.shape = self._shape(data)
        if log:
            self.newer = newer_pages(log, self.shape.size, damaged)
        self.shape = self._shape(self.newer.get(1, data))
        self.seen: set[int] = set()

    def _shape(self, head: bytes) -> _Shape:
        if len(head) < 100 or head[:16] != MAGIC:
            raise InputError("is no SQLite database")
        (size,) = struct.unpack_from(">H", head, 16)
        size = 65536 if size == 1 else size
        if size < 512 or size & (size - 1) or size - head[20] < 480:
            raise InputError(f"has pages of {size:,} bytes, which no SQLite database has")
        if int.from_bytes(head[56:60], "big") not in {0, 1}:
            raise UnsupportedError("is a SQLite database in UTF-16, which rpm does not write")
        return _Shape(size, size - head[20])

    def page(self, number: int) -> bytes:
        """Bytes of a page, which is then used up."""
        if number in self.seen:
            raise DamageError(f"page {number} is used twice")
        self.seen.add(number)
        newer = self.newer.get(number)
        if newer is not None:
            return newer
        start = (number - 1) * self.shape.size
        if number < 1 or start + self.shape.size > len(self.data):
            raise DamageError(f"page {number} is outside of the file")
        return self.data[start : start + self.shape.size]

    def rows(self, root: int) -> Iterator[bytes]:
        """Records of a table, in the order of their numbers; damaged ones are left out."""
        pending = [(root, 0)]
        while pending:
            number, level = pending.pop()
            try:
                page, children, cells = self._node(number, level)
            except DamageError as error:
                self.damaged(error.message)
                continue
            pending += [(child, level + 1) for child in reversed(children)]
            for cell in cells:
                try:
                    yield self._record(page, cell)
                except DamageError as error:
                    self.damaged(f"page {number}: {error.message}")

    def _node(self, number: int, level: int) -> tuple[bytes, list[int], tuple[int, ...]]:
        """A page of a tree with the pages below it, or the places of its cells."""
        if level > MAX_LEVELS:
            raise DamageError(f"page {number} is over {MAX_LEVELS} levels deep")
        page = self.page(number)
        at = 100 if number == 1 else 0
        kind, count = page[at], int.from_bytes(page[at + 3 : at + 5], "big")
        if kind == _INTERIOR:
            return page, self._children(page, at, count), ()
        if kind != _LEAF:
            raise DamageError(f"page {number} is of type {kind}, not of a table")
        return page, [], self._pointers(page, at + 8, count)

    def _children(self, page: bytes, at: int, count: int) -> list[int]:
        """Numbers of the pages below, the rightmost last."""
        found = []
        for cell in self._pointers(page, at + 12, count):
            if cell + 4 > len(page):
                raise DamageError("a cell is outside of its page")
            found.append(int.from_bytes(page[cell : cell + 4], "big"))
        return [*found, int.from_bytes(page[at + 8 : at + 12], "big")]

    def _pointers(self, page: bytes, at: int, count: int) -> tuple[int, ...]:
        if at + 2 * count > self.shape.usable:
            raise DamageError(f"a page states {count} cells, more than it has room for")
        return struct.unpack_from(f">{count}H", page, at)

    def _record(self, page: bytes, at: int) -> bytes:
        """Payload of a leaf's cell, with what of it is on overflow pages."""
        length, at = _varint(page, at)
        _, at = _varint(page, at)
        usable = self.shape.usable
        if length > len(self.data) + len(self.newer) * self.shape.size:
            raise DamageError(f"a record states {length:,} bytes, more than the file holds")
        local = length
        if length > usable - 35:
            least = (usable - 12) * 32 // 255 - 23
            local = least + (length - least) % (usable - 4)
            local = local if local <= usable - 35 else least
        if at + local > usable:
            raise DamageError("a record is outside of its page")
        parts = [page[at : at + local]]
        have = local
        following = int.from_bytes(page[at + local : at + local + 4], "big")
        while have < length:
            more = self.page(following)
            following = int.from_bytes(more[:4], "big")
            piece = more[4 : 4 + min(usable - 4, length - have)]
            have += len(piece)
            parts.append(piece)
        return b"".join(parts)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of one to nine bytes, and where it ends."""
    value = 0
    for index in range(9):
        if at >= len(data):
            raise DamageError("a number runs over the end of its page")
        byte = data[at]
        at += 1
        if index == 8:
            return value << 8 | byte, at
        value = value << 7 | (byte & 0x7F)
        if byte < 0x80:
            break
    return value, at


_INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
"""Bytes of an integer by its serial type."""

_FIXED = {**_INTEGERS, 7: 8}
"""Bytes of a number by its serial type; 7 is a float."""


def _columns(record: bytes) -> list[bytes | int | None]:
    """Values of a record; a float is none that is wanted and comes as nothing."""
    size, at = _varint(record, 0)
    if size > len(record):
        raise DamageError("a record's head is longer than the record")
    kinds = []
    while at < size:
        kind, at = _varint(record, at)
        kinds.append(kind)
        if len(kinds) > MAX_COLUMNS:
            raise DamageError(f"a record has over {MAX_COLUMNS} columns")
    values: list[bytes | int | None] = []
    at = size
    for kind in kinds:
        length = (kind - 12) // 2 if kind >= 12 else _FIXED.get(kind, 0)
        if at + length > len(record):
            raise DamageError("a record ends inside of a column")
        raw = record[at : at + length]
        at += length
        if kind >= 12:
            values.append(raw)
        elif kind in _INTEGERS:
            values.append(int.from_bytes(raw, "big", signed=True))
        else:
            values.append({8: 0, 9: 1}.get(kind))
    return values
