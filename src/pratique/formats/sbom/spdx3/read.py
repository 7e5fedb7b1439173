"""Reads SPDX 3.0 JSON-LD documents, through the structs and the mapping of SPDX 2.

Source: SPDX 3.0.1, profiles *core*, *software*, *simple* and *expanded
licensing*, *AI* and *dataset*.
"""

from __future__ import annotations

import re
from itertools import chain, islice
from typing import TYPE_CHECKING

from pratique.formats.base import Notes
from pratique.formats.sbom.places import Places
from pratique.formats.sbom.salvage import read_value
from pratique.formats.sbom.spdx import wire as spdx
from pratique.formats.sbom.spdx.expression import AND, LATER, MAX_PARTS, OR, WITH, expression
from pratique.formats.sbom.spdx.read import reading
from pratique.formats.sbom.spdx3.graph import flatten, short
from pratique.formats.sbom.spdx3.kinds import (
    ARTIFACT,
    ATTACHED,
    BACKWARD,
    FORWARD,
    OTHERS,
    PACKAGES,
    SCOPED,
)
from pratique.formats.sbom.spdx3.wire import Document
from pratique.formats.sbom.tally import Tally, quoted
from pratique.formats.text import decode, parse_json
from pratique.model.errors import InputError, LimitError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pratique.formats.base import Tree
    from pratique.formats.sbom.spdx3.wire import Element
    from pratique.model.inventory import Reading

VERSIONS = ("3.0.0", "3.0.1")
"""Versions of the specification whose context and terms are known."""

MAX_DIGESTS = 100
"""Most digests taken for one package: a file may be named by thousands of packages.
Published packages state one to eight."""

_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NOTHING = {
    "NoneElement": "NONE",
    "NoAssertionElement": "NOASSERTION",
    "NoneLicense": "NONE",
    "NoAssertionLicense": "NOASSERTION",
}
_SETS = {"ConjunctiveLicenseSet": AND, "DisjunctiveLicenseSet": OR}


def read_json_ld(data: bytes, path: str, tree: Tree) -> Reading:  # noqa: ARG001 - one file says all
    """Read an SPDX 3 JSON-LD document.

    Args:
        data: The document.
        path: Where it is, for the problems and locations.
        tree: Not used: neither contexts nor other documents are followed.

    Raises:
        InputError: It is not JSON, or not SPDX 3.
        LimitError: It exceeds the limits of size or depth.
    """
    text = decode(data)
    notes = Notes(path)
    try:
        value, prefixes = flatten(parse_json(text), notes)
    except RecursionError:
        raise LimitError("is nested too deeply") from None
    elements = read_value(value, Document, notes).graph or []
    if not any(element.kind for element in elements):
        raise InputError("is not an SPDX 3 document: it holds no element of a class")
    converter = _Converter(elements, prefixes, notes)
    document = converter.document()
    places = Places(text, "spdxId", "@id")
    return reading(document, converter.format, notes, places, converter.elsewhere)


