"""SPDX 2 as CycloneDX 1.6: what has a field there, in that field.

Both documents are plain values of their JSON forms.  Sources: SPDX 2.3 and
CycloneDX 1.6 with their JSON schemas.
"""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID, uuid5

from pratique.formats.sbom.addresses import iri, is_vcs
from pratique.formats.sbom.convert import licenses
from pratique.formats.sbom.convert.identifiers import bom_ref
from pratique.formats.sbom.convert.kinds import (
    ABSENT,
    DIGEST_LENGTHS,
    ELEMENT,
    NESTED,
    REFERENCE_TYPES,
    TO_CYCLONEDX_ALGORITHM,
    TO_CYCLONEDX_TYPE,
)
from pratique.formats.sbom.convert.parties import party, tool_of
from pratique.formats.sbom.items import References
from pratique.formats.sbom.spdx.kinds import DESCRIBES, NEEDED_BY, NEEDS
from pratique.formats.shapes import array, objects_in, text_at

DOCUMENT = "SPDXRef-DOCUMENT"
_NAMESPACE = UUID("9f6a1c5e-70d8-5b43-a0d2-6c1f3e8b7a24")
_BOM_LINK = re.compile(r"urn:cdx:([0-9a-fA-F-]{36})/([1-9]\d{0,8})\Z")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)\Z")
_HEX = re.compile(r"[0-9a-fA-F]+\Z")
_EMAIL = re.compile(r"[^@\s]+@[^@\s.][^@\s]*\Z")


class Converted:
    """A CycloneDX document and where each SPDX element came to stand in it."""

    def __init__(self, bom: dict[str, Any], places: dict[str, str]) -> None:
        self.bom = bom
        self.places = places
        """SPDXID to the JSON Pointer of its component."""


def to_cyclonedx(document: dict[str, Any]) -> Converted:
    """The CycloneDX 1.6 document of an SPDX 2 one; nothing of it is changed."""
    return _Writer(document).converted()


