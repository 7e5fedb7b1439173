"""Reads CycloneDX 1.0 to 1.7 as XML, into the same structs as the JSON form.

Source: CycloneDX specification 1.7 and its XML schemas; for documents of
version 1.1, the extension *dependency graph* 1.0.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pratique.formats.base import MAX_ITEMS, Notes
from pratique.formats.sbom.cyclonedx import wire
from pratique.formats.sbom.cyclonedx.read import VERSIONS as JSON_VERSIONS
from pratique.formats.sbom.cyclonedx.read import reading
from pratique.formats.sbom.elements import children, line_of, text_of
from pratique.formats.sbom.places import Places
from pratique.formats.sbom.tally import Tally, quoted
from pratique.formats.text import parse_xml
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading

VERSIONS = ("1.0", "1.1", *JSON_VERSIONS)
"""Versions of the specification that have an XML schema."""

_NAMESPACE = re.compile(r"\{(https?://cyclonedx\.org/schema/bom/([^}]{0,40}))\}bom\Z")
_GRAPH = "http://cyclonedx.org/schema/ext/dependency-graph/1.0"

_TEXTS = frozenset({"group", "name", "version", "versionRange", "purl", "scope"})
"""Children of a component that are read as text; the struct's fields have their names."""


def read_xml(data: bytes, path: str, tree: Tree) -> Reading:  # noqa: ARG001 - one file says all
    """Read a CycloneDX XML document.

    Args:
        data: The document, in any encoding that it declares.
        path: Where it is, for the problems and locations.
        tree: Not used: a bill of materials is one file.

    Raises:
        InputError: It is not well-formed, or its root is not CycloneDX's ``bom``.
        LimitError: It exceeds the limits of size or depth.
    """
    root = parse_xml(data)
    found = _NAMESPACE.match(str(root.tag))
    if not found:
        raise InputError(
            "is not a CycloneDX document: its root is not bom in a CycloneDX namespace"
        )
    namespace, version = found.groups()
    notes = Notes(path)
    if version not in VERSIONS:
        notes.unknown(f"version {quoted(version)} is not known; read as {VERSIONS[-1]}")
    elements = _Elements(namespace, notes)
    document = elements.document(root)
    return reading(document, f"CycloneDX {version}", notes, Places(lines=elements.lines))


class _Elements:
    """Turns elements into structs.

    Args:
        namespace: Of the document's version; elements of others are extensions.
        notes: Receives one *unreadable* for each misplaced element.
    """

    def __init__(self, namespace: str, notes: Notes) -> None:
        self.lines: dict[str, int] = {}
        """Lines of the components, by bom-ref and by package URL."""

        self._namespaces = (namespace, _GRAPH)
        self._odd = Tally(notes.unreadable, "misplaced elements")
        self._notes = notes
        self._edges: list[wire.Dependency] = []

    def document(self, root: etree._Element) -> wire.Document:
        """The whole document."""
        found = wire.Document(bomFormat="CycloneDX")
        for name, child in self._children(root):
            if name == "metadata":
                mains = (e for key, e in self._children(child) if key == "component")
                main = next(mains, None)
                if main is not None:
                    found.metadata = wire.Metadata(component=self._component(main))
            elif name == "components":  # one list, but what stands in a second is not lost
                found.components = [*(found.components or ()), *self._components(child)]
            elif name == "services":
                found.services = [*(found.services or ()), *self._services(child)]
            elif name == "dependencies":
                self._dependencies(child)
        found.dependencies = self._edges or None
        self._odd.close()
        return found

    def _components(self, element: etree._Element) -> list[wire.Component]:
        return [self._component(child) for child in self._items(element, "component")]

    def _component(self, element: etree._Element) -> wire.Component:
        found = wire.Component(bom_ref=element.get("bom-ref"), type=element.get("type"))
        for name, child in self._children(element):
            if name in _TEXTS:
                setattr(found, name, text_of(child))
            elif name == "hashes":
                found.hashes = [
                    wire.Hash(alg=one.get("alg"), content=text_of(one))
                    for one in self._items(child, "hash")
                ]
            elif name == "licenses":
                found.licenses = list(self._licenses(child))
            elif name == "externalReferences":
                found.externalReferences = [
                    wire.ExternalReference(type=one.get("type"), url=self._text_of(one, "url"))
                    for one in self._items(child, "reference")
                ]
            elif name == "components":
                found.components = [*(found.components or ()), *self._components(child)]
            elif name == "dependencies" and found.bom_ref:  # in version 1.1's extension
                self._depends(found.bom_ref, child)
        for key in (found.bom_ref, found.purl):
            if key:
                self.lines.setdefault(key, line_of(element))
        return found

    def _licenses(self, element: etree._Element) -> Iterator[wire.LicenseChoice]:
        for name, child in self._children(element):
            if name == "license":
                texts = {key: text_of(e) for key, e in self._children(child)}
                license = wire.License(
                    id=texts.get("id"), name=texts.get("name"), url=texts.get("url")
                )
                yield wire.LicenseChoice(license=license)
            elif name == "expression":
                yield wire.LicenseChoice(expression=text_of(child))
            elif name == "expression-detailed":  # from version 1.7 on
                yield wire.LicenseChoice(expression=child.get("expression"))
            else:
                self._misplaced(child, "license")

    def _services(self, element: etree._Element) -> list[wire.Service]:
        found = []
        for one in self._items(element, "service"):
            service = wire.Service(bom_ref=one.get("bom-ref"))
            for name, child in self._children(one):
                if name == "services":
                    service.services = self._services(child)
            found.append(service)
        return found

    def _dependencies(self, element: etree._Element) -> None:
        for child in self._items(element, "dependency"):
            self._depends(child.get("ref"), child)

    def _depends(self, ref: str | None, element: etree._Element) -> None:
        """The edges of one component; what is nested deeper are edges of its own."""
        targets = []
        for child in self._items(element, "dependency"):
            if target := child.get("ref"):
                targets.append(target)
                if len(child):
                    self._depends(target, child)
            else:
                self._edges.append(wire.Dependency())
        self._edges.append(wire.Dependency(ref=ref, dependsOn=targets))

    def _items(self, element: etree._Element, name: str) -> Iterator[etree._Element]:
        """Children of the one kind that may stand here; others are named and left out."""
        for count, (found, child) in enumerate(self._children(element)):
            if count > MAX_ITEMS:
                self._notes.unreadable(f"has more {name} elements than the limit of {MAX_ITEMS:,}")
                return
            if found == name:
                yield child
            elif found != "provides":  # a dependency's other list, which is not read
                self._misplaced(child, name)

    def _misplaced(self, element: etree._Element, wanted: str) -> None:
        name = str(element.tag).rpartition("}")[2]
        line = line_of(element)
        self._odd.add(f"<{name[:80]}> where <{wanted}> was expected; it is left out", line)

    def _text_of(self, element: etree._Element, name: str) -> str | None:
        return next((text_of(e) for key, e in self._children(element) if key == name), None)

    def _children(self, element: etree._Element) -> Iterator[tuple[str, etree._Element]]:
        """Local names and elements of the document's own vocabulary."""
        for namespace, name, child in children(element):
            if namespace in self._namespaces:
                yield name, child
