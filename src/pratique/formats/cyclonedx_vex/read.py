"""CycloneDX ``vulnerabilities[].analysis`` into statements (CycloneDX 1.4 to 1.7, JSON)."""

from __future__ import annotations

from typing import Any

import msgspec

from pratique.formats.base import Notes
from pratique.formats.cyclonedx_vex.refs import Components, product_of, read_components
from pratique.formats.cyclonedx_vex.words import (
    JUSTIFICATIONS,
    RESPONSES,
    STATES,
    VERSION_STATUSES,
)
from pratique.formats.text import decode, parse_json
from pratique.formats.vex_values import instant, record_of, records_of, shown, text_of, texts_of
from pratique.model.errors import InputError
from pratique.model.inventory import Location
from pratique.model.vex import Product, Signature, Statement, Status, VexDocument


def read(data: bytes, path: str, *, signer: str = "") -> VexDocument:
    """Read the VEX statements of a CycloneDX document; what it is a bill of is not read.

    A vulnerability without an analysis is a finding, not a statement.

    Args:
        data: Its bytes.
        path: For the places of problems.
        signer: Identity whose signature over these bytes the caller has verified.

    Raises:
        InputError: It is not a CycloneDX document at all.
        LimitError: It is over a limit.
    """
    value = parse_json(decode(data))
    if not isinstance(value, dict) or value.get("bomFormat") != "CycloneDX":
        raise InputError("is not a CycloneDX document")
    notes = Notes(path)
    here = read_components(value, notes)
    metadata = record_of(value.get("metadata"), "metadata", notes)
    document = VexDocument(
        id=text_of(value, "serialNumber", "", notes),
        format=f"CycloneDX {str(value.get('specVersion', ''))[:20]}".strip(),
        path=path,
        author=_author(metadata, notes),
        timestamp=instant(metadata, "timestamp", "metadata.timestamp", notes),
        version=str(value.get("version", "")),
    )
    statements: list[Statement] = []
    for place, row in records_of(value, "vulnerabilities", "", notes):
        if row.get("analysis") is not None:
            statements.extend(_statements(row, place, document, here, notes))
    if value.get("signature") is not None and not signer:
        notes.notice("has a signature that was not verified: its statements count as unsigned")
    unsigned = Signature.UNVERIFIED if value.get("signature") is not None else Signature.NONE
    signature = Signature.VERIFIED if signer else unsigned
    if signature is not Signature.NONE:
        statements = [
            msgspec.structs.replace(one, signature=signature, signer=signer) for one in statements
        ]
    return msgspec.structs.replace(document, statements=tuple(statements), problems=notes.done())


def _statements(
    row: dict[str, Any], place: str, document: VexDocument, here: Components, notes: Notes
) -> list[Statement]:
    """One statement for each status that the vulnerability has among what it affects."""
    analysis = record_of(row["analysis"], f"{place}.analysis", notes)
    name = text_of(row, "id", place, notes).strip()
    if not name:
        notes.unreadable(f"{place} has no id; it is left out")
        return []
    state = analysis.get("state")
    status = STATES.get(state) if isinstance(state, str) else None
    if status is None:
        said = "no state" if state is None else f"the unknown state {shown(state)}"
        notes.unknown(f"{place}.analysis has {said}; it is kept apart")
        return []
    groups: dict[Status, list[Product]] = {}
    for at, affects in records_of(row, "affects", place, notes):
        for one, product in _affected(affects, at, status, here, notes):
            groups.setdefault(one, []).append(product)
    if not groups:
        notes.unknown(f"{place} affects nothing that can be found; it applies to nothing")
        groups[status] = []
    detail = text_of(analysis, "detail", f"{place}.analysis", notes)
    justification, written = _justification(analysis.get("justification"), place, notes)
    own = next(
        (
            moment
            for record, key in (
                (analysis, "lastUpdated"),
                (analysis, "firstIssued"),
                (row, "updated"),
            )
            if (moment := instant(record, key, f"{place}.{key}", notes))
        ),
        None,
    )
    remedy = text_of(row, "recommendation", place, notes)
    workaround = text_of(row, "workaround", place, notes)
    found = []
    for one, products in groups.items():
        same = one is status
        found.append(
            Statement(
                vulnerability=name,
                aliases=_aliases(row, name, place, notes),
                description=text_of(row, "description", place, notes),
                products=tuple(dict.fromkeys(products)),
                status=one,
                status_as_written=state if same and isinstance(state, str) else "",
                justification=justification if one is Status.NOT_AFFECTED and same else None,
                justification_as_written=written if same else "",
                impact=detail if one is Status.NOT_AFFECTED else "",
                action="\n".join(filter(None, (remedy, workaround, detail)))
                if one is Status.AFFECTED
                else "",
                status_notes=detail if one in {Status.FIXED, Status.UNDER_INVESTIGATION} else "",
                responses=_responses(analysis, place, notes),
                timestamp=own or document.timestamp,
                stated_timestamp=own is not None,
                author=document.author,
                document=document.id,
                format=document.format,
                location=Location(document.path),
                place=place,
            )
        )
    return found


