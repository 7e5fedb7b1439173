"""SPDX 3 VEX assessment relationships into statements (SPDX 3.0.1, profile Security)."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from pratique.formats.base import MAX_ITEMS, Notes
from pratique.formats.shapes import objects_in
from pratique.formats.text import decode, parse_json
from pratique.formats.vex_values import instant, kept_apart, record_of, shown, text_of
from pratique.model.errors import InputError, LimitError
from pratique.model.inventory import Location
from pratique.model.nouns import Artifact
from pratique.model.vex import (
    Justification,
    Part,
    Product,
    Signature,
    Statement,
    Status,
    VexDocument,
    bad_purls,
)

RELATIONSHIPS = {
    "VexAffectedVulnAssessmentRelationship": Status.AFFECTED,
    "VexFixedVulnAssessmentRelationship": Status.FIXED,
    "VexNotAffectedVulnAssessmentRelationship": Status.NOT_AFFECTED,
    "VexUnderInvestigationVulnAssessmentRelationship": Status.UNDER_INVESTIGATION,
}
_ANY = re.compile(r"Vex\w*VulnAssessmentRelationship\Z")
_CAMEL = re.compile(r"(?<!^)(?=[A-Z])")


def read(data: bytes, path: str, *, signer: str = "") -> VexDocument:
    """Read the VEX relationships of an SPDX 3 document.

    ``to`` names the products; ``security_assessedElement``, where there is one,
    the component inside them that has the vulnerability.

    Args:
        data: JSON-LD with an ``@graph``, compacted with SPDX's context.
        path: For the places of problems.
        signer: Identity whose signature over these bytes the caller has verified.

    Raises:
        InputError: It is not an SPDX 3 document in JSON-LD.
        LimitError: It has over ``MAX_ITEMS`` elements.
    """
    value = parse_json(decode(data))
    graph = value.get("@graph") if isinstance(value, dict) else None
    if not isinstance(graph, list) or "spdx.org" not in str(value.get("@context")):
        raise InputError("is not an SPDX 3 document in JSON-LD")
    if len(graph) > MAX_ITEMS:
        raise LimitError(f"has {len(graph):,} elements, over the limit of {MAX_ITEMS:,}")
    notes = Notes(path)
    elements: dict[str, dict[str, Any]] = {}
    for row in graph:
        if isinstance(row, dict):
            id = row.get("spdxId") or row.get("@id")
            if isinstance(id, str):
                elements.setdefault(id, row)
    document = _document(elements, path, notes)
    statements = []
    for at, row in enumerate(graph):
        kind = _kind(row)
        if not _ANY.match(kind):
            continue
        status = RELATIONSHIPS.get(kind)
        if status is None:
            notes.unknown(f"@graph[{at}] has the unknown VEX relationship {shown(kind)}")
            continue
        one = _statement(row, f"@graph[{at}]", status, elements, document, notes)
        if one is not None:
            statements.append(one)
    if signer:
        statements = [
            msgspec.structs.replace(one, signature=Signature.VERIFIED, signer=signer)
            for one in statements
        ]
    return msgspec.structs.replace(
        document, statements=tuple(kept_apart(statements, notes)), problems=notes.done()
    )


def _kind(row: Any) -> str:
    kind = row.get("type") or row.get("@type") if isinstance(row, dict) else ""
    return kind.rpartition("_")[2].rpartition("/")[2] if isinstance(kind, str) else ""


def _get(row: dict[str, Any], key: str) -> Any:
    """A property of the Security profile, with its prefix or without."""
    return row.get(f"security_{key}", row.get(key))


def _document(elements: dict[str, dict[str, Any]], path: str, notes: Notes) -> VexDocument:
    whole = next((row for row in elements.values() if _kind(row) == "SpdxDocument"), {})
    creation = _creation(whole, elements)
    return VexDocument(
        id=str(whole.get("spdxId") or whole.get("@id") or ""),
        format=f"SPDX {str(creation.get('specVersion') or '3')[:20]}",
        path=path,
        author=_author(creation, elements),
        title=text_of(whole, "name", "SpdxDocument", notes),
        timestamp=instant(creation, "created", "creationInfo.created", notes),
    )


def _creation(row: dict[str, Any], elements: dict[str, dict[str, Any]]) -> dict[str, Any]:
    value = row.get("creationInfo")
    if isinstance(value, str):
        value = elements.get(value)
    return value if isinstance(value, dict) else {}


def _author(creation: dict[str, Any], elements: dict[str, dict[str, Any]]) -> str:
    makers = creation.get("createdBy")
    for id in makers if isinstance(makers, list) else ():
        agent = elements.get(id) if isinstance(id, str) else None
        name = agent.get("name") if agent else None
        if isinstance(name, str):
            return name
        if isinstance(id, str):
            return id
    return ""


def _statement(
    row: dict[str, Any],
    place: str,
    status: Status,
    elements: dict[str, dict[str, Any]],
    document: VexDocument,
    notes: Notes,
) -> Statement | None:
    if _get(row, "withdrawnTime"):
        notes.notice(f"{place} was withdrawn; it is kept apart")
        return None
    source = row.get("from")
    vulnerability = elements.get(source) if isinstance(source, str) else None
    names = _names(vulnerability or {}, source if isinstance(source, str) else "")
    if not names:
        notes.unreadable(f"{place} names no vulnerability; it is left out")
        return None
    products = _products(row, place, elements, notes)
    if not products:
        notes.unknown(f"{place} names no product; it applies to nothing")
    creation = _creation(row, elements)
    own = next(
        (
            moment
            for record, key in (
                (row, "security_modifiedTime"),
                (row, "security_publishedTime"),
                (creation, "created"),
            )
            if (moment := instant(record, key, f"{place}.{key}", notes))
        ),
        None,
    )
    justification, written = _justification(_get(row, "justificationType"), place, notes)

    def text(key: str) -> str:
        found = _get(row, key)
        return found if isinstance(found, str) else ""

    description = (vulnerability or {}).get("description")
    id = row.get("spdxId") or row.get("@id")
    return Statement(
        id=id if isinstance(id, str) else "",
        vulnerability=names[0],
        aliases=tuple(names[1:]),
        description=description if isinstance(description, str) else "",
        products=products,
        status=status,
        status_as_written=status.value,
        status_notes=text("statusNotes"),
        justification=justification,
        justification_as_written=written,
        impact=text("impactStatement"),
        action=text("actionStatement"),
        timestamp=own or document.timestamp,
        stated_timestamp=own is not None,
        author=_author(creation, elements) or document.author,
        document=document.id,
        format=document.format,
        location=Location(document.path),
        place=place,
    )


def _names(row: dict[str, Any], source: str) -> list[str]:
    """Identifiers of a vulnerability: external ones first, then its name, then its IRI."""
    found = []
    for one in objects_in(row.get("externalIdentifier")):
        kind, text = str(one.get("externalIdentifierType")), one.get("identifier")
        if isinstance(text, str):
            found.append((0 if kind.endswith("cve") else 1, text))
    name = row.get("name")
    if isinstance(name, str):
        found.append((2, name))
    if source:
        found.append((3, source))
    return list(dict.fromkeys(text for _, text in sorted(found, key=lambda pair: pair[0]) if text))


def _products(
    row: dict[str, Any], place: str, elements: dict[str, dict[str, Any]], notes: Notes
) -> tuple[Product, ...]:
    assessed = _get(row, "assessedElement")
    inner = _part(assessed, elements, notes) if isinstance(assessed, str) else None
    found = []
    targets = row.get("to")
    for id in targets if isinstance(targets, list) else [targets]:
        if not isinstance(id, str):
            notes.unreadable(f"{place}.to is {shown(id)} where a reference was expected")
            continue
        part = _part(id, elements, notes)
        subs = (inner,) if inner is not None and assessed != id else ()
        found.append(Product(part=part, subcomponents=subs))
    return tuple(dict.fromkeys(found))


def _part(id: str, elements: dict[str, dict[str, Any]], notes: Notes) -> Part:
    row = record_of(elements.get(id), id[:80], notes)
    pairs = []
    purl = row.get("software_packageUrl", row.get("packageUrl"))
    if isinstance(purl, str):
        pairs.append(("purl", purl))
    for one in objects_in(row.get("externalIdentifier")):
        kind, text = str(one.get("externalIdentifierType")), one.get("identifier")
        if isinstance(text, str) and kind.endswith(("packageUrl", "cpe22", "cpe23")):
            pairs.append(("purl" if kind.endswith("packageUrl") else kind[-5:], text))
    hashes = []
    for one in objects_in(row.get("verifiedUsing")):
        if _kind(one) == "Hash":
            try:
                hashes.append(Artifact.of(str(one.get("algorithm")), str(one.get("hashValue"))))
            except InputError as error:
                notes.unreadable(f"{id[:80]}: {error.message}")
    name, version = row.get("name"), row.get("software_packageVersion")
    label = " ".join(str(one) for one in (name, version) if one)
    part = Part.of(id, identifiers=tuple(pairs), hashes=tuple(hashes), name=label)
    for message in bad_purls(part):
        notes.unreadable(f"{id[:80]}: {message}")
    return part


def _justification(value: Any, place: str, notes: Notes) -> tuple[Justification | None, str]:
    """SPDX writes the common words in camel case, with or without its own prefix."""
    if not isinstance(value, str) or not value:
        return None, ""
    word = _CAMEL.sub("_", value.rpartition("/")[2].rpartition("_")[2]).lower()
    try:
        return Justification(word), word
    except ValueError:
        notes.unknown(f"{place} has the unknown justification {shown(value)}")
        return None, value
