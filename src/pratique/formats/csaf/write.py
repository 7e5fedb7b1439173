"""Statements as a CSAF 2.0 document of the profile "VEX" (section 4.5)."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from pratique.formats.instants import write_instant
from pratique.formats.json_writing import indented_json
from pratique.formats.openvex.canonical import canonical_hash
from pratique.model.errors import InputError
from pratique.model.vex import Status

if TYPE_CHECKING:
    from pratique.model.vex import Part, Product, Statement, VexDocument

_CVE = re.compile(r"CVE-\d{4}-\d{4,}\Z")
_SYSTEMS = (
    ("GHSA-", "GitHub Security Advisories"),
    ("GO-", "Go Vulnerability Database"),
    ("RUSTSEC-", "RustSec Advisory Database"),
    ("PYSEC-", "Python Packaging Advisory Database"),
    ("SNYK-", "Snyk"),
)
_KEYS = {
    Status.NOT_AFFECTED: "known_not_affected",
    Status.AFFECTED: "known_affected",
    Status.FIXED: "fixed",
    Status.UNDER_INVESTIGATION: "under_investigation",
}
NO_IMPACT = "No impact statement provided"
NO_ACTION = "No action statement provided"
NO_NAMESPACE = "urn:x-unknown:publisher"
"""Stands for the publisher's own address, which the other formats do not have."""

CATEGORIES = frozenset({"coordinator", "discoverer", "other", "translator", "user", "vendor"})


def write(document: VexDocument) -> tuple[bytes, tuple[str, ...]]:
    """Write a document; the ids of its products are made of what identifies them.

    CSAF has no history inside a document: of several statements about one
    product the latest is written, and the others are in the loss report.

    Args:
        document: With a timestamp, and products in its statements.

    Returns:
        Its bytes, and a line for each thing that CSAF has no place for.

    Raises:
        InputError: It has no timestamp, or nothing to write.
    """
    if document.timestamp is None:
        raise InputError("has no timestamp, which CSAF requires")
    lost: list[str] = []
    tree = _Tree(lost)
    rows: dict[str, dict[str, Statement]] = {}
    for one in _by_time(document.statements):
        name = _main_name(one)
        for product in one.products:
            for id in tree.add(product):
                before = rows.setdefault(name, {}).get(id)
                if before is not None and before != one:
                    lost.append(f"{name}: {before.status} of {product.part.label}, said earlier")
                rows[name][id] = one
        if not one.products:
            lost.append(f"{name}, {one.place}: names no product")
    if not any(rows.values()):
        raise InputError("has no statement about a product, without which it is no CSAF VEX")
    value = {
        "document": _head(document, lost),
        "product_tree": tree.written(),
        "vulnerabilities": [
            _vulnerability(name, found, document, lost)
            for name, found in sorted(rows.items())
            if found
        ],
    }
    return indented_json(value), tuple(dict.fromkeys(lost))


def _by_time(statements: tuple[Statement, ...]) -> list[Statement]:
    return sorted(statements, key=lambda one: one.timestamp.timestamp() if one.timestamp else 0.0)


def _main_name(one: Statement) -> str:
    """The CVE among the names, else the name itself."""
    return next((name for name in one.names if _CVE.match(name)), one.vulnerability)


def _head(document: VexDocument, lost: list[str]) -> dict[str, Any]:
    assert document.timestamp is not None
    date = write_instant(document.timestamp)
    category = document.role if document.role in CATEGORIES else "vendor"
    if document.role and document.role != category:
        lost.append(f"author's role {document.role!r}")
    namespace = document.id if re.match(r"https?://[^\s/]+", document.id) else ""
    namespace = "/".join(namespace.split("/")[:3]) if namespace else NO_NAMESPACE
    if document.version not in {"", "1"}:
        lost.append(f"document version {document.version!r}: its earlier revisions are not known")
    if document.supplier:
        lost.append(f"supplier {document.supplier!r}")
    if document.tooling:
        lost.append(f"tooling {document.tooling!r}")
    tracking = {
        "current_release_date": date,
        "id": document.id.strip() or f"vex-{canonical_hash(document)}",
        "initial_release_date": date,
        "revision_history": [{"date": date, "number": "1", "summary": "As converted."}],
        "status": "final",
        "version": "1",
    }
    author = document.author or "Unknown Author"
    return {
        "category": "csaf_vex",
        "csaf_version": "2.0",
        "publisher": {"category": category, "name": author, "namespace": namespace},
        "title": document.title or f"VEX by {author}",
        "tracking": tracking,
    }


