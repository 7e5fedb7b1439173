"""Manifests as strategies take them, from the texts and trees of projects."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from pratique.formats.base import Notes
from pratique.formats.edit import package_json, pipfile, pom, pyproject, requirements_txt
from pratique.formats.edit.jsontext import Scan
from pratique.formats.lockfiles.jvm.pom_inheritance import Effective, Poms
from pratique.formats.lockfiles.jvm.pom_model import parse
from pratique.formats.text import decode
from pratique.model.errors import UnsupportedError
from pratique.model.inventory import Trouble
from pratique.remediation.graph import ROOT, Edge, Graph, Missing
from pratique.remediation.manifest import Manifest
from pratique.remediation.models import Need, Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.formats.base import Tree
    from pratique.formats.edit.base import Entry

_PYTHON = {"pyproject.toml": pyproject, "Pipfile": pipfile}

_QUOTED_EXTRAS = re.compile(r"[\"'][ \t]{0,9}[\w.\-]{1,200}[ \t]{0,9}\[")
"""The same where the entry is the whole quoted specifier."""

_NO_NEEDS = frozenset({"build-system", "constraint", "override"})
"""Groups of entries that are nothing the project itself needs."""

_EXTRAS = re.compile(r"\w[ \t]{0,9}\[[\w.,\- \t]{1,200}\][ \t(]{0,9}\Z")
"""Extras at the end of what stands before a requirement: ``name[extra]``."""


def read_manifest(path: str, tree: Tree) -> Manifest:
    """What a project needs, from its manifest.

    Args:
        path: Of the manifest in the tree; its base name says what it is.
        tree: Where it is, and with it its parents.

    Raises:
        InputError: It cannot be read, or is no manifest that is known here.
    """
    name = posixpath.basename(path)
    data = tree.read(path)
    if name == "package.json":
        value = Scan(decode(data)).value
        shared = isinstance(value, dict) and value.get("workspaces")
        return Manifest(
            ecosystem="npm",
            needs=tuple(_npm(entry) for entry in package_json.entries(decode(data))),
            doubts=(f"{name}: its workspaces are not taken in",) if shared else (),
        )
    if name.endswith(".xml"):
        notes = Notes(path)
        needs = tuple(_maven(data, path, tree, notes))
        doubts = [
            f"{one.location.path}: {one.message}" for one in notes if one.trouble != Trouble.NOTICE
        ]
        return Manifest(ecosystem="Maven", needs=needs, doubts=tuple(dict.fromkeys(doubts)))
    module = _PYTHON.get(name, requirements_txt if name.endswith((".txt", ".in")) else None)
    if module is None:
        raise UnsupportedError(f"{name} is no manifest whose requirements can be resolved here")
    text = decode(data)
    return Manifest(
        ecosystem="PyPI",
        needs=tuple(
            Need(
                name=entry.name,
                requirement=entry.requirement,
                development=entry.group in {"dev", "test"},
            )
            for entry in module.entries(text)
            if entry.group not in _NO_NEEDS
        ),
        doubts=(
            *(_not_taken(name, text) if module is requirements_txt else ()),
            *(
                f"{name}: what the extras of {entry.name} need is not known"
                for entry in module.entries(text)
                if entry.group not in _NO_NEEDS and _has_extras(text, entry)
            ),
        ),
    )


def _has_extras(text: str, entry: Entry) -> bool:
    before = max(0, entry.start - 250)
    if _EXTRAS.search(text, before, entry.start):
        return True
    return _QUOTED_EXTRAS.match(text, entry.start, entry.end) is not None


def _not_taken(name: str, text: str) -> tuple[str, ...]:
    """Lines of a requirements file that name what is not in it."""
    lines = [line.strip() for line in text.splitlines()]
    return tuple(
        f"{name}: {line[:80]!r} is not taken in"
        for line in lines
        if line.startswith(("-r", "--requirement", "-c", "--constraint", "-e", "--editable"))
        or ("://" in line.partition("#")[0] and not line.startswith("-"))
    )


def _npm(entry: Entry) -> Need:
    return _npm_need(entry.name, entry.requirement, entry.group)


def _npm_need(installed: str, requirement: str, group: str) -> Need:
    name, alias = installed, ""
    if requirement.startswith("npm:"):
        real, at, rest = requirement.removeprefix("npm:").rpartition("@")
        name, requirement, alias = (real, rest, installed) if at and real else (rest, "", installed)
    return Need(
        name=name,
        requirement=requirement,
        alias=alias,
        development=group == "dev",
        optional=group in {"optional", "peer"},
    )


def _maven(data: bytes, path: str, tree: Tree, notes: Notes) -> Iterator[Need]:
    """Dependencies after inheritance and management, then what is managed."""
    tree = _Once(tree)
    start = parse(pom.without_repeats(data), path)
    poms = Poms(tree, notes)
    poms.keep(start)
    effective = Effective(start, poms, notes)
    exclusions = _exclusions(effective, tree)
    of = effective.interpolation.of
    for each in effective.dependencies:
        key = effective.key(each)
        managed = effective.managed.get(key)
        scope = of(each.scope) or (managed.scope if managed else "")
        yield Need(
            name=f"{key.group}:{key.artifact}",
            requirement=of(each.version) or (managed.version if managed else ""),
            development=scope == "test",
            optional=of(each.optional) == "true",
            scope=scope,
            classifier=key.classifier,
            type="" if key.type == "jar" else key.type,
            exclusions=exclusions.get((key.group, key.artifact, key.classifier), frozenset()),
        )
    for key, managed in effective.managed.items():
        yield Need(
            name=f"{key.group}:{key.artifact}",
            requirement=managed.version,
            classifier=key.classifier,
            type="" if key.type == "jar" else key.type,
            managed=True,
        )


class _Once:
    """A tree whose POMs state each coordinate once."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.is_file = tree.is_file
        self.names = tree.names

    def read(self, path: str) -> bytes:
        """As the tree, for POMs."""
        return pom.without_repeats(self._tree.read(path))


