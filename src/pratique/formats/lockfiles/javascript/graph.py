"""Entries of a lockfile, drawn together into components, edges, relations and scopes.

The lockfiles of this ecosystem name one package several times: once for each
folder, set of peers or descriptor.  A component is one package from one origin;
its occurrences become its locations, and its edges are those of all of them.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import msgspec

from pratique.formats.base import MAX_ITEMS, Notes
from pratique.formats.lockfiles.gathering import shown
from pratique.formats.lockfiles.javascript.naming import npm_package
from pratique.model.errors import InputError
from pratique.model.inventory import (
    Component,
    LicenseClaim,
    Location,
    Reading,
    Relation,
    Scope,
)
from pratique.model.nouns import Artifact, Source
from pratique.model.purl import Package

if TYPE_CHECKING:
    from collections.abc import Iterable

_SCOPES = {scope: rank for rank, scope in enumerate(Scope)}


class Entry(msgspec.Struct, gc=False):
    """One entry of a lockfile; ``needs`` are positions in the list of entries."""

    name: str
    version: str
    line: int = 0
    registry: str = ""
    hashes: tuple[Artifact, ...] = ()
    source: Source | None = None
    licenses: tuple[LicenseClaim, ...] = ()
    alias: str = ""
    scope: Scope | None = None
    """As the lockfile states it; ``None`` where it follows from who needs the package."""

    groups: tuple[str, ...] = ()
    needs: tuple[int, ...] = ()
    optional: tuple[int, ...] = ()
    """What it can do without."""

    type: str = "npm"


class Root(msgspec.Struct, gc=False):
    """One package that the project itself asks for."""

    target: int
    group: str = ""
    """Empty, ``dev``, ``optional`` or ``peer``."""

    requirement: str = ""


class Missing:
    """Dependencies that a lockfile names but does not hold, one problem a name."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[str, int, int]] = {}

    def add(self, name: str, needed_by: str, line: int) -> None:
        """Note one; who needs it may be empty for the project itself."""
        first, place, count = self._found.get(name, (needed_by, line, 0))
        self._found[name] = (first, place, count + 1)

    def tell(self, notes: Notes) -> None:
        """Make problems of what was noted: which versions are used is not known."""
        for name, (needed_by, line, count) in self._found.items():
            who = shown(needed_by) if needed_by else "the project"
            more = f" and {count - 1} more" if count > 1 else ""
            notes.unknown(
                f"{who}{more} needs {shown(name)}, which the lockfile does not hold", line
            )


def assemble(
    format: str,
    entries: list[Entry],
    roots: list[Root] | None,
    notes: Notes,
    *,
    subject: Package | None = None,
) -> Reading:
    """The reading of a lockfile.

    Args:
        format: Name and version of the format.
        entries: All of it that names a package.
        roots: What the project asks for; ``None`` where that is not known.
        notes: Of the document; problems met here are added.
        subject: The project.
    """
    if len(entries) > MAX_ITEMS:
        notes.unreadable(f"holds more than {MAX_ITEMS:,} packages", entries[MAX_ITEMS].line)
        roots = None if roots is None else [root for root in roots if root.target < MAX_ITEMS]
        entries = entries[:MAX_ITEMS]
    if roots is not None:
        _scope_by_reach(entries, roots)
    firsts, refs, packages = _merge(entries, notes)
    relations, requirements, direct = _relations(roots, refs)
    parts = {
        ref: _component(
            ref, [entries[i] for i in group], packages[ref], notes.path, relations, requirements
        )
        for ref, group in firsts.items()
    }
    return Reading(
        format=format,
        subject=subject,
        components=tuple(parts.values()),
        roots=direct,
        edges={ref: _edges(ref, group, entries, refs) for ref, group in firsts.items()},
        problems=notes.done(),
    )


def _merge(
    entries: list[Entry], notes: Notes
) -> tuple[dict[str, list[int]], list[str], dict[str, Package]]:
    """Entries by the reference of their component, and the reference of each entry."""
    groups: dict[str, list[int]] = {}
    refs: list[str] = []
    packages: dict[str, Package] = {}
    for position, entry in enumerate(entries):
        try:
            package = (
                npm_package(entry.name, entry.version) if entry.type == "npm" else (_other(entry))
            )
        except InputError as error:
            notes.unreadable(f"{shown(entry.name)} is no package: {error.message}", entry.line)
            refs.append("")
            continue
        ref = f"{entry.name}@{entry.version}"
        if ref in groups and (told := _differs(entries[groups[ref][0]], entry)):
            if told == "integrity":
                notes.unknown(f"{shown(ref)} is stated with two different digests", entry.line)
            ref = f"{ref}#{_origin(entry)}"
        groups.setdefault(ref, []).append(position)
        packages.setdefault(ref, package)
        refs.append(ref)
    return groups, refs, packages


def _other(entry: Entry) -> Package:
    return Package.of(entry.type, entry.name, entry.version)


