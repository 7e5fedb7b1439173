"""NuGet's ``packages.lock.json``.

Format: NuGet, *Enable repeatable package restores using a lock file*; version 1,
version 2 where versions are managed centrally, and version 3 where a project
builds twice for one framework, under aliases.  One object a target framework
(``net8.0``, ``net8.0/linux-x64``) or alias, one entry a package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.lockfiles.gathering import Gathering, artifact_of_base64, named, shown
from pratique.formats.lockfiles.jsonlines import JsonLines
from pratique.formats.text import decode, parse_json
from pratique.model.errors import InputError
from pratique.model.inventory import Reading, Relation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.formats.base import Tree
    from pratique.model.nouns import Artifact

_VERSIONS = (1, 2, 3)
_ALIASED = 3
"""Version from which targets stand at the top, each with a framework of its own."""

_RELATIONS = {
    "direct": Relation.DIRECT,
    "transitive": Relation.TRANSITIVE,
    "centraltransitive": Relation.TRANSITIVE,
}
_PROJECT = "project"


def read(data: bytes, path: str, tree: Tree) -> Reading:  # noqa: ARG001 - a ReadFunction
    """Read a NuGet lockfile.

    References to other projects (type ``Project``) are no packages: what they
    depend on takes their place.

    Raises:
        InputError: It is not JSON, or not an object with dependencies.
    """
    text = decode(data)
    document = parse_json(text)
    version = document.get("version") if isinstance(document, dict) else None
    targets = _targets(document, version)
    if targets is None:
        raise InputError("has no object of dependencies")
    lines = JsonLines(text, 3)
    gathering = Gathering(path, type="nuget", ecosystem="NuGet")
    if isinstance(version, bool) or version not in _VERSIONS:
        gathering.notes.unknown(
            f"version {shown(version)} of packages.lock.json is not known", lines[("version",)]
        )
    gathering.repeated(lines)
    roots: list[str] = []
    for at, entries in targets.items():
        if isinstance(entries, dict):
            framework = _Framework(at, entries, gathering, lines)
            framework.take()
            roots.extend(framework.connect())
        else:
            gathering.notes.unreadable(f"dependencies of {shown(at)} are not an object", lines[at])
    return gathering.reading(f"packages.lock.json v{str(version)[:20]}", roots=roots)


def _targets(document: Any, version: Any) -> dict[tuple[str, str], Any] | None:
    """Entries of each target, by the path to them; nothing where there are no targets."""
    if not isinstance(document, dict):
        return None
    if isinstance(version, int) and version >= _ALIASED:
        aliased = {
            (name, "dependencies"): target.get("dependencies") or {}
            for name, target in document.items()
            if isinstance(target, dict) and "framework" in target
        }
        if aliased or "dependencies" not in document:
            return aliased
    targets = document.get("dependencies")
    if not isinstance(targets, dict):
        return None
    return {("dependencies", name): entries for name, entries in targets.items()}


class _Framework:
    """The entries of one target framework."""

    def __init__(
        self,
        at: tuple[str, str],
        entries: dict[str, Any],
        gathering: Gathering,
        lines: JsonLines,
    ) -> None:
        self._at = at
        self._name = at[1] if at[0] == "dependencies" else at[0]
        self._entries = entries
        self._gathering = gathering
        self._lines = lines
        self._refs: dict[str, str] = {}
        self._projects: dict[str, dict[str, Any]] = {}
        self._needs: dict[str, tuple[dict[str, Any], int]] = {}
        self._roots: list[str] = []

    def take(self) -> None:
        """Take every entry as a component."""
        for name, entry in self._entries.items():
            line = self._lines[(*self._at, name)]
            if not isinstance(entry, dict):
                self._gathering.notes.unreadable(f"entry of {shown(name)} is not an object", line)
                continue
            kind = str(entry.get("type")).lower()
            if kind == _PROJECT:
                self._projects[name.lower()] = _needs(entry)
            else:
                self._take(name, entry, kind, line)

    def _take(self, name: str, entry: dict[str, Any], kind: str, line: int) -> None:
        notes = self._gathering.notes
        if kind not in _RELATIONS:
            notes.unknown(f"type {shown(entry.get('type'))} of {named(name)} is not known", line)
        version = entry.get("resolved")
        if not isinstance(version, str) or not version.strip():
            notes.unknown(f"package {named(name)} has no resolved version", line)
            version = ""
        package = self._gathering.package(name, version, line=line)
        if package is None:
            return
        requested = entry.get("requested")
        ref = self._gathering.add(
            package,
            line=line,
            relation=_RELATIONS.get(kind, Relation.UNKNOWN),
            groups=(self._name,),
            requirement=requested if isinstance(requested, str) else "",
            hashes=self._hashes(entry.get("contentHash"), line),
        )
        if ref:
            self._refs[name.lower()] = ref
            self._needs[ref] = (_needs(entry), line)
            if kind == "direct":
                self._roots.append(ref)

    def _hashes(self, digest: Any, line: int) -> tuple[Artifact, ...]:
        if not isinstance(digest, str) or not digest:
            return ()
        try:
            return (artifact_of_base64("sha512", digest),)
        except InputError as error:
            self._gathering.notes.unknown(error.message, line)
            return ()

    def connect(self) -> list[str]:
        """Connect the entries; returns what the project depends on itself or by projects."""
        for ref, (needs, line) in self._needs.items():
            self._gathering.states_edges(ref)
            for target in self._targets(needs, line):
                self._gathering.edge(ref, target)
        for project in self._projects.values():
            self._roots.extend(self._targets(project, 0))
        return self._roots

    def _targets(self, needs: dict[str, Any], line: int) -> Iterator[str]:
        waiting, seen = [needs], set[str]()
        while waiting:
            for name in waiting.pop():
                key = name.lower()
                if key in self._refs:
                    yield self._refs[key]
                elif key in self._projects:
                    if key not in seen:
                        seen.add(key)
                        waiting.append(self._projects[key])
                elif line:
                    self._gathering.notes.notice(
                        f"{shown(name)} is needed but not locked for {named(self._name)}", line
                    )


def _needs(entry: dict[str, Any]) -> dict[str, Any]:
    needs = entry.get("dependencies")
    return needs if isinstance(needs, dict) else {}
