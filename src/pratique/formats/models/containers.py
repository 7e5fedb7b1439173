"""Formats around pickles, and those that have none.

Sources: NumPy 2.2, *lib.format*; PyTorch 2.6, *Serialization semantics*;
Keras 3, *saving*; HDF5 format 3.0; safetensors 0.5, *Format*; GGUF version 3.
"""

from __future__ import annotations

import io
import re
import struct
from typing import TYPE_CHECKING

from pratique.formats import compressed
from pratique.formats.installed.archives.members import Budget, Members, printable
from pratique.formats.models.pickled import Scan
from pratique.formats.text import parse_json
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from typing import BinaryIO

MAX_HEADER = 100 * 1024 * 1024
"""Bytes of a safetensors header; the format's own library refuses larger ones."""

MAX_NPY_HEADER = 10_000
"""Characters of a NumPy header; NumPy refuses longer ones (``max_header_size``)."""

MAX_LAYERS = 100_000
"""Objects of a Keras configuration that are looked at."""

NPY = b"\x93NUMPY"
HDF5 = b"\x89HDF\r\n\x1a\n"
ZIP = b"PK\x03\x04"
GGUF = b"GGUF"
_OBJECTS = re.compile(r"['\"][|<>=]?O\d*['\"]")
_LAMBDA = re.compile(rb'"class_name":\s*"Lambda",\s*"config":\s*\{\s*"name":\s*"([^"]{1,100})"')
_ANY_LAMBDA = re.compile(rb'"class_name":\s*"Lambda"')


class Contents:
    """What a file holds."""

    def __init__(self, format: str) -> None:
        self.format = format
        self.scans: list[Scan] = []
        self.layers: list[str] = []
        """Names of layers that hold code of their own (Keras ``Lambda``)."""

        self.problems: list[str] = []

    def scan(self, file: BinaryIO, member: str = "") -> None:
        """Follow the pickles of a stream."""
        scan = Scan(member)
        scan.follow(file)
        self.scans.append(scan)
        if scan.problem:
            self.problems.append(f"{member + ': ' if member else ''}{scan.problem}")


def zipped(data: bytes) -> Contents:
    """PyTorch since 1.6, ``.npz``, ``.keras``, by their members.

    Raises:
        InputError: It is no ZIP archive.
        LimitError: It exceeds a limit.
    """
    members = Members(data, Budget())
    names = list(members.paths())
    found = Contents(_zip_format(names))
    for name in names:
        lower = name.lower()
        if not lower.endswith((".pkl", ".pickle", ".npy", ".h5", ".json")):
            continue
        shown = printable(name)
        try:
            content = members.read(name)
        except InputError as error:
            found.problems.append(f"{shown}: {error.message}")
            continue
        if lower.endswith((".pkl", ".pickle")):
            found.scan(io.BytesIO(content), shown)
        elif lower.endswith(".npy"):
            _npy(content, found, shown)
        elif lower.endswith(".h5"):
            _layers(content, found)
        elif lower.rpartition("/")[2] == "config.json":
            _configuration(content, found, shown)
    return found


def _zip_format(names: list[str]) -> str:
    if any(name.endswith("data.pkl") for name in names):
        return "PyTorch (ZIP)"
    if "config.json" in names and any(name.endswith(".h5") for name in names):
        return "Keras 3"
    return "NumPy archive" if any(name.endswith(".npy") for name in names) else "ZIP"


def npy(data: bytes) -> Contents:
    """One array; of objects, it is a pickle behind the header."""
    found = Contents("NumPy array")
    _npy(data, found, "")
    return found


def _npy(data: bytes, found: Contents, member: str) -> None:
    prefix = f"{member}: " if member else ""
    if not data.startswith(NPY) or len(data) < 12:
        found.problems.append(f"{prefix}is no array of NumPy")
        return
    wide = data[6] >= 2
    length = struct.unpack_from("<I" if wide else "<H", data, 8)[0]
    start = 12 if wide else 10
    if length > MAX_NPY_HEADER or start + length > len(data):
        found.problems.append(f"{prefix}has a header of {length:,} bytes")
        return
    header = data[start : start + length].decode("latin-1")
    if _OBJECTS.search(header):
        found.scan(io.BytesIO(data[start + length :]), member)


def hdf5(data: bytes) -> Contents:
    """Keras before version 3: the configuration is a JSON text in an attribute."""
    found = Contents("Keras (HDF5)" if b"model_config" in data else "HDF5")
    _layers(data, found)
    return found


def _layers(data: bytes, found: Contents) -> None:
    named = [match[1].decode("utf-8", "replace") for match in _LAMBDA.finditer(data)]
    unnamed = sum(1 for _ in _ANY_LAMBDA.finditer(data)) - len(named)
    found.layers += named + ["(no name)"] * min(max(unnamed, 0), 1)


def _configuration(data: bytes, found: Contents, member: str) -> None:
    try:
        value = parse_json(data.decode("utf-8", "replace"))
    except (InputError, RecursionError):
        found.problems.append(f"{member}: is not JSON that can be read")
        return
    waiting, seen = [value], 0
    while waiting:
        one = waiting.pop()
        seen += 1
        if seen > MAX_LAYERS:
            found.problems.append(f"{member}: has more than {MAX_LAYERS:,} objects")
            return
        if isinstance(one, dict):
            if one.get("class_name") == "Lambda":
                config = one.get("config")
                name = config.get("name") if isinstance(config, dict) else None
                found.layers.append(name if isinstance(name, str) else "(no name)")
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def safetensors(data: bytes) -> Contents | None:
    """Tensors without code; nothing where it is no such file."""
    if len(data) < 10 or data[8:9] != b"{":
        return None
    length = struct.unpack_from("<Q", data)[0]
    if not 2 <= length <= MAX_HEADER:
        return None
    found = Contents("safetensors")
    if 8 + length > len(data):
        found.problems.append("has a header that is cut short")
        return found
    try:
        value = parse_json(data[8 : 8 + length].decode("utf-8", "replace"))
    except (InputError, RecursionError):
        found.problems.append("has a header that is not JSON")
        return found
    if not isinstance(value, dict):
        found.problems.append("has a header that is no object")
    return found


def unpacked(data: bytes, name: str) -> bytes:
    """A joblib file without the compression around it.

    Raises:
        InputError: It is damaged.
        LimitError: It unpacks to more than a document may have.
    """
    if compressed.method(data):
        return compressed.decompress(data, name)
    if data[:1] == b"\x78" and data[1:2] in {b"\x01", b"\x5e", b"\x9c", b"\xda"}:
        return _inflated(data)
    return data


def _inflated(data: bytes) -> bytes:
    import zlib

    most = max(len(data) * compressed.MAX_RATIO, compressed.FREE_BYTES)
    try:
        out = zlib.decompressobj().decompress(data, most + 1)
    except zlib.error:
        raise InputError("is compressed by zlib, and damaged") from None
    if len(out) > most:
        raise InputError(f"unpacks to more than {most:,} bytes")
    return out