def _differs(one: Entry, other: Entry) -> str:
    """What makes two entries of one name and version different packages, or nothing."""
    if one.source != other.source:
        return "source"
    if one.hashes == other.hashes or not one.hashes or not other.hashes:
        return ""
    known = {artifact.algorithm: artifact.digest for artifact in one.hashes}
    clash = any(known.get(a.algorithm, a.digest) != a.digest for a in other.hashes)
    return "integrity" if clash else ""


def _origin(entry: Entry) -> str:
    if entry.source:
        return entry.source.commit or entry.source.reference or entry.source.url
    return entry.hashes[0].digest[:16] if entry.hashes else "registry"


def _component(
    ref: str,
    group: list[Entry],
    package: Package,
    path: str,
    relations: dict[str, Relation] | None,
    requirements: dict[str, str],
) -> Component:
    first = group[0]
    if len(group) > 1:
        first = _united(group)
    relation = Relation.UNKNOWN
    if relations is not None:
        relation = relations.get(ref, Relation.TRANSITIVE)
    return Component(
        ref=ref,
        package=package,
        ecosystem="npm" if first.type == "npm" else "",
        relation=relation,
        scope=first.scope or Scope.UNKNOWN,
        groups=first.groups,
        requirement=requirements.get(ref, ""),
        locations=(
            (Location(path, first.line),)
            if len(group) == 1
            else tuple(dict.fromkeys(Location(path, entry.line) for entry in group))
        ),
        hashes=first.hashes,
        registry=first.registry,
        source=first.source,
        licenses=first.licenses,
        alias=first.alias,
    )


def _united(group: list[Entry]) -> Entry:
    """What several occurrences say together: the widest scope, and no group if one has none."""
    first = group[0]
    groups: tuple[str, ...] = ()
    if all(entry.groups for entry in group):
        groups = tuple(sorted({name for entry in group for name in entry.groups}))
    return Entry(
        name=first.name,
        version=first.version,
        line=first.line,
        registry=next((e.registry for e in group if e.registry), ""),
        hashes=tuple(dict.fromkeys(chain.from_iterable(e.hashes for e in group))),
        source=first.source,
        licenses=tuple(dict.fromkeys(chain.from_iterable(e.licenses for e in group))),
        alias=next((e.alias for e in group if e.alias), ""),
        scope=min((e.scope or Scope.UNKNOWN for e in group), key=_SCOPES.__getitem__),
        groups=groups,
        type=first.type,
    )


def _edges(ref: str, group: list[int], entries: list[Entry], refs: list[str]) -> tuple[str, ...]:
    targets: dict[str, None] = {}
    for position in group:
        entry = entries[position]
        for target in entry.needs:
            targets[refs[target]] = None
        for target in entry.optional:
            targets[refs[target]] = None
    targets.pop("", None)
    targets.pop(ref, None)
    return tuple(targets)


def _relations(
    roots: list[Root] | None, refs: list[str]
) -> tuple[dict[str, Relation] | None, dict[str, str], tuple[str, ...]]:
    if roots is None:
        return None, {}, ()
    relations: dict[str, Relation] = {}
    requirements: dict[str, str] = {}
    for root in roots:
        if ref := refs[root.target]:
            relations[ref] = Relation.DIRECT
            requirements[ref] = requirements.get(ref) or root.requirement
    return relations, requirements, tuple(relations)


def _scope_by_reach(entries: list[Entry], roots: list[Root]) -> None:
    """Set scope and groups of entries for which the lockfile states none."""
    if all(entry.scope is not None for entry in entries):
        return
    starts: dict[str, list[int]] = {"": [], "optional": [], "peer": [], "dev": []}
    for root in roots:
        starts.setdefault(root.group, []).append(root.target)
    needed = _reach(entries, starts[""], with_optional=False)
    aside = (target for position in needed for target in entries[position].optional)
    optional = _reach(entries, chain(starts["optional"], aside), with_optional=True)
    peer = _reach(entries, starts["peer"], with_optional=True)
    development = _reach(entries, starts["dev"], with_optional=True)
    for position, entry in enumerate(entries):
        if entry.scope is not None:
            continue
        if position in needed:
            entry.scope = Scope.RUNTIME
        elif position in peer:
            entry.scope, entry.groups = Scope.RUNTIME, ("peer",)
        elif position in optional:
            also = ("dev", "optional") if position in development else ("optional",)
            entry.scope, entry.groups = Scope.OPTIONAL, also
        elif position in development:
            entry.scope, entry.groups = Scope.DEVELOPMENT, ("dev",)


def _reach(entries: list[Entry], starts: Iterable[int], *, with_optional: bool) -> set[int]:
    """Positions reached along what is needed, without recursion."""
    found = set(starts)
    stack = list(found)
    while stack:
        entry = entries[stack.pop()]
        further = (*entry.needs, *entry.optional) if with_optional else entry.needs
        for target in further:
            if target not in found:
                found.add(target)
                stack.append(target)
    return found
