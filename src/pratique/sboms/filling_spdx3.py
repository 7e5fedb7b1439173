"""Filling packages of SPDX 3.0.1: members of the package, and elements of their own.

A licence is an element that a relationship leads to (Core, ``Relationship``;
Licensing, ``hasDeclaredLicense``), a supplier or originator an ``Agent``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.sbom.convert.kinds import TO_SPDX_ALGORITHM
from pratique.formats.sbom.spdx3.words import ALGORITHMS
from pratique.formats.shapes import objects_in, text_at
from pratique.inventory.sbom_input import CREATOR
from pratique.sboms.filling import Entry, contradicts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.sources.packages.models import Described

GRAPH = '["@graph"]'
"""The list of elements in paths."""

_ABSENT = ("", None)
_DECLARED = "hasDeclaredLicense"


class Graph:
    """The elements of a document while it is filled.

    Args:
        document: The value of a JSON-LD document, which is changed.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        graph = document.get("@graph")
        self.items: list[Any] = graph if isinstance(graph, list) else []
        self._taken = {text_at(one, "spdxId") for one in self.items if isinstance(one, dict)}
        self._lists = [
            one["element"]
            for one in self.items
            if isinstance(one, dict) and isinstance(one.get("element"), list)
        ]
        self._documents = [
            one for one in self.items if isinstance(one, dict) and one.get("type") == "SpdxDocument"
        ]
        self._licenses: dict[str, tuple[int, dict[str, Any]]] = {}
        for number, one in enumerate(self.items):
            if isinstance(one, dict) and one.get("relationshipType") == _DECLARED:
                self._licenses.setdefault(text_at(one, "from"), (number, one))
        self._expressions = {
            text_at(one, "spdxId"): text_at(one, "simplelicensing_licenseExpression")
            for one in self.items
            if isinstance(one, dict)
        }
        self._made: dict[tuple[str, str], str] = {}

    def declared(self, package: str) -> tuple[int, dict[str, Any], str] | None:
        """Place, relationship and expression of a package's declared licence."""
        found = self._licenses.get(package)
        if found is None:
            return None
        number, one = found
        to = one.get("to")
        target = to[0] if isinstance(to, list) and to and isinstance(to[0], str) else str(to)
        return number, one, self._expressions.get(target, "")

    def once(self, owner: dict[str, Any], type: str, key: str, value: str) -> str:
        """An element that is told by one member; the same where it was made before."""
        if (type, value) not in self._made:
            word = type.rpartition("_")[2].lower()
            iri = self.add(owner, type, word, {key: value})
            self._made[type, value] = iri
        return self._made[type, value]

    def add(self, owner: dict[str, Any], type: str, word: str, members: dict[str, Any]) -> str:
        """An element, with the creation information of the package that it is about."""
        base = f"{text_at(owner, 'spdxId')}-{word}"
        iri, number = base, 1
        while iri in self._taken:
            number += 1
            iri = f"{base}-{number}"
        self._taken.add(iri)
        info = {"creationInfo": owner["creationInfo"]} if "creationInfo" in owner else {}
        self.items.append({"type": type, "spdxId": iri} | info | members)
        for one in self._lists:
            if text_at(owner, "spdxId") in one:
                one.append(iri)
        return iri

    def conforms(self, profile: str) -> None:
        """Make the document say that it uses a profile."""
        for one in self._documents:
            profiles = one.get("profileConformance")
            if isinstance(profiles, list) and profile not in profiles:
                profiles.append(profile)


def entries(document: dict[str, Any], *, overwrite: bool) -> Iterator[Entry]:
    """The packages with a package URL."""
    graph = document.get("@graph")
    for number, one in enumerate(graph if isinstance(graph, list) else ()):
        purl = _purl(one) if isinstance(one, dict) else ""
        if purl:
            yield Entry(one, f"{GRAPH}[{number}]", purl, overwrite=overwrite)


def _purl(package: dict[str, Any]) -> str:
    if purl := text_at(package, "software_packageUrl"):
        return purl
    for one in objects_in(package.get("externalIdentifier")):
        if one.get("externalIdentifierType") == "packageUrl":
            return text_at(one, "identifier")
    return ""


