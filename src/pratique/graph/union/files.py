"""The union graph as a file that is mapped, not read.

The file begins with a mark, the length of the header and the header's SHA-256;
the header (JSON) names the state of the record, the arrays with their places,
and the SHA-256 of everything after it.  Files are written beside their place and
renamed into it, so that there is no half one.  A digest guards against damage, not
against somebody who may write to the user's cache; no number of the file is used
as a place before it was found to be one.
"""

from __future__ import annotations

import mmap
import os
import sys
import time
from contextlib import suppress
from hashlib import sha256
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from pratique.graph.union.structure import Rows, Union
from pratique.store.errors import DamageError

if TYPE_CHECKING:
    from pathlib import Path

MARK = b"PQUNION\x01"
"""Begins every file; its last byte is the version of the layout."""

MAX_HEADER_BYTES = 64 * 1024
"""A header has nine arrays; it is some 1,000 bytes."""

ALIGNED = 64
"""Arrays begin at multiples of this, so that mapped numbers are where machines want them."""

LEFT_SECONDS = 3600
"""A scratch file that old is nobody's: the largest graphs are written in seconds."""

_ARRAYS = {
    "bills": "<i8",
    "digests": "<u8",
    "nodes": "<i8",
    "scopes": "|u1",
    "down_ends": "<i8",
    "down_targets": "<i4",
    "up_ends": "<i8",
    "up_targets": "<i4",
}


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says of itself."""

    token: str
    """State of the record it was made from."""

    tenant: str
    places: dict[str, tuple[int, int]]
    """Of each array the byte it begins at, after the header, and its number of items."""

    digest: str
    """SHA-256 of what follows the header, in hexadecimal."""


def write(path: Path, union: Union, *, token: str, tenant: str) -> None:
    """Write a graph to a file, all of it or nothing.

    Raises:
        OSError: It cannot be written.
    """
    arrays = {
        "bills": union.bills,
        "digests": union.digests,
        "nodes": union.nodes,
        "scopes": union.scopes,
        "down_ends": union.down.ends,
        "down_targets": union.down.targets,
        "up_ends": union.up.ends,
        "up_targets": union.up.targets,
    }
    parts, places, at = [], {}, 0
    digest = sha256()
    for name, kind in _ARRAYS.items():
        data = np.ascontiguousarray(arrays[name], kind)
        places[name] = (at, len(data))
        view = memoryview(data.tobytes())
        filler = bytes(-view.nbytes % ALIGNED)
        for part in (view, filler):
            digest.update(part)
            parts.append(part)
        at += view.nbytes + len(filler)
    header = msgspec.json.encode(
        Header(token=token, tenant=tenant, places=places, digest=digest.hexdigest())
    )
    header += b" " * (-(len(MARK) + 8 + 32 + len(header)) % ALIGNED)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    scratch = path.with_name(f".{path.name}.{os.getpid()}.{token_hex(4)}")
    try:
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(MARK + len(header).to_bytes(8, "little") + sha256(header).digest() + header)
            for part in parts:
                file.write(part)
        scratch.replace(path)
    except BaseException:
        with suppress(OSError):
            scratch.unlink()
        raise
    _sweep_up(path)


def _sweep_up(path: Path) -> None:
    """Remove what killed processes left half written beside a file."""
    before = time.time() - LEFT_SECONDS
    for left in path.parent.glob(f".{path.name}.*"):
        with suppress(OSError):
            if left.stat().st_mtime < before:
                left.unlink()


def read(path: Path) -> tuple[Header, Union]:
    """Map a file.

    Raises:
        OSError: There is none, or it cannot be read.
        DamageError: It is damaged, cut short, or something else altogether.
    """
    if sys.byteorder == "big":  # what is mapped is little-endian
        raise DamageError("graphs are not kept on this machine.")
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size < len(MARK) + 40:
            raise DamageError("it is too short.")
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    if data[: len(MARK)] != MARK:
        raise DamageError("it is no graph of this program.")
    length = int.from_bytes(data[len(MARK) : len(MARK) + 8], "little")
    begin = len(MARK) + 40
    raw = data[begin : begin + min(length, MAX_HEADER_BYTES)]
    if length > MAX_HEADER_BYTES or sha256(raw).digest() != data[begin - 32 : begin]:
        raise DamageError("its header is damaged.")
    try:
        header = msgspec.json.decode(raw, type=Header)
    except msgspec.MsgspecError:
        raise DamageError("its header is none.") from None
    with memoryview(data) as view, view[begin + length :] as body:
        if sha256(body).hexdigest() != header.digest:
            raise DamageError("its content is damaged.")
    return header, _union(data, header, begin + length)


def _union(data: mmap.mmap, header: Header, begin: int) -> Union:
    arrays: dict[str, Any] = {}
    for name, kind in _ARRAYS.items():
        at, count = header.places.get(name, (-1, 0))
        if at < 0 or count < 0 or begin + at + count * np.dtype(kind).itemsize > len(data):
            raise DamageError(f"its {name} are not there.")
        arrays[name] = np.frombuffer(data, kind, count, begin + at)
    count = len(arrays["nodes"])
    rows = {}
    for name in ("down", "up"):
        ends, targets = arrays[f"{name}_ends"], arrays[f"{name}_targets"]
        fits = len(ends) == count + 1 and ends[0] == 0 and ends[-1] == len(targets)
        if not fits or (np.diff(ends) < 0).any():
            raise DamageError("its rows do not fit.")
        if len(targets) and (targets.min() < 0 or targets.max() >= count):
            raise DamageError("an edge leads nowhere.")
        rows[name] = Rows(ends, targets)
    if len(arrays["scopes"]) != count or len(arrays["digests"]) != len(arrays["bills"]):
        raise DamageError("its parts do not fit.")
    return Union(
        bills=arrays["bills"],
        digests=arrays["digests"],
        nodes=arrays["nodes"],
        scopes=arrays["scopes"],
        down=rows["down"],
        up=rows["up"],
    )
