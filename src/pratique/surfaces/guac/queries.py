"""The questions of the interface: each field of ``Query``, answered with nodes."""

from __future__ import annotations

from hashlib import blake2b
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.store.nouns import NounKind
from pratique.surfaces.guac import pages, search, types
from pratique.surfaces.guac.bills import find_bills, find_edges
from pratique.surfaces.guac.claims import find_claims
from pratique.surfaces.guac.errors import TooMuchError
from pratique.surfaces.guac.ids import BILL, CLAIM, EDGE, NOUN
from pratique.surfaces.guac.links import (
    MAX_IDS,
    neighbours,
    node_by_id,
    nodes_by_id,
    path,
)
from pratique.surfaces.guac.lookups import KINDS, asks, by_id, by_level, find
from pratique.surfaces.guac.nouns import (
    id_of,
    node_of,
    source_level,
    vulnerability_level,
)
from pratique.surfaces.guac.shapes import OF_VERB, SHAPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pratique.store.nodes import Nodes
    from pratique.store.nouns import Noun
    from pratique.surfaces.guac.links import Beside
    from pratique.surfaces.guac.lookups import Spec
    from pratique.surfaces.guac.nouns import Node


def answer(nodes: Nodes, field: str, arguments: dict[str, Any]) -> Any:
    """What a field of ``Query`` is answered with.

    Args:
        nodes: What the tenant sees.
        field: Its name.
        arguments: Their values.

    Raises:
        RequestError: It cannot be answered.
    """
    if field in _LISTED:
        kind, spec = _LISTED[field]
        return _all(nodes, kind, arguments[spec])
    if field in _PAGED:
        kind, spec, edge = _PAGED[field]
        return _page(nodes, kind, arguments[spec], edge, arguments)
    return _OTHERS[field](nodes, arguments)


_LISTED = {row[0]: (row[2], row[3].partition(":")[0]) for row in types.LISTS}
_PAGED = {row[1]: (row[2], row[3].partition(":")[0], f"{row[4]}Edge") for row in types.LISTS}


def _all(nodes: Nodes, kind: str, spec: Spec) -> list[Node]:
    if kind == "Package":
        return _trie(_level(nodes, spec) or find(nodes, kind, spec))
    if kind == "Source":
        return _sources(nodes, spec)
    if kind == "Vulnerability":
        return _vulnerabilities(nodes, spec)
    return [node for _, node in _rows(nodes, kind, spec, None)]


def _rows(nodes: Nodes, kind: str, spec: Spec, after: str | None) -> Iterator[Beside]:
    """Cursors and nodes of a list, after a cursor."""
    if kind in KINDS:
        for noun in find(nodes, kind, spec, pages.key_after(after, NOUN)):
            if noun.kind is not NounKind.PACKAGE_NAME:
                yield id_of(noun), node_of(noun)
    elif kind == "HasSBOM":
        for node in find_bills(nodes, spec, pages.digest_after(after, BILL)):
            yield node["id"], node
    elif kind == "IsDependency":
        yield from _dependencies(nodes, spec, after)
    else:
        for node in find_claims(nodes, kind, spec, pages.key_after(after, CLAIM)):
            yield node["id"], node


def _dependencies(nodes: Nodes, spec: Spec, after: str | None) -> Iterator[Beside]:
    """Dependencies that are claims, then those that the graphs of bills state."""
    edge = after if after and after.startswith(EDGE) else ""
    if edge:
        pages.key_after(edge, EDGE)
    claims: Iterator[Node] = iter(())
    if not edge:
        claims = find_claims(nodes, "IsDependency", spec, pages.key_after(after, CLAIM))
    for node in chain(claims, find_edges(nodes, spec, edge)):
        yield node["id"], node


def _page(nodes: Nodes, kind: str, spec: Spec, edge: str, arguments: dict[str, Any]) -> Node:
    def count() -> int:
        if asks(spec):
            return sum(1 for _ in _rows(nodes, kind, spec, None))
        return _length(nodes, kind, spec)

    after = arguments.get("after")
    rows = _rows(nodes, kind, spec, after)
    return pages.connection(
        edge,
        rows,
        arguments.get("first"),
        lambda: _total(nodes, kind, spec, count),
        whole=not after,
    )