def _exclusions(effective: Effective, tree: Tree) -> dict[tuple[str, str, str], frozenset[str]]:
    """What dependencies exclude: where none is said by them, what management says."""
    of = effective.interpolation.of
    found: dict[tuple[str, str, str], frozenset[str]] = {}
    written = [one for each in effective.chain for one in pom.dependencies(tree.read(each.path))]
    for managed in (False, True):
        for one in written:
            group, _, artifact = of(one.name).partition(":")
            if one.managed is managed and one.exclusions:
                found.setdefault((group, artifact, of(one.classifier)), one.exclusions)
    return found


def read_package_lock(data: bytes) -> Graph:
    """The graph that a ``package-lock.json`` (versions 2 and 3) records.

    Raises:
        InputError: It is no JSON, or has no ``packages``.
    """
    value: Any = Scan(decode(data)).value
    packages = value.get("packages") if isinstance(value, dict) else None
    if not isinstance(packages, dict):
        raise UnsupportedError("has no packages: lockfile version 1 cannot be planned on")
    entries = {where: one for where, one in packages.items() if isinstance(one, dict)}
    entries.setdefault("", {})
    order = ["", *sorted(where for where in entries if where and not entries[where].get("link"))]
    numbers = {where: number for number, where in enumerate(order)}
    graph = Graph([_place(where, entries[where]) for where in order])
    graph.nodes[ROOT] = Place("", "")
    for where in order:
        for need in _lock_needs(entries[where], top=not where):
            target = _above(where, need.alias or need.name, entries)
            if target in numbers:
                graph.edges.append(Edge(numbers[where], numbers[target], need))
            elif not need.optional:
                graph.missing.append(Missing(numbers[where], need))
    return graph


def _place(where: str, entry: dict[str, Any]) -> Place:
    name = entry.get("name") or where.rpartition("node_modules/")[2]
    return Place(str(name), str(entry.get("version", "")))


def _lock_needs(entry: dict[str, Any], *, top: bool) -> Iterator[Need]:
    for section, group in package_json.SECTIONS.items():
        needs = entry.get(section)
        if isinstance(needs, dict) and (top or group != "dev"):
            for name, requirement in needs.items():
                if isinstance(requirement, str):
                    yield _npm_need(name, requirement, group)


def _above(where: str, name: str, entries: dict[str, dict[str, Any]]) -> str:
    """Folder of the nearest package of a name, as Node looks it up; empty where none is."""
    at = where
    while True:
        found = f"{at}/node_modules/{name}" if at else f"node_modules/{name}"
        if found in entries:
            target = entries[found]
            return str(target.get("resolved", found)) if target.get("link") else found
        if not at:
            return ""
        at = at.rpartition("/node_modules/")[0] if "/node_modules/" in at else ""
