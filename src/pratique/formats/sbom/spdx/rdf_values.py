"""An SPDX 2 RDF/XML document as the value of its JSON form, with what that does not hold.

Source: SPDX 2.3, clauses 6 to 12 and the RDF terms that they state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.base import Notes
from pratique.formats.sbom.spdx.rdf import Converter, constant, plain, tail
from pratique.formats.sbom.spdx.rdf_terms import ALGORITHMS, TERMS, Term
from pratique.formats.sbom.spdx.statements import Link, Resource, Statements
from pratique.formats.text import parse_xml
from pratique.model.errors import LimitError

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_DEPTH = 12
"""Objects within objects; the standard has five, and links may lead round in a circle."""

SPARE_VALUES = 10_000
"""How many more values a document may have in JSON than twice those it states: a resource
that many others lead to stands in each of them, and its own parts with it."""

_LISTS = {"Package": "packages", "File": "files", "Snippet": "snippets"}
_SQUEEZED = {name.replace("-", "").lower(): name for name in ALGORITHMS}
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}


class RdfValues:
    """The value of a document, and what of it the value does not hold."""

    def __init__(self, value: dict[str, Any], left: list[tuple[int, str, str]]) -> None:
        self.value = value
        self.left = left
        """Line, text and reason of each statement that has no key in the value."""


def rdf_values(data: bytes) -> RdfValues:
    """Take an RDF/XML document for what it is in JSON.

    Raises:
        InputError: It is not well-formed, or describes no ``SpdxDocument``.
        LimitError: It exceeds the limits of size, depth or number.
    """
    statements = Statements(parse_xml(data))
    reader = _Reader(statements)
    return RdfValues(reader.document(), reader.left())


class _Reader:
    """Turns resources into objects, and remembers which statements these hold."""

    def __init__(self, statements: Statements) -> None:
        self._resources = statements.resources
        self._converter = Converter(statements, Notes(""))
        stated = sum(
            len(values) for one in self._resources.values() for values in one.values.values()
        )
        self._spare = 2 * stated + SPARE_VALUES
        self._held: set[tuple[str, str, int]] = set()
        """Address, term and number of each value that has a place."""

        self._scalars: dict[str, Callable[[str], Any]] = {
            "text": str,
            "value": plain,
            "constant": constant,
            "category": lambda value: constant(value).replace("_", "-"),
            "reference": _reference,
            "algorithm": _algorithm,
            "element": self._converter.element,
            "truth": lambda value: _TRUTHS.get(value.strip().lower(), value),
            "number": lambda value: int(value) if _is_number(value) else value,
        }

    def document(self) -> dict[str, Any]:
        """The whole document."""
        head = self._converter.head
        value: dict[str, Any] = {"SPDXID": self._converter.name(head.about)}
        if namespace := head.about.partition("#")[0]:
            value["documentNamespace"] = namespace
        value |= self._object(head, "SpdxDocument", 0)
        relationships = []
        for resource in self._resources.values():
            if key := _LISTS.get(resource.kind):
                element = {"SPDXID": self._converter.name(resource.about)}
                value.setdefault(key, []).append(element | self._object(resource, resource.kind, 0))
            relationships += self._relationships(resource)
        if relationships:
            value["relationships"] = relationships
        return value

    def left(self) -> list[tuple[int, str, str]]:
        """Every value that no object holds."""
        return [
            (resource.line, " ".join(text.split())[:200], f"{_named(resource)}.{term} is not read")
            for resource in self._resources.values()
            for term, values in resource.values.items()
            for number, text in enumerate(values)
            if (resource.about, term, number) not in self._held and not self._is_licence(resource)
        ]

    def _object(self, resource: Resource, kind: str, depth: int) -> dict[str, Any]:
        """An object by the terms of its class; what is not of its kind is left."""
        found: dict[str, Any] = {}
        for name, term in TERMS[kind].items():
            values = resource.values.get(name, [])
            for number, text in enumerate(values):
                if not term.many and term.key in found:
                    break  # what is stated again is left
                self._spare -= 1
                if self._spare < 0:
                    raise LimitError("leads to the same resources too often")
                one = self._value(resource, name, text, term, depth)
                if one is None:
                    continue
                self._held.add((resource.about, name, number))
                if term.many:
                    found.setdefault(term.key, []).append(one)
                else:
                    found[term.key] = one
        return found

    def _value(self, resource: Resource, name: str, text: str, term: Term, depth: int) -> Any:
        """One value; ``None`` where it is not of its kind."""
        if term.kind == "licence":
            return self._converter.licence_of(text, resource, name) or None
        if term.kind == "object":
            inner = self._resources.get(text) if isinstance(text, Link) else None
            if inner is None or depth >= MAX_DEPTH:
                return None
            return self._identified(inner, term.of) | self._object(inner, term.of, depth + 1)
        one = self._scalars[term.kind](text)
        return str(one) if isinstance(one, Link) else one

    def _identified(self, resource: Resource, kind: str) -> dict[str, Any]:
        """What the address of a resource says that is nowhere else in the document."""
        key = _IDENTIFIERS.get(kind)
        fragment = resource.about.rpartition("#")[2]
        named = key and not resource.about.startswith("_:") and fragment != resource.about
        return {key: fragment} if key and named else {}

    def _relationships(self, resource: Resource) -> list[dict[str, Any]]:
        found = []
        for number, text in enumerate(resource.values.get("relationship", ())):
            stated = self._resources.get(text) if isinstance(text, Link) else None
            if stated is None:
                continue
            self._held.add((resource.about, "relationship", number))
            subject = {"spdxElementId": self._converter.name(resource.about)}
            found.append(subject | self._object(stated, "Relationship", 1))
        return found

    def _is_licence(self, resource: Resource) -> bool:
        """Whether a resource is a part of expressions, which hold it by their text."""
        parts = {"member", "licenseException", "licenseId", "licenseExceptionId"}
        return resource.kind in _EXPRESSIONS and set(resource.values) <= parts


_IDENTIFIERS = {
    "ExternalDocumentRef": "externalDocumentId",
    "ExtractedLicensingInfo": "licenseId",
}
"""Classes whose identifier may stand in their address alone."""

_EXPRESSIONS = frozenset(
    {
        "ConjunctiveLicenseSet",
        "DisjunctiveLicenseSet",
        "OrLaterOperator",
        "WithExceptionOperator",
        "ListedLicense",
        "License",
        "ListedLicenseException",
        "LicenseException",
    }
)


def _named(resource: Resource) -> str:
    fragment = resource.about.rpartition("#")[2].rpartition("/")[2]
    kind = resource.kind or "resource"
    return kind if resource.about.startswith("_:") else f"{kind} {fragment}"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 16


def _algorithm(value: str) -> str:
    name = tail(value)
    return _SQUEEZED.get(name.replace("-", "").replace("_", "").lower(), name)


def _reference(value: str) -> str:
    """The type of an external reference: the standard's own by their names."""
    found = str(value)
    return tail(value) if "spdx.org/rdf/references/" in found else found
