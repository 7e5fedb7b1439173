"""Where records come from: zips, folders and line files, streamed within limits."""

from __future__ import annotations

import gzip
import lzma
import zipfile
import zlib
from typing import IO, TYPE_CHECKING

import msgspec

from pratique.model.errors import InputError, LimitError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_RECORD_BYTES = 64 * 1024 * 1024
"""Largest record read.  The largest published ones, of Linux distributions, have 12 MB."""

MAX_UNPACKED_BYTES = 64 * 1024 * 1024 * 1024
"""Most bytes that one source unpacks to.  All of OSV.dev is about 12 GB."""

MAX_RATIO = 250
"""Largest ratio of unpacked to packed bytes.  Real archives of records have 5 to
40; bombs have 1,000 and more."""

RATIO_FREE_BYTES = 64 * 1024 * 1024
"""So much may be unpacked at any ratio."""

MAX_MEMBERS = 10_000_000
"""Most records taken from one source."""

_CHUNK = 1024 * 1024
_ZSTD_CHUNK = 16 * 1024
"""Small, for what it unpacks to is in memory before it is counted."""

_LINES = (".ndjson", ".jsonl")
_PACKED = (".xz", ".zst", ".gz")


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """One collection of records to build an index from."""

    path: str
    """A zip, a folder of JSON files, a line file (``.ndjson``, ``.jsonl``) or one
    JSON record; files also with ``.xz``, ``.zst`` or ``.gz`` after it."""

    name: str = ""
    """For reports; the file's name where it is empty."""

    license: str = ""
    """SPDX expression."""


class Item(msgspec.Struct, frozen=True):
    """One record as it lies in a source."""

    where: str
    """For messages: the file, the member or the line."""

    data: bytes


class _Meter(msgspec.Struct):
    """Counts what a source unpacks to."""

    path: str
    packed: int
    unpacked: int = 0
    items: int = 0

    def take(self, size: int, packed: int | None = None) -> None:
        """Count bytes, and stop where they are too many.

        Raises:
            LimitError: A limit is exceeded.
        """
        self.unpacked += size
        self.packed = self.packed if packed is None else packed
        if self.unpacked > MAX_UNPACKED_BYTES:
            raise LimitError(f"{self.path}: unpacks to more than {MAX_UNPACKED_BYTES:,} bytes")
        if self.unpacked > RATIO_FREE_BYTES and self.unpacked > MAX_RATIO * max(self.packed, 1):
            raise LimitError(f"{self.path}: unpacks to more than {MAX_RATIO} times its size")

    def item(self) -> None:
        """Count a record."""
        self.items += 1
        if self.items > MAX_MEMBERS:
            raise LimitError(f"{self.path}: has more than {MAX_MEMBERS:,} records")


def read_items(path: Path) -> Iterator[Item]:
    """Records of a source, one at a time, in a fixed order.

    Args:
        path: Of a zip, a folder, a line file or one JSON record.

    Raises:
        InputError: The source cannot be read, or is of no known kind.
        LimitError: It exceeds a limit of size, ratio or number.
    """
    try:
        if path.is_dir():
            yield from _folder(path)
        elif zipfile.is_zipfile(path):
            yield from _zip(path)
        else:
            yield from _file(path)
    except (OSError, EOFError, zipfile.BadZipFile, lzma.LZMAError, NotImplementedError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from None
    except RuntimeError as error:  # an encrypted member
        raise InputError(f"{path}: cannot be read: {error}") from None


def _folder(folder: Path) -> Iterator[Item]:
    meter = _Meter(str(folder), 0)
    root = folder.resolve()
    for path in sorted(folder.rglob("*.json")):
        if not path.is_file() or not path.resolve().is_relative_to(root):
            continue
        size = path.stat().st_size
        if size > MAX_RECORD_BYTES:
            raise LimitError(f"{path}: is {size:,} bytes, over the limit of {MAX_RECORD_BYTES:,}")
        meter.item()
        meter.take(size, meter.packed + size)
        yield Item(str(path.relative_to(folder)), path.read_bytes())


def _zip(path: Path) -> Iterator[Item]:
    meter = _Meter(str(path), 0)
    with zipfile.ZipFile(path) as archive:
        for info in sorted(archive.infolist(), key=lambda each: each.filename):
            if info.is_dir() or not info.filename.endswith(".json"):
                continue
            meter.item()
            with archive.open(info) as member:
                data = member.read(MAX_RECORD_BYTES + 1)
            if len(data) > MAX_RECORD_BYTES:
                raise LimitError(f"{path}: {info.filename!r} is over {MAX_RECORD_BYTES:,} bytes")
            meter.take(len(data), meter.packed + info.compress_size)
            yield Item(info.filename, data)


def _file(path: Path) -> Iterator[Item]:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packing = suffixes.pop() if suffixes and suffixes[-1] in _PACKED else ""
    kind = suffixes[-1] if suffixes else ""
    if kind not in (*_LINES, ".json"):
        raise InputError(
            f"{path}: is not a zip, a folder, a .ndjson, .jsonl or .json file of OSV records"
        )
    meter = _Meter(str(path), path.stat().st_size)
    with path.open("rb") as raw:
        zstd = packing == ".zst"
        chunks = _zstd(raw, meter) if zstd else _chunks(_unpacker(raw, packing), meter)
        if kind == ".json":
            yield Item(path.name, _whole(chunks, path))
            return
        for number, line in enumerate(_lines(chunks, path), 1):
            if line.strip():
                meter.item()
                yield Item(f"line {number}", line)


def _unpacker(raw: IO[bytes], packing: str) -> IO[bytes]:
    if packing == ".xz":
        return lzma.open(raw)
    if packing == ".gz":
        unzipped: IO[bytes] = gzip.open(raw)  # type: ignore[assignment]  # noqa: SIM115 - closed with raw
        return unzipped
    return raw


def _zstd(raw: IO[bytes], meter: _Meter) -> Iterator[bytes]:
    """Unpack zstd frames one after another; the library's reader takes a cut one for whole."""
    import zstandard

    unpacker = None
    try:
        while data := raw.read(_ZSTD_CHUNK):
            while data:
                unpacker = unpacker or zstandard.ZstdDecompressor().decompressobj()
                chunk = unpacker.decompress(data)
                meter.take(len(chunk))
                yield chunk
                data = unpacker.unused_data if unpacker.eof else b""
                unpacker = None if unpacker.eof else unpacker
    except zstandard.ZstdError as error:
        raise InputError(f"{meter.path}: cannot be unpacked: {error}") from None
    if unpacker is not None:
        raise InputError(f"{meter.path}: cannot be unpacked: it is truncated")


def _chunks(stream: IO[bytes], meter: _Meter) -> Iterator[bytes]:
    while True:
        try:
            chunk = stream.read(_CHUNK)
        except (OSError, EOFError, lzma.LZMAError):
            raise
        except zlib.error as error:
            raise InputError(f"{meter.path}: cannot be unpacked: {error}") from None
        if not chunk:
            return
        meter.take(len(chunk))
        yield chunk


def _whole(chunks: Iterator[bytes], path: Path) -> bytes:
    data = bytearray()
    for chunk in chunks:
        data += chunk
        if len(data) > MAX_RECORD_BYTES:
            raise LimitError(f"{path}: is over {MAX_RECORD_BYTES:,} bytes")
    return bytes(data)


def _lines(chunks: Iterator[bytes], path: Path) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
        if len(rest) > MAX_RECORD_BYTES:
            raise LimitError(f"{path}: has a line of over {MAX_RECORD_BYTES:,} bytes")
    yield rest
