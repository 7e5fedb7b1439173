"""Statements as a CycloneDX 1.6 document without an inventory: components, and what is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from pratique.formats.cyclonedx_vex.words import (
    JUSTIFICATIONS,
    STATES,
    WRITTEN_JUSTIFICATIONS,
    WRITTEN_STATES,
)
from pratique.formats.instants import write_instant
from pratique.formats.json_writing import indented_json
from pratique.formats.openvex.canonical import canonical_hash, canonical_order
from pratique.model.errors import InputError
from pratique.model.vex import Status

if TYPE_CHECKING:
    from pratique.model.vex import Part, Product, Statement, VexDocument

_ALGORITHMS = {
    "md5": "MD5",
    "sha1": "SHA-1",
    "sha256": "SHA-256",
    "sha384": "SHA-384",
    "sha512": "SHA-512",
    "sha3256": "SHA3-256",
    "sha3384": "SHA3-384",
    "sha3512": "SHA3-512",
    "blake2b-256": "BLAKE2b-256",
    "blake2b-384": "BLAKE2b-384",
    "blake2b-512": "BLAKE2b-512",
    "blake3": "BLAKE3",
}
"""Algorithms that the schema has a word for."""


def write(document: VexDocument) -> tuple[bytes, tuple[str, ...]]:
    """Write a document; its serial number is made of its content.

    Returns:
        Its bytes, and a line for each thing that CycloneDX has no place for.

    Raises:
        InputError: It has no timestamp to make the serial number of.
    """
    if document.timestamp is None:
        raise InputError("has no timestamp, of which its serial number is made")
    lost: list[str] = []
    components = _Components(lost)
    vulnerabilities = [
        _vulnerability(one, components, document, lost)
        for one in canonical_order(document.statements)
    ]
    serial = document.id if document.id.startswith("urn:uuid:") else ""
    if not serial:
        serial = f"urn:uuid:{uuid5(NAMESPACE_URL, canonical_hash(document))}"
        if document.id:
            lost.append(f"document id {document.id!r}")
    metadata: dict[str, Any] = {"timestamp": write_instant(document.timestamp)}
    if document.author:
        metadata["authors"] = [{"name": document.author}]
    lost.extend(
        f"{what} {said!r}"
        for what in ("role", "title", "tooling", "supplier")
        if (said := getattr(document, what))
    )
    version = document.version
    value = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": serial,
        "version": int(version) if version.isdecimal() and int(version) else 1,
        "metadata": metadata,
        "components": components.written(),
        "vulnerabilities": vulnerabilities,
    }
    data = indented_json(value)
    return data, tuple(dict.fromkeys(lost))


class _Components:
    """Collects components; one inside a product is nested in it."""

    def __init__(self, lost: list[str]) -> None:
        self._lost = lost
        self._products: dict[str, tuple[Part, dict[str, Part]]] = {}

    def refs(self, product: Product) -> list[tuple[str, Part]]:
        """References of what a statement is about, and the parts."""
        part = product.part
        if part.id.startswith("urn:cdx:"):
            return [(part.id, part)]  # a component of another document
        ref = _ref(part)
        inner = self._products.setdefault(ref, (part, {}))[1]
        if product.within:
            self._lost.append(f"{part.label} is said to be in {product.within[0].label}")
        found = []
        for sub in product.subcomponents:
            name = f"{ref}/{_ref(sub)}"
            inner.setdefault(name, sub)
            found.append((name, sub))
        return found or [(ref, part)]

    def written(self) -> list[dict[str, Any]]:
        """The components, sorted by reference."""
        rows = []
        for ref, (part, inner) in sorted(self._products.items()):
            row = self._component(ref, part, "application" if inner else "library")
            if inner:
                row["components"] = [
                    self._component(name, sub, "library") for name, sub in sorted(inner.items())
                ]
            rows.append(row)
        return rows

    def _component(self, ref: str, part: Part, type: str) -> dict[str, Any]:
        package = part.packages[0] if part.packages else None
        row: dict[str, Any] = {"type": type, "bom-ref": ref}
        if package and package.namespace:
            row["group"] = package.namespace
        row["name"] = package.name if package else (part.name or part.label)
        if package and package.version:
            row["version"] = package.version
        hashes = [
            {"alg": _ALGORITHMS[one.algorithm], "content": one.digest}
            for one in part.hashes
            if one.algorithm in _ALGORITHMS
        ]
        if hashes:
            row["hashes"] = hashes
        for one in part.hashes:
            if one.algorithm not in _ALGORITHMS:
                self._lost.append(f"{one.algorithm} digest of {part.label}")
        if part.cpes:
            row["cpe"] = part.cpes[0]
        if package:
            row["purl"] = str(package)
        if part.supplier:
            row["supplier"] = {"name": part.supplier}
        return row


def _ref(part: Part) -> str:
    if part.packages:
        return str(part.packages[0])
    return part.label or "unnamed"


def _vulnerability(
    one: Statement, components: _Components, document: VexDocument, lost: list[str]
) -> dict[str, Any]:
    place = f"{one.vulnerability}, {one.place or 'statement'}"
    analysis: dict[str, Any] = {"state": _state(one)}
    if one.status is Status.NOT_AFFECTED and (word := _justification(one)):
        analysis["justification"] = word
    if one.responses:
        analysis["response"] = list(one.responses)
    if detail := one.impact or one.status_notes:
        analysis["detail"] = detail
    if one.impact and one.status_notes:
        lost.append(f"{place}: status notes {one.status_notes!r}")
    if one.timestamp and (one.stated_timestamp or one.timestamp != document.timestamp):
        analysis["firstIssued"] = write_instant(one.timestamp)
    if one.last_updated:
        analysis["lastUpdated"] = write_instant(one.last_updated)
    if one.id:
        lost.append(f"{place}: statement id {one.id!r}")
    if one.supplier:
        lost.append(f"{place}: supplier {one.supplier!r}")
    if one.action_timestamp:
        lost.append(f"{place}: date of the action statement")
    row: dict[str, Any] = {"id": one.vulnerability}
    others = [name for name in one.names if name != one.vulnerability]
    if others:
        row["references"] = [{"id": name, "source": {}} for name in others]
    if one.description:
        row["description"] = one.description
    if one.action:
        row["recommendation"] = one.action
    row["analysis"] = analysis
    affects: dict[str, dict[str, Any]] = {}
    for product in one.products:
        for ref, part in components.refs(product):
            found = affects.setdefault(ref, {"ref": ref})
            if part.ranges:
                versions = found.setdefault("versions", [])
                versions.extend({"range": span, "status": "affected"} for span in part.ranges)
    if affects:
        row["affects"] = list(affects.values())
    return row


def _state(one: Statement) -> str:
    if STATES.get(one.status_as_written) is one.status:
        return one.status_as_written
    return WRITTEN_STATES[one.status]


def _justification(one: Statement) -> str:
    if one.justification_as_written in JUSTIFICATIONS:
        return one.justification_as_written
    return WRITTEN_JUSTIFICATIONS[one.justification] if one.justification else ""
