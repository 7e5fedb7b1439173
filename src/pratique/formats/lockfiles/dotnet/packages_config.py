"""NuGet's ``packages.config``.

Format: NuGet, *packages.config reference*.  All packages of a project stand in
one flat list, those that others need included.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.formats.lockfiles.elements import StartLines, children, local, root_of
from pratique.formats.lockfiles.gathering import Gathering, named
from pratique.model.inventory import Reading, Scope

if TYPE_CHECKING:
    from lxml.etree import _Element

    from pratique.formats.base import Tree


def read(data: bytes, path: str, tree: Tree) -> Reading:  # noqa: ARG001 - a ReadFunction
    """Read a list of packages.

    Raises:
        InputError: It is not well-formed XML, or no list of packages.
    """
    root = root_of(data, "packages")
    gathering = Gathering(path, type="nuget", ecosystem="NuGet")
    lines = StartLines(data)
    for element in children(root):
        if local(element) == "package":
            _take(element, lines.of(element), gathering)
        else:
            gathering.notes.unreadable(
                f"<{local(element)[:40]}> is not a package", lines.of(element)
            )
    return gathering.reading("packages.config")


def _take(element: _Element, line: int, gathering: Gathering) -> None:
    name, version = element.get("id", "").strip(), element.get("version", "").strip()
    if not name:
        gathering.notes.unreadable("a package has no id", line)
        return
    if not version:
        gathering.notes.unknown(f"package {named(name)} has no version", line)
    package = gathering.package(name, version, line=line)
    if package is None:
        return
    if package in gathering:
        gathering.notes.notice(f"package {named(name)} {named(version)} is listed twice", line)
    development = element.get("developmentDependency", "").strip().lower() == "true"
    framework = element.get("targetFramework", "").strip()
    gathering.add(
        package,
        line=line,
        scope=Scope.DEVELOPMENT if development else Scope.RUNTIME,
        groups=(framework,) if framework else (),
        requirement=element.get("allowedVersions", "").strip(),
    )
