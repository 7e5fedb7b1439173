"""Installed npm packages: the ``package.json`` in each folder of ``node_modules``.

One document is one package, and reading it opens no other file.  What it depends
on it states in ranges only; which packages these are, :func:`link` says, which
takes all documents of an inventory at once and looks each name up in a table.  So
nothing is listed or read twice, and a tree of any size takes time in proportion
to its packages and what they depend on.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pratique.formats.base import Notes, Tree
from pratique.formats.lockfiles.gathering import shown, without_credentials
from pratique.formats.lockfiles.javascript.addresses import git_source
from pratique.formats.lockfiles.javascript.naming import digests, licenses, npm_package
from pratique.formats.lockfiles.javascript.npm_folders import MAX_STEPS
from pratique.formats.text import decode, parse_json
from pratique.model.errors import InputError
from pratique.model.inventory import Component, LicenseClaim, Location, Reading

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pratique.model.nouns import Artifact

_SECTIONS = ("dependencies", "optionalDependencies", "peerDependencies")
_FOLDER = re.compile(
    r"(?:^|/)(?:node_modules|share/nodejs)/((?:@[^/]+/)?[^/@.][^/]*)/package\.json\Z"
)
"""Also where Debian's packages put what they bring (Debian JavaScript policy)."""


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read what one folder of ``node_modules`` holds.

    A ``package.json`` further inside of a package (``dist/esm/package.json``)
    only sets how files are loaded, and is no package: its reading is empty.

    Raises:
        InputError: It is not JSON, or not an object.
        LimitError: It is nested too deeply for the parser.
    """
    del tree
    value = parse_json(decode(data))
    if not isinstance(value, dict):
        raise InputError("is not a JSON object")
    folder = _FOLDER.search(path)
    if folder is None:
        return Reading(format="node_modules")
    notes = Notes(path)
    name, version = _text(value, "name", notes), _text(value, "version", notes)
    if not name:
        notes.notice("states no name; the folder's is taken")
        name = folder[1]
    if not version:
        notes.unknown(f"{shown(name)} has no version")
    try:
        package = npm_package(name, version)
    except InputError as error:
        raise InputError(f"is no package: {error.message}") from None
    resolved = _text(value, "_resolved", notes)
    source = git_source(resolved) if resolved else None
    part = Component(
        ref=f"{name}@{version}",
        package=package,
        ecosystem="npm",
        locations=(Location(path, 1),),
        hashes=_hashes(_text(value, "_integrity", notes), notes),
        registry="" if source else without_credentials(resolved),
        source=source,
        licenses=_licenses(value),
        alias=folder[1] if folder[1] != name else "",
    )
    needs = any(value.get(member) for member in ("dependencies", "optionalDependencies"))
    return Reading(
        format="node_modules",
        components=(part,),
        edges={} if needs else {part.ref: ()},
        problems=notes.done(),
    )


def link(documents: Iterable[tuple[str, bytes]], tree: Tree) -> dict[str, tuple[str, ...]]:
    """Who depends on whom among installed packages.

    Names are resolved as Node.js does ("Loading from node_modules folders"): in
    the nearest ``node_modules`` on the way up.  pnpm puts links there, which are
    not followed; so a name that is found nowhere else on the way is the only
    installed package of that name, where there is just one.

    Args:
        documents: Paths and bytes of the ``package.json`` files of an inventory.
        tree: Not asked for anything.

    Returns:
        Paths of documents to the paths of those they depend on; what is not
        installed, or is installed several times out of reach, is left out.
    """
    del tree
    at: dict[str, str] = {}
    named: dict[str, list[str]] = {}
    needs: dict[str, list[str]] = {}
    for path, data in documents:
        folder = _FOLDER.search(path)
        if folder is None:
            continue
        at[path.removesuffix("/package.json")] = path
        named.setdefault(folder[1], []).append(path)
        needs[path] = _needs(data)
    return {
        path: tuple(
            dict.fromkeys(
                target
                for name in names
                if (target := _find(name, path, at, named)) and target != path
            )
        )
        for path, names in needs.items()
    }


def _needs(data: bytes) -> list[str]:
    """Names that a package depends on; none of one that cannot be read, as its reading says."""
    try:
        value = parse_json(decode(data))
    except InputError:
        return []
    if not isinstance(value, dict):
        return []
    sections = (value.get(name) for name in _SECTIONS)
    return [name for needs in sections if isinstance(needs, dict) for name in needs]


def _find(name: str, path: str, at: dict[str, str], named: dict[str, list[str]]) -> str:
    """Document of the package that a name means, seen from another; empty where there is none."""
    folder = path.removesuffix("/package.json")
    for _ in range(MAX_STEPS):
        inside = f"{folder}/node_modules/{name}" if folder else f"node_modules/{name}"
        if inside in at:
            return at[inside]
        if not folder:
            break
        folder = folder.rpartition("/")[0]
    only = named.get(name, [])
    return only[0] if len(only) == 1 else ""


def _text(value: dict[str, Any], member: str, notes: Notes) -> str:
    """A member that is text; empty, and a problem, where it is anything else."""
    found = value.get(member)
    if isinstance(found, str):
        return found.strip()
    if found is not None:
        notes.unreadable(f"{member} is {shown(found)}, not a string")
    return ""


def _licenses(value: dict[str, Any]) -> tuple[LicenseClaim, ...]:
    """Of ``license``, and of ``licenses`` as packages before 2014 have it."""
    origin = "installed metadata"
    return licenses(value.get("license"), origin) or licenses(value.get("licenses"), origin)


def _hashes(integrity: str, notes: Notes) -> tuple[Artifact, ...]:
    """Digest that npm before version 7 wrote into what it installed."""
    try:
        return digests(integrity)
    except InputError as error:
        notes.unknown(error.message)
        return ()
