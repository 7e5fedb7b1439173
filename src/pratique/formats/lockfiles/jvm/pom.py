"""Maven's ``pom.xml``: the dependencies it declares and inherits.

Format: Maven POM reference, model version 4.0.0; version requirements as in
*POM reference, Dependency version requirement specification*.  A POM says what
is wanted directly; what that needs in turn is only known after resolution, so
no edges are read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pratique.formats.lockfiles.gathering import Gathering, named, shown
from pratique.formats.lockfiles.jvm.pom_inheritance import Effective, Managed, Poms
from pratique.formats.lockfiles.jvm.pom_model import parse, unresolved
from pratique.model.errors import InputError
from pratique.model.inventory import Reading, Relation, Scope
from pratique.model.purl import Package

if TYPE_CHECKING:
    from pratique.formats.base import Tree
    from pratique.formats.lockfiles.jvm.pom_model import Declared

_PIN = re.compile(r"^\[\s*([^\[\](),\s]+)\s*\]$")
_FLOATING = frozenset({"LATEST", "RELEASE"})

_SCOPES = {
    "compile": Scope.RUNTIME,
    "runtime": Scope.RUNTIME,
    "system": Scope.RUNTIME,
    "provided": Scope.BUILD,
    "test": Scope.TEST,
    # of model version 4.1.0
    "compile-only": Scope.BUILD,
    "test-only": Scope.TEST,
    "test-runtime": Scope.TEST,
    "none": Scope.UNKNOWN,
}


class _Asked(NamedTuple):
    """A dependency after inheritance, management and interpolation."""

    version: str
    requirement: str
    scope: str
    optional: bool


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read a POM, with its parents and BOMs where the tree has them.

    Raises:
        InputError: It is not well-formed XML, or no POM.
    """
    pom = parse(data, path)
    gathering = Gathering(path, type="maven", ecosystem="Maven")
    poms = Poms(tree, gathering.notes)
    poms.keep(pom)
    effective = Effective(pom, poms, gathering.notes)
    roots = [
        ref for declared in effective.dependencies if (ref := _take(declared, effective, gathering))
    ]
    for each in effective.chain:
        for profile in each.idle:
            if profile.dependencies:
                gathering.notes.notice(
                    f"profile {shown(profile.id)} of {each.path} is not active by default: "
                    f"its {profile.dependencies} dependencies are not listed",
                    profile.line if each is pom else 0,
                )
    return gathering.reading("pom.xml", roots=roots, subject=_subject(effective))


def _subject(effective: Effective) -> Package | None:
    if not effective.group or not effective.artifact or "${" in effective.group:
        return None
    version = "" if "${" in effective.version else effective.version
    try:
        return Package.of("maven", effective.artifact, version, namespace=effective.group)
    except InputError:
        return None


def _take(declared: Declared, effective: Effective, gathering: Gathering) -> str:
    key = effective.key(declared)
    name = named(f"{key.group}:{key.artifact}")
    line = declared.line if declared.path == gathering.path else 0
    place = "" if declared.path == gathering.path else f" (of {declared.path})"
    if not key.group or not key.artifact:
        gathering.notes.unreadable(
            f"dependency {shown(name)}{place} lacks its groupId or artifactId", line
        )
        return ""
    if left := unresolved("".join(key)):
        gathering.notes.unknown(
            f"dependency {shown(name)}{place} cannot be named: {_properties(left)}", line
        )
        return ""
    asked = _asked(declared, effective, effective.managed.get(key, Managed("", "")))
    if left := unresolved(asked.requirement):
        gathering.notes.unknown(f"version of {name}{place} is not known: {_properties(left)}", line)
    elif not asked.version and not asked.requirement:
        where = (
            f"; not in the tree: {', '.join(effective.missing[:5])}" if effective.missing else ""
        )
        gathering.notes.unknown(f"{name}{place} has no version and none is managed{where}", line)
    qualifiers = {"type": key.type} if key.type != "jar" else {}
    if key.classifier:
        qualifiers["classifier"] = key.classifier
    package = gathering.package(
        key.artifact, asked.version, namespace=key.group, qualifiers=qualifiers, line=line
    )
    if package is None:
        return ""
    if package in gathering:
        gathering.notes.notice(f"{name}{place} is declared twice", line)
    return gathering.add(
        package,
        line=declared.line,
        path=declared.path,
        relation=Relation.DIRECT,
        scope=_scope(asked),
        groups=_groups(asked),
        requirement=asked.requirement,
    )


def _asked(declared: Declared, effective: Effective, managed: Managed) -> _Asked:
    of = effective.interpolation.of
    written = of(declared.version) or managed.version
    scope = of(declared.scope) or managed.scope or "compile"
    optional = of(declared.optional).lower() == "true"
    if pin := _PIN.match(written):
        return _Asked(pin.group(1), written, scope, optional)
    if written.startswith(("[", "(")) or "${" in written or written in _FLOATING:
        return _Asked("", written, scope, optional)
    return _Asked(written, "", scope, optional)


def _scope(asked: _Asked) -> Scope:
    scope = _SCOPES.get(asked.scope, Scope.UNKNOWN)
    return Scope.OPTIONAL if asked.optional and scope is Scope.RUNTIME else scope


def _groups(asked: _Asked) -> list[str]:
    groups = [] if asked.scope == "compile" else [asked.scope]
    return [*groups, "optional"] if asked.optional else groups


def _properties(names: tuple[str, ...]) -> str:
    listed = ", ".join(shown(name)[1:-1] for name in names[:5])
    return f"not defined in the tree: {listed}"
