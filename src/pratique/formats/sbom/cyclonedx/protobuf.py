"""Reads CycloneDX 1.3 to 1.7 as protocol buffers, in their binary and text forms.

Both become the structure of the JSON form, so that there is one mapping to the
model.  Source: the ``.proto`` files of the specification, and the encoding of
protocol buffers (fields of a message, varints, length-delimited records).
"""

from __future__ import annotations

from struct import pack, unpack_from
from typing import TYPE_CHECKING, Any

from pratique.formats.base import MAX_DOCUMENT_BYTES, Notes
from pratique.formats.sbom.cyclonedx.messages import (
    DOUBLE,
    FLOAT,
    INTEGER,
    MAX_MESSAGES,
    MAX_NESTING,
    MESSAGES,
    TEXT,
    TRUTH,
    Enumeration,
    Field,
)
from pratique.formats.sbom.cyclonedx.read import VERSIONS as JSON_VERSIONS
from pratique.formats.sbom.cyclonedx.read import reading
from pratique.formats.sbom.cyclonedx.textproto import parse_text_form
from pratique.formats.sbom.cyclonedx.wire import Document
from pratique.formats.sbom.salvage import read_value
from pratique.formats.sbom.tally import Tally, quoted
from pratique.formats.text import decode
from pratique.model.errors import InputError, LimitError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading

VERSIONS = JSON_VERSIONS[1:]
"""Versions of the specification that have a ``.proto`` file."""

_VARINT, _FIXED64, _RECORD, _FIXED32 = 0, 1, 2, 5
"""Wire types; the two of groups are not used by any version."""

_ABSENT = frozenset({"null", "unspecified"})
"""Values of enumerations that say that there is none."""


def read_binary(data: bytes, path: str, tree: Tree) -> Reading:  # noqa: ARG001 - one file says all
    """Read a CycloneDX document in the binary form of protocol buffers.

    Args:
        data: One ``Bom`` message.
        path: Where it is, for the problems.
        tree: Not used: a bill of materials is one file.

    Raises:
        InputError: It is no such message, or states no version of CycloneDX.
        LimitError: It exceeds the limits of size, depth or number.
    """
    if len(data) > MAX_DOCUMENT_BYTES:
        raise LimitError(f"is {len(data):,} bytes, over the limit of {MAX_DOCUMENT_BYTES:,}")
    notes = Notes(path)
    message = Decoder(data, notes).document()
    version, components = message.get("specVersion", ""), message.get("components", ())
    if not version.startswith("1.") and (version or not any(c.get("name") for c in components)):
        raise InputError("is not a CycloneDX document: it states no spec_version")
    return _reading(message, notes)


def read_text(data: bytes, path: str, tree: Tree) -> Reading:  # noqa: ARG001 - one file says all
    """Read a CycloneDX document in the text form of protocol buffers.

    Args:
        data: The fields of one ``Bom`` message.
        path: Where it is, for the problems.
        tree: Not used: a bill of materials is one file.

    Raises:
        InputError: It is not in the text form, or has no field of ``Bom``.
        LimitError: It exceeds the limits of size, depth or number.
    """
    text = decode(data)
    notes = Notes(path)
    message = parse_text_form(text, notes)
    if not message:
        raise InputError("is not a CycloneDX document: it has none of the fields of Bom")
    return _reading(message, notes)


def _reading(message: dict[str, Any], notes: Notes) -> Reading:
    version = message.get("specVersion")
    if version not in VERSIONS:
        stated = quoted(version) if version else "not stated"
        notes.unknown(f"spec_version {stated} is not known; read as {VERSIONS[-1]}")
    _as_json(message)
    document = read_value(message, Document, notes)
    return reading(document, f"CycloneDX {version or '?'}", notes)


def _as_json(message: dict[str, Any]) -> None:
    """Give dependencies, licences and absent values the form they have in JSON."""
    message["bomFormat"] = "CycloneDX"
    edges: list[dict[str, Any]] = []
    waiting = list(reversed(message.pop("dependencies", [])))
    while waiting:
        one = waiting.pop()
        inner = one.get("dependencies", ())
        edges.append(
            {"ref": one.get("ref"), "dependsOn": [e["ref"] for e in inner if e.get("ref")]}
        )
        waiting += [e for e in reversed(inner) if e.get("dependencies") or not e.get("ref")]
    if edges:
        message["dependencies"] = edges
    main = message.get("metadata", {}).get("component")
    components = [*message.get("components", ()), *((main,) if main else ())]
    while components:
        component = components.pop()
        components += component.get("components", ())
        for choice in component.get("licenses", ()):
            if detailed := choice.pop("detailed", None):
                choice["expression"] = detailed.get("expression")
        for reference in component.get("externalReferences", ()):
            reference.setdefault("type", "other")
        for key in ("type", "scope"):
            if component.get(key) in _ABSENT:
                del component[key]


def shortest(value: float) -> float:
    """The number of fewest digits that a single-precision one may have been written as."""
    try:
        packed = pack("<f", value)
        for digits in range(6, 9):
            if pack("<f", candidate := float(f"{value:.{digits}g}")) == packed:
                return candidate
    except OverflowError:
        pass
    return value


