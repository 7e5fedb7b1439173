"""What a bill of materials says of vulnerabilities, beside what it lists.

CycloneDX of any serialisation (``vulnerabilities``): one with an analysis is a VEX
statement, one without is what a scanner found.  SPDX 3: the VEX relationships of
its profile Security.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats import vex
from pratique.formats.base import Notes
from pratique.formats.cyclonedx_vex.refs import Components, product_of, read_components
from pratique.formats.sbom.values import document_of, value_as, value_of
from pratique.formats.vex_values import record_of, records_of, text_of
from pratique.ingest.statements import vex_claims
from pratique.model.evidence import Verb
from pratique.store import nouns
from pratique.store.documents import Claim

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.model.purl import Package

_CYCLONEDX = frozenset(
    {"cyclonedx-json", "cyclonedx-xml", "cyclonedx-protobuf", "cyclonedx-textproto"}
)
_MARK = re.compile(rb"vulnerabilit", re.IGNORECASE)
"""In every text form of CycloneDX that has any; a binary one is looked into."""

_SPDX = re.compile(rb"Vex[A-Za-z]{1,30}VulnAssessmentRelationship")


class Beside(msgspec.Struct):
    """What was said of vulnerabilities."""

    format: str
    claims: list[Claim]


def beside(data: bytes, reader: str, path: str, notes: Notes) -> Beside | None:
    """Claims on vulnerabilities of a document that a reader of bills has read.

    Args:
        data: The document, bare or in a statement.
        reader: Name of the reader.
        path: For the places of problems.
        notes: Takes the problems.

    Returns:
        ``None`` where the document says nothing of any.

    Raises:
        InputError: The document cannot be read.
        LimitError: It is over a limit.
    """
    if reader == "sbom-attestation":
        data = document_of(data)
        reader = value_of(data).form
    if reader == "spdx3-json":
        return _stated(data, "spdx", path, notes) if _SPDX.search(data) else None
    if reader not in _CYCLONEDX:
        return None
    if reader != "cyclonedx-protobuf" and not _MARK.search(data):
        return None
    value = value_as(data, reader).value
    if not value.get("vulnerabilities"):
        return None
    as_json = data if reader == "cyclonedx-json" else msgspec.json.encode(value)
    found = _stated(as_json, "cyclonedx", path, notes)
    found.claims += _findings(value)
    return found


def _stated(data: bytes, format: str, path: str, notes: Notes) -> Beside:
    document = vex.read(data, path, format=format)
    notes.extend(document.problems)
    return Beside(document.format, list(vex_claims(document)))


def _findings(value: dict[str, Any]) -> Iterator[Claim]:
    """CertifyVuln for what has no analysis: by whom the document was made, and when.

    The statements' reader has named what of the rows cannot be read.
    """
    aside = Notes("")
    here: Components | None = None
    for place, row in records_of(value, "vulnerabilities", "", aside):
        name = text_of(row, "id", place, aside).strip()
        if row.get("analysis") is not None or not name:
            continue
        here = here or read_components(value, aside)
        said = _scan(record_of(value.get("metadata"), "metadata", aside))
        for at, affects in records_of(row, "affects", place, aside):
            for package in _packages(affects, at, here, aside):
                yield Claim(
                    verb=Verb.CERTIFY_VULN,
                    subject=nouns.package(package),
                    object=nouns.vulnerability(name),
                    said=said,
                )


def _packages(
    affects: dict[str, Any], place: str, here: Components, notes: Notes
) -> tuple[Package, ...]:
    """What a finding is about; nothing where all that it lists is said to be unaffected."""
    ref = affects.get("ref")
    product = product_of(ref, here) if isinstance(ref, str) else None
    rows = records_of(affects, "versions", place, notes)
    if product is None or (rows and all(row.get("status") == "unaffected" for _, row in rows)):
        return ()
    parts = product.subcomponents or (product.part,)
    return tuple(package for part in parts for package in part.packages)


def _scan(metadata: dict[str, Any]) -> dict[str, str]:
    """The scanner of a bill: the first tool that made it (``metadata.tools``)."""
    tools = metadata.get("tools")
    if isinstance(tools, dict):
        tools = tools.get("components")
    first = tools[0] if isinstance(tools, list) and tools and isinstance(tools[0], dict) else {}
    texts = {"scanner": first.get("name"), "scanner version": first.get("version")}
    texts["time scanned"] = metadata.get("timestamp")
    return {key: text if isinstance(text, str) else "" for key, text in texts.items()}
