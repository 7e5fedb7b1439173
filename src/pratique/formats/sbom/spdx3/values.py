"""An SPDX 3 graph as the value of an SPDX 2 document: what has a field there.

The turn back from :mod:`.write`; graphs of other programs are taken as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.base import Notes
from pratique.formats.sbom.spdx.expression import AND, LATER, OR, WITH, expression
from pratique.formats.sbom.spdx3.graph import flatten, short
from pratique.formats.sbom.spdx3.names import from_iri
from pratique.formats.sbom.spdx3.parts import DOCUMENT, TIME, digests_of, package_of, written_time
from pratique.formats.sbom.spdx3.words import CLASSES, FROM_RELATIONSHIPS, LICENSES, turned
from pratique.formats.shapes import objects_in, text_at, texts_in
from pratique.model.errors import LimitError

if TYPE_CHECKING:
    from datetime import datetime

_NO_LICENSE = turned(LICENSES)
_SETS = {"ConjunctiveLicenseSet": AND, "DisjunctiveLicenseSet": OR}
_LICENSED = {"hasDeclaredLicense": "licenseDeclared", "hasConcludedLicense": "licenseConcluded"}
_PARTIES = {"Person": "Person: ", "Organization": "Organization: ", "Agent": "Organization: "}


def to_spdx2(graph: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The SPDX 2.3 value of a graph, which is changed: give a copy.

    Args:
        graph: The value of a JSON-LD document.
        now: For a document that states no time that is one; aware of its time zone.

    Raises:
        InputError: It is no graph of SPDX 3.
    """
    flat, _ = flatten(graph, Notes(""))
    return _Reader(objects_in(flat["@graph"]), now).document()


