""".NET project files and the ``Directory.*`` files they share.

Format: NuGet, *PackageReference in project files* and *Central Package
Management*; MSBuild, *Customize the build by folder*.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pratique.formats.lockfiles.dotnet.msbuild import Item, Loader, ProjectFile, expand
from pratique.formats.lockfiles.gathering import Gathering, named, shown
from pratique.model.inventory import Reading, Relation, Scope

if TYPE_CHECKING:
    from pratique.formats.base import Tree

_BUILD, _PACKAGES = "Directory.Build.props", "Directory.Packages.props"
_ABOVE = (_BUILD, _PACKAGES, "Directory.Build.targets")
_PIN = re.compile(r"^\[\s*([^\[\](),\s]+)\s*\]$")


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read a project file, with what it imports and the files above it in the tree.

    Raises:
        InputError: It is not well-formed XML, or no project.
    """
    gathering = Gathering(path, type="nuget", ecosystem="NuGet")
    loader = Loader(tree, gathering)
    files = loader.parse(data, path)
    for name in _ABOVE:
        files += loader.above(path, name)
    properties = _properties(files)
    central = _versions(files, "PackageVersion", "GlobalPackageReference")
    updates = _versions(files, "Update")
    roots = []
    for file in files:
        for item in file.items:
            if item.kind in {"PackageReference", "GlobalPackageReference"}:
                key = item.name.lower()
                written = item.version or updates.get(key, "") or central.get(key, "")
                roots.append(_take(item, written, properties, Relation.DIRECT, gathering))
    return gathering.reading("csproj", roots=filter(None, roots))


def read_props(data: bytes, path: str, tree: Tree) -> Reading:
    """Read central package versions or shared references as a document of their own.

    Versions that are only managed here say what a project gets if it asks.

    Raises:
        InputError: It is not well-formed XML, or no project.
    """
    gathering = Gathering(path, type="nuget", ecosystem="NuGet")
    loader = Loader(tree, gathering)
    files = loader.parse(data, path)
    own = files[0]
    base = path.rpartition("/")[2]
    files += loader.above(path, _PACKAGES if base == _BUILD else _BUILD)
    properties = _properties(files)
    central = _versions(files, "PackageVersion", "GlobalPackageReference")
    for item in own.items:
        if item.kind != "Update":
            relation = Relation.UNKNOWN if item.kind == "PackageVersion" else Relation.DIRECT
            written = item.version or central.get(item.name.lower(), "")
            _take(item, written, properties, relation, gathering)
    return gathering.reading(base or path)


def _properties(files: list[ProjectFile]) -> dict[str, str]:
    """Properties that are set, by name in lower case; the project's own win."""
    properties: dict[str, str] = {}
    for file in reversed(files):
        properties.update(file.properties)
    return properties


def _versions(files: list[ProjectFile], *kinds: str) -> dict[str, str]:
    """Versions that items of these kinds give, by package in lower case."""
    return {
        item.name.lower(): item.version
        for file in reversed(files)
        for item in file.items
        if item.kind in kinds and item.version
    }


def _take(
    item: Item,
    written: str,
    properties: dict[str, str],
    relation: Relation,
    gathering: Gathering,
) -> str:
    here = item.line if item.path == gathering.path else 0
    name, version = expand(item.name, properties), expand(written, properties)
    if "$(" in name:
        gathering.notes.unknown(f"{shown(name)} uses a property that is not set here", here)
        return ""
    exact, requirement = _pinned(version)
    if "$(" in version:
        gathering.notes.unknown(
            f"version {shown(version)} of {named(name)} uses a property that is not set here", here
        )
    elif not version:
        gathering.notes.unknown(f"{named(name)} has no version and none is managed", here)
    package = gathering.package(name, exact, line=here)
    if package is None:
        return ""
    if package in gathering:
        gathering.notes.notice(f"{named(name)} {named(exact)} is listed twice", here)
    return gathering.add(
        package,
        line=item.line,
        path=item.path,
        relation=relation,
        scope=Scope.DEVELOPMENT if item.private else _scope(relation),
        requirement=requirement,
    )


def _scope(relation: Relation) -> Scope:
    return Scope.RUNTIME if relation is Relation.DIRECT else Scope.UNKNOWN


def _pinned(version: str) -> tuple[str, str]:
    """Version and requirement: NuGet restores the lowest version that a bare one allows."""
    if pin := _PIN.match(version):
        return pin.group(1), version
    if version.startswith(("[", "(")) or "*" in version or "$(" in version:
        return "", version
    return version, ""
