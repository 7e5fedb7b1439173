"""The records of a generation, by number: facts that matching tells, read only for hits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.advisories.layout import DICTIONARY, RECORDS, StoredRecord
from pratique.advisories.pieces import Pieces, write_pieces

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MAX_RECORD_BYTES = 16 * 1024 * 1024
"""Largest stored record that is unpacked."""

_encode = msgspec.msgpack.Encoder().encode


def write_records(
    folder: Path,
    count: int,
    record: Callable[[int], StoredRecord],
    *,
    packed: bool = True,
    name: str = RECORDS,
    shared: bytes | None = None,
) -> None:
    """Write all records.

    Args:
        folder: Of the generation.
        count: How many there are.
        record: Gives the record of a number.
        packed: Whether to compress them.  The starter's are compressed as a whole.
        name: Of the files.
        shared: The dictionary, where it is there already.
    """

    def piece(number: int) -> bytes:
        return _encode(record(number))

    write_pieces(folder, name, DICTIONARY, count, piece, packed=packed, shared=shared)


class Records:
    """Reads records by number.

    Args:
        folder: Of the generation.
        name: Of the files.

    Raises:
        GenerationError: A file is absent, truncated or damaged.
    """

    def __init__(self, folder: Path, name: str = RECORDS) -> None:
        self._pieces = Pieces(folder, name, DICTIONARY, MAX_RECORD_BYTES)
        self._decode = msgspec.msgpack.Decoder(StoredRecord).decode
        self.count: int = self._pieces.count

    def __getitem__(self, number: int) -> StoredRecord:
        """The record of a number.

        Raises:
            GenerationError: There is none, or it is not what was written.
        """
        try:
            return self._decode(self._pieces[number])
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise self._pieces.damaged(str(error)) from None

    def raw(self, number: int) -> bytes:
        """A record as it is stored, unpacked; raises as the record itself."""
        return self._pieces[number]

    def close(self) -> None:
        """Give the files back."""
        self._pieces.close()
