"""Redaction of SPDX 2.2 and 2.3."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pratique.formats.sbom.convert.carry import MARK
from pratique.formats.shapes import array, made_array, objects_within
from pratique.model.errors import InputError
from pratique.model.purl import Package
from pratique.sboms.redact_spdx_fields import addresses, authors, paths
from pratique.sboms.redact_spdx_graph import (
    DOCUMENT,
    external_documents,
    relationships,
    rename,
    unlink,
)
from pratique.sboms.redaction_rules import matches

if TYPE_CHECKING:
    from pratique.sboms.redactor import Redactor

IDENTIFIERS = frozenset(
    {
        "SPDXID",
        "spdxElementId",
        "relatedSpdxElement",
        "referenceLocator",
        "checksumValue",
        "created",
        "annotationDate",
        "spdxVersion",
        "licenseId",
        "externalDocumentId",
    }
)
"""Members that are no prose."""

_KEPT = frozenset(
    {
        "SPDXID",
        "name",
        "versionInfo",
        "licenseConcluded",
        "licenseDeclared",
        "primaryPackagePurpose",
        "filesAnalyzed",
        "downloadLocation",
        "externalRefs",
        "hasFiles",
    }
)
_LICENCES = re.compile(r"LicenseRef-[A-Za-z0-9.-]+")


def redact(redactor: Redactor) -> None:
    """Redact a whole document, which is changed."""
    document = redactor.value
    for owner in list(objects_within(document)):
        redactor.sift(
            owner,
            "annotations",
            lambda one: isinstance(one, dict) and str(one.get("comment")).startswith(MARK),
            "carried",
        )
    mentioned = _mentioned(document)
    gone, renamed = _packages(redactor)
    if gone:
        unlink(redactor, gone)
    orphaned = mentioned - _mentioned(document)
    redactor.sift(
        document,
        "hasExtractedLicensingInfos",
        lambda one: isinstance(one, dict) and str(one.get("licenseId")) in orphaned,
        "component",
    )
    if renamed:
        rename(redactor, renamed)
        redactor.renamed |= renamed
    external_documents(redactor)
    for owner in list(objects_within(document)):
        if redactor.rules.authors:
            authors(redactor, owner)
        if redactor.rules.paths:
            paths(redactor, owner)
        if redactor.rules.hosts:
            addresses(redactor, owner)
        if globs := redactor.rules.annotations:
            redactor.sift(
                owner,
                "annotations",
                lambda one: isinstance(one, dict) and matches(globs, str(one.get("comment") or "")),
                "annotations",
            )
    redactor.scrub(IDENTIFIERS)


def _packages(redactor: Redactor) -> tuple[set[str], dict[str, str]]:
    document = redactor.value
    subjects = _subjects(document)
    gone: set[str] = set()
    renamed: dict[str, str] = {}
    for package in array(document.get("packages")):
        if not isinstance(package, dict):
            continue
        names, id = _names(package), str(package.get("SPDXID") or "")
        removed = matches(redactor.rules.removed, *names)
        if removed and id in subjects:
            redactor.notes.append("the subject of the document is pseudonymised, not removed")
        if removed and id not in subjects:
            redactor.forbid_all(_names(package), "component")
            gone.add(id)
            redactor.components["removed"] += 1
        elif removed or matches(redactor.rules.pseudonymous, *names):
            _pseudonymise(redactor, package, renamed)
    redactor.sift(
        document,
        "packages",
        lambda one: isinstance(one, dict) and str(one.get("SPDXID")) in gone,
        "component",
    )
    return gone, renamed


def _mentioned(document: dict[str, Any]) -> set[str]:
    """Licences of the document's own that packages, files and snippets name."""
    found: set[str] = set()
    for key in ("packages", "files", "snippets"):
        for owner in objects_within(array(document.get(key))):
            for value in owner.values():
                texts = [value] if isinstance(value, str) else array(value)
                found |= {
                    ref
                    for text in texts
                    if isinstance(text, str)
                    for ref in _LICENCES.findall(text)
                }
    return found


def _subjects(document: dict[str, Any]) -> set[str]:
    found = {one for one in array(document.get("documentDescribes")) if isinstance(one, str)}
    for one in relationships(document):
        kind = str(one.get("relationshipType"))
        if kind in {"DESCRIBES", "DESCRIBE"} and one.get("spdxElementId") == DOCUMENT:
            found.add(str(one.get("relatedSpdxElement")))
        elif kind == "DESCRIBED_BY":
            found.add(str(one.get("spdxElementId")))
    return found


def _names(package: dict[str, Any]) -> list[str]:
    found = [package.get("name"), package.get("SPDXID")]
    for one in array(package.get("externalRefs")):
        if isinstance(one, dict) and one.get("referenceType") == "purl":
            locator = one.get("referenceLocator")
            found.append(locator)
            try:
                parsed = Package.parse(str(locator))
            except InputError:
                continue
            found += [str(parsed), parsed.full_name]
    return [one for one in found if isinstance(one, str) and one]


def _pseudonymise(redactor: Redactor, package: dict[str, Any], renamed: dict[str, str]) -> None:
    redactor.forbid_all(_names(package), "component")
    id, names = package.get("SPDXID"), _names(package)
    pseudonym = redactor.component(names, str(package.get("name") or ""))
    for key in [one for one in package if one not in _KEPT]:
        redactor.drop(package, key, "component")
    redactor.put(package, "name", pseudonym, "component")
    redactor.put(package, "downloadLocation", "NOASSERTION", "component")
    redactor.put(package, "filesAnalyzed", False, "component")
    for key in ("licenseConcluded", "licenseDeclared"):
        if "LicenseRef-" in str(package.get(key)):
            redactor.put(package, key, "NOASSERTION", "component")
    had = any(one.startswith("pkg:") for one in names)
    redactor.drop(package, "externalRefs", "component")
    if had:
        purl = Package.of("generic", pseudonym, str(package.get("versionInfo") or ""))
        package["externalRefs"] = [
            {
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": str(purl),
            }
        ]
    if isinstance(id, str):
        renamed[id] = f"SPDXRef-{redactor.pseudonyms.of('ref', id)}"
    redactor.components["pseudonymised"] += 1


def state(redactor: Redactor, said: str, creator: str, created: str) -> None:
    """Say in the document that it was redacted (clauses 6.8, 6.10 and 12)."""
    document = redactor.value
    if not isinstance(document.get("creationInfo"), dict):
        document["creationInfo"] = {}
    creators = made_array(document["creationInfo"], "creators")
    if f"Tool: {creator}" not in creators:
        creators.append(f"Tool: {creator}")
    stated = document.get("comment")
    document["comment"] = f"{stated}\nredacted: {said}" if stated else f"redacted: {said}"
    made_array(document, "annotations").append(
        {
            "annotationDate": created,
            "annotationType": "OTHER",
            "annotator": f"Tool: {creator}",
            "comment": f"redacted: {said}",
        }
    )
