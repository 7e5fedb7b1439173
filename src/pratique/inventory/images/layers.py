"""One layer, unpacked and with its digests checked (OCI image specification 1.1, "layer")."""

from __future__ import annotations

import hashlib
import io
import tempfile
import zlib
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, Protocol, cast

from pratique.model.errors import InputError, LimitError

if TYPE_CHECKING:
    from pratique.formats.base import Notes
    from pratique.inventory.images.blobs import Window
    from pratique.inventory.images.manifest import LayerRef

MAX_UNPACKED = 16 * 1024**3
"""Bytes that the layers of one image unpack to.  Images with machine learning
frameworks have some ten gigabytes."""

MAX_RATIO = 200
"""How much larger than packed a layer may be, above ``FREE``; those of systems have
two to five, gzip ends at 1,032 and zstd at some ten thousand."""

FREE = 64 * 1024 * 1024
"""Bytes of a layer that may come out whatever the ratio: logs of zeros occur."""

MAX_WINDOW = 128 * 1024 * 1024
"""Memory that a zstd frame may ask for; what ``zstd`` itself takes without an option."""

_CHUNK = 1024 * 1024
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


class Room:
    """How many bytes may still be unpacked."""

    def __init__(self) -> None:
        self.left = MAX_UNPACKED

    def take(self, count: int, size: int, packed: int) -> None:
        """Use up bytes.

        Args:
            count: Bytes that came.
            size: Bytes that came of the same file so far.
            packed: Bytes they came from.

        Raises:
            LimitError: There are too many, altogether or for what they came from.
        """
        self.left -= count
        if self.left < 0:
            raise LimitError(f"unpacks to more than {MAX_UNPACKED:,} bytes with other layers")
        if size > FREE and size > packed * MAX_RATIO:
            raise LimitError(f"unpacks to over {MAX_RATIO} times its size")


class Unpacked(NamedTuple):
    """The tar archive of a layer."""

    file: BinaryIO
    size: int
    diff_id: str
    """Digest of the archive, ``sha256:hex``."""


def layer(ref: LayerRef, blob: Window, room: Room, notes: Notes) -> Unpacked:
    """Unpack a layer and compare its digests with those stated.

    One that differs is noted and read all the same: it is what is here.

    Raises:
        LimitError: It unpacks to too much.
        InputError: It is packed in a way that is not known, or damaged at its start.
    """
    algorithm = ref.digest.partition(":")[0] or "sha256"
    packed = _Hashed(blob, algorithm)
    unpacked = unpack(packed, blob, room, notes)
    name = ref.digest[:19] or ref.path[:90]
    if ref.digest and f"{algorithm}:{packed.finish()}" != ref.digest:
        notes.unreadable(f"layer {name} has another digest than its manifest states")
    elif ref.size not in {-1, blob.size}:
        notes.unreadable(f"layer {name} has {blob.size:,} bytes, not {ref.size:,} as stated")
    if ref.diff_id and unpacked.diff_id != ref.diff_id:
        notes.unreadable(f"layer {name} unpacks to another digest than the configuration states")
    return unpacked


class _Hashed(io.RawIOBase):
    """Passes a file on and digests it on the way."""

    def __init__(self, file: Window, algorithm: str) -> None:
        super().__init__()
        self._file = file
        self._hash = hashlib.new(algorithm)
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        count = self._file.readinto(buffer)
        self._hash.update(buffer[:count])
        self.count += count
        return count

    def finish(self) -> str:
        """Digest of the whole file, also of what nobody read."""
        while self.read(_CHUNK):
            pass
        return self._hash.hexdigest()


def packed_head(file: Window, count: int) -> bytes | None:
    """The first bytes of what a packed file holds, fewer where it is damaged.

    Returns:
        Nothing where it is packed in no way that is known.
    """
    head = file.read(4) or b""
    file.seek(0)
    if head[:2] != _GZIP and head != _ZSTD:
        return None
    try:
        return _stream(_Hashed(file, "sha256"), head).read1(count)
    except (OSError, EOFError, zlib.error):
        return b""
    finally:
        file.seek(0)


def unpack_file(file: Window, notes: Notes) -> tuple[BinaryIO, int]:
    """A packed archive as an unpacked file, and its size.

    Raises:
        LimitError: It unpacks to too much.
        InputError: It is damaged at its start.
    """
    unpacked = unpack(_Hashed(file, "sha256"), file, Room(), notes)
    return unpacked.file, unpacked.size


def unpack(packed: _Hashed, blob: Window, room: Room, notes: Notes) -> Unpacked:
    """The archive inside of a blob: the blob itself where it is not packed."""
    head = blob.read(4) or b""
    blob.seek(0)
    if head[:2] != _GZIP and head != _ZSTD:
        digest = hashlib.sha256()
        while piece := packed.read(_CHUNK):
            digest.update(piece)
        return Unpacked(cast("BinaryIO", blob), blob.size, f"sha256:{digest.hexdigest()}")
    file = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the image is open
    try:
        size, digest_text = _copy(packed, head, cast("BinaryIO", file), room, notes)
    except BaseException:
        file.close()
        raise
    return Unpacked(cast("BinaryIO", file), size, digest_text)


def _copy(
    packed: _Hashed, head: bytes, file: BinaryIO, room: Room, notes: Notes
) -> tuple[int, str]:
    """Unpack into a file; returns size and digest of what came out."""
    digest, size = hashlib.sha256(), 0
    try:
        stream = _stream(packed, head)
        # One read at a time, so that what comes before a damage is not lost with it.
        while piece := stream.read1(_CHUNK):
            size += len(piece)
            room.take(len(piece), size, packed.count)
            digest.update(piece)
            file.write(piece)
    except (OSError, EOFError, zlib.error) as error:
        if not size:
            raise InputError("cannot be unpacked") from None
        notes.unreadable(f"can be unpacked up to byte {size:,} only: {str(error)[:80]}")
    return size, f"sha256:{digest.hexdigest()}"


def _stream(packed: _Hashed, head: bytes) -> _Stream:
    if head[:2] == _GZIP:
        import gzip

        return gzip.GzipFile(fileobj=io.BufferedReader(packed, _CHUNK), mode="rb")
    import zstandard

    unpacker = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW)
    reader = unpacker.stream_reader(cast("BinaryIO", packed), read_across_frames=True)
    return _Zstd(reader)


class _Stream(Protocol):
    """What unpacks on the way."""

    def read1(self, size: int) -> bytes:
        """Bytes of one read, at most so many; none at the end."""
        ...


class _Zstd:
    """Reports zstd's own errors as those of a file."""

    def __init__(self, reader: _Stream) -> None:
        self._reader = reader

    def read1(self, size: int) -> bytes:
        import zstandard

        try:
            return self._reader.read1(size)
        except zstandard.ZstdError as error:
            raise EOFError(str(error)) from None
