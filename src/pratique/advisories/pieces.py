"""Pieces of a generation by number: zstd with a shared dictionary, read one by one.

``NAME.idx`` holds a header and the offsets in checksummed chunks; ``NAME.dat``
holds the pieces, each with its number, its length and its checksum.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Self
from zlib import crc32

from pratique.advisories.errors import GenerationError
from pratique.advisories.files import Blobs, Mapped

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LEVEL = 6
"""Of zstd.  Pieces are written once and small; higher levels gain 2 %."""

DICTIONARY_BYTES = 64 * 1024
"""Largest dictionary; larger ones gain little on records of 300 bytes."""

DICTIONARY_SAMPLES = 4096
"""Pieces the dictionary is made from; below a tenth of it there is none."""

SAMPLE_BYTES = 16 * 1024
"""Most of one piece that the dictionary is made from: a few large ones would fill it."""

_HEADER = struct.Struct("<8sQIII")
_FRAME = struct.Struct("<III")
_MAGIC = b"PRTQREC1"
_CHUNK = 4096
"""Offsets are checksummed in chunks of so many, each verified on first use."""


def write_pieces(
    folder: Path,
    name: str,
    dictionary: str,
    count: int,
    piece: Callable[[int], bytes],
    *,
    packed: bool = True,
    shared: bytes | None = None,
) -> None:
    """Write all pieces.

    Args:
        folder: Of the generation.
        name: Of the files, without their suffixes.
        dictionary: Name of the dictionary's file.
        count: How many there are.
        piece: Gives the piece of a number.
        packed: Whether to compress them.
        shared: The dictionary, where it is there already.
    """
    if shared is None:
        shared = _trained(count, piece) if packed else b""
        (folder / dictionary).write_bytes(shared)
    pack = _packer(shared) if packed else bytes
    offset = 0
    with (
        (folder / f"{name}.dat").open("wb") as data,
        _Offsets(folder / f"{name}.idx", count, shared, packed=packed) as offsets,
    ):
        for number in range(count):
            frame = pack(piece(number))
            data.write(_FRAME.pack(number, len(frame), crc32(frame)))
            data.write(frame)
            offsets.add(offset)
            offset += _FRAME.size + len(frame)


def _trained(count: int, piece: Callable[[int], bytes]) -> bytes:
    import zstandard

    step = max(1, count // DICTIONARY_SAMPLES)
    samples: list[bytes | bytearray | memoryview] = [
        piece(number)[:SAMPLE_BYTES] for number in range(0, count, step)
    ]
    if len(samples) < DICTIONARY_SAMPLES // 10:
        return b""
    size = min(DICTIONARY_BYTES, sum(map(len, samples)) // 8)
    return zstandard.train_dictionary(size, samples).as_bytes()


def _packer(dictionary: bytes) -> Callable[[bytes], bytes]:
    import zstandard

    shared = zstandard.ZstdCompressionDict(dictionary) if dictionary else None
    return zstandard.ZstdCompressor(level=LEVEL, dict_data=shared, write_checksum=False).compress


class _Offsets:
    """Writes the index: a header, then chunks of offsets with their checksums."""

    def __init__(self, path: Path, count: int, dictionary: bytes, *, packed: bool) -> None:
        self._file = path.open("wb")
        head = _HEADER.pack(_MAGIC, count, crc32(dictionary), packed, 0)[:-4]
        self._file.write(head + crc32(head).to_bytes(4, "little"))
        self._chunk: list[int] = []

    def add(self, offset: int) -> None:
        self._chunk.append(offset)
        if len(self._chunk) == _CHUNK:
            self._flush()

    def _flush(self) -> None:
        packed = struct.pack(f"<{len(self._chunk)}Q", *self._chunk)
        self._file.write(crc32(packed).to_bytes(4, "little") + packed)
        self._chunk.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._chunk:
            self._flush()
        self._file.close()


class Pieces:
    """Reads pieces by number.

    Args:
        folder: Of the generation.
        name: Of the files, without their suffixes.
        dictionary: Name of the dictionary's file.
        limit: Most bytes that one piece unpacks to.

    Raises:
        GenerationError: A file is absent, truncated or damaged.
    """

    def __init__(self, folder: Path, name: str, dictionary: str, limit: int) -> None:
        self._name = name
        self._limit = limit
        self._index = Mapped(folder / f"{name}.idx")
        self._data = Blobs(folder / f"{name}.dat")
        # Held open: it is read on first use, when the folder may be gone.
        self._dictionary = Blobs(folder / dictionary)
        view = self._index.view
        if len(view) < _HEADER.size:
            raise self.damaged("its header is truncated")
        magic, self.count, self._checksum, packed, checksum = _HEADER.unpack_from(view)
        if magic != _MAGIC or crc32(view[: _HEADER.size - 4]) != checksum:
            raise self.damaged("its header is not one")
        chunks = -(-self.count // _CHUNK)
        if len(view) != _HEADER.size + 4 * chunks + 8 * self.count:
            raise self.damaged("it is truncated")
        self._verified = bytearray(chunks)
        self._packed = bool(packed)
        self._unpack: Callable[[bytes], bytes] | None = None

    def damaged(self, why: str) -> GenerationError:
        """What is raised where a piece is not what was written."""
        return GenerationError(f"the advisories' {self._name} index is damaged: {why}.")

    def _decompress(self, frame: bytes) -> bytes:
        if self._unpack is None:
            import zstandard

            dictionary = self._dictionary.whole()
            if crc32(dictionary) != self._checksum:
                raise self.damaged("its dictionary is not what was written")
            shared = zstandard.ZstdCompressionDict(dictionary) if dictionary else None
            unpacker = zstandard.ZstdDecompressor(dict_data=shared)

            def unpack(data: bytes) -> bytes:
                try:
                    if zstandard.frame_content_size(data) > self._limit:
                        raise self.damaged("a piece of it is over the limit")
                    return unpacker.decompress(data, self._limit)
                except zstandard.ZstdError as error:
                    raise self.damaged(str(error)) from None

            self._unpack = unpack
        return self._unpack(frame)

    def _offset(self, number: int) -> int:
        if not 0 <= number < self.count:
            raise self.damaged(f"there is no record {number}")
        chunk, place = divmod(number, _CHUNK)
        start = _HEADER.size + chunk * (4 + 8 * _CHUNK)
        view = self._index.view
        if not self._verified[chunk]:
            end = min(start + 4 + 8 * _CHUNK, len(view))
            if crc32(view[start + 4 : end]) != int.from_bytes(view[start : start + 4], "little"):
                raise self.damaged(f"the checksum of chunk {chunk} differs")
            self._verified[chunk] = 1
        at = start + 4 + 8 * place
        return int.from_bytes(view[at : at + 8], "little")

    def __getitem__(self, number: int) -> bytes:
        """The piece of a number.

        Raises:
            GenerationError: There is none, or it is not what was written.
        """
        head, frame = self._data.read(_FRAME.size, self._offset(number), _length)
        if len(head) < _FRAME.size:
            raise self.damaged("its data is truncated")
        stored, length, checksum = _FRAME.unpack(head)
        if stored != number or len(frame) != length or crc32(frame) != checksum:
            raise self.damaged(f"record {number} is not what was written")
        return self._decompress(frame) if self._packed else frame

    def close(self) -> None:
        """Give the files back."""
        self._index.close()
        self._data.close()
        self._dictionary.close()


def _length(head: bytes) -> int:
    return int.from_bytes(head[4:8], "little")
