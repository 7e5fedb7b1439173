"""Reads SPDX 2 documents in RDF/XML, into the same structs as the JSON form.

Source: SPDX 2.3, clause 4.4 and the RDF terms that each clause states; the
ontology of the terms.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pratique.formats.base import Notes
from pratique.formats.sbom.places import Places
from pratique.formats.sbom.spdx import wire
from pratique.formats.sbom.spdx.expression import AND, LATER, OR, WITH, expression
from pratique.formats.sbom.spdx.read import format_of, reading
from pratique.formats.sbom.spdx.statements import Link, Resource, Statements
from pratique.formats.sbom.spdx.tag_value import VERSIONS
from pratique.formats.sbom.tally import Tally, quoted
from pratique.formats.text import parse_xml
from pratique.model.errors import InputError, LimitError

if TYPE_CHECKING:
    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading

_SETS = {"ConjunctiveLicenseSet": AND, "DisjunctiveLicenseSet": OR}
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NOTHING = {"noassertion": "NOASSERTION", "none": "NONE"}


def read_rdf(data: bytes, path: str, tree: Tree) -> Reading:  # noqa: ARG001 - one file says all
    """Read an SPDX 2 RDF/XML document.

    Args:
        data: The document, in any encoding that it declares.
        path: Where it is, for the problems and locations.
        tree: Not used: other documents that it refers to are not followed.

    Raises:
        InputError: It is not well-formed, or describes no ``SpdxDocument``.
        LimitError: It exceeds the limits of size, depth or number.
    """
    notes = Notes(path)
    converter = Converter(Statements(parse_xml(data)), notes)
    document = converter.document()
    format = format_of(document.spdxVersion or "", VERSIONS, notes)
    return reading(document, format, notes, Places(lines=converter.lines))


class Converter:
    """Turns resources into structs.

    Args:
        statements: All that the document says.
        notes: Receives what could not be read.

    Raises:
        InputError: Nothing is an ``SpdxDocument``.
    """

    def __init__(self, statements: Statements, notes: Notes) -> None:
        self.lines: dict[str, int] = {}
        """Lines of the packages, by identifier."""

        self._resources = statements.resources
        self._texts: dict[str, str] = {}
        self._bad = Tally(notes.unreadable, "licences that could not be read")
        found = [r for r in self._resources.values() if r.kind == "SpdxDocument"]
        if not found:
            raise InputError("is not an SPDX document: it describes no SpdxDocument")
        if len(found) > 1:
            notes.unreadable(f"describes {len(found)} documents; all are read as the first")
        self.head = found[0]
        self._others = {
            outside.first("spdxDocument"): outside.first("externalDocumentId")
            or outside.about.rpartition("#")[2]
            for outside in self._resources.values()
            if outside.kind == "ExternalDocumentRef"
        }

    def document(self) -> wire.Document:
        """The whole document."""
        found = wire.Document(
            spdxVersion=self.head.first("specVersion"),
            SPDXID=self.name(self.head.about),
            documentDescribes=[
                self.element(v) for v in self.head.values.get("describesPackage", ())
            ],
            packages=[],
            files=[],
            snippets=[],
            relationships=[],
        )
        lists = {"File": found.files, "Snippet": found.snippets}
        for resource in self._resources.values():
            if resource.kind == "Package":
                found.packages.append(self._package(resource))  # type: ignore[union-attr]
            elif (elements := lists.get(resource.kind)) is not None:
                elements.append(wire.Element(SPDXID=self.name(resource.about)))
            for value in resource.values.get("relationship", ()):
                found.relationships.append(  # type: ignore[union-attr]
                    self._relationship(resource, self.at(value))
                )
        self._bad.close()
        return found

    def _package(self, resource: Resource) -> wire.Package:
        ref = self.name(resource.about)
        self.lines.setdefault(ref, resource.line)
        return wire.Package(
            SPDXID=ref,
            name=resource.first("name", "packageName"),
            versionInfo=resource.first("versionInfo"),
            downloadLocation=plain(resource.first("downloadLocation")),
            licenseConcluded=self.licence(resource, "licenseConcluded"),
            licenseDeclared=self.licence(resource, "licenseDeclared"),
            primaryPackagePurpose=constant(resource.first("primaryPackagePurpose")),
            checksums=[
                wire.Checksum(
                    algorithm=tail(one.first("algorithm")).replace("_", "-"),
                    checksumValue=one.first("checksumValue"),
                )
                for one in map(self.at, resource.values.get("checksum", ()))
            ],
            externalRefs=[
                wire.ExternalRef(
                    referenceType=one.first("referenceType"),
                    referenceLocator=str(one.first("referenceLocator")),
                )
                for one in map(self.at, resource.values.get("externalRef", ()))
            ],
        )

    def _relationship(self, subject: Resource, stated: Resource) -> wire.Relationship:
        return wire.Relationship(
            spdxElementId=self.name(subject.about),
            relationshipType=constant(stated.first("relationshipType")),
            relatedSpdxElement=self.element(stated.first("relatedSpdxElement")),
        )

    def at(self, value: str) -> Resource:
        """The resource that a value leads to; an empty one where there is none."""
        found = self._resources.get(value) if isinstance(value, Link) else None
        return found or Resource(value, 0)

    def element(self, value: str) -> str:
        """Identifier of the element that a value names."""
        return self.name(value) if isinstance(value, Link) else value

    def name(self, address: str) -> str:
        """Identifier of an element: the fragment, after its document's where that is another."""
        document, mark, fragment = address.rpartition("#")
        if not mark:
            return _NOTHING.get(address.lower(), address)
        if fragment in _NOTHING and document.endswith("/rdf/terms"):
            return _NOTHING[fragment]
        if document in self._others and address not in self._resources:
            return f"{self._others[document]}:{fragment}"
        return fragment

    def licence(self, resource: Resource, name: str) -> str:
        """The expression of a licence (SPDX 2.3, annex D), which RDF takes apart."""
        return self.licence_of(resource.first(name), resource, name)

    def licence_of(self, value: str, resource: Resource, name: str) -> str:
        """The expression of one value of a property of a resource."""
        if not isinstance(value, Link):
            return value
        if value not in self._texts:
            try:
                self._texts[value] = expression(value, self._parts)
            except LimitError as error:
                self._texts[value] = ""
                ref = quoted(self.name(resource.about))
                self._bad.add(f"{ref}: {name} {error}", resource.line)
        return self._texts[value]

    def _parts(self, value: str) -> str | tuple[str, list[str]]:
        """What a licence consists of, or its text."""
        stated = self.at(value)
        if stated.kind in _SETS:
            return _SETS[stated.kind], stated.values.get("member", [])
        if stated.kind == "OrLaterOperator":
            return LATER, [stated.first("member")]
        if stated.kind == "WithExceptionOperator":
            return WITH, [stated.first("member"), stated.first("licenseException")]
        return stated.first("licenseId", "licenseExceptionId") or plain(value)


def plain(value: str) -> str:
    """A text, or the name at the end of a constant's or a licence's address."""
    if not isinstance(value, Link):
        return value
    found = tail(value)
    if "#" not in value and "/licenses/" not in value:
        return str(value)  # an address as such, of a download
    return _NOTHING.get(found, found)


def tail(value: str) -> str:
    """What stands behind the last mark of an address, without the prefix of a constant."""
    if not isinstance(value, Link):
        return value
    name = value.rpartition("#")[2].rpartition("/")[2]
    return name.removeprefix("checksumAlgorithm_")


def constant(value: str) -> str:
    """``relationshipType_dependsOn`` as the other forms write it: ``DEPENDS_ON``."""
    if not isinstance(value, Link):
        return value
    name = value.rpartition("#")[2].partition("_")[2] or value.rpartition("#")[2]
    return _CAPITAL.sub("_", name).upper()
