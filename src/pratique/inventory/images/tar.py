"""Members of a tar archive: names and places, no content (POSIX.1-2017 ``pax``, GNU tar 1.35).

Only headers are read; the content of a member stays where it is in the file.
"""

from __future__ import annotations

from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from pratique.model.errors import InputError, LimitError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_MEMBERS = 1_000_000
"""Members over all layers of an image; large ones have some hundred thousand."""

MAX_EXTENSION = 1024 * 1024
"""Bytes of one extended header; the longest path of Linux has four thousand."""

_BLOCK = 512
_EMPTY = b"\0" * _BLOCK


class Kind(StrEnum):
    """What a member is, as far as it matters here."""

    FILE = "file"
    FOLDER = "folder"
    SYMLINK = "symbolic link"
    HARDLINK = "hard link"
    SPARSE = "sparse file"
    OTHER = "other"


_KINDS = {
    **dict.fromkeys("0\x007", Kind.FILE),
    "1": Kind.HARDLINK,
    "2": Kind.SYMLINK,
    "5": Kind.FOLDER,
    "S": Kind.SPARSE,
}


class Member(NamedTuple):
    """One member."""

    path: str
    """As written."""

    kind: Kind
    size: int
    """Bytes of content in the archive."""

    offset: int
    """Where these begin."""

    mode: int
    target: str
    """Of a link, as written."""


class Count:
    """How many members may still come, over several archives."""

    def __init__(self, most: int = MAX_MEMBERS) -> None:
        self.left = most

    def take(self) -> None:
        """Count one.

        Raises:
            LimitError: There were too many.
        """
        self.left -= 1
        if self.left < 0:
            raise LimitError(f"has more than {MAX_MEMBERS:,} members")


def is_tar(head: bytes) -> bool:
    """Whether a file begins with the header of a tar member.

    Args:
        head: At least 512 bytes.
    """
    return len(head) >= _BLOCK and head[:_BLOCK] != _EMPTY and _sum_is_right(head[:_BLOCK])


def members(file: BinaryIO, size: int, count: Count) -> Iterator[Member]:
    """The members of an archive, in its order.

    Args:
        file: Seekable; its position is moved.
        size: Of the archive.
        count: Of members that may come.

    Raises:
        InputError: A header is damaged, or a member runs over the end: what
            follows cannot be found.
        LimitError: There are too many members, or an extended header is too long.
    """
    at = 0
    long: dict[str, str] = {}
    while at + _BLOCK <= size:
        file.seek(at)
        block = file.read(_BLOCK)
        if len(block) < _BLOCK:
            raise InputError(f"ends inside of the header at byte {at:,}")
        if block == _EMPTY:
            return
        if not _sum_is_right(block):
            raise InputError(f"has a damaged header at byte {at:,}")
        count.take()
        at += _BLOCK
        flag = chr(block[156])
        length = _number(block[124:136])
        if flag in "xgLK":
            long |= _extension(file, at, length, size, flag)
            at += _padded(length)
            continue
        if flag == "S":
            at = _after_map(file, at, block)
        if "size" in long:
            length = int(long["size"]) if long["size"].isdecimal() else length
        kind = _KINDS.get(flag, Kind.OTHER)
        member = _member(block, kind, long, length, at)
        if member.kind not in {Kind.FILE, Kind.SPARSE}:
            # A link or a folder has no content whatever its header states, but "other" may.
            length = length if member.kind is Kind.OTHER else 0
        if at + length > size:
            raise InputError(f"ends inside of {member.path[:120]!r}")
        yield member
        long = {}
        at += _padded(length)


def _member(block: bytes, kind: Kind, long: dict[str, str], length: int, at: int) -> Member:
    name = _text(block[:100])
    if block[257:262] == b"ustar" and block[262:263] == b"\0" and (prefix := _text(block[345:500])):
        name = f"{prefix}/{name}"
    path = long.get("path", name)
    if kind is Kind.FILE and path.endswith("/"):
        kind = Kind.FOLDER  # as it was before there were folders' headers
    if kind is Kind.FILE and "sparse" in long:
        kind = Kind.SPARSE
    content = length if kind in {Kind.FILE, Kind.SPARSE} else 0
    target = long.get("linkpath", _text(block[157:257]))
    return Member(path, kind, content, at, _number(block[100:108]) & 0o7777, target)


def _extension(file: BinaryIO, at: int, length: int, size: int, flag: str) -> dict[str, str]:
    """What an extended header says of the next member; a global one says nothing used here."""
    if length > MAX_EXTENSION:
        raise LimitError(f"has an extended header of {length:,} bytes")
    if at + length > size:
        raise InputError(f"ends inside of the extended header at byte {at:,}")
    if flag == "g":
        return {}
    file.seek(at)
    data = file.read(length)
    if flag in "LK":
        return {"path" if flag == "L" else "linkpath": _text(data)}
    found: dict[str, str] = {}
    while data:
        digits, space, _ = data[:20].partition(b" ")
        if not space or not digits.isdigit() or not len(digits) < int(digits) <= len(data):
            raise InputError(f"has a damaged extended header at byte {at:,}")
        record, data = data[len(digits) + 1 : int(digits)], data[int(digits) :]
        key, _, value = record.rstrip(b"\n").partition(b"=")
        if key in {b"path", b"linkpath", b"size"}:
            found[key.decode()] = value.decode("utf-8", "surrogateescape")
        elif key.startswith(b"GNU.sparse."):
            found["sparse"] = "1"
            if key == b"GNU.sparse.name":
                found["path"] = value.decode("utf-8", "surrogateescape")
    return found


def _after_map(file: BinaryIO, at: int, block: bytes) -> int:
    """Where the content of an old sparse file begins: after further blocks of its map."""
    more = block[482]
    while more:
        file.seek(at)
        block = file.read(_BLOCK)
        if len(block) < _BLOCK:
            raise InputError(f"ends inside of the map at byte {at:,}")
        at += _BLOCK
        more = block[504]
    return at


def _sum_is_right(block: bytes) -> bool:
    stated = block[148:156].strip(b" \0")
    if not stated.isdigit():
        return False
    try:
        # The field itself counts as eight spaces.
        return sum(block) - sum(block[148:156]) + 8 * 32 == int(stated, 8)
    except ValueError:
        return False


def _number(field: bytes) -> int:
    """An octal number, or one in base 256 as GNU tar writes large ones."""
    if field[0] & 0x80:
        value = int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
        if field[0] & 0x40 or value >= 1 << 62:
            raise InputError("has a header with a number that is out of range")
        return value
    digits = field.split(b"\0", 1)[0].strip()
    if not digits:
        return 0
    with suppress(ValueError):
        if digits.isdigit():
            return int(digits, 8)
    raise InputError("has a header with a number that is none")


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")


def _padded(length: int) -> int:
    return -(-length // _BLOCK) * _BLOCK