_sorted = msgspec.json.Encoder(order="sorted").encode


def _total(nodes: Nodes, kind: str, asked: Any, count: Callable[[], int]) -> int:
    """Length of a whole list, which is counted once for each state of the record.

    It is asked for with every page: counted anew each time it would be quadratic.

    Args:
        nodes: What the tenant sees.
        kind: Of the list.
        asked: Its filter.
        count: Counts it.
    """
    token = nodes.record.token()
    key = (token, kind, blake2b(_sorted(asked), digest_size=16).digest())
    totals = nodes.record.memory.totals
    found = totals.get(key) if token else None
    if found is None:
        found = count()
        if token:
            totals.put(key, found, 1)
    return found


def _length(nodes: Nodes, kind: str, spec: Spec) -> int:
    """Length of a list without a filter."""
    if kind in KINDS:
        return nodes.count(tuple(k for k in KINDS[kind] if k is not NounKind.PACKAGE_NAME))
    if kind in _PLAIN:
        return nodes.count_claims(SHAPES[kind].verb)
    return sum(1 for _ in _rows(nodes, kind, spec, None))


_PLAIN = frozenset(
    {"CertifyBad", "CertifyGood", "PointOfContact", "HashEqual", "PkgEqual", "CertifyScorecard"}
)
"""Verbs of which every claim in the record has a node, so that they can be counted there."""


# Tries


def _level(nodes: Nodes, spec: Spec) -> list[Noun]:
    """The noun of a package's id above its versions."""
    return [] if spec.get("id") is None else by_id(nodes, spec["id"])


def _trie(nouns: Iterable[Noun]) -> list[Node]:
    """Packages, gathered by type, namespace and name."""
    tops: dict[str, Node] = {}
    spaces: dict[tuple[str, str], Node] = {}
    names: dict[tuple[str, str, str], Node] = {}
    for noun in nouns:
        node = node_of(noun)
        type = node["type"]
        top = tops.setdefault(type, node | {"namespaces": []})
        for space in node["namespaces"]:
            label = space["namespace"]
            held = spaces.get((type, label))
            if held is None:
                held = spaces[type, label] = space | {"names": []}
                top["namespaces"].append(held)
            for name in space["names"]:
                key = (type, label, name["name"])
                known = names.get(key)
                if known is None:
                    known = names[key] = name | {"versions": []}
                    held["names"].append(known)
                known["versions"].extend(name["versions"])
    return list(tops.values())


def _sources(nodes: Nodes, spec: Spec) -> list[Node]:
    given = spec.get("id")
    if given and (below := by_level(nodes, given)):
        first = node_of(below[0])
        space = first["namespaces"][0]
        return [source_level(first["type"], space["namespace"] if space["id"] == given else None)]
    tops: dict[str, dict[str, list[Node]]] = {}
    for noun in find(nodes, "Source", spec):
        node = node_of(noun)
        space = node["namespaces"][0]
        tops.setdefault(node["type"], {}).setdefault(space["namespace"], []).extend(space["names"])
    found = []
    for type, spaces in tops.items():
        top = source_level(type)
        for label, names in spaces.items():
            top["namespaces"] += source_level(type, label, names)["namespaces"]
        found.append(top)
    return found


def _vulnerabilities(nodes: Nodes, spec: Spec) -> list[Node]:
    given = spec.get("id")
    if given and (below := by_level(nodes, given)):
        return [vulnerability_level(node_of(below[0])["type"])]
    tops: dict[str, list[Node]] = {}
    for noun in find(nodes, "Vulnerability", spec):
        node = node_of(noun)
        tops.setdefault(node["type"], []).extend(node["vulnerabilityIDs"])
    return [vulnerability_level(type, ids) for type, ids in tops.items()]


