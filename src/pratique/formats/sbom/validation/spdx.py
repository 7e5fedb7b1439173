"""SPDX 2 documents held against what the clauses of SPDX 2.3 demand.

Source: SPDX 2.3, clauses 6 to 12, and the fields and values of its JSON schema.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pratique.formats.sbom.spdx import tags
from pratique.formats.sbom.spdx.kinds import NEEDED_BY, NEEDS, OTHERS
from pratique.formats.sbom.validation.faults import MAX_FAULTS, Fault, cut, path_of
from pratique.formats.sbom.validation.lines import JsonLines
from pratique.formats.text import decode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.formats.sbom.values import Bill

_TIME = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T[0-2]\d:[0-5]\d:[0-6]\dZ\Z")
_CREATOR = re.compile(r"(?:Person|Organization|Tool)[ \t]*:[ \t]*\S")
_SUPPLIER = re.compile(r"(?:Person|Organization)[ \t]*:[ \t]*\S|NOASSERTION\Z")
_ELEMENT = re.compile(r"SPDXRef-[A-Za-z0-9.-]+\Z")
_HEX = re.compile(r"[0-9a-fA-F]+\Z")
_LENGTHS = {
    "ADLER32": 8,
    "BLAKE2b-256": 64,
    "BLAKE2b-384": 96,
    "BLAKE2b-512": 128,
    "BLAKE3": 0,
    "MD2": 32,
    "MD4": 32,
    "MD5": 32,
    "MD6": 0,
    "SHA1": 40,
    "SHA224": 56,
    "SHA256": 64,
    "SHA384": 96,
    "SHA512": 128,
    "SHA3-256": 64,
    "SHA3-384": 96,
    "SHA3-512": 128,
}
"""Hexadecimal digits of each algorithm (clause 7.10.1); 0 where they vary."""

_CATEGORIES = frozenset(
    {"OTHER", "PACKAGE-MANAGER", "PACKAGE_MANAGER", "PERSISTENT-ID", "PERSISTENT_ID", "SECURITY"}
)
_TYPES = frozenset({*NEEDS, *NEEDED_BY, *OTHERS, "DESCRIBES"})
_PURPOSES = frozenset(
    {
        "APPLICATION",
        "ARCHIVE",
        "CONTAINER",
        "DEVICE",
        "FILE",
        "FIRMWARE",
        "FRAMEWORK",
        "INSTALL",
        "LIBRARY",
        "OPERATING-SYSTEM",
        "OPERATING_SYSTEM",
        "OTHER",
        "SOURCE",
    }
)
_REQUIRED = {
    "": ("spdxVersion", "dataLicense", "SPDXID", "name", "documentNamespace", "creationInfo"),
    "packages": ("name", "SPDXID", "downloadLocation"),
    "files": ("fileName", "SPDXID", "checksums"),
    "snippets": ("SPDXID", "snippetFromFile", "ranges"),
    "relationships": ("spdxElementId", "relatedSpdxElement", "relationshipType"),
    "hasExtractedLicensingInfos": ("licenseId", "extractedText"),
    "annotations": ("annotator", "annotationDate", "annotationType", "comment"),
    "checksums": ("algorithm", "checksumValue"),
    "externalRefs": ("referenceCategory", "referenceType", "referenceLocator"),
    "externalDocumentRefs": ("externalDocumentId", "spdxDocument", "checksum"),
}
_ALSO = {
    "": frozenset({"documentDescribes", "creationInfo", *tags.SECTIONS}),
    "packages": frozenset({"annotations", "hasFiles"}),
    "files": frozenset({"annotations", "artifactOfs"}),
    "snippets": frozenset({"annotations"}),
    "relationships": frozenset({"spdxElementId", "relatedSpdxElement", "relationshipType"}),
    "hasExtractedLicensingInfos": frozenset({"crossRefs"}),
}
"""Keys of each kind of object besides those that have a tag."""

Path = tuple[str | int, ...]


def check(bill: Bill, data: bytes) -> Iterator[Fault]:
    """Faults of a document, at most ``MAX_FAULTS``."""
    lines = JsonLines(decode(data)) if bill.form == "spdx-json" else None
    wrapped = _wrapper(bill, data)
    for number, (path, message) in enumerate(_Checker(bill.value).faults()):
        if number >= MAX_FAULTS:
            return
        line = lines.line((*wrapped, *path)) if lines else 0
        yield Fault(line, path_of(list(path)), cut(message))


def _wrapper(bill: Bill, data: bytes) -> Path:
    """Where the document stands in an export of GitHub's dependency graph."""
    head = data[:200].decode("utf-8", "replace").lstrip("\ufeff \t\r\n{")
    is_wrapped = bill.form == "spdx-json" and head.startswith('"sbom"')
    return ("sbom",) if is_wrapped else ()


