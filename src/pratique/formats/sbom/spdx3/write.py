"""Writes an SPDX 2 value as an SPDX 3.0.1 graph in JSON-LD.

What SPDX 3 has no field for is left out here; :mod:`pratique.formats.sbom.convert`
carries it.  Source: SPDX 3.0.1 model (Core, Software, SimpleLicensing) and its
JSON schema.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pratique.formats.json_writing import indented_json
from pratique.formats.sbom.convert.parties import party, tool_of
from pratique.formats.sbom.spdx3.names import namespace_of, to_iri
from pratique.formats.sbom.spdx3.parts import DOCUMENT, package_fields, written_time
from pratique.formats.sbom.spdx3.parts import checksums as written_checksums
from pratique.formats.sbom.spdx3.words import INDIVIDUALS, LICENSES, RELATIONSHIPS
from pratique.formats.shapes import objects_in, text_at, texts_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CONTEXT = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
_INFO = "_:creation"
_REF = re.compile(r"(?<![\w:.-])LicenseRef-[A-Za-z0-9.-]+")
_EXTERNAL = re.compile(r"(DocumentRef-[A-Za-z0-9.+-]+):SPDXRef-([A-Za-z0-9.-]+)\Z")


def write_json_ld(document: dict[str, Any], now: datetime | None = None) -> bytes:
    """A document as a graph.

    Args:
        document: The value of an SPDX 2 document.
        now: For a document that states no time.

    Returns:
        UTF-8 text that ends in a newline.
    """
    value = to_graph(document, now or datetime(1970, 1, 1, tzinfo=UTC))
    return indented_json(value)


def to_graph(
    document: dict[str, Any], now: datetime, notes: Sequence[tuple[str, str, str]] = ()
) -> dict[str, Any]:
    """The value of a document's graph; the document is not changed.

    Args:
        document: The value of an SPDX 2 document.
        now: For a document that states no time; aware of its time zone.
        notes: SPDXID (empty for the document), annotator and text of annotations to add.
    """
    return _Writer(document, now).graph(notes)


class _Writer:
    """Writes one document."""

    def __init__(self, document: dict[str, Any], now: datetime) -> None:
        self._document = document
        self._now = now
        self._base = f"{namespace_of(document)}#"
        self._id = text_at(document, "SPDXID") or DOCUMENT
        self._elements: list[dict[str, Any]] = []
        self._infos: list[dict[str, Any]] = []
        self._agents: dict[str, str] = {}
        self._licenses: dict[str, str] = {}
        self._taken = {f"{self._base}DOCUMENT"}
        self._imports: dict[str, None] = {}
        self._iris: dict[str, str] = {}
        self._spaces = {
            text_at(one, "externalDocumentId"): text_at(one, "spdxDocument")
            for one in objects_in(document.get("externalDocumentRefs"))
        }
        for one in (*objects_in(document.get("packages")), *objects_in(document.get("files"))):
            self._taken.add(self._iri(text_at(one, "SPDXID")))

    def graph(self, notes: Sequence[tuple[str, str, str]]) -> dict[str, Any]:
        document = self._document
        self._creation()
        for one in objects_in(document.get("hasExtractedLicensingInfos")):
            self._add(
                "simplelicensing_SimpleLicensingText",
                self._iri(text_at(one, "licenseId") or "LicenseRef-unnamed"),
                name=text_at(one, "name"),
                comment=text_at(one, "comment"),
                simplelicensing_licenseText=text_at(one, "extractedText") or "NOASSERTION",
            )
        owners = [(self._id, document)]
        met: set[str] = set()
        for kind in ("packages", "files"):
            for item in objects_in(document.get(kind)):
                id = text_at(item, "SPDXID")
                iri = self._iri(id) if id and id not in met else self._fresh(id or "unnamed")
                met.add(id)
                (self._package if kind == "packages" else self._file)(item, iri)
                owners.append((id, item))
        roots = self._relationships()
        for id, item in owners:
            for one in objects_in(item.get("annotations")):
                self._annotation(id, one)
        for id, who, said in notes:
            self._annotation(id, {"annotator": who, "comment": said, "annotationType": "OTHER"})
        return self._closed(roots)

    def _closed(self, roots: list[str]) -> dict[str, Any]:
        document = self._document
        everything = [one["spdxId"] for one in self._elements]
        bom = self._add("software_Sbom", self._fresh("SBOM"), rootElement=roots, element=everything)
        self._add(
            "SpdxDocument",
            f"{self._base}DOCUMENT",
            name=text_at(document, "name"),
            comment=text_at(document, "comment"),
            dataLicense=self._license(text_at(document, "dataLicense") or "CC0-1.0"),
            profileConformance=["core", "software", "simpleLicensing"],
            rootElement=[bom],
            element=[one["spdxId"] for one in self._elements],
            **{"import": [_map(one) for one in self._imports]},
        )
        return {"@context": CONTEXT, "@graph": [*self._infos, *self._elements]}

    def _iri(self, id: str) -> str:
        found = self._iris.get(id)
        if found is None:
            found = self._iris[id] = self._made(id)
        return found

    def _made(self, id: str) -> str:
        if id == self._id:
            return f"{self._base}DOCUMENT"
        if (found := _EXTERNAL.match(id)) and (space := self._spaces.get(found[1])):
            iri = f"{space}#{found[2]}"
            self._imports[iri] = None
            return iri
        return to_iri(id, self._base)

    def _fresh(self, id: str) -> str:
        """An IRI that nothing else of the document has."""
        iri = self._iri(f"SPDXRef-{id}" if re.fullmatch(r"[A-Za-z0-9.-]+", id) else id)
        while iri in self._taken:
            iri += "-"
        self._taken.add(iri)
        return iri

    def _add(self, type: str, iri: str, **fields: Any) -> str:
        """One more element; empty fields are left out."""
        info = fields.pop("creationInfo", _INFO)
        stated = {key: value for key, value in fields.items() if value not in ("", [], None)}
        self._elements.append({"type": type, "spdxId": iri, "creationInfo": info, **stated})
        return iri

    def _creation(self) -> None:
        info = self._document.get("creationInfo")
        info = info if isinstance(info, dict) else {}
        found: dict[str, Any] = {
            "type": "CreationInfo",
            "@id": _INFO,
            "specVersion": "3.0.1",
            "created": written_time(text_at(info, "created"), self._now),
            "createdBy": [],
        }
        if comment := text_at(info, "comment"):
            found["comment"] = comment
        self._infos.append(found)
        for one in texts_in(info.get("creators")):
            if tool_of(one)[0]:
                name = one.partition(":")[2].strip()
                tool = self._add("Tool", self._fresh(f"tool-{len(self._taken)}"), name=name)
                found.setdefault("createdUsing", []).append(tool)
            elif agent := self._agent(one):
                found["createdBy"].append(agent)
        if not found["createdBy"]:  # at least one is demanded; the program itself
            made = self._add("SoftwareAgent", self._fresh("creator"), name="pratique")
            found["createdBy"].append(made)

    def _agent(self, stated: str) -> str:
        """The element of a person, organisation or program, made when it is met first."""
        kind, name, email = party(stated)
        if not kind and tool_of(stated)[0]:
            kind, name = "SoftwareAgent", stated.partition(":")[2].strip()
        if not kind or not name:
            return ""
        if stated not in self._agents:
            identifier = {
                "type": "ExternalIdentifier",
                "externalIdentifierType": "email",
                "identifier": email,
            }
            ids = [identifier] if "@" in email else []
            iri = self._fresh(f"agent-{len(self._agents) + 1}")
            self._agents[stated] = iri
            self._add(kind, iri, name=name, externalIdentifier=ids)
        return self._agents[stated]

    def _license(self, stated: str) -> str:
        if stated in LICENSES:
            return LICENSES[stated]
        if stated not in self._licenses:
            custom = [
                {"type": "DictionaryEntry", "key": ref, "value": self._base + ref}
                for ref in dict.fromkeys(_REF.findall(stated))
            ]
            iri = self._fresh(f"license-{len(self._licenses) + 1}")
            self._licenses[stated] = self._add(
                "simplelicensing_LicenseExpression",
                iri,
                simplelicensing_licenseExpression=stated,
                simplelicensing_customIdToUri=custom,
            )
        return self._licenses[stated]

    def _package(self, item: dict[str, Any], iri: str) -> None:
        originator = self._agent(text_at(item, "originator"))
        self._add(
            "software_Package",
            iri,
            **package_fields(item),
            suppliedBy=self._agent(text_at(item, "supplier")),
            originatedBy=[originator] if originator else [],
        )
        self._licensed(item, iri)

    def _file(self, item: dict[str, Any], iri: str) -> None:
        self._add(
            "software_File",
            iri,
            name=text_at(item, "fileName") or "unnamed",
            comment=text_at(item, "comment"),
            verifiedUsing=written_checksums(item),
            software_copyrightText=text_at(item, "copyrightText"),
        )
        self._licensed(item, iri)

    def _licensed(self, item: dict[str, Any], iri: str) -> None:
        for key, type in (
            ("licenseDeclared", "hasDeclaredLicense"),
            ("licenseConcluded", "hasConcludedLicense"),
        ):
            if stated := text_at(item, key).strip():
                self._relate(iri, type, [self._license(stated)])

    def _relationships(self) -> list[str]:
        """Write edges, those of one element and type that follow one another in one.

        Gives the elements that the document describes.
        """
        roots: list[str] = []
        edges: list[tuple[tuple[str, str, str, str], list[str]]] = []
        for source, type, target, comment in self._stated():
            if type == "DESCRIBES" and source == self._id and target != "NONE":
                roots.append(self._iri(target))
                continue
            known = RELATIONSHIPS.get(type)
            kind, scope, back = known or ("other", "", False)
            said = comment if known else f"{type}{': ' if comment else ''}{comment}"
            if back:
                source, target = target, source  # noqa: PLW2901 - the other direction
            key = (self._iri(source), kind, scope, said)
            if edges and edges[-1][0] == key:
                edges[-1][1].append(self._iri(target))
            else:
                edges.append((key, [self._iri(target)]))
        for (iri, kind, scope, said), targets in edges:
            self._relate(iri, kind, targets, scope, said)
        described = texts_in(self._document.get("documentDescribes"))
        roots += [self._iri(one) for one in described]
        packages = objects_in(self._document.get("packages"))
        roots = roots or [self._iri(one) for one in map(_spdxid, packages) if one]
        return list(dict.fromkeys(roots))

    def _stated(self) -> Iterator[tuple[str, str, str, str]]:
        for one in objects_in(self._document.get("relationships")):
            type = text_at(one, "relationshipType").upper().replace("-", "_")
            source, target = text_at(one, "spdxElementId"), text_at(one, "relatedSpdxElement")
            if source and target and type:
                yield source, type, target, text_at(one, "comment")

    def _relate(
        self, iri: str, type: str, targets: list[str], scope: str = "", comment: str = ""
    ) -> None:
        unique = list(dict.fromkeys(targets))  # the model takes them for a set
        none = unique == [INDIVIDUALS["NONE"]]
        self._add(
            "LifecycleScopedRelationship" if scope else "Relationship",
            self._fresh(f"relationship-{len(self._elements)}"),
            **{"from": iri, "relationshipType": type, "to": unique, "scope": scope},
            completeness="complete" if none else "",
            comment=comment,
        )

    def _annotation(self, id: str, item: dict[str, Any]) -> None:
        self._add(
            "Annotation",
            self._fresh(f"annotation-{len(self._elements)}"),
            creationInfo=self._info(text_at(item, "annotationDate"), text_at(item, "annotator")),
            annotationType="review" if text_at(item, "annotationType") == "REVIEW" else "other",
            subject=self._iri(id or self._id),
            statement=text_at(item, "comment"),
        )

    def _info(self, date: str, who: str) -> str:
        """The creation of an annotation by someone at some time."""
        agent = self._agent(who)
        created = written_time(date, self._now) if date else self._infos[0]["created"]
        by = [agent] if agent else self._infos[0]["createdBy"]
        for one in self._infos[1:]:
            if (one["created"], one["createdBy"]) == (created, by):
                return str(one["@id"])
        id = f"{_INFO}-{len(self._infos) + 1}"
        fields = {"specVersion": "3.0.1", "created": created, "createdBy": by}
        self._infos.append({"type": "CreationInfo", "@id": id, **fields})
        return id


def _spdxid(item: dict[str, Any]) -> str:
    return text_at(item, "SPDXID")


def _map(iri: str) -> dict[str, str]:
    return {"type": "ExternalMap", "externalSpdxId": iri}
