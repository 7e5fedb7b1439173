"""Statements as an OpenVEX 0.2.0 document: the same bytes for the same statements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.instants import write_instant
from pratique.formats.json_writing import indented_json
from pratique.formats.openvex.canonical import canonical_id, canonical_order
from pratique.formats.openvex.labels import CONTEXT_URL, hash_label
from pratique.model.vex import Status

if TYPE_CHECKING:
    from pratique.model.vex import Part, Product, Statement, VexDocument

NO_ACTION = "No action statement provided"
"""What the format's own tools write where an affected product has no action statement."""


def write(document: VexDocument) -> tuple[bytes, tuple[str, ...]]:
    """Write a document; its id is made of its content where it has none.

    Args:
        document: With a timestamp, which OpenVEX requires.

    Returns:
        Its bytes, and a line for each thing that OpenVEX has no place for.

    Raises:
        InputError: It has neither an id nor a timestamp to make one of.
    """
    lost: list[str] = []
    value: dict[str, Any] = {
        "@context": CONTEXT_URL,
        "@id": document.id or canonical_id(document),
        "author": document.author or "Unknown Author",
        "role": document.role,
        "timestamp": write_instant(document.timestamp) if document.timestamp else None,
        "last_updated": write_instant(document.last_updated) if document.last_updated else None,
        "version": int(document.version) if document.version.isdecimal() else 1,
        "tooling": document.tooling,
        "supplier": document.supplier,
    }
    if document.version and not document.version.isdecimal():
        lost.append(f"document version {document.version!r}: OpenVEX counts in whole numbers")
    if document.title:
        lost.append(f"document title {document.title!r}")
    value = {key: item for key, item in value.items() if item not in (None, "")}
    value["statements"] = [
        _statement(one, document, lost) for one in canonical_order(document.statements)
    ]
    return indented_json(value), tuple(dict.fromkeys(lost))


def _statement(one: Statement, document: VexDocument, lost: list[str]) -> dict[str, Any]:
    place = f"{one.vulnerability}, {one.place or 'statement'}"
    justification = one.justification.value if one.justification else ""
    if one.justification_as_written and one.justification_as_written != justification:
        lost.append(
            f"{place}: justification {one.justification_as_written!r}"
            + (f" becomes {justification}" if justification else " is unknown to OpenVEX")
        )
    if one.status_as_written not in {"", one.status.value}:
        lost.append(f"{place}: status {one.status_as_written!r} becomes {one.status}")
    if one.responses:
        lost.append(f"{place}: responses {', '.join(one.responses)}")
    lost.extend(
        f"{place}: version range {', '.join(part.ranges)} of {part.label}"
        for product in one.products
        for part in (product.part, *product.subcomponents)
        if part.ranges
    )
    lost.extend(
        f"{place}: {product.part.label} is said to be in {product.within[0].label}"
        for product in one.products
        if product.within
    )
    timestamp = one.timestamp
    if not one.stated_timestamp and timestamp == document.timestamp:
        timestamp = None  # inherited
    action = one.action
    if one.status is Status.AFFECTED and not action:
        action = NO_ACTION
    row: dict[str, Any] = {
        "@id": one.id,
        "vulnerability": _filled(
            {
                "@id": one.vulnerability_iri,
                "name": one.vulnerability,
                "description": one.description,
                "aliases": list(one.aliases),
            }
        ),
        "timestamp": write_instant(timestamp) if timestamp else None,
        "last_updated": write_instant(one.last_updated) if one.last_updated else None,
        "products": [_product(product, lost) for product in one.products],
        "status": one.status.value,
        "supplier": one.supplier,
        "status_notes": one.status_notes,
        "justification": justification,
        "impact_statement": one.impact,
        "action_statement": action,
        "action_statement_timestamp": (
            write_instant(one.action_timestamp) if one.action_timestamp else None
        ),
    }
    return _filled(row)


def _product(product: Product, lost: list[str]) -> dict[str, Any]:
    value = _part(product.part, lost)
    if product.subcomponents:
        value["subcomponents"] = [_part(sub, lost) for sub in product.subcomponents]
    return value


def _part(part: Part, lost: list[str]) -> dict[str, Any]:
    id = part.id
    if not id and not part.identifiers and not part.hashes:
        id = part.name
    elif part.name and part.name != part.id:
        lost.append(f"name {part.name!r} of {part.label}")
    return _filled(
        {
            "@id": id,
            "identifiers": dict(part.identifiers),
            "hashes": {hash_label(one.algorithm): one.digest for one in part.hashes},
            "supplier": part.supplier,
        }
    )


def _filled(row: dict[str, Any]) -> dict[str, Any]:
    """Without what is empty."""
    return {key: value for key, value in row.items() if value not in (None, "", [], {})}
