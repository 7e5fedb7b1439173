"""The index: only which commits of submodules it has.

Source: git, *gitformat-index*, versions 2 to 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.formats.git.base import GitError

if TYPE_CHECKING:
    from collections.abc import Iterator

GITLINK = 0o160000
"""Mode of an entry that stands for a commit of a submodule."""

MAX_PATH = 65_536
"""Longest path; file systems take 4,096 bytes."""

_MODE = 24
_EXTENDED = 0x4000


def gitlinks(data: bytes, width: int) -> dict[str, bytes]:
    """Path and commit of each submodule of an index.

    Args:
        data: The whole file.
        width: Bytes of an object's name.

    Raises:
        GitError: It is damaged, or of a version that is not read.
    """
    version = int.from_bytes(data[4:8])
    if data[:4] != b"DIRC" or version not in {2, 3, 4}:
        raise GitError("the index is of a version that is not read")
    count = int.from_bytes(data[8:12])
    end, found = 12, {}
    for mode, name, path, after in _entries(data, width, version, count):
        end = after
        if mode == GITLINK:
            found[path.decode("utf-8", "replace")] = name
    if _is_split(data, end, width):
        raise GitError("the index is split over two files, which is not read")
    return found


def _entries(
    data: bytes, width: int, version: int, count: int
) -> Iterator[tuple[int, bytes, bytes, int]]:
    at, path = 12, b""
    for _ in range(count):
        flags_at = at + 40 + width
        if flags_at + 2 > len(data) - width:
            raise GitError("the index is truncated")
        mode = int.from_bytes(data[at + _MODE : at + _MODE + 4])
        name = data[at + 40 : flags_at]
        start = flags_at + 2
        if int.from_bytes(data[flags_at:start]) & _EXTENDED and version >= 3:
            start += 2
        if version == 4:
            strip, start = _varint(data, start)
            if strip > len(path):
                raise GitError("the index is damaged: a path is cut by more than it has")
            path = path[: len(path) - strip]
        else:
            path = b""
        nul = data.find(b"\0", start)
        if nul < 0:
            raise GitError("the index is truncated")
        path += data[start:nul]
        if len(path) > MAX_PATH:
            raise GitError("the index is damaged: a path has no end")
        if version == 4:
            at = nul + 1
        else:
            length = nul - at
            at += length + 8 - length % 8
        yield mode, name, path, at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = -1
    for place in range(at, min(at + 10, len(data))):
        value = (value + 1) << 7 | data[place] & 0x7F
        if not data[place] & 0x80:
            return value, place + 1
    raise GitError("the index is damaged: a path has no length")


def _is_split(data: bytes, at: int, width: int) -> bool:
    while at + 8 <= len(data) - width:
        if data[at : at + 4] == b"link":
            return True
        at += 8 + int.from_bytes(data[at + 4 : at + 8])
    return False
