"""Relationships of SPDX 2.2 and 2.3 once packages are gone, or have other names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.shapes import array, made_array, objects_in, objects_within

if TYPE_CHECKING:
    from pratique.sboms.redactor import Redactor

DOCUMENT = "SPDXRef-DOCUMENT"
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


def unlink(redactor: Redactor, gone: set[str]) -> None:
    """Take removed packages, and files that they alone hold, out of what is related."""
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
        made_array(document, "relationships").extend(added)


def _edges(document: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Who needs or contains whom, and which of the two."""
    found = []
    for one in relationships(document):
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
        str(one.get("SPDXID")) for one in array(document.get("files")) if isinstance(one, dict)
    }
    holders: dict[str, set[str]] = {}
    for a, b, kind in _edges(document):
        if kind == "CONTAINS" and b in files:
            holders.setdefault(b, set()).add(a)
    for package in array(document.get("packages")):
        if isinstance(package, dict):
            for one in array(package.get("hasFiles")):
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


def rename(redactor: Redactor, renamed: dict[str, str]) -> None:
    """Rename elements wherever they are referred to."""
    for owner in objects_within(redactor.value):
        for key, inner in owner.items():
            if key in _REFERENCES and isinstance(inner, str) and inner in renamed:
                owner[key] = renamed[inner]
                redactor.note(redactor.path(owner, key), inner, "reference", renamed[inner])
            elif key in _REFERENCE_LISTS and isinstance(inner, list):
                for at, one in enumerate(inner):
                    if isinstance(one, str) and one in renamed:
                        inner[at] = renamed[one]
                        redactor.note(redactor.path(inner, at), one, "reference", renamed[one])


def external_documents(redactor: Redactor) -> None:
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


def relationships(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The relationships of a document."""
    return objects_in(document.get("relationships"))


def references(document: dict[str, Any]) -> set[str]:
    """Elements that relationships name and the document does not have."""
    there = {
        one["SPDXID"] for one in objects_within(document) if isinstance(one.get("SPDXID"), str)
    }
    named = {
        str(one.get(key))
        for one in relationships(document)
        for key in ("spdxElementId", "relatedSpdxElement")
    }
    named |= {one for one in array(document.get("documentDescribes")) if isinstance(one, str)}
    return {
        one
        for one in named - there - {DOCUMENT, "NONE", "NOASSERTION"}
        if not one.startswith("DocumentRef-")
    }
