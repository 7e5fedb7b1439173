"""Redaction of SPDX 2.2 and 2.3."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pratique.formats.sbom.convert.carry import MARK
from pratique.model.errors import InputError
from pratique.model.purl import Package
from pratique.sboms.redact_cyclonedx import objects
from pratique.sboms.redact_spdx_fields import addresses, authors, paths
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

DOCUMENT = "SPDXRef-DOCUMENT"
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
_REVERSED = {
    "CONTAINED_BY": "CONTAINS",
    "DEPENDENCY_OF": "DEPENDS_ON",
    "BUILD_DEPENDENCY_OF": "DEPENDS_ON",
    "DEV_DEPENDENCY_OF": "DEPENDS_ON",
    "OPTIONAL_DEPENDENCY_OF": "DEPENDS_ON",
    "PROVIDED_DEPENDENCY_OF": "DEPENDS_ON",
    "RUNTIME_DEPENDENCY_OF": "DEPENDS_ON",
    "TEST_DEPENDENCY_OF": "DEPENDS_ON",
}
_FORWARD = frozenset(_REVERSED.values())
_REFERENCES = frozenset(
    {"SPDXID", "spdxElementId", "relatedSpdxElement", "snippetFromFile", "reference"}
)
_REFERENCE_LISTS = frozenset({"hasFiles", "documentDescribes", "fileDependencies"})
_LICENCES = re.compile(r"LicenseRef-[A-Za-z0-9.-]+")


def redact(redactor: Redactor) -> None:
    """Redact a whole document, which is changed."""
    document = redactor.value
    for owner in list(objects(document)):
        redactor.sift(
            owner,
            "annotations",
            lambda one: isinstance(one, dict) and str(one.get("comment")).startswith(MARK),
            "carried",
        )
    mentioned = _mentioned(document)
    gone, renamed = _packages(redactor)
    if gone:
        _unlink(redactor, gone)
    orphaned = mentioned - _mentioned(document)
    redactor.sift(
        document,
        "hasExtractedLicensingInfos",
        lambda one: isinstance(one, dict) and str(one.get("licenseId")) in orphaned,
        "component",
    )
    if renamed:
        _rename(redactor, renamed)
        redactor.renamed |= renamed
    _external_documents(redactor)
    for owner in list(objects(document)):
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
    for package in _list(document.get("packages")):
        if not isinstance(package, dict):
            continue
        names, id = _names(package), str(package.get("SPDXID") or "")
        removed = matches(redactor.rules.removed, *names)
        if removed and id in subjects:
            redactor.notes.append("the subject of the document is pseudonymised, not removed")
        if removed and id not in subjects:
            _forbid(redactor, package)
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
        for owner in objects(_list(document.get(key))):
            for value in owner.values():
                texts = [value] if isinstance(value, str) else _list(value)
                found |= {
                    ref
                    for text in texts
                    if isinstance(text, str)
                    for ref in _LICENCES.findall(text)
                }
    return found


def _subjects(document: dict[str, Any]) -> set[str]:
    found = {one for one in _list(document.get("documentDescribes")) if isinstance(one, str)}
    for one in _relationships(document):
        kind = str(one.get("relationshipType"))
        if kind in {"DESCRIBES", "DESCRIBE"} and one.get("spdxElementId") == DOCUMENT:
            found.add(str(one.get("relatedSpdxElement")))
        elif kind == "DESCRIBED_BY":
            found.add(str(one.get("spdxElementId")))
    return found


def _names(package: dict[str, Any]) -> list[str]:
    found = [package.get("name"), package.get("SPDXID")]
    for one in _list(package.get("externalRefs")):
        if isinstance(one, dict) and one.get("referenceType") == "purl":
            locator = one.get("referenceLocator")
            found.append(locator)
            try:
                parsed = Package.parse(str(locator))
            except InputError:
                continue
            found += [str(parsed), parsed.full_name]
    return [one for one in found if isinstance(one, str) and one]


def _forbid(redactor: Redactor, package: dict[str, Any]) -> None:
    for text in _names(package):
        redactor.forbid(text, "component")


def _pseudonymise(redactor: Redactor, package: dict[str, Any], renamed: dict[str, str]) -> None:
    _forbid(redactor, package)
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


def _unlink(redactor: Redactor, gone: set[str]) -> None:
    document = redactor.value
    contained = _contained(document, gone)
    added = _rewired(redactor, gone) if redactor.rules.rewire else []
    if not redactor.rules.rewire:
        redactor.cut += [b for a, b, _ in _edges(document) if a in gone and b not in gone]
    lost = gone | contained
    redactor.sift(
        document,
        "files",
        lambda one: isinstance(one, dict) and str(one.get("SPDXID")) in contained,
        "component",
    )
    redactor.sift(
        document,
        "snippets",
        lambda one: isinstance(one, dict) and str(one.get("snippetFromFile")) in contained,
        "component",
    )
    redactor.sift(
        document,
        "relationships",
        lambda one: (
            isinstance(one, dict)
            and bool({str(one.get("spdxElementId")), str(one.get("relatedSpdxElement"))} & lost)
        ),
        "component",
    )
    redactor.sift(document, "documentDescribes", lambda one: str(one) in lost, "component")
    if added:
        _made(document, "relationships").extend(added)


def _edges(document: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Who needs or contains whom, and which of the two."""
    found = []
    for one in _relationships(document):
        kind = str(one.get("relationshipType"))
        a, b = str(one.get("spdxElementId")), str(one.get("relatedSpdxElement"))
        if kind in _FORWARD:
            found.append((a, b, kind))
        elif kind in _REVERSED:
            found.append((b, a, _REVERSED[kind]))
    return found


