"""OpenVEX documents into statements (OpenVEX specification 0.2.0, and 0.0.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.base import MAX_ITEMS, Notes
from pratique.formats.openvex.labels import CONTEXT, KNOWN_VERSIONS
from pratique.formats.openvex.parts import product_of
from pratique.formats.text import decode, parse_json
from pratique.formats.vex_values import (
    instant,
    justification_of,
    kept_apart,
    record_of,
    status_of,
    text_of,
    texts_of,
)
from pratique.model.errors import InputError, LimitError, UnsupportedError
from pratique.model.inventory import Location
from pratique.model.vex import Part, Product, Signature, Statement, Status, VexDocument

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

MAX_STATEMENTS = 200_000
"""Statements taken from one document; the largest published hub has 15,300 in all."""


def read(
    data: bytes,
    path: str,
    *,
    signer: str = "",
    inherited: Sequence[Part] = (),
    timestamp: datetime | None = None,
) -> VexDocument:
    """Read an OpenVEX document, in JSON or YAML.

    Args:
        data: Its bytes.
        path: For the places of problems.
        signer: Identity whose signature over these bytes the caller has verified.
        inherited: Products of the envelope, for statements without any
            (section "Inheritance Flow").
        timestamp: Of the envelope, for a document without one.

    Returns:
        Every statement that makes sense; each other one is named in the problems.

    Raises:
        InputError: It is not a document with statements at all.
        UnsupportedError: Its context names no known version.
        LimitError: It is over a limit.
    """
    text = decode(data)
    if text.lstrip()[:1] in {"{", "["}:
        value = parse_json(text)
    else:
        from pratique.formats.yaml_text import parse_yaml

        value = parse_yaml(text)
    if not isinstance(value, dict):
        raise InputError("is not an OpenVEX document: its top is no object")
    return read_value(
        value,
        path,
        signature=Signature.VERIFIED if signer else Signature.NONE,
        signer=signer,
        inherited=inherited,
        timestamp=timestamp,
    )


def read_value(
    value: dict[str, Any],
    path: str,
    *,
    signature: Signature,
    signer: str = "",
    inherited: Sequence[Part] = (),
    timestamp: datetime | None = None,
) -> VexDocument:
    """Read a parsed document; see :func:`read`.

    Raises:
        InputError: It has no list of statements.
        UnsupportedError: Its context names no known version.
        LimitError: It has over ``MAX_STATEMENTS`` statements.
    """
    notes = Notes(path)
    version = _version(value, notes)
    rows = value.get("statements")
    if not isinstance(rows, list):
        raise InputError("is not an OpenVEX document: it has no list of statements")
    if len(rows) > MAX_STATEMENTS:
        raise LimitError(f"has {len(rows):,} statements, over the limit of {MAX_STATEMENTS:,}")
    _required(value, notes)
    issued = instant(value, "timestamp", "timestamp", notes) or timestamp
    document = VexDocument(
        id=text_of(value, "@id", "", notes),
        format=f"OpenVEX {version}",
        path=path,
        author=text_of(value, "author", "", notes),
        role=text_of(value, "role", "", notes),
        timestamp=issued,
        last_updated=instant(value, "last_updated", "last_updated", notes),
        version=str(value.get("version", "")),
        tooling=text_of(value, "tooling", "", notes),
        supplier=text_of(value, "supplier", "", notes),
    )
    parts: dict[str, Part] = {}
    statements = []
    for at, row in enumerate(rows):
        one = _statement(row, f"statements[{at}]", document, parts, notes, inherited)
        if one is not None:
            statements.append(_signed(one, signature, signer))
    if len(parts) > MAX_ITEMS:
        raise LimitError(f"names {len(parts):,} products, over the limit of {MAX_ITEMS:,}")
    return _finished(document, kept_apart(statements, notes), notes)


def _statement(
    row: Any,
    place: str,
    document: VexDocument,
    parts: dict[str, Part],
    notes: Notes,
    inherited: Sequence[Part],
) -> Statement | None:
    if not isinstance(row, dict):
        notes.unreadable(f"{place} is no object; it is left out")
        return None
    name, iri, aliases, description = _vulnerability(row, place, notes)
    status = status_of(row.get("status"), place, notes)
    if status is None:
        return None
    if not name:
        notes.unreadable(f"{place} names no vulnerability; it is left out")
        return None
    products = _products(row, place, parts, notes) or tuple(Product(part=p) for p in inherited)
    if not products:
        notes.unknown(f"{place} names no product, nor does its envelope; it applies to nothing")
    own = instant(row, "timestamp", f"{place}.timestamp", notes)
    justification, written = justification_of(row.get("justification"), place, notes)
    statement = Statement(
        id=text_of(row, "@id", place, notes),
        vulnerability=name,
        vulnerability_iri=iri,
        aliases=aliases,
        description=description,
        products=products,
        status=status,
        status_as_written=status.value,
        status_notes=text_of(row, "status_notes", place, notes),
        justification=justification,
        justification_as_written=written,
        impact=text_of(row, "impact_statement", place, notes),
        action=text_of(row, "action_statement", place, notes),
        action_timestamp=instant(
            row, "action_statement_timestamp", f"{place}.action_statement_timestamp", notes
        ),
        timestamp=own or document.timestamp,
        stated_timestamp=own is not None,
        last_updated=instant(row, "last_updated", f"{place}.last_updated", notes),
        supplier=text_of(row, "supplier", place, notes),
        author=document.author,
        document=document.id,
        format=document.format,
        location=Location(document.path),
        place=place,
    )
    _complete(statement, notes)
    return statement


def _complete(statement: Statement, notes: Notes) -> None:
    """What the specification asks of each status (section "Statement Fields")."""
    place = statement.place
    if statement.status is Status.NOT_AFFECTED:
        if not statement.justification_as_written and not statement.impact:
            notes.notice(f"{place} says not_affected without a justification or impact statement")
    elif statement.justification_as_written:
        notes.notice(f"{place} has a justification, which only not_affected takes")
    if statement.status is Status.AFFECTED and not statement.action:
        notes.notice(f"{place} says affected without an action statement")


def _vulnerability(
    row: dict[str, Any], place: str, notes: Notes
) -> tuple[str, str, tuple[str, ...], str]:
    """Name, IRI, aliases and description; version 0.0.1 has the name alone."""
    value = row.get("vulnerability")
    if isinstance(value, str):
        return value.strip(), "", (), text_of(row, "vuln_description", place, notes)
    record = record_of(value, f"{place}.vulnerability", notes)
    iri = text_of(record, "@id", f"{place}.vulnerability", notes).strip()
    name = text_of(record, "name", f"{place}.vulnerability", notes).strip() or iri
    aliases = texts_of(record, "aliases", f"{place}.vulnerability", notes)
    description = text_of(record, "description", f"{place}.vulnerability", notes)
    return name, iri, aliases, description


def _products(
    row: dict[str, Any], place: str, parts: dict[str, Part], notes: Notes
) -> tuple[Product, ...]:
    rows = row.get("products")
    if rows is None:
        return ()
    if not isinstance(rows, list):
        notes.unreadable(f"{place}.products is no list; it is left out")
        return ()
    shared = row.get("subcomponents")  # version 0.0.1: of every product
    found = []
    for at, value in enumerate(rows):
        product = product_of(value, shared, f"{place}.products[{at}]", parts, notes)
        if product is not None:
            found.append(product)
    return tuple(found)


def _version(value: dict[str, Any], notes: Notes) -> str:
    context = value.get("@context")
    if isinstance(context, list):  # JSON-LD allows several
        context = next((c for c in context if isinstance(c, str) and c.startswith(CONTEXT)), None)
    if context is None or (isinstance(context, str) and not context.strip()):
        # Documents that were merged by early tools have an empty one; their shape tells.
        version = "0.2.0" if _is_of_0_2(value.get("statements")) else "0.0.1"
        told = "an empty @context" if "@context" in value else "no @context"
        notes.notice(f"has {told}; it is read as OpenVEX {version}")
        return version
    if not isinstance(context, str) or not context.startswith(CONTEXT):
        raise UnsupportedError("is not an OpenVEX document: its @context is another's")
    version = context.removeprefix(CONTEXT).strip("/").removeprefix("v") or "0.0.1"
    if version not in KNOWN_VERSIONS:
        notes.unknown(f"is OpenVEX {version[:20]}, which is newer than what is known here (0.2.0)")
    return version[:20]


def _is_of_0_2(rows: Any) -> bool:
    """Whether vulnerabilities are objects, which they are since version 0.2.0."""
    first = rows[0] if isinstance(rows, list) and rows else None
    return isinstance(first, dict) and isinstance(first.get("vulnerability"), dict)


def _required(value: dict[str, Any], notes: Notes) -> None:
    """Say which required fields of the document are absent; none of them stops the reading."""
    missing = [key for key in ("@id", "author", "timestamp", "version") if not value.get(key)]
    if missing:
        notes.notice(f"lacks the required {', '.join(missing)}")


def _signed(statement: Statement, signature: Signature, signer: str) -> Statement:
    if signature is Signature.NONE:
        return statement
    return msgspec.structs.replace(statement, signature=signature, signer=signer)


def _finished(document: VexDocument, statements: list[Statement], notes: Notes) -> VexDocument:
    return msgspec.structs.replace(document, statements=tuple(statements), problems=notes.done())
