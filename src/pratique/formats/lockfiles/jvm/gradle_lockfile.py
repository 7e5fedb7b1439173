"""Gradle lock state: ``gradle.lockfile`` and ``buildscript-gradle.lockfile``.

Format: Gradle user manual, *Locking versions*: one
``group:name:version=configuration,…`` a line, and ``empty=`` for the
configurations without dependencies.  The older layout has one file a
configuration under ``gradle/dependency-locks`` and no ``=``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.formats.lockfiles.gathering import Gathering, named, shown
from pratique.formats.text import decode
from pratique.model.inventory import Reading, Scope

if TYPE_CHECKING:
    from pratique.formats.base import Tree

_ORDER = tuple(Scope)


def read(data: bytes, path: str, tree: Tree) -> Reading:  # noqa: ARG001 - a ReadFunction
    """Read a Gradle lock state.

    The format does not say what was asked for directly, nor who depends on whom.

    Raises:
        InputError: The bytes are not text.
    """
    text = decode(data)
    old = "/dependency-locks/" in f"/{path}"
    alone = path.rpartition("/")[2].removesuffix(".lockfile") if old else ""
    gathering = Gathering(path, type="maven", ecosystem="Maven")
    for number, line in enumerate(text.split("\n"), 1):
        entry = line.strip()
        if entry and not entry.startswith("#"):
            _take(entry, number, alone, gathering)
    return gathering.reading("gradle.lockfile")


def _take(entry: str, line: int, alone: str, gathering: Gathering) -> None:
    coordinates, equals, configurations = entry.partition("=")
    if coordinates == "empty" and equals:
        return
    parts = [part.strip() for part in coordinates.split(":")]
    if len(parts) != 3 or not all(parts) or not (equals or alone):
        gathering.notes.unreadable(f"{shown(entry)} is not group:name:version=configurations", line)
        return
    group, name, version = parts
    groups = [each.strip() for each in configurations.split(",") if each.strip()]
    if not groups and alone:
        groups = [alone]
    package = gathering.package(name, version, namespace=group, line=line)
    if package is None:
        return
    twice = package in gathering
    gathering.add(package, line=line, groups=groups, scope=_scope(groups))
    if twice:
        gathering.notes.notice(f"{named(coordinates)} is locked twice", line)


def _scope(configurations: list[str]) -> Scope:
    """Widest scope of the configurations that hold a module."""
    return min(
        (_scope_of(each) for each in configurations), key=_ORDER.index, default=Scope.UNKNOWN
    )


def _scope_of(configuration: str) -> Scope:
    """Scope of one configuration, by the names that Gradle's own plugins give theirs."""
    name = configuration.lower()
    if "test" in name:
        return Scope.TEST
    if name.startswith("development"):
        return Scope.DEVELOPMENT
    if name.endswith(("runtimeclasspath", "runtime", "runtimeonly")) or name in {
        "default",
        "implementation",
        "api",
        "compile",
    }:
        return Scope.RUNTIME
    if name == "classpath" or name.endswith(
        ("compileclasspath", "compileonly", "annotationprocessor", "processor")
    ):
        return Scope.BUILD
    return Scope.UNKNOWN