class _Reader:
    """Reads one graph."""

    def __init__(self, elements: list[dict[str, Any]], now: datetime) -> None:
        self._now = written_time("", now)
        self._elements = elements
        self._by_id: dict[str, dict[str, Any]] = {}
        for one in elements:
            one["kind"] = short(text_at(one, "type"))
            self._by_id.setdefault(text_at(one, "spdxId"), one)
        self._head = self._first("SpdxDocument")
        stated = text_at(self._head, "spdxId")
        self._namespace = stated.partition("#")[0]
        self._base = f"{self._namespace}#"
        self._root = stated
        self._names: dict[str, str] = {}

    def document(self) -> dict[str, Any]:
        licensed = self._licensed()
        packages, files = [], []
        for one in self._elements:
            kind, id = one["kind"], text_at(one, "spdxId")
            if kind == "Package" or kind in CLASSES:
                packages.append(self._package(one) | licensed.get(id, {}))
            elif kind == "File":
                files.append(self._file(one) | _of_file(licensed.get(id, {})))
        license = self._license(text_at(self._head, "dataLicense"))
        found: dict[str, Any] = {
            "spdxVersion": "SPDX-2.3",
            "dataLicense": license or "CC0-1.0",
            "SPDXID": DOCUMENT,
            "name": text_at(self._head, "name") or "bill of materials",
            "comment": text_at(self._head, "comment"),
            "documentNamespace": self._namespace or "urn:spdx:unnamed",
            "creationInfo": self._creation(),
            "packages": packages,
            "files": files,
            "hasExtractedLicensingInfos": self._extracted(),
            "relationships": self._stated(packages, files),
        }
        self._annotate(found)
        return {key: value for key, value in found.items() if value not in ("", [])}

    def _stated(
        self, packages: list[dict[str, Any]], files: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """Relationships between what SPDX 2 has as elements: packages, files, the document."""
        known = {DOCUMENT, "NONE", "NOASSERTION"}
        known.update(one["SPDXID"] for one in (*packages, *files))
        return [
            one
            for one in (*self._describes(), *self._relationships())
            if one["spdxElementId"] in known and one["relatedSpdxElement"] in known
        ]

    def _first(self, kind: str) -> dict[str, Any]:
        return next((one for one in self._elements if one["kind"] == kind), {})

    def _name(self, iri: str) -> str:
        found = self._names.get(iri)
        if found is None:
            own = iri and iri == self._root
            found = self._names[iri] = DOCUMENT if own else from_iri(iri, self._base)
        return found

    def _info(self, element: dict[str, Any]) -> dict[str, Any]:
        stated = element.get("creationInfo")
        if isinstance(stated, dict):
            return stated
        return self._by_id.get(stated, {}) if isinstance(stated, str) else {}

    def _creation(self) -> dict[str, Any]:
        info = self._info(self._head) or self._first("CreationInfo")
        using, by = _list(info.get("createdUsing")), _list(info.get("createdBy"))
        creators = [f"Tool: {self._named(one)}" for one in using]
        own = f"{self._base}creator"
        creators += [self._party(one) for one in by if one.rstrip("-") != own]
        comment = text_at(info, "comment")
        return {
            "created": self._time(info),
            "creators": list(dict.fromkeys(creators)) or ["Tool: unknown"],
        } | ({"comment": comment} if comment else {})

    def _time(self, info: dict[str, Any]) -> str:
        stated = text_at(info, "created")
        return stated if TIME.match(stated) else self._now

    def _named(self, iri: str) -> str:
        return text_at(self._by_id.get(iri, {}), "name") or iri

    def _party(self, iri: str) -> str:
        found = self._by_id.get(iri, {})
        name = self._named(iri)
        kind = found.get("kind")
        if kind == "SoftwareAgent":
            return f"Tool: {name}"
        emails = [
            text_at(one, "identifier")
            for one in objects_in(found.get("externalIdentifier"))
            if text_at(one, "externalIdentifierType") == "email"
        ]
        email = f" ({emails[0]})" if emails else ""
        return f"{_PARTIES.get(str(kind), 'Organization: ')}{name}{email}"

    def _package(self, element: dict[str, Any]) -> dict[str, Any]:
        found = {
            "SPDXID": self._name(text_at(element, "spdxId")),
            **package_of(element, CLASSES.get(element["kind"], "")),
        }
        if supplier := text_at(element, "suppliedBy"):
            found["supplier"] = self._party(supplier)
        if makers := _list(element.get("originatedBy")):
            found["originator"] = self._party(makers[0])
        return found

    def _file(self, element: dict[str, Any]) -> dict[str, Any]:
        found = {
            "SPDXID": self._name(text_at(element, "spdxId")),
            "fileName": text_at(element, "name") or "unnamed",
            "comment": text_at(element, "comment"),
            "checksums": digests_of(element).get("checksums", []),
            "copyrightText": text_at(element, "copyrightText"),
        }
        return {key: value for key, value in found.items() if value or key == "checksums"}

    def _extracted(self) -> list[dict[str, Any]]:
        rows = []
        for one in self._elements:
            if one["kind"] not in {"SimpleLicensingText", "CustomLicense"}:
                continue
            row = {
                "licenseId": _reference(self._name(text_at(one, "spdxId"))),
                "extractedText": text_at(one, "licenseText") or "NOASSERTION",
                "name": text_at(one, "name"),
                "comment": text_at(one, "comment"),
            }
            rows.append({key: value for key, value in row.items() if value})
        return rows

    def _licensed(self) -> dict[str, dict[str, str]]:
        """Declared and concluded licence by the IRI of what they are of."""
        found: dict[str, dict[str, list[str]]] = {}
        for one in self._elements:
            key = _LICENSED.get(short(text_at(one, "relationshipType")))
            if key is None:
                continue
            rows = found.setdefault(text_at(one, "from"), {}).setdefault(key, [])
            rows += [stated for to in texts_in(one.get("to")) if (stated := self._license(to))]
        return {
            iri: {
                key: AND.join(f"({one})" if " " in one and len(rows) > 1 else one for one in rows)
                for key, rows in keys.items()
                if rows
            }
            for iri, keys in found.items()
        }

    def _license(self, iri: str) -> str:
        try:
            return _NO_LICENSE.get(iri) or (expression(iri, self._parts) if iri else "")
        except LimitError:
            return "NOASSERTION"

    def _parts(self, iri: str) -> str | tuple[str, list[str]]:
        """What a licence consists of, or its text."""
        found = self._by_id.get(iri)
        if found is None:
            return _NO_LICENSE.get(iri) or iri.rpartition("/")[2].rpartition("#")[2]
        kind = found["kind"]
        if kind in _SETS:
            return _SETS[kind], texts_in(found.get("member"))
        if kind == "OrLaterOperator":
            return LATER, [text_at(found, "subjectLicense")]
        if kind == "WithAdditionOperator":
            return WITH, [
                text_at(found, "subjectExtendableLicense"),
                text_at(found, "subjectAddition"),
            ]
        if stated := text_at(found, "licenseExpression"):
            return stated
        if kind.startswith("Listed"):
            return iri.rpartition("/")[2].rpartition("#")[2]
        return _reference(self._name(iri))

    def _describes(self) -> list[dict[str, Any]]:
        found, waiting, seen = [], _list(self._head.get("rootElement")), set()
        while waiting:
            iri = waiting.pop(0)
            if iri in seen:
                continue
            seen.add(iri)
            element = self._by_id.get(iri, {})
            if element.get("kind") in {"Sbom", "Bom", "Bundle"}:
                waiting += _list(element.get("rootElement"))
            else:
                found.append(_relationship(DOCUMENT, "DESCRIBES", self._name(iri), ""))
        return found

    def _relationships(self) -> list[dict[str, Any]]:
        found = []
        for one in self._elements:
            kind = short(text_at(one, "relationshipType"))
            if not kind or kind in _LICENSED:
                continue
            scope = short(text_at(one, "scope"))
            type, back = FROM_RELATIONSHIPS.get((kind, scope)) or FROM_RELATIONSHIPS.get(
                (kind, ""), ("OTHER", False)
            )
            comment = text_at(one, "comment")
            source = self._name(text_at(one, "from"))
            for target in map(self._name, texts_in(one.get("to"))):
                ends = (target, source) if back else (source, target)
                found.append(_relationship(ends[0], type, ends[1], comment))
        return found

    def _annotate(self, document: dict[str, Any]) -> None:
        owners = {DOCUMENT: document}
        for item in (*document["packages"], *document["files"]):
            owners.setdefault(item["SPDXID"], item)
        for one in self._elements:
            if one["kind"] != "Annotation":
                continue
            owner = owners.get(self._name(text_at(one, "subject")), document)
            info = self._info(one)
            by = _list(info.get("createdBy")) or _list(info.get("createdUsing"))
            note = {
                "annotationDate": self._time(info),
                "annotationType": "REVIEW"
                if text_at(one, "annotationType") == "review"
                else "OTHER",
                "annotator": self._party(by[0]) if by else "Tool: unknown",
                "comment": text_at(one, "statement"),
            }
            owner.setdefault("annotations", []).append(note)


def _of_file(licensed: dict[str, str]) -> dict[str, str]:
    """What SPDX 2 has a field for at files (clause 8.5)."""
    return {key: value for key, value in licensed.items() if key == "licenseConcluded"}


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else texts_in(value)


def _reference(id: str) -> str:
    """A licence's own id as SPDX 2 has them."""
    return id if id.startswith("LicenseRef-") else f"LicenseRef-{id.removeprefix('SPDXRef-')}"


def _relationship(source: str, type: str, target: str, comment: str) -> dict[str, Any]:
    found = {
        "spdxElementId": source,
        "relationshipType": type,
        "relatedSpdxElement": target,
    }
    return found | ({"comment": comment} if comment else {})