def _size(tag: int) -> int:
    """Bytes that a tag takes."""
    return max(1, -(-tag.bit_length() // 7))


class _DamagedError(Exception):
    """A message that ends too early or is none; the one around it can go on."""


class Decoder:
    """Decodes the messages of one document.

    Args:
        data: The document.
        notes: Receives one *unreadable* for each message or text that is damaged.
        table: Fields of the messages that are read.
        left: Receives offset, text and reason of each field that is in no table.
    """

    def __init__(
        self,
        data: bytes,
        notes: Notes,
        table: Mapping[str, dict[int, Field]] = MESSAGES,
        left: list[tuple[int, str, str]] | None = None,
    ) -> None:
        self._data = data
        self._table = table
        self._left = left
        self._tally = Tally(notes.unreadable, "damaged messages and texts")
        self._messages = 0

    def document(self) -> dict[str, Any]:
        """The whole document, as far as it is whole.

        Raises:
            InputError: Not even its first field could be read.
            LimitError: It exceeds the limits of depth or number.
        """
        found: dict[str, Any] = {}
        try:
            self._message(found, 0, len(self._data), "Bom", 1)
        except _DamagedError as error:
            if not found:
                raise InputError(f"is not a CycloneDX protocol buffer: {error}") from None
            self._tally.add(f"{error}; what follows is left out")
        self._tally.close()
        return found

    def _message(self, into: dict[str, Any], at: int, end: int, name: str, depth: int) -> None:
        self._messages += 1
        if self._messages > MAX_MESSAGES:
            raise LimitError(f"has more messages than the limit of {MAX_MESSAGES:,}")
        if depth > MAX_NESTING:
            raise LimitError(f"is nested over {MAX_NESTING} deep")
        fields = self._table[name]
        while at < end:
            start = at
            tag, at = self._varint(at, end)
            field, wire = fields.get(tag >> 3), tag & 7
            if not tag >> 3:
                raise _DamagedError(f"byte {at}: field 0 in a {name} message")
            if wire == _RECORD:
                size, at = self._varint(at, end)
                if size > end - at:
                    raise _DamagedError(f"byte {at}: a {name} message ends too early")
                if field:
                    self._record(into, field, at, at + size, depth)
                at += size
            elif wire == _VARINT:
                number, at = self._varint(at, end)
                if field:
                    self._number(into, field, number)
            elif wire in {_FIXED32, _FIXED64}:
                at += 4 if wire == _FIXED32 else 8
                if at > end:
                    raise _DamagedError(f"byte {at}: a {name} message ends too early")
                if field and field.kind in {FLOAT, DOUBLE}:
                    form = "<f" if wire == _FIXED32 else "<d"
                    (into[field.key],) = unpack_from(form, self._data, start + _size(tag))
            else:
                raise _DamagedError(f"byte {at}: wire type {wire} in a {name} message")
            if field is None and self._left is not None:
                self._left.append((start, "", f"field {tag >> 3} of {name} is not known"))

    def _record(self, into: dict[str, Any], field: Field, at: int, end: int, depth: int) -> None:
        """A text or an inner message; a damaged one is left out, or kept as far as it goes."""
        if field.kind == TEXT:
            try:
                text = self._data[at:end].decode()
            except UnicodeDecodeError:
                self._tally.add(f"byte {at}: {field.name} is not UTF-8 text")
                return
            if field.repeated:
                into.setdefault(field.key, []).append(text)
            else:
                into[field.key] = text
        elif isinstance(field.kind, Enumeration) or field.kind in {INTEGER, TRUTH}:
            while at < end:  # numbers of a repeated field, one after another
                number, at = self._varint(at, end)
                self._number(into, field, number)
        elif field.kind in self._table:
            # A message that is not repeated and occurs twice is merged.
            inner = {} if field.repeated else into.get(field.key, {})
            try:
                self._message(inner, at, end, str(field.kind), depth + 1)
            except _DamagedError as error:
                self._tally.add(f"{error}; the rest of it is left out")
            if field.repeated:
                into.setdefault(field.key, []).append(inner)
            else:
                into[field.key] = inner

    def _number(self, into: dict[str, Any], field: Field, number: int) -> None:
        """A number into its field, as what it stands for."""
        value: Any
        if isinstance(field.kind, Enumeration):
            value = field.kind.by_number(number)
        elif field.kind == TRUTH:
            value = bool(number)
        elif field.kind == INTEGER:
            value = number - (1 << 64) if number >> 63 else number
        else:
            return
        if field.repeated:
            into.setdefault(field.key, []).append(value)
        else:
            into[field.key] = value

    def _varint(self, at: int, end: int) -> tuple[int, int]:
        """A number of at most ten bytes, and the offset behind it."""
        number = shift = 0
        data = self._data
        while at < end and shift < 70:
            byte = data[at]
            at += 1
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number, at
            shift += 7
        raise _DamagedError(f"byte {at}: a number that does not end")
