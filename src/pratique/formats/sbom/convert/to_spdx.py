"""CycloneDX as SPDX 2.3: what has a field there, in that field.

Both documents are plain values of their JSON forms.  Sources: CycloneDX 1.7
and SPDX 2.3 with their JSON schemas.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

import msgspec

from pratique.formats.base import MAX_DEPTH
from pratique.formats.sbom.addresses import is_vcs
from pratique.formats.sbom.convert import licenses
from pratique.formats.sbom.convert.identifiers import spdx_id
from pratique.formats.sbom.convert.kinds import (
    ELEMENT,
    LENGTHS,
    NESTED,
    TO_SPDX_ALGORITHM,
    TO_SPDX_PURPOSE,
)
from pratique.formats.sbom.convert.parties import organization, person, tool
from pratique.formats.sbom.items import References
from pratique.formats.shapes import objects_in, text_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DOCUMENT = "SPDXRef-DOCUMENT"
_NAMESPACE = UUID("3b1f0d52-6d35-5a0f-8c4e-2a4f7d1b9c60")
"""Of the document namespaces that are made here; any constant serves."""

_SERIAL = re.compile(r"urn:uuid:([0-9a-fA-F-]{36})\Z")
_HEX = re.compile(r"[0-9a-fA-F]+\Z")
_SPACE = re.compile(r"\s")


class Converted:
    """An SPDX document and where each CycloneDX component came to stand in it."""

    def __init__(self, document: dict[str, Any], places: dict[str, str]) -> None:
        self.document = document
        self.places = places
        """``bom-ref`` to the JSON Pointer of its package or file."""


def to_spdx(bom: dict[str, Any], *, creator: str, now: datetime) -> Converted:
    """The SPDX 2.3 document of a CycloneDX one.

    Args:
        bom: The value of a CycloneDX JSON document.
        creator: The program that converts, as ``name-version``.
        now: For a document that states no time; aware of its time zone.

    Returns:
        The value of an SPDX 2.3 JSON document; nothing of ``bom`` is changed.
    """
    writer = _Writer(bom, creator, now)
    return Converted(writer.document(), writer.places)


class _Writer:
    """Writes one document."""

    def __init__(self, bom: dict[str, Any], creator: str, now: datetime) -> None:
        self._bom = bom
        self._creator = creator
        self._now = now
        self._extracted = licenses.Extracted()
        self.places: dict[str, str] = {}
        self._packages: list[dict[str, Any]] = []
        self._files: list[dict[str, Any]] = []
        self._tops: list[str] = []
        self._contains: list[dict[str, Any]] = []
        self._ids: dict[str, str] = {}
        metadata = bom.get("metadata")
        self._metadata: dict[str, Any] = metadata if isinstance(metadata, dict) else {}
        main = self._metadata.get("component")
        self._main: dict[str, Any] | None = main if isinstance(main, dict) else None
        self._references = References(spdx_id(ref) for ref in _stated_refs(bom))

    def document(self) -> dict[str, Any]:
        main = self._component(self._main, "", 0) if self._main is not None else ""
        for one in objects_in(self._bom.get("components")):
            self._component(one, "", 0)
        tops = self._tops
        described = [main] if main else (tops if len(tops) > 1 else [])
        if not self._packages and not self._files:
            described = ["NONE"]
        document: dict[str, Any] = {
            "spdxVersion": "SPDX-2.3",
            "dataLicense": "CC0-1.0",
            "SPDXID": DOCUMENT,
            "name": self._name(),
            "documentNamespace": self._namespace(),
            "creationInfo": {"created": self._created(), "creators": self._creators()},
        }
        if self._packages:
            document["packages"] = self._packages
        if self._files:
            document["files"] = self._files
        relationships = [
            *(_relationship(DOCUMENT, "DESCRIBES", id) for id in described),
            *self._contains,
            *self._dependencies(),
        ]
        if extracted := self._extracted.written():
            document["hasExtractedLicensingInfos"] = extracted
        if relationships:
            document["relationships"] = relationships
        return document

    def _component(self, item: dict[str, Any], parent: str, depth: int) -> str:
        id = self._identify(item)
        ref = text_at(item, "bom-ref")
        if _is_file(item):
            self.places.setdefault(ref, f"/files/{len(self._files)}")
            self._files.append(self._file(item, id))
            return id
        self.places.setdefault(ref, f"/packages/{len(self._packages)}")
        self._packages.append(self._package(item, id))
        if not parent:
            self._tops.append(id)
        else:
            self._contains.append(_relationship(parent, "CONTAINS", id) | {"comment": NESTED})
        if depth < MAX_DEPTH:
            for inner in objects_in(item.get("components")):
                self._component(inner, id, depth + 1)
        return id

    def _identify(self, item: dict[str, Any]) -> str:
        ref = item.get("bom-ref")
        if isinstance(ref, str) and ref:
            id = spdx_id(ref)
            if ref not in self._ids:
                self._ids[ref] = id
                return id
            return self._references.take(id).replace("~", ".again-")
        wanted = text_at(item, "purl") or f"component-{len(self._packages) + 1}"
        id = self._references.take(spdx_id(wanted)).replace("~", ".again-")
        if "purl" in item:  # a document without bom-refs may name its subject by purl
            self._ids.setdefault(wanted, id)
        return id

    def _package(self, item: dict[str, Any], id: str) -> dict[str, Any]:
        references = list(_references(item))
        package: dict[str, Any] = {
            "SPDXID": id,
            "name": text_at(item, "name") or "unnamed",
            "versionInfo": text_at(item, "version"),
            "supplier": organization(item.get("supplier")),
            "originator": _originator(item),
            "downloadLocation": _download(references),
            "filesAnalyzed": False,
            "checksums": list(_checksums(item)),
            "homepage": _first(references, "website"),
            **licenses.to_spdx(item.get("licenses"), self._extracted),
            "copyrightText": text_at(item, "copyright"),
            "description": text_at(item, "description"),
            "externalRefs": [*_identifiers(item), *references],
            "primaryPackagePurpose": TO_SPDX_PURPOSE.get(text_at(item, "type"), "OTHER"),
        }
        return {key: value for key, value in package.items() if value not in ("", [])}

    def _file(self, item: dict[str, Any], id: str) -> dict[str, Any]:
        stated = licenses.to_spdx(item.get("licenses"), self._extracted)
        file = {
            "SPDXID": id,
            "fileName": text_at(item, "name") or "unnamed",
            "checksums": list(_checksums(item)),
            "licenseConcluded": stated.get("licenseDeclared", ""),
            "copyrightText": text_at(item, "copyright"),
        }
        return {key: value for key, value in file.items() if key == "checksums" or value}

    def _dependencies(self) -> Iterator[dict[str, Any]]:
        """Edges between packages; a component that needs nothing is said to need ``NONE``."""
        for entry in objects_in(self._bom.get("dependencies")):
            source = self._ids.get(text_at(entry, "ref"))
            targets = entry.get("dependsOn")
            if source is None:
                continue
            if not targets:
                yield _relationship(source, "DEPENDS_ON", "NONE")
            for target in targets if isinstance(targets, list) else ():
                if isinstance(target, str) and target in self._ids:
                    yield _relationship(source, "DEPENDS_ON", self._ids[target])

    def _name(self) -> str:
        main = self._main or {}
        parts = (text_at(main, key) for key in ("group", "name", "version"))
        return " ".join(part for part in parts if part) or "bill of materials"

    def _namespace(self) -> str:
        serial = _SERIAL.match(text_at(self._bom, "serialNumber"))
        version = self._bom.get("version", 1)
        if serial and type(version) is int and version > 0:
            return f"urn:cdx:{serial[1]}/{version}"
        content = msgspec.json.encode(self._bom, order="deterministic")
        return f"urn:uuid:{uuid5(_NAMESPACE, content.decode())}"

    def _created(self) -> str:
        stated = text_at(self._metadata, "timestamp")
        try:
            time = datetime.fromisoformat(stated)
        except ValueError:
            time = self._now
        if time.tzinfo is None:
            time = time.replace(tzinfo=UTC)
        try:
            return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z".rjust(20, "0")
        except OverflowError:
            return f"{self._now.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"

    def _creators(self) -> list[str]:
        tools = self._metadata.get("tools")
        items = tools.get("components") if isinstance(tools, dict) else tools
        found = [
            *(tool(one) for one in objects_in(items)),
            *(person(one) for one in objects_in(self._metadata.get("authors"))),
            organization(self._metadata.get("manufacturer") or self._metadata.get("manufacture")),
            organization(self._metadata.get("supplier")),
            f"Tool: {self._creator}",
        ]
        return list(dict.fromkeys(one for one in found if one))


def _stated_refs(bom: dict[str, Any]) -> Iterator[str]:
    """Every ``bom-ref`` of a component, and every one that a dependency names."""
    metadata = bom.get("metadata")
    main = metadata.get("component") if isinstance(metadata, dict) else None
    waiting = [*objects_in([main]), *objects_in(bom.get("components"))]
    while waiting:
        item = waiting.pop()
        waiting += objects_in(item.get("components"))
        if ref := text_at(item, "bom-ref"):
            yield ref
    for entry in objects_in(bom.get("dependencies")):
        yield text_at(entry, "ref")


def _is_file(item: dict[str, Any]) -> bool:
    """Whether a component was made of a ``file`` of SPDX."""
    return {"name": ELEMENT, "value": "file"} in objects_in(item.get("properties"))


def _relationship(source: str, type: str, target: str) -> dict[str, Any]:
    return {
        "spdxElementId": source,
        "relationshipType": type,
        "relatedSpdxElement": target,
    }


def _originator(item: dict[str, Any]) -> str:
    """Who made it: a person that is an author, else the manufacturer or publisher."""
    authors = objects_in(item.get("authors"))
    if authors and (found := person(authors[0])):
        return found
    if found := organization(item.get("manufacturer")):
        return found
    if author := text_at(item, "author"):
        return f"Person: {author}"
    return f"Organization: {publisher}" if (publisher := text_at(item, "publisher")) else ""


def _checksums(item: dict[str, Any]) -> Iterator[dict[str, str]]:
    """Digests that SPDX knows and that are of their algorithm's length; others are carried."""
    for one in objects_in(item.get("hashes")):
        name, digest = text_at(one, "alg"), text_at(one, "content")
        algorithm = TO_SPDX_ALGORITHM.get(name)
        if algorithm and len(digest) == LENGTHS[name] and _HEX.match(digest):
            yield {"algorithm": algorithm, "checksumValue": digest}