class _Writer:
    """Writes one document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._id = text_at(document, "SPDXID") or DOCUMENT
        self._extracted = {
            text_at(one, "licenseId"): one
            for one in objects_in(document.get("hasExtractedLicensingInfos"))
        }
        packages = objects_in(document.get("packages"))
        files = objects_in(document.get("files"))
        ids = [text_at(one, "SPDXID") for one in (*packages, *files)]
        references = References(id for id in ids if id)
        self._components: dict[str, dict[str, Any]] = {}
        for number, (item, id) in enumerate(zip((*packages, *files), ids, strict=True)):
            key = id if id and id not in self._components else references.take(id or "component")
            make = self._package if number < len(packages) else self._file
            self._components[key] = make(item, bom_ref(key))
        self._packages = set(list(self._components)[: len(packages)])
        self._relationships = [
            (
                text_at(one, "spdxElementId"),
                text_at(one, "relationshipType").upper().replace("-", "_"),
                text_at(one, "relatedSpdxElement"),
                text_at(one, "comment") == NESTED,
            )
            for one in objects_in(document.get("relationships"))
        ]

    def converted(self) -> Converted:
        parents = self._parents()
        main = self._main()
        places: dict[str, str] = {}
        if main:
            places[main] = "/metadata/component"
        tops: list[dict[str, Any]] = []
        for id, component in self._components.items():
            if id == main:
                continue
            parent = parents.get(id)
            if parent is None:
                siblings, at = tops, "/components"
            else:
                siblings = self._components[parent].setdefault("components", [])
                at = f"{places[parent]}/components"
            places[id] = f"{at}/{len(siblings)}"
            siblings.append(component)
        bom: dict[str, Any] = {
            "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            **self._identity(),
            "metadata": self._metadata(self._components[main] if main else None),
            "components": tops,
        }
        if dependencies := self._dependencies():
            bom["dependencies"] = dependencies
        return Converted(bom, places)

    def _parents(self) -> dict[str, str]:
        """Components within others, whose parents all stand before them."""
        order = {id: number for number, id in enumerate(self._components)}
        return {
            target: source
            for source, type, target, nested in self._relationships
            if nested
            and type == "CONTAINS"
            and source in order
            and target in order
            and order[source] < order[target]
        }

    def _main(self) -> str:
        """The one package that the document describes; nothing where there are several."""
        described = dict.fromkeys(
            one for one in array(self._document.get("documentDescribes")) if isinstance(one, str)
        )
        for source, type, target, _ in self._relationships:
            if type in DESCRIBES and source == self._id:
                described[target] = None
            elif type == "DESCRIBED_BY" and target == self._id:
                described[source] = None
        found = [id for id in described if id in self._packages]
        return found[0] if len(found) == 1 else ""

    def _identity(self) -> dict[str, Any]:
        namespace = text_at(self._document, "documentNamespace")
        if link := _BOM_LINK.match(namespace):
            return {"serialNumber": f"urn:uuid:{link[1]}", "version": int(link[2])}
        made = uuid5(_NAMESPACE, namespace or text_at(self._document, "name"))
        return {"serialNumber": f"urn:uuid:{made}", "version": 1}

    def _metadata(self, main: dict[str, Any] | None) -> dict[str, Any]:
        info = self._document.get("creationInfo")
        info = info if isinstance(info, dict) else {}
        metadata: dict[str, Any] = {}
        created = text_at(info, "created")
        if _TIME.match(created):
            metadata["timestamp"] = created
        tools, authors = [], []
        organization: dict[str, Any] = {}
        for creator in array(info.get("creators")):
            name, version = tool_of(creator)
            kind, who, email = party(creator)
            if name and not name.startswith("pratique"):
                item = {"type": "application", "name": name}
                tools.append(item | ({"version": version} if version else {}))
            elif kind == "Person" and who:
                authors.append(_contact(who, email))
            elif kind == "Organization" and who and not organization:
                organization = _organization(who, email)
        if tools:
            metadata["tools"] = {"components": tools}
        if authors:
            metadata["authors"] = authors
        if main is not None:
            metadata["component"] = main
        if organization:
            metadata["manufacturer"] = organization
        return metadata

    def _package(self, item: dict[str, Any], ref: str) -> dict[str, Any]:
        purpose = text_at(item, "primaryPackagePurpose").replace("-", "_")
        component: dict[str, Any] = {
            "type": TO_CYCLONEDX_TYPE.get(purpose, "library"),
            "bom-ref": ref,
            "name": text_at(item, "name"),
            "version": _version(item),
            "description": text_at(item, "description") or text_at(item, "summary"),
            "hashes": _hashes(item),
            "licenses": licenses.to_cyclonedx(item, self._extracted),
            "copyright": _stated(item, "copyrightText"),
            "cpe": _locator(item, ("cpe23Type", "cpe22Type")),
            "purl": _locator(item, ("purl",)),
            "externalReferences": _references(item),
        }
        kind, who, email = party(item.get("supplier"))
        if kind and who:
            component["supplier"] = _organization(who, email)
        kind, who, email = party(item.get("originator"))
        if kind == "Person" and who:
            component["authors"] = [_contact(who, email)]
        elif kind and who:
            component["manufacturer"] = _organization(who, email)
        return {key: value for key, value in component.items() if key == "name" or value}

    def _file(self, item: dict[str, Any], ref: str) -> dict[str, Any]:
        component = {
            "type": "file",
            "bom-ref": ref,
            "name": text_at(item, "fileName"),
            "hashes": _hashes(item),
            "licenses": licenses.to_cyclonedx(
                {"licenseConcluded": item.get("licenseConcluded")}, self._extracted
            ),
            "copyright": _stated(item, "copyrightText"),
            "properties": [{"name": ELEMENT, "value": "file"}],
        }
        return {key: value for key, value in component.items() if key == "name" or value}

    def _dependencies(self) -> list[dict[str, Any]]:
        """Edges between packages, in the order of the relationships."""
        found: dict[str, dict[str, None]] = {}
        for source, type, target, nested in self._relationships:
            if nested:
                continue
            if type in NEEDED_BY:
                source, target = target, source  # noqa: PLW2901 - the other direction
            elif type not in NEEDS:
                continue
            if source in self._packages and target == "NONE":
                found.setdefault(source, {})
            elif source in self._packages and target in self._packages:
                found.setdefault(source, {})[target] = None
        return [
            {"ref": bom_ref(source), "dependsOn": [bom_ref(one) for one in targets]}
            for source, targets in found.items()
        ]


def _stated(item: dict[str, Any], key: str) -> str:
    value = text_at(item, key)
    return "" if value in ABSENT else value


def _version(item: dict[str, Any]) -> str:
    return _stated(item, "versionInfo")


def _contact(name: str, email: str) -> dict[str, str]:
    return {"name": name} | ({"email": email} if _EMAIL.match(email) else {})


def _organization(name: str, email: str) -> dict[str, Any]:
    return {"name": name} | ({"contact": [{"email": email}]} if _EMAIL.match(email) else {})


def _hashes(item: dict[str, Any]) -> list[dict[str, str]]:
    found = []
    for one in objects_in(item.get("checksums")):
        algorithm = TO_CYCLONEDX_ALGORITHM.get(
            text_at(one, "algorithm").upper().replace("B-", "b-")
        )
        digest = text_at(one, "checksumValue")
        if algorithm and len(digest) in DIGEST_LENGTHS and _HEX.match(digest):
            found.append({"alg": algorithm, "content": digest})
    return found


def _locator(item: dict[str, Any], types: tuple[str, ...]) -> str:
    """The first identifier of these types; a CPE of version 2.3 comes before one of 2.2."""
    for type in types:
        for one in objects_in(item.get("externalRefs")):
            if text_at(one, "referenceType").rpartition("/")[2] == type:
                return text_at(one, "referenceLocator")
    return ""


def _references(item: dict[str, Any]) -> list[dict[str, str]]:
    found = []
    for one in objects_in(item.get("externalRefs")):
        type = text_at(one, "referenceType")
        url = iri(text_at(one, "referenceLocator"))
        if text_at(one, "referenceCategory") == "OTHER" and type in REFERENCE_TYPES and url:
            comment = text_at(one, "comment")
            found.append({"type": type, "url": url} | ({"comment": comment} if comment else {}))
    stated = {(one["type"], one["url"]) for one in found}
    for type, key in (("distribution", "downloadLocation"), ("website", "homepage")):
        url = iri(_stated(item, key))
        kind = "vcs" if type == "distribution" and is_vcs(url) else type
        if url and "://" in url and (kind, url) not in stated:
            found.append({"type": kind, "url": url})
    return found
