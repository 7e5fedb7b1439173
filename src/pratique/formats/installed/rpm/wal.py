"""The write-ahead log beside a SQLite database ("WAL-Mode File Format", SQLite 3.45).

rpm leaves its database in this mode; what an image's last step installed may
be in the log alone.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pratique.formats.installed.rpm.blobs import Damaged

MAX_LOG = 64 * 1024 * 1024
"""Bytes of a log that are read: checking takes a second for about 100 MB, and
SQLite begins a log anew after some 4 MB."""

_MAGICS = {0x377F0682: "<", 0x377F0683: ">"}
"""Byte order of the checksums by the log's first four bytes."""


def newer_pages(log: bytes, size: int, damaged: Damaged) -> dict[int, bytes]:
    """Pages that the log's committed transactions replace.

    Args:
        log: Of the whole log.
        size: Of the database's pages, in bytes.
        damaged: Told where the log cannot be used.
    """
    if len(log) < 32:
        return {}
    magic, _version, page_size = struct.unpack_from(">III", log)
    order = _MAGICS.get(magic)
    if order is None or page_size != size:
        damaged("the write-ahead log beside it is none of this database; it is left out")
        return {}
    if len(log) > MAX_LOG:
        damaged(f"the write-ahead log beside it is over {MAX_LOG:,} bytes; the rest is left out")
        log = log[:MAX_LOG]
    salts = log[16:24]
    sums = _checksum(log[:24], (0, 0), order)
    if struct.pack(">II", *sums) != log[24:32]:
        return {}  # begun and never written, as SQLite takes it
    committed: dict[int, bytes] = {}
    open_pages: dict[int, bytes] = {}
    for at in range(32, len(log) - 24 - size + 1, 24 + size):
        frame, page = log[at : at + 24], log[at + 24 : at + 24 + size]
        number, commit = struct.unpack_from(">II", frame)
        if frame[8:16] != salts:
            break
        sums = _checksum(page, _checksum(frame[:8], sums, order), order)
        if struct.pack(">II", *sums) != frame[16:24]:
            break
        open_pages[number] = page
        if commit:
            committed.update(open_pages)
            open_pages = {}
    return committed


def _checksum(data: bytes, sums: tuple[int, int], order: str) -> tuple[int, int]:
    one, two = sums
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for even, odd in zip(words[::2], words[1::2], strict=True):
        one = (one + even + two) & 0xFFFFFFFF
        two = (two + odd + one) & 0xFFFFFFFF
    return one, two
