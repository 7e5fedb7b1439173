"""Writes an inventory as a CycloneDX 1.6 document.

Source: CycloneDX specification 1.6 (ECMA-424, first edition) and its JSON schema.
The same inventory, findings and time give the same bytes.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

import msgspec

from pratique.formats.json_writing import indented_json
from pratique.formats.models import FORMAT as MODEL_FILE
from pratique.formats.sbom.addresses import iri
from pratique.formats.sbom.cyclonedx.licenses import license_choices
from pratique.formats.sbom.cyclonedx.vulnerabilities import vulnerability_objects
from pratique.formats.sbom.items import References
from pratique.model.inventory import Scope

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pratique.model.finding import Finding
    from pratique.model.inventory import Component, Inventory

SPEC_VERSION = "1.6"
SUBJECT = "subject"
"""Reference of what the inventory is of; package URLs never equal it."""

LIBRARY, MODEL = "library", "machine-learning-model"
"""Types of components that are written."""

_NAMESPACE = UUID("5d0e2b3a-0f6c-5d0b-9f39-7a1d2c3b4e5f")
"""Of the serial numbers that are made here; any constant serves."""

ALGORITHMS = {
    "md5": "MD5",
    "sha1": "SHA-1",
    "sha256": "SHA-256",
    "sha384": "SHA-384",
    "sha512": "SHA-512",
    "sha3256": "SHA3-256",
    "sha3384": "SHA3-384",
    "sha3512": "SHA3-512",
    "blake2b256": "BLAKE2b-256",
    "blake2b384": "BLAKE2b-384",
    "blake2b512": "BLAKE2b-512",
    "blake3": "BLAKE3",
}
"""The algorithms that the schema knows; digests of any other are left out."""

_DIGEST_LENGTHS = frozenset({32, 40, 64, 96, 128})
"""Hexadecimal digits that the schema allows."""

_SCOPES = {
    Scope.RUNTIME: "required",
    Scope.OPTIONAL: "optional",
    Scope.BUILD: "excluded",
    Scope.TEST: "excluded",
    Scope.DEVELOPMENT: "excluded",
}


def write(
    inventory: Inventory,
    *,
    tool: str,
    tool_version: str,
    timestamp: datetime,
    vulnerabilities: Sequence[Finding] = (),
    version: str = "",
) -> bytes:
    """An inventory as CycloneDX 1.6 JSON.

    Args:
        inventory: References may be anything unique; the document's own are
            package URLs, told apart by a number where several are equal.
        tool: Name of the program that writes it.
        tool_version: Its version.
        timestamp: When it was made; aware of its time zone.
        vulnerabilities: Findings about vulnerabilities, with a package URL as
            subject.
        version: Of the subject, where it is known.

    Returns:
        UTF-8 text that ends in a newline.
    """
    refs = _references(inventory)
    models = {one.path for one in inventory.documents if one.format.startswith(MODEL_FILE)}
    document: dict[str, Any] = {
        "$schema": f"http://cyclonedx.org/schema/bom-{SPEC_VERSION}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPEC_VERSION,
        "serialNumber": "",
        "version": 1,
        "metadata": {
            "timestamp": timestamp.astimezone(UTC)
            .isoformat(timespec="seconds")
            .replace("+00:00", "Z"),
            "tools": {
                "components": [{"type": "application", "name": tool, "version": tool_version}]
            },
            "component": {
                "type": "application",
                "bom-ref": SUBJECT,
                "name": inventory.subject,
                **({"version": version} if version else {}),
            },
        },
        "components": [
            _component(c, refs[c.ref], MODEL if _is_of(c.ref, models) else LIBRARY)
            for c in inventory.components
        ],
        "dependencies": _dependencies(inventory, refs),
    }
    if vulnerabilities:
        document["vulnerabilities"] = vulnerability_objects(
            vulnerabilities, _affected(inventory, refs)
        )
    content = msgspec.json.encode(document).decode()
    document["serialNumber"] = f"urn:uuid:{uuid5(_NAMESPACE, content)}"
    return indented_json(document)


def _references(inventory: Inventory) -> dict[str, str]:
    """The document's reference of each component of the inventory."""
    references = References((SUBJECT,))
    return {c.ref: references.take(str(c.package)) for c in inventory.components}


def _is_of(ref: str, documents: set[str]) -> bool:
    """Whether a component is of one of some documents, whose path its reference starts with."""
    if not documents:
        return False
    marks = (at for at, character in enumerate(ref) if character == "#")
    return any(ref[:at] in documents for at in marks)


def _component(component: Component, ref: str, kind: str) -> dict[str, Any]:
    package = component.package
    written: dict[str, Any] = {"type": kind, "bom-ref": ref}
    if package.namespace:
        written["group"] = package.namespace
    written["name"] = package.name
    if package.version:
        written["version"] = package.version
    if component.scope in _SCOPES:
        written["scope"] = _SCOPES[component.scope]
    hashes = [
        {"alg": ALGORITHMS[digest.algorithm], "content": digest.digest}
        for digest in sorted(component.hashes)
        if digest.algorithm in ALGORITHMS and len(digest.digest) in _DIGEST_LENGTHS
    ]
    if hashes:
        written["hashes"] = hashes
    licenses = license_choices(component.licenses)
    if licenses:
        written["licenses"] = licenses
    written["purl"] = str(package)
    references = _external_references(component)
    if references:
        written["externalReferences"] = references
    occurrences = [
        {"location": place.path, **({"line": place.line} if place.line else {})}
        for place in component.locations
    ]
    if occurrences:
        written["evidence"] = {"occurrences": occurrences}
    return written


def _external_references(component: Component) -> list[dict[str, str]]:
    """Where it comes from; an address that the schema would refuse is left out."""
    addresses = (
        ("distribution", component.registry),
        ("vcs", str(component.source) if component.source else ""),
    )
    return [{"type": type, "url": url} for type, address in addresses if (url := iri(address))]


def _dependencies(inventory: Inventory, refs: dict[str, str]) -> list[dict[str, Any]]:
    """Edges, the subject's first; a component whose dependencies are not stated has no entry."""
    entries: list[dict[str, Any]] = []
    if inventory.roots:
        roots = sorted({refs[root] for root in inventory.roots if root in refs})
        entries.append({"ref": SUBJECT, "dependsOn": roots})
    for component in inventory.components:
        targets = inventory.edges.get(component.ref)
        if targets is not None:
            needs = sorted({refs[target] for target in targets if target in refs})
            entries.append({"ref": refs[component.ref], "dependsOn": needs})
    return entries


def _affected(inventory: Inventory, refs: dict[str, str]) -> dict[str, list[tuple[str, str]]]:
    """References and versions of the components that have a package URL."""
    found: dict[str, list[tuple[str, str]]] = {}
    for component in inventory.components:
        entry = (refs[component.ref], component.package.version)
        found.setdefault(str(component.package), []).append(entry)
    return found
