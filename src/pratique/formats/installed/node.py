"""Installed npm packages: the ``package.json`` in each folder of ``node_modules``.

One document is one package, and reading it opens no other file, so that a tree
of any size takes time in proportion to its packages: nothing is listed, and no
name is resolved from here.  What a package depends on is stated in ranges only;
the lockfile, or the one npm leaves in ``node_modules``, says what was resolved.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pratique.formats.base import Notes, Tree
from pratique.formats.lockfiles.gathering import shown, without_credentials
from pratique.formats.lockfiles.javascript.addresses import git_source
from pratique.formats.lockfiles.javascript.naming import digests, licenses, npm_package
from pratique.formats.text import decode, parse_json
from pratique.model.errors import InputError
from pratique.model.inventory import Component, LicenseClaim, Location, Reading

if TYPE_CHECKING:
    from pratique.model.nouns import Artifact

_FOLDER = re.compile(r"(?:^|/)node_modules/((?:@[^/]+/)?[^/@.][^/]*)/package\.json\Z")


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
