"""What a document is, judged by the members of its outermost object.

A file's name decides only where its content does not: a lockfile without a
mark of its own.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import Enum, auto
from typing import Any, TypeVar

import msgspec

from pratique.formats.instants import parse_instant


class Shape(Enum):
    """What to read a document as."""

    ATTESTATION = auto()
    """An in-toto statement, bare, in a DSSE envelope or in a Sigstore bundle."""

    CSAF = auto()
    OPENVEX = auto()
    OSV = auto()
    SCORECARD = auto()
    DEPS_DEV = auto()
    """What GUAC's collector keeps of deps.dev."""

    CYCLONEDX = auto()
    """In JSON: a bill of materials, statements on vulnerabilities, or both."""

    JSON = auto()
    """JSON of another kind: a bill of materials, a lockfile, or unknown."""

    OTHER = auto()


_ABSENT = msgspec.Raw(b"")


def there(raw: msgspec.Raw) -> bool:
    """Whether a member of a :class:`Peek` is there and not null."""
    view = memoryview(raw)
    return view.nbytes > 0 and bytes(view[:1]) != b"n"


class Peek(msgspec.Struct, rename="camel"):
    """The members that tell formats apart; whatever else there is, is skipped unparsed."""

    bom_format: Any = None
    spdx_version: Any = None
    payload_type: Any = None
    payload: msgspec.Raw = _ABSENT
    media_type: Any = None
    dsse_envelope: msgspec.Raw = _ABSENT
    verification_material: msgspec.Raw = _ABSENT
    predicate_type: Any = None
    predicate_type_plain: Any = msgspec.field(default=None, name="predicate_type")
    document: msgspec.Raw = _ABSENT
    context: Any = msgspec.field(default=None, name="@context")
    statements: msgspec.Raw = _ABSENT
    id: Any = None
    schema_version: Any = msgspec.field(default=None, name="schema_version")
    modified: Any = None
    affected: msgspec.Raw = _ABSENT
    checks: msgspec.Raw = _ABSENT
    score: Any = None
    repo: msgspec.Raw = _ABSENT
    vulnerabilities: msgspec.Raw = _ABSENT
    serial_number: Any = None
    document_namespace: Any = None
    metadata: msgspec.Raw = _ABSENT
    creation_info: msgspec.Raw = _ABSENT
    timestamp: Any = None
    date: Any = None
    current_package: msgspec.Raw = msgspec.field(default=_ABSENT, name="CurrentPackage")
    update_time: Any = msgspec.field(default=None, name="UpdateTime")


class _Tracking(msgspec.Struct):
    current_release_date: Any = None


class _Csaf(msgspec.Struct):
    csaf_version: Any = None
    tracking: _Tracking | None = None


class _Stamped(msgspec.Struct):
    timestamp: Any = None
    created: Any = None


T = TypeVar("T", bound=msgspec.Struct)

_PEEK = msgspec.json.Decoder(Peek).decode
_CREATED = re.compile(rb"<timestamp>([^<]{8,40})<|^Created:\s*(\S{8,40})\s*$", re.MULTILINE)
_SPDX3 = re.compile(rb'"created"\s*:\s*"([^"]{8,40})"')
"""SPDX 3 says it in an element of its graph, wherever that stands."""

_SERIAL = re.compile(
    rb'<(?:\w+:)?bom\b[^>]{0,2000}?\bserialNumber\s*=\s*["\']([^"\'<]{1,200})["\']'
)


def peek(data: bytes) -> Peek | None:
    """The members that tell; ``None`` where the document is no JSON object."""
    try:
        return _PEEK(data.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None


def shape(found: Peek | None) -> Shape:
    """What to read a document as."""
    if found is None:
        return Shape.OTHER
    if found.payload_type and there(found.payload):
        return Shape.ATTESTATION
    if there(found.dsse_envelope) or there(found.verification_material):
        return Shape.ATTESTATION
    if found.predicate_type or found.predicate_type_plain:
        return Shape.ATTESTATION
    if found.bom_format == "CycloneDX":
        return Shape.CYCLONEDX
    if found.spdx_version:
        return Shape.JSON
    if _part(found.document, _Csaf).csaf_version:
        return Shape.CSAF
    if "openvex" in str(found.context or "") or (bytes(memoryview(found.statements)[:1]) == b"["):
        return Shape.OPENVEX
    if isinstance(found.id, str) and (
        there(found.affected) or (found.schema_version and found.modified)
    ):
        return Shape.OSV
    if there(found.checks) and found.score is not None and there(found.repo):
        return Shape.SCORECARD
    if there(found.current_package) and found.update_time:
        return Shape.DEPS_DEV
    return Shape.JSON


def created(found: Peek | None, data: bytes) -> datetime | None:
    """When a document was made, as it says itself; ``None`` where it does not."""
    texts: list[Any] = []
    if found is not None:
        texts = [
            _part(found.metadata, _Stamped).timestamp,
            _part(found.creation_info, _Stamped).created,
            found.timestamp,
            found.modified,
            (_part(found.document, _Csaf).tracking or _Tracking()).current_release_date,
            found.date,
            found.update_time,
        ]
        if "spdx.org/rdf/3" in str(found.context or ""):
            texts += [mark.decode("ascii", "replace") for mark in _SPDX3.findall(data)]
    elif mark := _CREATED.search(data[: 64 * 1024]):
        texts = [(mark[1] or mark[2]).decode("ascii", "replace")]
    for text in texts:
        if isinstance(text, str) and (moment := _moment(text)):
            return moment
    return None


def serial(found: Peek | None, data: bytes = b"") -> str:
    """The document's own name: CycloneDX ``serialNumber``, SPDX ``documentNamespace``."""
    if found is None and (mark := _SERIAL.search(data[: 64 * 1024])):
        return mark[1].decode("utf-8", "replace")
    value = (found.serial_number or found.document_namespace) if found else ""
    return value if isinstance(value, str) else ""


def _moment(text: str) -> datetime | None:
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        try:
            return datetime.fromisoformat(text).replace(tzinfo=UTC)
        except ValueError:
            return None
    return parse_instant(text)


def _part(raw: msgspec.Raw, kind: type[T]) -> T:
    if not there(raw):
        return kind()
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return kind()