class _Tree:
    """Collects products and gives them ids."""

    def __init__(self, lost: list[str]) -> None:
        self._lost = lost
        self._parts: dict[str, Part] = {}
        self._joined: dict[str, tuple[str, str, str]] = {}

    def add(self, product: Product) -> list[str]:
        """The id of a product; one with components is a relationship for each of them."""
        outer = self._part(product.part)
        if product.within:
            self._lost.append(f"{product.part.label} is said to be in {product.within[0].label}")
        if not product.subcomponents:
            return [outer]
        return [self._join(outer, sub) for sub in product.subcomponents]

    def _join(self, outer: str, sub: Part) -> str:
        inner = self._part(sub)
        id = f"CSAFPID-{_digest(outer, inner)}"
        name = f"{_name(sub)} as a component of {_name(self._parts[outer])}"
        self._joined[id] = inner, outer, name
        return id

    def _part(self, part: Part) -> str:
        key = (part.id, *(f"{kind}={value}" for kind, value in part.identifiers))
        keys = (*key, *(str(one) for one in part.hashes), part.name, *part.ranges)
        id = f"CSAFPID-{_digest(*keys)}"
        if part.ranges:
            self._lost.append(f"version range {', '.join(part.ranges)} of {part.label}")
        self._parts.setdefault(id, part)
        return id

    def written(self) -> dict[str, Any]:
        """The product tree."""
        value: dict[str, Any] = {
            "full_product_names": [_full_name(id, part) for id, part in sorted(self._parts.items())]
        }
        if self._joined:
            value["relationships"] = [
                {
                    "category": "default_component_of",
                    "full_product_name": {"name": name, "product_id": id},
                    "product_reference": inner,
                    "relates_to_product_reference": outer,
                }
                for id, (inner, outer, name) in sorted(self._joined.items())
            ]
        return value


def _digest(*keys: str) -> str:
    return sha256("\0".join(keys).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _name(part: Part) -> str:
    return part.name or part.label or "unnamed"


def _full_name(id: str, part: Part) -> dict[str, Any]:
    helper: dict[str, Any] = {}
    if part.packages:
        helper["purl"] = str(part.packages[0])
    if part.cpes:
        helper["cpe"] = part.cpes[0]
    if part.hashes:
        hashes = [{"algorithm": one.algorithm, "value": one.digest} for one in part.hashes]
        helper["hashes"] = [{"file_hashes": hashes, "filename": _name(part)}]
    uris = [part.id] if part.id and ":" in part.id and not part.packages else []
    uris = [one for one in uris if not one.startswith("cpe:") and not re.search(r"\s", one)]
    if uris:
        helper["x_generic_uris"] = [{"namespace": NO_NAMESPACE, "uri": one} for one in uris]
    row: dict[str, Any] = {"name": _name(part), "product_id": id}
    if helper:
        row["product_identification_helper"] = helper
    return row


def _vulnerability(
    name: str,
    latest: dict[str, Statement],
    document: VexDocument,
    lost: list[str],
) -> dict[str, Any]:
    statements = list(latest.values())
    row: dict[str, Any] = {"cve": name} if _CVE.match(name) else {}
    names = dict.fromkeys(other for one in statements for other in one.names if other != name)
    ids = [*({name: None} if not row else {}), *names]
    if ids:
        row["ids"] = [{"system_name": _system(id), "text": id} for id in ids]
    text = next((one.description for one in statements if one.description), name)
    row["notes"] = [{"category": "description", "text": text}]
    status: dict[str, list[str]] = {}
    flags: dict[str, list[str]] = {}
    impacts: dict[str, list[str]] = {}
    actions: dict[str, list[str]] = {}
    for id, one in sorted(latest.items()):
        status.setdefault(_KEYS[one.status], []).append(id)
        _say_lost(name, one, document, lost)
        if one.status is Status.NOT_AFFECTED:
            if one.justification:
                flags.setdefault(one.justification.value, []).append(id)
            if one.impact or not one.justification:
                impacts.setdefault(one.impact or NO_IMPACT, []).append(id)
        elif one.status is Status.AFFECTED:
            actions.setdefault(one.action or NO_ACTION, []).append(id)
    if flags:
        row["flags"] = [{"label": key, "product_ids": ids} for key, ids in sorted(flags.items())]
    row["product_status"] = dict(sorted(status.items()))
    if actions:
        row["remediations"] = [
            {
                "category": "none_available" if text == NO_ACTION else "mitigation",
                "details": text,
                "product_ids": ids,
            }
            for text, ids in sorted(actions.items())
        ]
    if impacts:
        row["threats"] = [
            {"category": "impact", "details": text, "product_ids": ids}
            for text, ids in sorted(impacts.items())
        ]
    return row


def _say_lost(name: str, one: Statement, document: VexDocument, lost: list[str]) -> None:
    justification = one.justification.value if one.justification else ""
    if one.justification_as_written not in {"", justification}:
        lost.append(f"{name}: justification {one.justification_as_written!r}")
    if one.timestamp and one.timestamp != document.timestamp:
        lost.append(f"{name}: its own date, {write_instant(one.timestamp)}")
    if one.status_notes:
        lost.append(f"{name}: status notes {one.status_notes!r}")
    if one.responses:
        lost.append(f"{name}: responses {', '.join(one.responses)}")
    if one.impact and one.status is not Status.NOT_AFFECTED:
        lost.append(f"{name}: impact statement of a product that is {one.status}")
    if one.action and one.status is not Status.AFFECTED:
        lost.append(f"{name}: action statement of a product that is {one.status}")
    if one.id:
        lost.append(f"{name}: statement id {one.id!r}")


def _system(id: str) -> str:
    for start, system in _SYSTEMS:
        if id.startswith(start):
            return system
    return "CVE" if _CVE.match(id) else "other"
