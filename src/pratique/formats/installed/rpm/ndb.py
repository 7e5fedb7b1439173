"""``Packages.db``: rpm's own database of numbered blobs (rpm 4.18, ``lib/backend/ndb/rpmpkg.c``).

Little-endian.  Pages of slots come first, of sixteen bytes each; every slot
names a package and where its blob is, in blocks of sixteen bytes.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from pratique.formats.installed.rpm.blobs import MAX_HEADER
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from pratique.formats.installed.rpm.blobs import Blobs, Damaged

MAGIC = b"RpmP"
_SLOT = b"Slot"
_BLOB = b"BlbS"
_PAGE = 4096
_BLOCK = 16


def blobs(data: bytes, damaged: Damaged) -> Blobs:
    """The headers in a database.

    Raises:
        InputError: It is no such database, or of another version.
    """
    if len(data) < 32 or data[:4] != MAGIC:
        raise InputError("is no ndb database")
    version, _generation, pages = struct.unpack_from("<III", data, 4)
    if version != 0:
        raise InputError(f"is an ndb database of version {version}, not 0")
    end = pages * _PAGE
    if end > len(data):
        damaged(f"states {pages:,} pages of slots, more than the file holds")
        end = len(data) - len(data) % _BLOCK
    for at in range(32, end, _BLOCK):
        magic, package, block, count = struct.unpack_from("<4sIII", data, at)
        if magic != _SLOT:
            damaged(f"the slot at byte {at:,} is none")
            return
        if not package:
            continue
        blob = _blob(data, package, block * _BLOCK, count * _BLOCK)
        if blob is None:
            damaged(f"package {package} has no blob where its slot says")
            continue
        yield blob


def _blob(data: bytes, package: int, at: int, room: int) -> bytes | None:
    if at + 16 > len(data):
        return None
    magic, number, _generation, length = struct.unpack_from("<4sIII", data, at)
    if magic != _BLOB or number != package:
        return None
    if length > min(MAX_HEADER, room) or at + 16 + length > len(data):
        return None
    return data[at + 16 : at + 16 + length]
