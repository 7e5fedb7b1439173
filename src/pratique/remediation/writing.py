"""Patches of a strategy, written into the files of a project."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from pratique.formats.base import Notes
from pratique.formats.edit import package_json, package_lock, pipfile, pom, pyproject
from pratique.formats.edit import requirements_txt as requirements
from pratique.formats.edit.base import Change
from pratique.formats.lockfiles.jvm.pom_inheritance import Effective, Poms
from pratique.formats.lockfiles.jvm.pom_model import parse
from pratique.formats.text import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pratique.formats.base import Tree
    from pratique.remediation.models import Patch, Update

_PYTHON = {"pyproject.toml": pyproject, "Pipfile": pipfile}


def write(path: str, tree: Tree, patches: Iterable[Patch]) -> dict[str, bytes]:
    """Files of a project with the requirements that patches ask for.

    Args:
        path: Of the manifest in the tree.
        tree: Where it is, and with it its parents.
        patches: Compatible ones.

    Returns:
        The changed files by path.

    Raises:
        EditError: A change cannot be written by itself.
        InputError: The manifest cannot be read.
    """
    updates = [update for patch in patches for update in patch.updates]
    if not updates:
        return {}
    name = posixpath.basename(path)
    if name.endswith(".xml"):
        return _maven(path, tree, updates)
    data = tree.read(path)
    text, coding = decode(data), "utf-8-sig" if data.startswith(b"\xef\xbb\xbf") else "utf-8"
    changes = [Change(name=one.name, before=one.before, after=one.after) for one in updates]
    module = package_json if name == "package.json" else _PYTHON.get(name, requirements)
    return {path: module.edit(text, changes).encode(coding)}


def write_lock(
    data: bytes,
    patches: Iterable[Patch],
    release: Callable[[str, str], package_lock.Release],
) -> bytes:
    """A ``package-lock.json`` with other versions in place.

    Args:
        data: The lockfile.
        patches: Compatible ones.
        release: Gives what a lockfile records of a name and version.

    Raises:
        EditError: A change cannot be written by itself.
        InputError: The lockfile cannot be read.
    """
    text = decode(data)
    releases: dict[str, package_lock.Release] = {}
    for patch in patches:
        for update in patch.updates:
            new = release(update.name, update.after)
            for where in package_lock.locations(text, update.name, update.before):
                releases[where] = new
    return package_lock.edit(text, releases).encode()


def _maven(path: str, tree: Tree, updates: Sequence[Update]) -> dict[str, bytes]:
    """Each version goes to the POM that writes it, else into management of the first."""
    chain = _chain(path, tree)
    wanted: dict[str, list[pom.Version]] = {one: [] for one in chain}
    for update in updates:
        holder = next((one for one in chain if _writes(chain[one], update.name)), path)
        wanted[holder].append(pom.Version(name=update.name, version=update.after))
    return {one: pom.edit(tree.read(one), versions) for one, versions in wanted.items() if versions}


def _chain(path: str, tree: Tree) -> dict[str, Effective]:
    """A POM and its parents in the tree, by path, each with the values it writes names by."""
    notes = Notes(path)
    poms = Poms(tree, notes)
    start = parse(pom.without_repeats(tree.read(path)), path)
    poms.keep(start)
    found: dict[str, Effective] = {}
    while True:
        effective = Effective(start, poms, notes)
        found[start.path] = effective
        above = start.parent.path if start.parent else ""
        if not above or above in found or not tree.is_file(above):
            return found
        start = parse(pom.without_repeats(tree.read(above)), above)


def _writes(effective: Effective, name: str) -> bool:
    of = effective.interpolation.of
    own = (*effective.pom.dependencies, *effective.pom.managed)
    return any(of(f"{one.group}:{one.artifact}") == name and one.version for one in own)