class _Checker:
    """Checks one document."""

    def __init__(self, value: dict[str, Any]) -> None:
        self._value = value
        self._ids: dict[str, Path] = {}

    def faults(self) -> Iterator[tuple[Path, str]]:
        value = self._value
        yield from self._object(value, "", (), tags.DOCUMENT)
        yield from self._identify(value, ())
        if value.get("dataLicense") not in (None, "CC0-1.0"):
            yield ("dataLicense",), "is not CC0-1.0 (clause 6.2)"
        yield from self._creation(value.get("creationInfo"))
        for key, known in tags.SECTIONS.items():
            for path, item in _objects(value, key, ()):
                yield from self._object(item, key, path, known)
                if key in {"packages", "files", "snippets"}:
                    yield from self._identify(item, path)
                    yield from self._element(item, path)
        for path, item in _objects(value, "externalDocumentRefs", ()):
            yield from _required(item, "externalDocumentRefs", path)
        for path, item in _objects(value, "relationships", ()):
            yield from self._relationship(item, path)
        described = value.get("documentDescribes")
        for number, one in enumerate(described if isinstance(described, list) else ()):
            if isinstance(one, str):
                yield from self._known(one, ("documentDescribes", number))

    def _object(
        self, item: dict[str, Any], kind: str, path: Path, known: tuple[tags.Tag, ...]
    ) -> Iterator[tuple[Path, str]]:
        yield from _required(item, kind, path)
        names = {tag.key: tag for tag in known} if kind != "annotations" else {}
        also = _ALSO.get(kind, frozenset())
        for key, value in item.items():
            at = (*path, key)
            tag = names.get(key)
            if tag is None and key not in also and names:
                yield at, "is no field of SPDX 2.3"
            elif value is None:
                yield at, "is null"
            elif (tag and tag.repeated) or key in tags.SECTIONS:
                if not isinstance(value, list):
                    yield at, "is no array"
            elif tag and tag.form == "text" and not isinstance(value, str):
                yield at, "is no text"
            elif tag and tag.form == "truth" and not isinstance(value, bool):
                yield at, "is neither true nor false"

    def _identify(self, item: dict[str, Any], path: Path) -> Iterator[tuple[Path, str]]:
        id = item.get("SPDXID")
        if not isinstance(id, str):
            return
        if not _ELEMENT.match(id):
            yield (*path, "SPDXID"), f"{id!r} is not SPDXRef- and letters, digits, '.' or '-'"
        if id in self._ids:
            yield (*path, "SPDXID"), f"{id!r} is not unique (clause 7.2)"
        self._ids.setdefault(id, path)

    def _creation(self, info: Any) -> Iterator[tuple[Path, str]]:
        if not isinstance(info, dict):
            return
        creators = info.get("creators")
        if not isinstance(creators, list) or not creators:
            yield ("creationInfo", "creators"), "is required (clause 6.8)"
            creators = []
        for number, one in enumerate(creators):
            if not isinstance(one, str) or not _CREATOR.match(one):
                yield (
                    ("creationInfo", "creators", number),
                    "is not Person:, Organization: or Tool: with a name (clause 6.8)",
                )
        created = info.get("created")
        if created is None:
            yield ("creationInfo", "created"), "is required (clause 6.9)"
        elif not isinstance(created, str) or not _TIME.match(created):
            yield ("creationInfo", "created"), "is not YYYY-MM-DDThh:mm:ssZ (clause 6.9)"

    def _element(self, item: dict[str, Any], path: Path) -> Iterator[tuple[Path, str]]:
        for at, one in _objects(item, "checksums", path):
            yield from _required(one, "checksums", at)
            yield from _checksum(one, at)
        for at, one in _objects(item, "externalRefs", path):
            yield from _required(one, "externalRefs", at)
            if one.get("referenceCategory") not in (None, *_CATEGORIES):
                yield (*at, "referenceCategory"), "is no category (clause 7.21)"
        for at, one in _objects(item, "annotations", path):
            yield from _required(one, "annotations", at)
        for key in ("supplier", "originator"):
            stated = item.get(key)
            if isinstance(stated, str) and not _SUPPLIER.match(stated):
                yield (*path, key), "is not Person:, Organization: or NOASSERTION (clause 7.5)"
        purpose = item.get("primaryPackagePurpose")
        if isinstance(purpose, str) and purpose not in _PURPOSES:
            yield (*path, "primaryPackagePurpose"), f"{purpose!r} is no purpose (clause 7.24)"

    def _relationship(self, item: dict[str, Any], path: Path) -> Iterator[tuple[Path, str]]:
        type = item.get("relationshipType")
        if isinstance(type, str) and type not in _TYPES:
            yield (*path, "relationshipType"), f"{type!r} is no type (clause 11.1)"
        for key in ("spdxElementId", "relatedSpdxElement"):
            if isinstance(id := item.get(key), str):
                yield from self._known(id, (*path, key))

    def _known(self, id: str, path: Path) -> Iterator[tuple[Path, str]]:
        if id not in self._ids and id not in {"NONE", "NOASSERTION"} and ":" not in id:
            yield path, f"{id!r} is not in the document"


def _required(item: dict[str, Any], kind: str, path: Path) -> Iterator[tuple[Path, str]]:
    for key in _REQUIRED.get(kind, ()):
        if item.get(key) in (None, ""):
            yield (*path, key), "is required"


def _checksum(item: dict[str, Any], path: Path) -> Iterator[tuple[Path, str]]:
    algorithm, digest = item.get("algorithm"), item.get("checksumValue")
    if isinstance(algorithm, str) and algorithm not in _LENGTHS:
        yield (*path, "algorithm"), f"{algorithm!r} is no algorithm (clause 7.10)"
    elif isinstance(algorithm, str) and isinstance(digest, str) and digest:
        length = _LENGTHS[algorithm]
        if not _HEX.match(digest) or (length and len(digest) != length):
            yield (*path, "checksumValue"), f"is no {algorithm} in hexadecimal"


def _objects(owner: dict[str, Any], key: str, path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    items = owner.get(key)
    for number, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, dict):
            yield (*path, key, number), item