def _identifiers(item: dict[str, Any]) -> Iterator[dict[str, str]]:
    if (purl := text_at(item, "purl")) and not _SPACE.search(purl):
        yield {
            "referenceCategory": "PACKAGE-MANAGER",
            "referenceType": "purl",
            "referenceLocator": purl,
        }
    if (cpe := text_at(item, "cpe")) and not _SPACE.search(cpe):
        yield {
            "referenceCategory": "SECURITY",
            "referenceType": "cpe23Type" if cpe.startswith("cpe:2.3:") else "cpe22Type",
            "referenceLocator": cpe,
        }


def _references(item: dict[str, Any]) -> Iterator[dict[str, str]]:
    for one in objects_in(item.get("externalReferences")):
        type, url = text_at(one, "type"), text_at(one, "url")
        if not type or not url or _SPACE.search(type) or _SPACE.search(url):
            continue
        written = {"referenceCategory": "OTHER", "referenceType": type, "referenceLocator": url}
        if comment := text_at(one, "comment"):
            written["comment"] = comment
        yield written


def _download(references: list[dict[str, str]]) -> str:
    """Where it can be had; a repository where that is all, and names its system (clause 7.7)."""
    repository = _first(references, "vcs")
    return (
        _first(references, "distribution")
        or (repository if is_vcs(repository) else "")
        or "NOASSERTION"
    )


def _first(references: Iterable[dict[str, str]], type: str) -> str:
    """The first absolute address of a type."""
    for one in references:
        if one["referenceType"] == type and "://" in one["referenceLocator"]:
            return one["referenceLocator"]
    return ""
