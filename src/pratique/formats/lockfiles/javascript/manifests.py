"""What the project itself asks for, from the ``package.json`` beside a lockfile.

Needed where a lockfile does not say it: yarn's, and npm's of version 1.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.base import Notes, Tree, TreeError
from pratique.formats.lockfiles.javascript.naming import npm_package
from pratique.formats.text import decode, parse_json
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from pratique.model.purl import Package

MAX_MEMBERS = 10_000
"""Most workspace members that are looked up; the largest public ones have about 2,000."""

MAX_LISTED = 100_000
"""Most folders that are listed to find workspace members."""

SECTIONS = {
    "": "dependencies",
    "dev": "devDependencies",
    "optional": "optionalDependencies",
    "peer": "peerDependencies",
}
"""Group to the member of ``package.json`` that states it."""


class Manifest(msgspec.Struct):
    """A ``package.json``, as far as it says what a project asks for."""

    name: str = ""
    version: str = ""
    asks: dict[str, dict[str, str]] = {}
    """Requirements by group (empty, ``dev``, ``optional``, ``peer``) and name."""

    workspaces: tuple[str, ...] = ()
    """Patterns of the folders of its members."""


def manifest_of(value: Any) -> Manifest:
    """The manifest of a parsed ``package.json``; members of a wrong type are left out."""
    if not isinstance(value, dict):
        raise InputError("is not a JSON object")
    asks = {}
    for group, section in SECTIONS.items():
        needs = value.get(section)
        if isinstance(needs, dict):
            asks[group] = {name: range for name, range in needs.items() if isinstance(range, str)}
    workspaces = value.get("workspaces")
    if isinstance(workspaces, dict):
        workspaces = workspaces.get("packages")
    patterns = (
        [part for part in workspaces if isinstance(part, str)]
        if isinstance(workspaces, list)
        else []
    )
    name, version = value.get("name"), value.get("version")
    return Manifest(
        name=name if isinstance(name, str) else "",
        version=version if isinstance(version, str) else "",
        asks=asks,
        workspaces=tuple(patterns),
    )


def manifest_beside(tree: Tree, path: str, notes: Notes, folder: str = "") -> Manifest | None:
    """The ``package.json`` in the lockfile's folder or one below; nothing where there is none."""
    where = _joined(path.rpartition("/")[0], folder)
    name = f"{where}/package.json" if where else "package.json"
    if not tree.is_file(name):
        return None
    try:
        return manifest_of(parse_json(decode(tree.read(name))))
    except TreeError:
        return None
    except InputError as error:
        notes.unknown(f"{name} cannot be read, so that direct dependencies are not known: {error}")
        return None


def members(tree: Tree, path: str, manifest: Manifest, notes: Notes) -> list[Manifest]:
    """Manifests of the members of a workspace."""
    top = path.rpartition("/")[0]
    folders: dict[str, None] = {}
    for pattern in manifest.workspaces:
        if not pattern.startswith("!"):
            folders.update(dict.fromkeys(_folders(tree, top, pattern)))
    read = (manifest_beside(tree, path, notes, folder) for folder in list(folders)[:MAX_MEMBERS])
    return [member for member in read if member is not None]


def _folders(tree: Tree, top: str, pattern: str) -> list[str]:
    """Folders that a workspace pattern names; ``*`` is one name, ``**`` is one or two."""
    steps = [step for step in pattern.split("/") if step not in {"", "."}]
    if "**" in steps:
        at = steps.index("**")
        shorter = [*steps[:at], "*", *steps[at + 1 :]]
        longer = [*steps[:at], "*", "*", *steps[at + 1 :]]
        return [*_match(tree, top, shorter), *_match(tree, top, longer)]
    return _match(tree, top, steps)


def _match(tree: Tree, top: str, steps: list[str]) -> list[str]:
    found = [""]
    for step in steps:
        if not any(mark in step for mark in "*?["):
            found = [_joined(folder, step) for folder in found]
            continue
        found = [
            _joined(folder, name)
            for folder in found
            for name in tree.names(_joined(top, folder))
            if fnmatchcase(name, step) and name != "node_modules" and not name.startswith(".")
        ][:MAX_LISTED]
    return found


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder and name else folder or name


def subject_of(manifest: Manifest | None) -> Package | None:
    """The project that a manifest describes; nothing where it has no usable name."""
    if manifest is None or not manifest.name:
        return None
    try:
        return npm_package(manifest.name, manifest.version)
    except InputError:
        return None