def _contained(document: dict[str, Any], gone: set[str]) -> set[str]:
    """Files that only removed packages hold."""
    files = {
        str(one.get("SPDXID")) for one in _list(document.get("files")) if isinstance(one, dict)
    }
    holders: dict[str, set[str]] = {}
    for a, b, kind in _edges(document):
        if kind == "CONTAINS" and b in files:
            holders.setdefault(b, set()).add(a)
    for package in _list(document.get("packages")):
        if isinstance(package, dict):
            for one in _list(package.get("hasFiles")):
                holders.setdefault(str(one), set()).add(str(package.get("SPDXID")))
    return {file for file, by in holders.items() if by <= gone}


def _rewired(redactor: Redactor, gone: set[str]) -> list[dict[str, Any]]:
    """Edges around removed packages, through as many as there are."""
    edges = _edges(redactor.value)
    targets: dict[tuple[str, str], list[str]] = {}
    for a, b, kind in edges:
        targets.setdefault((a, kind), []).append(b)
    there = {(a, b, kind) for a, b, kind in edges}
    contained = _contained(redactor.value, gone)
    added: dict[tuple[str, str, str], None] = {}
    for parent, first, kind in edges:
        if parent in gone or first not in gone:
            continue
        waiting, seen = [first], {first}
        while waiting:
            at = waiting.pop(0)
            for inner in ("DEPENDS_ON", "CONTAINS"):
                for one in targets.get((at, inner), ()):
                    if one in gone and one not in seen:
                        seen.add(one)
                        waiting.append(one)
                    elif one not in gone | contained and one != parent:
                        added[(parent, one, kind)] = None
    return [
        {"spdxElementId": a, "relationshipType": kind, "relatedSpdxElement": b}
        for a, b, kind in added
        if (a, b, kind) not in there
    ]


def _rename(redactor: Redactor, renamed: dict[str, str]) -> None:
    for owner in objects(redactor.value):
        for key, inner in owner.items():
            if key in _REFERENCES and isinstance(inner, str) and inner in renamed:
                owner[key] = renamed[inner]
                redactor.note(redactor.path(owner, key), inner, "reference", renamed[inner])
            elif key in _REFERENCE_LISTS and isinstance(inner, list):
                for at, one in enumerate(inner):
                    if isinstance(one, str) and one in renamed:
                        inner[at] = renamed[one]
                        redactor.note(redactor.path(inner, at), one, "reference", renamed[one])


def _external_documents(redactor: Redactor) -> None:
    """Take out documents at hidden addresses, and what refers to them."""
    gone = redactor.sift(
        redactor.value,
        "externalDocumentRefs",
        lambda one: isinstance(one, dict) and redactor.is_hidden(one.get("spdxDocument")),
        "urls",
    )
    names = tuple(f"{one.get('externalDocumentId')}:" for one in gone)
    if names:
        redactor.sift(
            redactor.value,
            "relationships",
            lambda one: (
                isinstance(one, dict)
                and any(
                    str(one.get(key)).startswith(names)
                    for key in ("spdxElementId", "relatedSpdxElement")
                )
            ),
            "urls",
        )


def _relationships(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in _list(document.get("relationships")) if isinstance(one, dict)]


def _made(owner: dict[str, Any], key: str) -> list[Any]:
    """The array of a member, which is made where there is none."""
    if not isinstance(owner.get(key), list):
        owner[key] = []
    found: list[Any] = owner[key]
    return found


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def state(redactor: Redactor, said: str, creator: str, created: str) -> None:
    """Say in the document that it was redacted (clauses 6.8, 6.10 and 12)."""
    document = redactor.value
    if not isinstance(document.get("creationInfo"), dict):
        document["creationInfo"] = {}
    creators = _made(document["creationInfo"], "creators")
    if f"Tool: {creator}" not in creators:
        creators.append(f"Tool: {creator}")
    stated = document.get("comment")
    document["comment"] = f"{stated}\nredacted: {said}" if stated else f"redacted: {said}"
    _made(document, "annotations").append(
        {
            "annotationDate": created,
            "annotationType": "OTHER",
            "annotator": f"Tool: {creator}",
            "comment": f"redacted: {said}",
        }
    )


def references(document: dict[str, Any]) -> set[str]:
    """Elements that relationships name and the document does not have."""
    there = {one["SPDXID"] for one in objects(document) if isinstance(one.get("SPDXID"), str)}
    named = {
        str(one.get(key))
        for one in _relationships(document)
        for key in ("spdxElementId", "relatedSpdxElement")
    }
    named |= {one for one in _list(document.get("documentDescribes")) if isinstance(one, str)}
    return {
        one
        for one in named - there - {DOCUMENT, "NONE", "NOASSERTION"}
        if not one.startswith("DocumentRef-")
    }
