"""SPDX 3 documents held against the properties that its classes require.

Source: SPDX 3.0.1, model (Core, Software, SimpleLicensing, Security): minimum
counts of properties.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pratique.formats.sbom.validation.faults import MAX_FAULTS, Fault, cut, path_of
from pratique.formats.sbom.validation.lines import JsonLines
from pratique.formats.text import decode

if TYPE_CHECKING:
    from collections.abc import Iterator

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")
_REQUIRED = {
    "CreationInfo": ("specVersion", "created", "createdBy"),
    "SpdxDocument": ("spdxId", "creationInfo"),
    "software_Sbom": ("spdxId", "creationInfo"),
    "software_Package": ("spdxId", "creationInfo", "name"),
    "software_File": ("spdxId", "creationInfo", "name"),
    "Relationship": ("spdxId", "creationInfo", "from", "to", "relationshipType"),
    "LifecycleScopedRelationship": ("spdxId", "creationInfo", "from", "to", "relationshipType"),
    "simplelicensing_LicenseExpression": (
        "spdxId",
        "creationInfo",
        "simplelicensing_licenseExpression",
    ),
    "Person": ("spdxId", "creationInfo"),
    "Organization": ("spdxId", "creationInfo"),
    "Tool": ("spdxId", "creationInfo"),
    "SoftwareAgent": ("spdxId", "creationInfo"),
    "Agent": ("spdxId", "creationInfo"),
    "Annotation": ("spdxId", "creationInfo", "annotationType", "subject"),
}


def check(value: dict[str, Any], data: bytes) -> Iterator[Fault]:
    """Faults of a document, at most ``MAX_FAULTS``."""
    lines = JsonLines(decode(data))
    for number, (path, message) in enumerate(_faults(value)):
        if number >= MAX_FAULTS:
            return
        yield Fault(lines.line(path), path_of(list(path)), cut(message))


def _faults(value: dict[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    graph = value.get("@graph")
    if "@context" not in value:
        yield ("@context",), "is required"
    alone = not isinstance(graph, list)
    items = [value] if alone else graph
    seen: set[str] = set()
    for number, item in enumerate(items or ()):
        path: tuple[str | int, ...] = () if alone else ("@graph", number)
        if not isinstance(item, dict):
            yield path, "is no object"
            continue
        kind = item.get("type", item.get("@type"))
        if not isinstance(kind, str):
            yield (*path, "type"), "is required"
            continue
        id = item.get("spdxId", item.get("@id"))
        if isinstance(id, str):
            if id in seen:
                yield (*path, "spdxId"), f"{id!r} is not unique"
            seen.add(id)
        for key in _REQUIRED.get(kind, ()):
            if item.get(key) in (None, "", []) and not (key == "spdxId" and isinstance(id, str)):
                yield (*path, key), f"is required of {kind}"
        created = item.get("created")
        if kind == "CreationInfo" and isinstance(created, str) and not _TIME.match(created):
            yield (*path, "created"), "is not YYYY-MM-DDThh:mm:ssZ"
