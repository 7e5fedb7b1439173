"""``paket.lock`` (Paket 8, *The paket.lock file*)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pratique.formats.lockfiles.gathering import Gathering, shown, without_credentials
from pratique.formats.text import decode
from pratique.model.errors import InputError
from pratique.model.inventory import Relation
from pratique.model.nouns import Source

if TYPE_CHECKING:
    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading

_ENTRY = re.compile(r"( +)([^\s(]+)(?: \(([^)\s]+)\))?(.*)\Z")
_SECTION = re.compile(r"^(?:NUGET|GITHUB|GIT|HTTP)[ \t]*$", re.MULTILINE)
_NEED = re.compile(r"([^\s(]+)(?: \(([^)]*)\))?")


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read the packages of NuGet and the repositories it takes files from.

    Raises:
        InputError: It is not text, or has no section of a lockfile.
    """
    del tree
    gathering = Gathering(path, type="nuget", ecosystem="NuGet")
    section = remote = current = group = ""
    taken: dict[str, str] = {}
    needs: list[tuple[str, str]] = []
    text = decode(data)
    if not _SECTION.search(text):
        raise InputError("is no paket.lock: it has no section NUGET, GITHUB, GIT or HTTP")
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        if not line[0].isspace():
            section = line.strip()
            if section.startswith("GROUP "):
                group = section.removeprefix("GROUP ").strip()
            current = ""
            continue
        stated = line.strip()
        if stated.startswith("remote:"):
            remote, current = stated.removeprefix("remote:").strip(), ""
            continue
        found = _ENTRY.match(line)
        if found is None:
            gathering.notes.unreadable(f"{shown(stated)} is no entry of a package", number)
            continue
        if section == "NUGET" and len(found[1]) >= 6:
            if current and (need := _NEED.match(stated)):
                needs.append((current, need[1].lower()))
            continue
        if section not in {"NUGET", "GITHUB", "GIT"} or not found[3]:
            continue
        if section != "NUGET":
            current = ""
            _repository(section, remote, found, number, gathering)
            continue
        package = gathering.package(found[2], found[3], line=number)
        current = ""
        if package is not None:
            current = gathering.add(
                package,
                line=number,
                registry=without_credentials(remote),
                groups=(group,) if group else (),
            )
            gathering.states_edges(current)
            taken[found[2].lower()] = current
    for ref, name in needs:
        if target := taken.get(name):
            gathering.edge(ref, target)
    needed = {taken.get(name) for _, name in needs}
    for ref in taken.values():
        if ref in needed:
            gathering.change(ref, relation=Relation.UNKNOWN)
    return gathering.reading("paket.lock")


def _repository(
    section: str, remote: str, found: re.Match[str], line: int, gathering: Gathering
) -> None:
    """A file or project of a repository: its commit is the version."""
    owner, _, name = remote.rpartition("/")
    type = "github" if section == "GITHUB" else "generic"
    package = gathering.package(
        name or remote, found[3], line=line, type=type, namespace=owner if type == "github" else ""
    )
    if package is not None:
        url = without_credentials(remote) if "://" in remote else ""
        source = Source(url=url, commit=found[3]) if url else None
        gathering.add(package, line=line, ecosystem="", source=source)
