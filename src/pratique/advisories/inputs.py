"""Where records come from: zips, folders and line files, streamed within limits."""

from __future__ import annotations

import errno
import gzip
import lzma
import zipfile
import zlib
from datetime import datetime
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING

import msgspec

from pratique.model.errors import InputError, LimitError

if TYPE_CHECKING:
    from collections.abc import Iterator

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

    as_of: datetime | None = None
    """Up to when it is complete, where that is known."""

    local: bool = False
    """Whether it holds an organisation's own records."""

    def identity(self) -> str:
        """A text that changes where the records change."""
        path = Path(self.path)
        found = sorted(path.rglob("*.json")) if path.is_dir() else [path]
        digest = sha256()
        for each in found:
            try:
                state = each.stat()
            except OSError:
                continue
            digest.update(f"{each} {state.st_size} {state.st_mtime_ns}\n".encode())
        return f"{self.name}\0{self.path}\0{digest.hexdigest()}"


class Item(msgspec.Struct, frozen=True):
    """One record as it lies in a source."""

    where: str
    """For messages: the file, the member or the line."""

    data: bytes
    problem: str = ""
    """Why it could not be taken from the source, which goes on after it; or empty."""


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


def read_items(path: Path, skip: int = 0) -> Iterator[Item]:
    """Records of a source, one at a time, in a fixed order.

    Args:
        path: Of a zip, a folder, a line file or one JSON record.
        skip: Records at the beginning that are left out.

    Raises:
        InputError: The source cannot be read, or is of no known kind.
        LimitError: It exceeds a limit of size, ratio or number.
    """
    try:
        if path.is_dir():
            yield from _folder(path, skip)
        elif zipfile.is_zipfile(path):
            yield from _zip(path, skip)
        else:
            yield from islice(_file(path), skip, None)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (EOFError, zipfile.BadZipFile, lzma.LZMAError, NotImplementedError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from None
    except RuntimeError as error:  # an encrypted member
        raise InputError(f"{path}: cannot be read: {error}") from None


def _folder(folder: Path, skip: int) -> Iterator[Item]:
    meter = _Meter(str(folder), 0)
    root = folder.resolve()
    for path in sorted(folder.rglob("*.json")):
        if not path.is_file() or not path.resolve().is_relative_to(root):
            continue
        meter.item()
        if meter.items <= skip:
            continue
        size = path.stat().st_size
        if size > MAX_RECORD_BYTES:
            problem = f"{path}: is {size:,} bytes, over the limit of {MAX_RECORD_BYTES:,}"
            yield Item(str(path.relative_to(folder)), b"", problem)
            continue
        meter.take(size, meter.packed + size)
        yield Item(str(path.relative_to(folder)), path.read_bytes())


def _zip(path: Path, skip: int) -> Iterator[Item]:
    meter = _Meter(str(path), 0)
    with zipfile.ZipFile(path) as archive:
        for info in sorted(archive.infolist(), key=lambda each: each.filename):
            if info.is_dir() or not info.filename.endswith(".json"):
                continue
            meter.item()
            if meter.items <= skip:
                continue
            data, problem = _member(archive, info)
            meter.take(len(data), meter.packed + info.compress_size)
            yield Item(info.filename, b"" if problem else data, problem)


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> tuple[bytes, str]:
    """One member, and why it cannot be used; what was unpacked of it counts in any case.

    Nothing is ever written under a member's name, so that it may be any text.
    """
    data = b""
    try:
        with archive.open(info) as member:
            data = member.read(MAX_RECORD_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError) as error:
        return data, f"{info.filename!r} cannot be unpacked: {error}"
    except (NotImplementedError, RuntimeError) as error:  # a method nobody has; a password
        return data, f"{info.filename!r} cannot be unpacked: {error}"
    if len(data) > MAX_RECORD_BYTES:
        return data, f"{info.filename!r} is over {MAX_RECORD_BYTES:,} bytes"
    return data, ""


def _file(path: Path) -> Iterator[Item]:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packing = suffixes.pop() if suffixes and suffixes[-1] in _PACKED else ""
    kind = suffixes[-1] if suffixes else ""
    if not path.exists():
        raise FileNotFoundError(errno.ENOENT, "no such file or folder", str(path))
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
        for number, line in enumerate(_lines(chunks), 1):
            if line is None:
                meter.item()
                yield Item(f"line {number}", b"", f"is over {MAX_RECORD_BYTES:,} bytes")
            elif line.strip():
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


def _lines(chunks: Iterator[bytes]) -> Iterator[bytes | None]:
    """Lines of a file; ``None`` in the place of one that is too long."""
    rest: bytes | None = b""
    for chunk in chunks:
        first, *lines = chunk.split(b"\n")
        if rest is not None:
            rest += first
            if len(rest) > MAX_RECORD_BYTES:
                rest = None
        if lines:
            yield rest
            yield from lines[:-1]
            rest = lines[-1]
    yield rest
