"""Conan's ``conan.lock``.

Format: Conan 1 documentation, *Lockfiles* (versions 0.2 to 0.4, a graph of
nodes), and Conan 2 documentation, *conan lock* (version 0.5, lists of
references).  A reference is ``name/version@user/channel#revision``; revisions
are of recipes, not of what they build, and are kept as a qualifier.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pratique.formats.lockfiles.gathering import Gathering, shown
from pratique.formats.lockfiles.jsonlines import JsonLines
from pratique.formats.text import decode, parse_json
from pratique.model.errors import InputError
from pratique.model.inventory import Reading, Relation, Scope

if TYPE_CHECKING:
    from pratique.formats.base import Tree
    from pratique.model.purl import Package

_GRAPH_VERSIONS = ("0.2", "0.3", "0.4")
_LIST_VERSION = "0.5"
_SECTIONS = (
    ("requires", Scope.RUNTIME),
    ("build_requires", Scope.BUILD),
    ("python_requires", Scope.BUILD),
    ("config_requires", Scope.BUILD),
)
_REFERENCE = re.compile(
    r"^(?P<name>[^/@#:%\s]+)/(?P<version>[^/@#:%\s]+)"
    r"(?:@(?:(?P<user>[^/#:%\s]+)/(?P<channel>[^/#:%\s]+))?)?"
    r"(?:#(?P<revision>[^:%\s]+))?(?:[:%].*)?$"
)


def read(data: bytes, path: str, tree: Tree) -> Reading:  # noqa: ARG001 - a ReadFunction
    """Read a Conan lockfile.

    Raises:
        InputError: It is not JSON, or has neither a graph nor lists of references.
    """
    text = decode(data)
    document = parse_json(text)
    if not isinstance(document, dict):
        raise InputError("is not a JSON object")
    lines = JsonLines(text, 3)
    gathering = Gathering(path, type="conan", ecosystem="ConanCenter")
    gathering.repeated(lines)
    version = document.get("version")
    if version not in (*_GRAPH_VERSIONS, _LIST_VERSION):
        gathering.notes.unknown(
            f"version {shown(version)} of conan.lock is not known", lines[("version",)]
        )
    graph = document.get("graph_lock")
    nodes = graph.get("nodes") if isinstance(graph, dict) else None
    roots: list[str] = []
    if isinstance(nodes, dict):
        roots = _graph(nodes, lines, gathering)
    elif any(section in document for section, _ in _SECTIONS):
        _lists(document, lines, gathering)
    else:
        raise InputError("has neither a graph nor lists of references")
    return gathering.reading(f"conan.lock {str(version)[:20]}", roots=roots)


def _package(reference: Any, line: int, gathering: Gathering) -> Package | None:
    match = _REFERENCE.match(reference) if isinstance(reference, str) else None
    if match is None:
        gathering.notes.unreadable(f"reference {shown(reference)} is not name/version", line)
        return None
    qualifiers = {"channel": match["channel"] or "", "rrev": match["revision"] or ""}
    return gathering.package(
        match["name"],
        match["version"],
        namespace=match["user"] or "",
        qualifiers=qualifiers,
        line=line,
    )


def _ecosystem(package: Package) -> str:
    """The central index has no packages of users; theirs are of no ecosystem that is known."""
    return "" if package.namespace else "ConanCenter"


def _lists(document: dict[str, Any], lines: JsonLines, gathering: Gathering) -> None:
    for section, scope in _SECTIONS:
        references = document.get(section) or []
        if not isinstance(references, list):
            gathering.notes.unreadable(f"{section} is not an array", lines[(section,)])
            continue
        for index, reference in enumerate(references):
            # Overridden references of Conan 2 come as [reference, {…}].
            plain = reference[0] if isinstance(reference, list) and reference else reference
            line = lines[section, index]
            package = _package(plain, line, gathering)
            if package is not None:
                group = section.replace("_", "-")
                gathering.add(
                    package,
                    line=line,
                    scope=scope,
                    groups=(group,),
                    ecosystem=_ecosystem(package),
                )


def _graph(nodes: dict[str, Any], lines: JsonLines, gathering: Gathering) -> list[str]:
    """Take the nodes of a graph; returns what the consumer depends on."""
    refs: dict[str, str] = {}
    consumers: list[str] = []
    for key, node in nodes.items():
        line = lines["graph_lock", "nodes", key]
        if not isinstance(node, dict):
            gathering.notes.unreadable(f"node {shown(key)} is not an object", line)
        elif "path" in node:
            consumers.append(key)
        else:
            package = _package(node.get("ref") or node.get("pref"), line, gathering)
            if package is not None:
                scope = Scope.BUILD if node.get("context") == "build" else Scope.UNKNOWN
                refs[key] = gathering.add(
                    package, line=line, scope=scope, ecosystem=_ecosystem(package)
                )
    roots = []
    for key in consumers:
        for field, scope in (("build_requires", Scope.BUILD), ("requires", Scope.RUNTIME)):
            for ref in _targets(nodes[key].get(field), refs):
                roots.append(ref)
                gathering.change(ref, relation=Relation.DIRECT, scope=scope)
    for key, ref in refs.items():
        gathering.states_edges(ref)
        for field in ("requires", "build_requires"):
            for target in _targets(nodes[key].get(field), refs):
                gathering.edge(ref, target)
        if consumers and gathering[ref].relation is Relation.UNKNOWN:
            gathering.change(ref, relation=Relation.TRANSITIVE)
    return roots


def _targets(field: Any, refs: dict[str, str]) -> list[str]:
    """References of nodes named by a list, or by the older object of reference to node."""
    keys = field.values() if isinstance(field, dict) else field if isinstance(field, list) else ()
    return [refs[key] for key in keys if isinstance(key, str) and refs.get(key)]
