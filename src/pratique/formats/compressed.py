"""Decompression of single documents, within limits that a bomb meets early."""

from __future__ import annotations

import bz2
import lzma
import zlib
from typing import TYPE_CHECKING, Any

from pratique.formats.base import MAX_DOCUMENT_BYTES
from pratique.model.errors import InputError, LimitError

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_RATIO = 250
"""Most bytes that come out of one that goes in.  Bills of materials reach 10 to
60 with the strongest of these methods; deflate itself cannot exceed 1,032."""

FREE_BYTES = 8 * 1024 * 1024
"""Output to which the ratio does not apply: short documents may repeat one line."""

MAX_WORK_BYTES = 128 * 1024 * 1024
"""Memory that a method may ask for itself: the window of ``zstd --ultra -22`` and
twice the dictionary of ``xz -9``."""

MAX_MEMBERS = 8192
"""Most members behind each other; block-wise compressors make one for each 64 KiB."""

_STEP = 1024 * 1024
"""Output taken at a time."""

_INPUT = 64 * 1024
"""Input given at a time."""

SUFFIXES = (".gz", ".bz2", ".xz", ".zst")
"""Ends of the names of compressed documents."""

_MAGIC = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
)


def method(data: bytes) -> str:
    """The method a document is compressed with, by its first bytes; empty if with none."""
    return next((name for mark, name in _MAGIC if data.startswith(mark)), "")


def stem(name: str) -> str:
    """A file's name without the suffix of a compressed document, if it has one."""
    end = next((suffix for suffix in SUFFIXES if name.lower().endswith(suffix)), "")
    return name[: len(name) - len(end)]


def decompress(data: bytes, name: str) -> bytes:
    """The document within a compressed one; one that is not compressed, as it is.

    Its first bytes decide, whatever the name.  Only one layer is taken off.

    Args:
        data: One document; several members behind each other are one, as for
            the programs of the methods.
        name: For the messages: of the file, or ``-``.

    Raises:
        InputError: It is damaged, or ends too early.
        LimitError: It exceeds ``MAX_DOCUMENT_BYTES``, ``MAX_RATIO`` or ``MAX_WORK_BYTES``.
    """
    if not (how := method(data)):
        return data
    limit = min(MAX_DOCUMENT_BYTES, max(FREE_BYTES, MAX_RATIO * len(data)))
    label = f"{how} data" if not name or name == "-" else f"{name.rpartition('/')[2][:120]!r}"
    try:
        return _members(data, _STARTS[how], limit)
    except _TooLargeError as error:
        raise LimitError(
            f"{label} ({how}, {len(data):,} bytes) unpacks to more than "
            f"the limit of {error.most:,} bytes"
        ) from None
    except MemoryError:
        raise LimitError(f"{label} ({how}) needs more memory than the limit") from None
    except (OSError, EOFError, ValueError, lzma.LZMAError, zlib.error) as error:
        if "emory" in str(error):
            raise LimitError(f"{label} ({how}) needs more memory than the limit") from None
        raise InputError(f"{label} is damaged {how} data: {str(error)[:120]}") from None


class _TooLargeError(Exception):
    """More comes out than the limit.

    Args:
        most: The limit in bytes.
    """

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.most = most


class _Deflate:
    """zlib's decompressor with the interface that those of bz2 and lzma have."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)
        self.needs_input = True

    def decompress(self, data: bytes, max_length: int) -> bytes:
        found = self._inner.decompress(self._inner.unconsumed_tail + data, max_length)
        self.needs_input = not self._inner.unconsumed_tail
        return found

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data


class _Zstd:
    """Zstandard's decompressor with the interface that the others have.

    It knows no limit of output, and so gets little input at a time: a block of
    four bytes makes up to 128 KiB (RFC 8878, section 3.1.1.2).
    """

    def __init__(self) -> None:
        import zstandard

        context = zstandard.ZstdDecompressor(max_window_size=MAX_WORK_BYTES)
        self._error = zstandard.ZstdError
        self._inner = context.decompressobj()
        self._waiting, self._at = b"", 0

    def decompress(self, data: bytes, max_length: int) -> bytes:
        if data:
            self._waiting, self._at = self._waiting[self._at :] + data, 0
        at, self._at = self._at, self._at + max(16, max_length // 32768)
        try:
            return self._inner.decompress(self._waiting[at : self._at])
        except self._error as error:
            raise ValueError(str(error)) from None

    @property
    def needs_input(self) -> bool:
        return self._at >= len(self._waiting)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data + self._waiting[self._at :]


_STARTS: dict[str, Callable[[], Any]] = {
    "gzip": _Deflate,
    "bzip2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MAX_WORK_BYTES),
    "zstd": _Zstd,
}


def _members(data: bytes, start: Callable[[], Any], limit: int) -> bytes:
    """All members of a document, a step at a time."""
    found = bytearray()
    at = members = 0
    while at < len(data):
        if data[at] == 0 and not data[at:].strip(b"\0"):
            break  # padding behind the last member is allowed
        members += 1
        if members > MAX_MEMBERS:
            raise LimitError(f"has more than {MAX_MEMBERS:,} compressed members")
        one = start()
        while not one.eof:
            step = b""
            if one.needs_input:
                step = data[at : at + _INPUT]
                if not step:
                    raise EOFError("it ends too early")
                at += len(step)
            found += one.decompress(step, _STEP)
            # The ratio holds from the start, so that a large bomb is met as early as a small one.
            most = min(limit, max(FREE_BYTES, MAX_RATIO * at))
            if len(found) > most:
                raise _TooLargeError(most)
        at -= len(one.unused_data)
    return bytes(found)