def _affected(
    affects: dict[str, Any], place: str, status: Status, here: Components, notes: Notes
) -> list[tuple[Status, Product]]:
    ref = affects.get("ref")
    product = product_of(ref, here) if isinstance(ref, str) else None
    if product is None:
        notes.unknown(f"{place}.ref {shown(ref)} names no component of the document")
        return []
    rows = records_of(affects, "versions", place, notes)
    if not rows:
        return [(status, product)]
    found = []
    for at, row in rows:
        word = row.get("status", "affected")
        if not isinstance(word, str) or word not in VERSION_STATUSES:
            notes.unknown(f"{at} has the unknown status {shown(word)}; it is kept apart")
            continue
        version, span = row.get("version"), row.get("range")
        if not isinstance(version, str) and not isinstance(span, str):
            notes.unreadable(f"{at} has neither a version nor a range; it is left out")
            continue
        narrowed = _narrowed(product, version, span)
        found.append((_of_version(word, status), narrowed))
    return found


def _of_version(word: str, status: Status) -> Status:
    """Status of one version: ``affected`` is what the analysis says it comes to."""
    if word == "unknown":
        return Status.UNDER_INVESTIGATION
    if word == "unaffected" and not status.closes:
        return Status.NOT_AFFECTED
    return status


def _narrowed(product: Product, version: Any, span: Any) -> Product:
    """The product at one version, or within a range."""
    part = product.subcomponents[0] if product.subcomponents else product.part
    label = part.name or part.label
    if isinstance(version, str):
        packages = tuple(msgspec.structs.replace(p, version=version) for p in part.packages)
        id = str(packages[0]) if packages and part.id.startswith("pkg:") else part.id
        known = label if label.endswith(version) else f"{label} {version}"
        pairs = tuple(
            (kind, str(packages[0]) if kind == "purl" and packages else value)
            for kind, value in part.identifiers
        )
        part = msgspec.structs.replace(
            part, id=id, name=known, packages=packages, identifiers=pairs
        )
    else:
        packages = tuple(msgspec.structs.replace(p, version="") for p in part.packages)
        id = str(packages[0]) if packages and part.id.startswith("pkg:") else part.id
        part = msgspec.structs.replace(
            part, id=id, name=f"{label} {span}", packages=packages, ranges=(span,)
        )
    if product.subcomponents:
        return msgspec.structs.replace(product, subcomponents=(part,))
    return msgspec.structs.replace(product, part=part)


def _justification(value: Any, place: str, notes: Notes) -> tuple[Any, str]:
    if value is None:
        return None, ""
    found = JUSTIFICATIONS.get(value) if isinstance(value, str) else None
    if found is None:
        notes.unknown(f"{place}.analysis has the unknown justification {shown(value)}")
    return found, value if isinstance(value, str) else ""


def _responses(analysis: dict[str, Any], place: str, notes: Notes) -> tuple[str, ...]:
    found = texts_of(analysis, "response", f"{place}.analysis", notes)
    for one in found:
        if one not in RESPONSES:
            notes.unknown(f"{place}.analysis has the unknown response {shown(one)}")
    return found


def _aliases(row: dict[str, Any], name: str, place: str, notes: Notes) -> tuple[str, ...]:
    found = [one.get("id") for _, one in records_of(row, "references", place, notes)]
    return tuple(dict.fromkeys(id for id in found if isinstance(id, str) and id != name))


def _author(metadata: dict[str, Any], notes: Notes) -> str:
    """Who made the document: its authors, else its manufacturer or supplier."""
    names = [
        one.get("name") or one.get("email")
        for _, one in records_of(metadata, "authors", "metadata", notes)
    ]
    for key in ("manufacturer", "manufacture", "supplier"):
        record = metadata.get(key)
        if isinstance(record, dict):
            names.append(record.get("name"))
    return next((name for name in names if isinstance(name, str) and name), "")