# The other questions


def _few(ids: list[str]) -> list[str]:
    if len(ids) > MAX_IDS:
        raise TooMuchError(f"over {MAX_IDS:,} ids were asked for")
    return list(dict.fromkeys(ids))


def _batch(kind: str, member: str) -> Callable[[Nodes, dict[str, Any]], list[Node]]:
    """Claims of a kind about each of some packages."""

    def found(nodes: Nodes, arguments: dict[str, Any]) -> list[Node]:
        rows: list[Node] = []
        for id in _few(arguments["pkgIDs"]):
            spec: Spec = {"id": id}
            if member == "subject":
                spec = {"package": spec}
            rows += (node for _, node in _rows(nodes, kind, {member: spec}, None))
        return rows if kind == "IsDependency" else search.newest(rows, kind)

    return found


def _path(nodes: Nodes, arguments: dict[str, Any]) -> list[Node]:
    longest = arguments["maxPathLength"]
    return path(nodes, arguments["subject"], arguments["target"], longest, arguments["usingOnly"])


def _neighbours(nodes: Nodes, arguments: dict[str, Any]) -> list[Node]:
    return [node for _, node in neighbours(nodes, arguments["node"], arguments["usingOnly"])]


def _neighbours_page(nodes: Nodes, arguments: dict[str, Any]) -> Node:
    def rows() -> list[Beside]:
        found = neighbours(nodes, arguments["node"], arguments["usingOnly"])
        return sorted(found, key=lambda row: row[0])

    every = rows()
    after = arguments.get("after") or ""
    later = (row for row in every if row[0] > after)
    first = arguments.get("first")
    return pages.connection("NeighborEdge", later, first, lambda: len(every), whole=False)


def _search(nodes: Nodes, arguments: dict[str, Any]) -> list[Node]:
    found = search.search(nodes, arguments["searchText"])
    return [node for _, node in islice(found, search.MAX_FOUND)]


def _search_page(nodes: Nodes, arguments: dict[str, Any]) -> Node:
    text = arguments["searchText"]
    after = pages.key_after(arguments.get("after"), NOUN)
    return pages.connection(
        "SoftwareEdge",
        search.search(nodes, text, after),
        arguments.get("first"),
        lambda: _total(
            nodes, "findSoftware", text, lambda: sum(1 for _ in search.search(nodes, text))
        ),
        whole=not after,
    ) | {"__typename": "FindSoftwareConnection"}


def _scan_page(nodes: Nodes, arguments: dict[str, Any]) -> Node:
    ids = _few(arguments["pkgIDs"])
    after = pages.key_after(arguments.get("after"), NOUN)
    return pages.connection(
        "PackageEdge",
        search.packages_of(nodes, ids, after),
        arguments.get("first"),
        lambda: _total(nodes, "scan", ids, lambda: sum(1 for _ in search.packages_of(nodes, ids))),
        whole=not after,
    )


_OTHERS: dict[str, Callable[[Nodes, dict[str, Any]], Any]] = {
    "BatchQueryPkgIDCertifyLegal": _batch("CertifyLegal", "subject"),
    "BatchQueryPkgIDCertifyVuln": _batch("CertifyVuln", "package"),
    "BatchQuerySubjectPkgDependency": _batch("IsDependency", "package"),
    "BatchQueryDepPkgDependency": _batch("IsDependency", "dependencyPackage"),
    "path": _path,
    "neighbors": _neighbours,
    "neighborsList": _neighbours_page,
    "node": lambda nodes, arguments: node_by_id(nodes, arguments["node"]),
    "nodes": lambda nodes, arguments: nodes_by_id(nodes, arguments["nodes"]),
    "findSoftware": _search,
    "findSoftwareList": _search_page,
    "queryPackagesListForScan": _scan_page,
    "findPackagesThatNeedScanning": lambda nodes, arguments: search.want_scanning(
        nodes, arguments["queryType"], arguments.get("lastScan")
    ),
}

__all__ = ["OF_VERB", "answer"]
