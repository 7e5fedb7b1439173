"""Lockfile version 1 of npm: nested ``dependencies``, turned into a list of folders.

Source: npm CLI documentation 6, "package-lock.json".  An entry's ``requires``
are names, resolved from the folder that the nesting stands for.  The file does
not say what the project itself asks for; its ``package.json`` does.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from pratique.formats.base import MAX_DEPTH, MAX_ITEMS, Notes, Tree
from pratique.formats.lockfiles.gathering import shown
from pratique.formats.lockfiles.javascript.addresses import git_source
from pratique.formats.lockfiles.javascript.manifests import manifest_beside
from pratique.formats.lockfiles.javascript.npm_folders import Folder, mended, value_of
from pratique.formats.lockfiles.jsonlines import JsonLines
from pratique.model.errors import LimitError

_ALIAS = re.compile(r"npm:((?:@[^/@]+/)?[^@]+)@(.+)\Z")


def unnested(
    raw: msgspec.Raw, text: str, path: str, tree: Tree, notes: Notes
) -> tuple[dict[str, Folder], dict[str, int]]:
    """Folders by path and the line of each, the project's own first where it can be read.

    Raises:
        LimitError: The nesting is deeper than the parser follows.
    """
    try:
        top = value_of(raw)
    except RecursionError:
        raise LimitError("is nested too deeply") from None
    places = JsonLines(text, 2 * MAX_DEPTH)
    for where, line in places.repeated:
        notes.unreadable(f"{shown(where[-1])} is stated twice; the last is read", line)
    if not isinstance(top, dict):
        notes.unreadable(f"dependencies is {shown(top)}, not an object", places["dependencies",])
        return {}, {}
    folders: dict[str, Folder] = {}
    lines: dict[str, int] = {}
    manifest = manifest_beside(tree, path, notes)
    if manifest is not None:
        folders[""] = Folder(
            name=manifest.name,
            version=manifest.version,
            dependencies=manifest.asks.get("", {}),
            optional_dependencies=manifest.asks.get("optional", {}),
            dev_dependencies=manifest.asks.get("dev", {}),
        )
    stack: list[tuple[str, tuple[str | int, ...], Any]] = [("", (), top)]
    while stack:
        above, steps, members = stack.pop()
        for name, value in members.items():
            here = (*steps, "dependencies", name)
            line = places[here]
            folder = f"{above}node_modules/{name}"
            if len(folders) > MAX_ITEMS:
                notes.unreadable(f"holds more than {MAX_ITEMS:,} packages", line)
                return folders, lines
            entry = _entry(name, value, line, notes)
            if entry is None:
                continue
            folders[folder] = entry
            lines[folder] = line
            nested = value.get("dependencies")
            if nested is None:
                continue
            if not isinstance(nested, dict):
                notes.unreadable(f"entry {shown(name)} has dependencies of no object", line)
            elif len(here) + 2 > 2 * MAX_DEPTH:
                notes.unreadable(f"entry {shown(name)} is nested over {MAX_DEPTH} deep", line)
            else:
                stack.append((f"{folder}/", here, nested))
    return folders, lines


def _entry(name: str, value: Any, line: int, notes: Notes) -> Folder | None:
    """One entry in the terms of version 3."""
    if not isinstance(value, dict):
        notes.unreadable(f"entry {shown(name)} is {shown(value)}, not an object", line)
        return None
    requires = value.get("requires")
    known = {
        key: value[key] for key in ("resolved", "integrity", "dev", "optional") if key in value
    }
    known["inBundle"] = value.get("bundled") is True
    if isinstance(requires, dict):
        known["dependencies"] = requires
    known["version"] = value.get("version")
    entry = mended(name, msgspec.json.encode(known), line, notes)
    if entry is None:
        return None
    version = entry.version
    if match := _ALIAS.match(version):
        entry.name, entry.version = match[1], match[2]
    elif git_source(version):
        entry.resolved, entry.version = version, ""
    elif version.startswith("file:"):
        entry.resolved, entry.version = version, ""
        entry.link = not version.endswith((".tgz", ".tar.gz"))
    elif version.startswith(("http:", "https:")):
        entry.resolved, entry.version = version, ""
    return entry
