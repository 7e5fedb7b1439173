"""The header of one package, as databases keep it (rpm 4.18, "Header format").

Two big-endian counts, an index of entries with sixteen bytes each, a store.
The store's offsets are taken only as far as they stay inside of it.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from pratique.formats.installed.rpm.blobs import DamageError

MAX_ENTRIES = 65_536
"""Entries of an index; rpm refuses more, too (``HEADER_TAGS_MAX``)."""

MAX_STRINGS = 200_000
"""Strings of one entry; the largest package of Fedora requires some thousand."""

_NAMES = {
    1000: "name",
    1001: "version",
    1002: "release",
    1003: "epoch",
    1011: "vendor",
    1014: "license",
    1022: "arch",
    1044: "sourcerpm",
    1047: "provides",
    1049: "requires",
    5096: "modularity",
}
_INT32, _STRING, _STRING_ARRAY, _I18N = 4, 6, 8, 9
_LISTS = frozenset({"provides", "requires"})


class Header(NamedTuple):
    """What is used of a header; empty where it does not say."""

    name: str = ""
    version: str = ""
    release: str = ""
    epoch: int = 0
    vendor: str = ""
    license: str = ""
    arch: str = ""
    sourcerpm: str = ""
    modularity: str = ""
    provides: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()


def parse(blob: bytes) -> Header:
    """Read a header.

    Raises:
        DamageError: Its counts or an entry that is used lead outside of it, or
            it has no name.
    """
    if len(blob) < 8:
        raise DamageError("a package's header is cut short")
    entries, store = struct.unpack_from(">II", blob)
    start = 8 + entries * 16
    if not 0 < entries <= MAX_ENTRIES or start + store > len(blob):
        raise DamageError(f"a package's header has counts that do not fit its {len(blob):,} bytes")
    end = start + store
    values: dict[str, object] = {}
    for tag, type, offset, count in struct.iter_unpack(">IIII", blob[8:start]):
        name = _NAMES.get(tag)
        # What rpm adds after installation comes last and does not change these.
        if name is not None and name not in values:
            values[name] = _value(blob, start + offset, end, type, count, name)
    if not values.get("name"):
        raise DamageError("a package's header states no name")
    return Header(**values)  # type: ignore[arg-type]  # the types are those of _value


def _value(blob: bytes, at: int, end: int, type: int, count: int, name: str) -> object:
    if name == "epoch":
        if type != _INT32 or count < 1 or at + 4 > end:
            raise DamageError("a package's epoch is no number")
        return int(struct.unpack_from(">I", blob, at)[0])
    if type not in {_STRING, _STRING_ARRAY, _I18N}:
        raise DamageError(f"a package's {name} is of type {type}, not a string")
    strings = _strings(blob, at, end, count if name in _LISTS else 1, name)
    return tuple(strings) if name in _LISTS else strings[0]


def _strings(blob: bytes, at: int, end: int, count: int, name: str) -> list[str]:
    if count > MAX_STRINGS:
        raise DamageError(f"a package's {name} has {count:,} strings")
    found = []
    for _ in range(max(count, 1)):
        stop = blob.find(b"\0", at, end)
        if stop < 0 or at >= end:
            raise DamageError(f"a package's {name} runs over the end of its header")
        found.append(blob[at:stop].decode("utf-8", "replace"))
        at = stop + 1
    return found
