"""Whole records: the originals as they were published, or made from the starter's facts.

Originals are kept by ``build`` and ``update`` beside the facts, one JSON
object for each record (an array where records of one id and time were all
taken).  The starter has facts only; its records are made from them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pratique.advisories.layout import DOCUMENTS, DOCUMENTS_DICTIONARY
from pratique.advisories.pieces import Pieces, write_pieces
from pratique.formats.osv import OsvRecord, read_record
from pratique.formats.osv.writer import write_record
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

MAX_DOCUMENT_BYTES = 128 * 1024 * 1024
"""Largest original that is unpacked: two of the largest records that are read."""

_decode = msgspec.json.Decoder().decode


def write_documents(
    folder: Path,
    count: int,
    document: Callable[[int], bytes],
    *,
    name: str = DOCUMENTS,
    shared: bytes | None = None,
) -> None:
    """Write the originals.

    Args:
        folder: Of the generation.
        count: How many records there are.
        document: Gives the original of a number, as JSON.
        name: Of the files.
        shared: The dictionary, where it is there already.
    """
    write_pieces(folder, name, DOCUMENTS_DICTIONARY, count, document, shared=shared)


class Documents:
    """Reads originals by number.

    Args:
        folder: Of the generation.
        name: Of the files.

    Raises:
        GenerationError: A file is absent, truncated or damaged.
    """

    def __init__(self, folder: Path, name: str = DOCUMENTS) -> None:
        self._pieces = Pieces(folder, name, DOCUMENTS_DICTIONARY, MAX_DOCUMENT_BYTES)
        self.count: int = self._pieces.count

    def raw(self, number: int) -> bytes:
        """The original of a number as JSON; raises as :meth:`originals`."""
        return self._pieces[number]

    def originals(self, number: int) -> list[dict[str, Any]]:
        """The original of a number; more than one where all of one id and time were taken.

        Raises:
            GenerationError: It is not what was written.
        """
        try:
            value = _decode(self._pieces[number])
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise self._pieces.damaged(str(error)) from None
        return value if isinstance(value, list) else [value]

    def close(self) -> None:
        """Give the files back."""
        self._pieces.close()


class FactDocuments:
    """The starter's records by id, made from its facts.

    Args:
        records: All of them, in any order.
    """

    def __init__(self, records: Iterable[OsvRecord]) -> None:
        pack = msgspec.msgpack.Encoder().encode
        self._unpack = msgspec.msgpack.Decoder(OsvRecord).decode
        # Packed, they take a tenth of the memory.
        self._packed: dict[str, list[bytes]] = {}
        for record in records:
            self._packed.setdefault(record.id, []).append(pack(record))

    def records(self, identifier: str) -> list[OsvRecord]:
        """The latest records of an id."""
        found = [self._unpack(packed) for packed in self._packed.get(identifier, ())]
        latest = max((each.modified for each in found if each.modified), default=None)
        return [each for each in found if each.modified == latest]


def from_originals(
    originals: list[dict[str, Any]], aliases: tuple[str, ...], modified: datetime
) -> dict[str, Any]:
    """One valid record of originals.

    Args:
        originals: Of one id and time; the first one's texts are taken.
        aliases: Of the whole alias group.
        modified: Written where they do not say.

    Raises:
        InputError: None of them is a record.
    """
    read: list[tuple[OsvRecord, Mapping[str, Any] | None]] = []
    for original in originals:
        record, _ = read_record(original)
        read.append((record, original))
    return _merged(read, aliases, modified)


def from_facts(
    records: list[OsvRecord], aliases: tuple[str, ...], modified: datetime
) -> dict[str, Any]:
    """One valid record of facts, see :func:`from_originals`.

    Raises:
        InputError: There are none.
    """
    return _merged([(record, None) for record in records], aliases, modified)


def _merged(
    read: list[tuple[OsvRecord, Mapping[str, Any] | None]],
    aliases: tuple[str, ...],
    modified: datetime,
) -> dict[str, Any]:
    if not read:
        raise InputError("there is no record")
    made: dict[str, Any] = {}
    for record, original in read:
        real = record.modified if record.modified and record.modified.year > 1970 else None
        written = write_record(
            msgspec.structs.replace(record, aliases=aliases, modified=real),
            original,
            modified=modified,
        )
        if not made:
            made = written
        else:
            made["affected"] += [one for one in written["affected"] if one not in made["affected"]]
    return made