def fill(
    entry: Entry, found: Described, expression: str, wanted: frozenset[str], graph: Graph
) -> None:
    """Fill one package with what its registry says.

    Args:
        entry: The package.
        found: What the registry says.
        expression: Its licence as an SPDX expression; empty where that is not known.
        wanted: Fields to fill.
        graph: Of the document, which gets further elements.
    """
    package = entry.value
    if "license" in wanted and expression and "LicenseRef-" not in expression:
        _license(entry, expression, found.licenses[0].source, graph)
    if "hashes" in wanted:
        _hashes(entry, found)
    if "supplier" in wanted and (one := found.supplier) and package.get("suppliedBy") in _ABSENT:
        type = "Organization" if found.organization else "Person"
        agent = graph.once(package, type, "name", one.value)
        entry.put("supplier", "suppliedBy", agent, one.source, absent=True)
    if "author" in wanted and (one := found.author) and not package.get("originatedBy"):
        agent = graph.once(package, "Person", "name", one.value)
        entry.put("author", "originatedBy", [agent], one.source, absent=True)
    if "homepage" in wanted and (one := found.homepage):
        stated = package.get("software_homePage") in _ABSENT
        entry.put("homepage", "software_homePage", one.value, one.source, absent=stated)
    known = {ref.get("externalRefType") for ref in objects_in(package.get("externalRef"))}
    if "vcs" in wanted and (one := found.vcs) and "vcs" not in known:
        item = {"type": "ExternalRef", "externalRefType": "vcs", "locator": [one.value]}
        entry.append("vcs", "externalRef", item, one.source)
    if "deprecated" in wanted and (one := found.deprecated):
        _deprecated(entry, f"deprecated: {one.value}", one.source, graph)


def _license(entry: Entry, expression: str, source: str, graph: Graph) -> None:
    package, stated = entry.value, graph.declared(text_at(entry.value, "spdxId"))
    if stated is not None:
        number, relationship, said = stated
        if not entry.overwrite:
            if said and contradicts([said], expression):
                entry.differs("license", _DECLARED, said, expression, source)
            return
        if said == expression:
            return
        before = relationship.get("to")
        relationship["to"] = [_expression(package, expression, graph)]
        entry.added("license", f"{GRAPH}[{number}].to", expression, source, before)
        return
    members = {
        "from": text_at(package, "spdxId"),
        "relationshipType": _DECLARED,
        "to": [_expression(package, expression, graph)],
    }
    place = len(graph.items)
    graph.add(package, "Relationship", "declared-license", members)
    entry.added("license", f"{GRAPH}[{place}]", expression, source, None)


def _expression(package: dict[str, Any], expression: str, graph: Graph) -> str:
    graph.conforms("simpleLicensing")
    type, key = "simplelicensing_LicenseExpression", "simplelicensing_licenseExpression"
    return graph.once(package, type, key, expression)


def _hashes(entry: Entry, found: Described) -> None:
    files, source = found.distributions, found.distributions_source
    stated = {
        (text_at(one, "algorithm"), text_at(one, "hashValue").lower())
        for one in objects_in(entry.value.get("verifiedUsing"))
        if one.get("type") == "Hash"
    }
    entry.compare_digests("verifiedUsing", stated, found, _algorithm)
    if len(files) == 1 and files[0].digests:
        for one in files[0].digests if not stated else ():
            item = {
                "type": "Hash",
                "algorithm": _algorithm(one.algorithm),
                "hashValue": one.value,
            }
            entry.append("hashes", "verifiedUsing", item, source)
        if files[0].url and entry.value.get("software_downloadLocation") in _ABSENT:
            entry.put("hashes", "software_downloadLocation", files[0].url, source, absent=True)
    elif len(files) > 1 and not stated:
        entry.unsure("hashes", f"the version has {len(files)} files, and no file is named")


def _algorithm(name: str) -> str:
    return ALGORITHMS[TO_SPDX_ALGORITHM[name]]


def _deprecated(entry: Entry, statement: str, source: str, graph: Graph) -> None:
    package = entry.value
    subject = text_at(package, "spdxId")
    notes = (
        one for one in graph.items if isinstance(one, dict) and one.get("type") == "Annotation"
    )
    if any(
        text_at(one, "subject") == subject and one.get("statement") == statement for one in notes
    ):
        return
    members = {
        "annotationType": "review",
        "subject": subject,
        "statement": statement,
        "comment": f"Tool: {CREATOR}",
    }
    place = len(graph.items)
    graph.add(package, "Annotation", "deprecated", members)
    entry.added("deprecated", f"{GRAPH}[{place}]", statement, source, None)
