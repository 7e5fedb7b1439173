"""RDF/XML as resources and their properties, as far as SPDX 2 uses it.

Source: RDF 1.1 XML Syntax, section 2: node elements within property elements,
``rdf:about``, ``rdf:ID``, ``rdf:nodeID``, ``rdf:resource``, ``rdf:parseType``
``Resource``, property attributes and typed nodes.  Collections and reification
are not used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.formats.base import MAX_ITEMS
from pratique.formats.sbom.elements import children, line_of, text_of
from pratique.model.errors import LimitError

if TYPE_CHECKING:
    from lxml import etree

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XML = "http://www.w3.org/XML/1998/namespace"


class Link(str):
    """The address of a resource, where a property has one for its value."""

    __slots__ = ()


class Resource:
    """One resource: its class and its properties, by the local names of their addresses."""

    __slots__ = ("about", "kind", "line", "values")

    def __init__(self, about: str, line: int) -> None:
        self.about = about
        """Its address; blank ones start with ``_:``."""

        self.kind = ""
        """Local name of its class, or nothing."""

        self.line = line
        self.values: dict[str, list[str]] = {}

    def first(self, *names: str) -> str:
        """First value of the first of these properties that it has; else nothing."""
        for name in names:
            if values := self.values.get(name):
                return values[0]
        return ""


class Statements:
    """All resources of a document, by address, in the order in which they occur.

    Args:
        root: ``rdf:RDF``, or a single node element.

    Raises:
        LimitError: There are more resources than ``MAX_ITEMS``.
    """

    def __init__(self, root: etree._Element) -> None:
        self.resources: dict[str, Resource] = {}
        self._blank = 0
        if root.tag == f"{{{RDF}}}RDF":
            for _, _, element in children(root):
                self._node(element)
        else:
            self._node(root)

    def _node(self, element: etree._Element) -> Link:
        """A resource and all that is said of it; nesting is bounded by the XML parser."""
        about, identifier = element.get(f"{{{RDF}}}about"), element.get(f"{{{RDF}}}ID")
        blank = element.get(f"{{{RDF}}}nodeID")
        if about is None and identifier is not None:
            about = f"#{identifier}"
        elif about is None and blank is not None:
            about = f"_:{blank}"
        resource = self._resource(about, element)
        namespace, name = _split(element.tag)
        if (namespace, name) != (RDF, "Description"):
            resource.kind = resource.kind or name
        for key, value in element.attrib.items():
            namespace, name = _split(key)
            if namespace and namespace not in {RDF, _XML}:
                resource.values.setdefault(name, []).append(str(value))
        self._properties(resource, element)
        return Link(resource.about)

    def _properties(self, resource: Resource, element: etree._Element) -> None:
        for namespace, name, child in children(element):
            values = self._values(child)
            if (namespace, name) == (RDF, "type"):
                for value in values:
                    kind = value.rpartition("#")[2].rpartition("/")[2]
                    resource.kind = resource.kind or kind
            else:
                resource.values.setdefault(name, []).extend(values)

    def _values(self, element: etree._Element) -> list[str]:
        """Values of one property element: links, a nested resource, or a text."""
        address = element.get(f"{{{RDF}}}resource")
        if address is not None:
            return [Link(address)]
        blank = element.get(f"{{{RDF}}}nodeID")
        if blank is not None:
            return [Link(f"_:{blank}")]
        if element.get(f"{{{RDF}}}parseType") == "Resource":
            resource = self._resource(None, element)
            self._properties(resource, element)
            return [Link(resource.about)]
        nodes: list[str] = [self._node(child) for _, _, child in children(element)]
        return nodes or [text_of(element)]

    def _resource(self, about: str | None, element: etree._Element) -> Resource:
        if about is None:
            self._blank += 1
            about = f"_:{self._blank}"
        found = self.resources.get(about)
        if found is None:
            if len(self.resources) >= MAX_ITEMS:
                raise LimitError(f"has more resources than the limit of {MAX_ITEMS:,}")
            found = Resource(about, line_of(element))
            self.resources[about] = found
        return found


def _split(tag: object) -> tuple[str, str]:
    namespace, _, name = str(tag).rpartition("}")
    return namespace[1:], name
