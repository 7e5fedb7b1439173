"""Stack's ``stack.yaml.lock``.

Format: Stack manual, *Lock files*.  Only extra dependencies are listed; what
comes with the snapshot is not, which is said.  The digest after a Hackage pin
is of the ``.cabal`` file's revision, not of the package, and is not taken; that
of an archive is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pratique.formats.lockfiles.gathering import Gathering, named, shown, without_credentials
from pratique.formats.text import Lines, decode
from pratique.formats.yaml_text import parse_yaml
from pratique.model.errors import InputError
from pratique.model.nouns import Source

if TYPE_CHECKING:
    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading

_PIN = re.compile(r"^(?P<name>[A-Za-z0-9-]+?)-(?P<version>[0-9][0-9.]*)(?:@.*)?$")


def read(data: bytes, path: str, tree: Tree) -> Reading:  # noqa: ARG001 - a ReadFunction
    """Read a Stack lockfile.

    Raises:
        InputError: It is not YAML, or has neither packages nor snapshots.
    """
    text = decode(data)
    document = parse_yaml(text)
    if not isinstance(document, dict) or not {"packages", "snapshots"} & document.keys():
        raise InputError("has neither packages nor snapshots")
    lines = Lines(text)
    gathering = Gathering(path, type="hackage", ecosystem="Hackage")
    packages = document.get("packages")
    if not isinstance(packages, list):
        gathering.notes.unknown("packages is not a list", lines.of("packages:"))
        packages = []
    for item in packages:
        _take(item, lines, gathering)
    _snapshots(document.get("snapshots"), lines, gathering)
    return gathering.reading("stack.yaml.lock")


def _take(item: Any, lines: Lines, gathering: Gathering) -> None:
    completed = item.get("completed") if isinstance(item, dict) else None
    if not isinstance(completed, dict):
        gathering.notes.unreadable(f"package {shown(item)} is not completed")
        return
    pin = completed.get("hackage")
    if isinstance(pin, str):
        line = lines.of(pin)
        match = _PIN.match(pin)
        if match is None:
            gathering.notes.unreadable(f"package {shown(pin)} is not name-version", line)
            return
        name, version = match["name"], match["version"]
    else:
        name, version = str(completed.get("name") or ""), str(completed.get("version") or "")
        line = lines.of(f"name: {name}") if name else 0
        if not name:
            gathering.notes.unreadable(f"package {shown(completed)} has no name", line)
            return
        if not version:
            gathering.notes.unknown(f"package {named(name)} has no version", line)
    package = gathering.package(name, version, line=line)
    if package is None:
        return
    if package in gathering:
        gathering.notes.notice(f"package {named(name)} {named(version)} is locked twice", line)
    url, digest = completed.get("url"), completed.get("sha256")
    gathering.add(
        package,
        line=line,
        registry=without_credentials(url) if isinstance(url, str) else "",
        hashes=gathering.digest("sha256", digest, line) if isinstance(digest, str) else (),
        source=_source(completed),
    )


def _source(completed: dict[Any, Any]) -> Source | None:
    for vcs in ("git", "hg"):
        if url := completed.get(vcs):
            commit = str(completed.get("commit") or "")
            return Source(url=without_credentials(str(url)), commit=commit, vcs=vcs)
    return None


def _snapshots(snapshots: Any, lines: Lines, gathering: Gathering) -> None:
    for item in snapshots if isinstance(snapshots, list) else ():
        original = item.get("original") if isinstance(item, dict) else item
        name = original.get("url") if isinstance(original, dict) else original
        gathering.notes.unknown(
            f"packages of snapshot {shown(name)} are not listed in the lockfile",
            lines.of("snapshots:"),
        )