class _Converter:
    """Turns elements into the structs of SPDX 2.

    Args:
        elements: All of the document.
        prefixes: Of identifiers, as its context declares them.
        notes: Receives what could not be read.
    """

    def __init__(self, elements: list[Element], prefixes: dict[str, str], notes: Notes) -> None:
        self._prefixes = dict(prefixes)
        self._bad = Tally(notes.unreadable, "licences or digests that could not be read")
        self._lost = Tally(notes.unknown, "references to licences or files that are not there")
        self._texts: dict[str, str] = {}
        self._elements = elements
        for element in elements:
            for one in element.namespaceMap or ():
                if one.prefix and one.namespace:
                    self._prefixes.setdefault(one.prefix, one.namespace)
        self._by_id: dict[str, Element] = {}
        for element in elements:
            element.kind = short(element.kind or "")
            if element.id:
                element.id = self._name(element.id)
                self._by_id.setdefault(element.id, element)
        self._head = next((e for e in elements if e.kind == "SpdxDocument"), None)
        self.elsewhere = {
            self._name(one.externalSpdxId)
            for element in elements
            for one in element.imports or ()
            if one.externalSpdxId
        }
        """Identifiers that the document imports from others."""

        version = next((e.specVersion for e in elements if e.specVersion), "")
        if version not in VERSIONS:
            stated = quoted(version) if version else "not stated"
            notes.unknown(f"specVersion {stated} is not known; read as {VERSIONS[-1]}")
        self.format = f"SPDX {version or '3'}"
        """Name and version of the format."""

    def document(self) -> spdx.Document:
        """The whole document; elements that are no packages may be named by relationships."""
        attached: dict[tuple[str, str], list[str]] = {}
        relationships: list[spdx.Relationship] = []
        for element in self._elements:
            kind = short(element.relationshipType or "")
            if kind in ATTACHED:
                for first, second in self._ends(element):
                    attached.setdefault((first, kind), []).append(second)
            elif element.kind in {"Relationship", "LifecycleScopedRelationship"} or kind:
                relationships += self._relationships(element, kind)
        packages, others = [], []
        for element in self._elements:
            if element.kind in PACKAGES:
                packages.append(self._package(element, attached))
            elif element.id:
                others.append(spdx.Element(SPDXID=element.id))
        self._bad.close()
        self._lost.close()
        return spdx.Document(
            SPDXID=self._head.id if self._head else None,
            documentDescribes=list(self._roots()),
            packages=packages,
            files=others,
            relationships=relationships,
        )

    def _roots(self) -> Iterable[str]:
        """Root elements of the document; those of a bill of materials that is one itself."""
        seen: set[str] = set()
        waiting = [
            self._name(root) for root in (self._head.rootElement if self._head else None) or ()
        ]
        if not self._head:
            boms = (e for e in self._elements if e.kind in {"Sbom", "Bom"})
            waiting = [self._name(root) for bom in boms for root in bom.rootElement or ()]
        for root in waiting:
            if root in seen:
                continue
            seen.add(root)
            found = self._by_id.get(root)
            if found is not None and found.kind in {"Sbom", "Bom", "Bundle"}:
                waiting += [self._name(inner) for inner in found.rootElement or ()]
            else:
                yield root

    def _package(
        self, element: Element, attached: dict[tuple[str, str], list[str]]
    ) -> spdx.Package:
        """A package, with what relationships attach to it: licences and its own file."""
        purls = [element.packageUrl] if element.packageUrl else []
        purls += [
            one.identifier
            for one in element.externalIdentifier or ()
            if one.identifier and short(one.externalIdentifierType or "") in {"packageUrl", "purl"}
        ]
        ref = element.id or ""
        purpose = _CAPITAL.sub("_", short(element.primaryPurpose or "")).upper()
        return spdx.Package(
            SPDXID=element.id,
            name=element.name,
            versionInfo=element.packageVersion,
            downloadLocation=element.downloadLocation,
            primaryPackagePurpose=purpose or PACKAGES[element.kind or ""],
            licenseConcluded=self._licence(ref, attached.get((ref, "hasConcludedLicense"))),
            licenseDeclared=self._licence(ref, attached.get((ref, "hasDeclaredLicense"))),
            checksums=self._checksums(element, attached.get((ref, ARTIFACT), [])),
            externalRefs=[
                spdx.ExternalRef(referenceType="purl", referenceLocator=purl)
                for purl in dict.fromkeys(purls)
            ],
        )

    def _relationships(self, element: Element, kind: str) -> Iterable[spdx.Relationship]:
        scope = short(element.scope or "")
        type, backward = FORWARD.get(kind), False
        if turned := SCOPED.get((kind, scope)) or BACKWARD.get(kind):
            type, backward = turned, True
        elif kind in OTHERS:
            type = "OTHER"
        for first, second in self._ends(element):
            ends = (second, first) if backward and second not in {"NONE", "NOASSERTION"} else None
            yield spdx.Relationship(
                spdxElementId=ends[0] if ends else first,
                relatedSpdxElement=ends[1] if ends else second,
                # What is stated of nothing keeps its direction.
                relationshipType="DEPENDS_ON" if backward and not ends else type or kind,
            )

    def _ends(self, element: Element) -> Iterable[tuple[str, str]]:
        first = self._name(element.from_ or "")
        targets = element.to or ([""] if element.to is None else [])
        return [(first, self._name(target)) for target in targets]

    def _name(self, stated: str) -> str:
        """An identifier in full: a prefix stands for its namespace."""
        if stated.endswith(("Element", "License")) and (nothing := _NOTHING.get(short(stated))):
            return nothing
        if self._prefixes:
            prefix, colon, rest = stated.partition(":")
            if colon and not rest.startswith("//") and prefix in self._prefixes:
                return self._prefixes[prefix] + rest
        return stated

    def _checksums(self, element: Element, files: list[str]) -> list[spdx.Checksum]:
        """Digests of a package, its own and those of the files it is distributed as."""
        elements = [element]
        for file in dict.fromkeys(files):
            found = self._by_id.get(file)
            if found is not None:
                elements.append(found)
            elif file not in _NOTHING.values():
                self._lost.add(f"{quoted(element.id or '')}: its file {quoted(file)} is not there")
        stated = chain.from_iterable(map(_digests, elements))
        kept = list(islice(stated, MAX_DIGESTS))
        if next(stated, None):
            ref = quoted(element.id or "")
            self._bad.add(f"{ref}: has more digests than the limit of {MAX_DIGESTS}")
        return kept

    def _licence(self, ref: str, licences: list[str] | None) -> str:
        """The expression of a package's licence; several are all meant."""
        texts = []
        for licence in dict.fromkeys(licences or ()):
            if licence not in self._texts:
                try:
                    self._texts[licence] = expression(licence, self._parts)
                except LimitError as error:
                    self._texts[licence] = ""
                    self._bad.add(f"{quoted(ref)}: its licence {error}")
            text = self._texts[licence]
            if text and text not in texts:
                texts.append(text)
        if len(texts) == 1:
            return texts[0]
        # What is not asserted says nothing beside what is.
        texts = [text for text in texts[:MAX_PARTS] if text not in _NOTHING.values()]
        return AND.join(f"({text})" if " " in text else text for text in texts)

    def _parts(self, licence: str) -> str | tuple[str, list[str]]:
        """What a licence consists of, or its text."""
        stated = self._by_id.get(self._name(licence))
        if stated is None:
            tail = licence.rpartition("/")[2]
            if "/licenses/" in licence or tail in _NOTHING.values() or "LicenseRef-" in tail:
                return tail.rpartition("#")[2]
            self._lost.add(f"the licence {quoted(licence)} is not in the document")
            return "NOASSERTION"
        if stated.kind in _SETS:
            return _SETS[stated.kind], stated.member or []
        if stated.kind == "OrLaterOperator":
            return LATER, [stated.subjectLicense or ""]
        if stated.kind == "WithAdditionOperator":
            return WITH, [stated.subjectExtendableLicense or "", stated.subjectAddition or ""]
        tail = re.split(r"[/#]", stated.id or "")[-1]
        if stated.licenseExpression:
            return stated.licenseExpression
        if stated.kind.startswith("Listed") or tail.startswith(("LicenseRef-", "AdditionRef-")):  # type: ignore[union-attr]
            return tail
        return stated.name or tail


def _digests(element: Element) -> Iterator[spdx.Checksum]:
    """Digests of an element's bytes; a package verification code is none of those."""
    for one in element.verifiedUsing or ():
        if short(one.kind or "Hash") == "Hash":
            yield spdx.Checksum(
                algorithm=short(one.algorithm or "").replace("_", "-"),
                checksumValue=one.hashValue,
            )
