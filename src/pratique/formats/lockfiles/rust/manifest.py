"""What a ``Cargo.toml`` asks for, and the manifests of a workspace.

Source: the Cargo book, "Specifying Dependencies" and "Workspaces".
"""

from __future__ import annotations

import posixpath
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.base import Notes
from pratique.formats.lockfiles.gathering import shown
from pratique.formats.lockfiles.needs import Need
from pratique.formats.lockfiles.tomllines import KeyLines
from pratique.formats.lockfiles.typed import kind, strings_of, table_of, text_of
from pratique.formats.text import decode, parse_toml
from pratique.model.errors import InputError
from pratique.model.inventory import Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.formats.base import Tree

MAX_MEMBERS = 2000
"""Manifests of one workspace that are looked at; the largest known has some 400."""

MAX_PARENTS = 16
"""Folders above a member in which its workspace is looked for."""

TABLES = {
    "dependencies": Need(Scope.RUNTIME),
    "build-dependencies": Need(Scope.BUILD, "build-dependencies"),
    "dev-dependencies": Need(Scope.DEVELOPMENT, "dev-dependencies"),
    "build_dependencies": Need(Scope.BUILD, "build-dependencies"),
    "dev_dependencies": Need(Scope.DEVELOPMENT, "dev-dependencies"),
}
"""Tables of dependencies; the forms with an underscore are of old editions."""

OPTIONAL = Need(Scope.OPTIONAL, "optional")


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """One dependency of a crate."""

    name: str
    """Of the crate."""

    alias: str
    """Name the project gives it, or empty where that is the crate's."""

    need: Need
    table: dict[str, Any]
    """Its keys; a bare version is ``{"version": …}``."""

    line: int


class Manifest:
    """A ``Cargo.toml``.

    Args:
        text: Of the file.
        path: Of the file.

    Raises:
        InputError: It is not TOML.
    """

    def __init__(self, text: str, path: str) -> None:
        self.path = path
        self.notes = Notes(path)
        self.table = parse_toml(text)
        self._keys = KeyLines(text)
        package = table_of(self.table, "package", self.notes, 0) or table_of(
            self.table, "project", self.notes, 0
        )
        self.name = text_of(package, "name", self.notes, self._keys.of("package", "name"))
        version = package.get("version")
        inherited = isinstance(version, dict) and version.get("workspace") is True
        self.version = "" if inherited else text_of(package, "version", self.notes, 0)
        self.workspace = table_of(self.table, "workspace", self.notes, 0)
        self.wanted = tuple(self._wanted())

    def _wanted(self) -> Iterator[Wanted]:
        yield from self._tables(self.table, "")
        targets = table_of(self.table, "target", self.notes, 0)
        for target in targets:
            place = f"target.{target}"
            yield from self._tables(table_of(targets, target, self.notes, 0), place)

    def _tables(self, holder: dict[str, Any], place: str) -> Iterator[Wanted]:
        for key, need in TABLES.items():
            section = f"{place}.{key}" if place else key
            yield from self.dependencies(holder, key, section, need)

    def dependencies(
        self, holder: dict[str, Any], key: str, section: str, need: Need
    ) -> Iterator[Wanted]:
        """The dependencies in one table.

        Args:
            holder: Table that has it.
            key: Of it in the holder.
            section: Its full name, to find lines by.
            need: What it is for.
        """
        table = table_of(holder, key, self.notes, self._keys.of(section, ""))
        for name, value in table.items():
            line = self._keys.of(section, name)
            if isinstance(value, str):
                yield Wanted(name=name, alias="", need=need, table={"version": value}, line=line)
            elif isinstance(value, dict):
                crate = text_of(value, "package", self.notes, line) or name
                optional = need.scope is Scope.RUNTIME and value.get("optional") is True
                yield Wanted(
                    name=crate,
                    alias=name if crate != name else "",
                    need=OPTIONAL if optional else need,
                    table=value,
                    line=line,
                )
            else:
                self.notes.unreadable(f"{shown(name)} is {kind(value)}, not a version", line)

    def shared(self) -> dict[str, Wanted]:
        """What a workspace's members may inherit, by the name they use."""
        need = Need(Scope.RUNTIME)
        found = self.dependencies(self.workspace, "dependencies", "workspace.dependencies", need)
        return {one.alias or one.name: one for one in found}


def load(tree: Tree, path: str) -> Manifest | None:
    """A manifest of the tree, or nothing where there is none that can be read."""
    if not tree.is_file(path):
        return None
    try:
        return Manifest(decode(tree.read(path)), path)
    except InputError:
        return None


def members(tree: Tree, lock: str) -> dict[str, Manifest]:
    """Manifests of the workspace of a lockfile, by crate name.

    Args:
        tree: Where they are looked for.
        lock: Path of the ``Cargo.lock``.
    """
    found: dict[str, Manifest] = {}
    pending, seen = [posixpath.dirname(lock)], set[str]()
    while pending and len(seen) < MAX_MEMBERS:
        folder = pending.pop()
        if folder in seen:
            continue
        seen.add(folder)
        manifest = load(tree, posixpath.join(folder, "Cargo.toml"))
        if manifest is None:
            continue
        if manifest.name:
            found.setdefault(manifest.name, manifest)
        shared = manifest.shared().values()
        for one in (*manifest.wanted, *shared):
            place = one.table.get("path")
            if isinstance(place, str):
                pending.append(posixpath.normpath(posixpath.join(folder, place)))
        for pattern in strings_of(manifest.workspace, "members", manifest.notes, 0):
            pending.extend(_folders(tree, folder, pattern))
    return found


def workspace_of(tree: Tree, path: str) -> Manifest | None:
    """The manifest of the workspace that a manifest belongs to, looked for upwards."""
    folder = posixpath.dirname(path)
    for _ in range(MAX_PARENTS):
        manifest = load(tree, posixpath.join(folder, "Cargo.toml"))
        if manifest is not None and manifest.workspace:
            return manifest
        if not folder:
            break
        folder = posixpath.dirname(folder)
    return None


def _folders(tree: Tree, folder: str, pattern: str) -> list[str]:
    """Folders that a member pattern (``crates/*``) names."""
    found = [folder]
    for segment in posixpath.normpath(pattern).split("/"):
        if any(mark in segment for mark in "*?["):
            found = [
                posixpath.join(one, name)
                for one in found
                for name in tree.names(one)[:MAX_MEMBERS]
                if fnmatchcase(name, segment)
            ][:MAX_MEMBERS]
        else:
            found = [posixpath.normpath(posixpath.join(one, segment)) for one in found]
    return found
