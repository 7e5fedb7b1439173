"""Documents that come compressed or several in a file."""

from __future__ import annotations

import bz2
import lzma
import zlib
from typing import TYPE_CHECKING, Any

from pratique.formats.base import MAX_DOCUMENT_BYTES
from pratique.model.errors import InputError, LimitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_LINES = 1_000_000
"""Most documents of one JSON Lines file; the largest OSV export has some 700,000 records."""

_STEP = 1 << 20

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
)

SUFFIXES = (".gz", ".bz2", ".xz", ".zst")
"""Ends of names that compression adds."""


def unpacked(data: bytes) -> bytes:
    """The document inside a compressed file; other bytes as they are.

    Raises:
        LimitError: It unpacks to more than ``MAX_DOCUMENT_BYTES``.
        InputError: It is damaged.
    """
    name = next((name for magic, name in _MAGIC if data.startswith(magic)), "")
    if not name:
        return data
    import zstandard

    try:
        if name == "zstd":
            reader = zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(
                data, read_across_frames=True
            )
            return _bounded(iter(lambda: reader.read(_STEP), b""))
        makers: dict[str, Callable[[], Any]] = {
            "gzip": lambda: zlib.decompressobj(31),
            "bzip2": bz2.BZ2Decompressor,
            "xz": lambda: lzma.LZMADecompressor(memlimit=1 << 28),
        }
        return _bounded(_members(data, makers[name]))
    except (OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError) as error:
        raise InputError(f"is not readable as {name}: {str(error)[:200]}") from None


def _members(data: bytes, make: Callable[[], Any]) -> Iterator[bytes]:
    """Pieces of all members of a compressed file, none over ``_STEP`` bytes."""
    while data:
        unpacker = make()
        piece = unpacker.decompress(data, _STEP)
        yield piece
        while not unpacker.eof:
            rest = getattr(unpacker, "unconsumed_tail", b"")
            piece = unpacker.decompress(rest, _STEP)
            if not piece and not rest and not unpacker.eof:
                raise EOFError("it ends too early")
            yield piece
        data = unpacker.unused_data.lstrip(b"\0")


def _bounded(pieces: Iterator[bytes]) -> bytes:
    whole = bytearray()
    for piece in pieces:
        whole += piece
        if len(whole) > MAX_DOCUMENT_BYTES:
            raise LimitError(f"unpacks to over the limit of {MAX_DOCUMENT_BYTES:,} bytes")
    return bytes(whole)


def lines(data: bytes) -> list[tuple[int, bytes]]:
    """Documents of a JSON Lines file with their line numbers; empty where it is none.

    A file is JSON Lines where its first two lines that are not blank both are
    whole objects: pretty-printed JSON begins with ``{`` alone.

    Raises:
        LimitError: It has over ``MAX_LINES``.
    """
    head = data[:2].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not head.startswith(b"{") and data.lstrip()[:1] != b"{":
        return []
    first = [line for line in data.split(b"\n", 8)[:8] if line.strip()][:2]
    if len(first) < 2 or not all(_whole(line) for line in first):
        return []
    if data.count(b"\n") > MAX_LINES:
        raise LimitError(f"has over {MAX_LINES:,} lines")
    return [
        (number, line.strip()) for number, line in enumerate(data.split(b"\n"), 1) if line.strip()
    ]


def _whole(line: bytes) -> bool:
    text = line.strip()
    return text.startswith(b"{") and text.endswith(b"}")
