"""``pnpm-lock.yaml``, lockfile versions 5 to 9.

Source: pnpm's specification repository, "lockfile" 5, 6.0 and 9.0.  The key of
a package changed with each: ``/name/1.0.0_peers``, ``/name@1.0.0(peers)``,
``name@1.0.0(peers)``; since 9 what a package needs stands apart, in ``snapshots``.
"""

from __future__ import annotations

import re
from typing import Any

from pratique.formats.base import Notes, Tree
from pratique.formats.lockfiles.gathering import shown, without_credentials
from pratique.formats.lockfiles.javascript.addresses import git_source, is_local
from pratique.formats.lockfiles.javascript.graph import Entry, Missing, Root, assemble
from pratique.formats.lockfiles.javascript.naming import digests, split_descriptor
from pratique.formats.text import decode
from pratique.formats.yaml_text import parse_yaml
from pratique.model.errors import InputError
from pratique.model.inventory import Reading, Scope
from pratique.model.nouns import Source

KNOWN = (5, 6, 9)
"""Major lockfile versions that pnpm has written up to its version 10; 7 was experimental."""

_GROUPS = {
    "": "dependencies",
    "dev": "devDependencies",
    "optional": "optionalDependencies",
}
_PACKAGES = re.compile(r"^packages:[^\n]*\n((?:(?:[ #][^\n]*)?\n|[ #][^\n]*\Z)*)", re.MULTILINE)
_KEY = re.compile(
    r"""^[ ]{2}(?:'((?:[^'\n]|'')*)'|"([^"\n]*)"|([^\s'"#-][^\n]*?)):(?=[ ]|$)""", re.MULTILINE
)
_VERSION = re.compile(r"\d+\.\d+\.\d+")


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read a pnpm lockfile.

    Raises:
        InputError: It is not YAML, or no mapping.
        LimitError: It is nested too deeply for the parser.
    """
    del tree
    text = decode(data)
    value = parse_yaml(text)
    if value is None and text.strip():
        value = {}  # nothing but comments
    if not isinstance(value, dict):
        raise InputError("is not a YAML mapping")
    notes = Notes(path)
    stated = value.get("lockfileVersion")
    major = _major(stated, notes)
    reader = _Pnpm(value, major, _lines(text, notes), notes)
    format = (
        f"pnpm-lock.yaml v{stated}" if isinstance(stated, str | int | float) else ("pnpm-lock.yaml")
    )
    roots = reader.roots()
    return assemble(format[:40], reader.entries, roots, reader.tell())


def sniff(head: bytes) -> bool:
    """Whether a document is a pnpm lockfile, judged by its first 64 KiB."""
    return re.search(rb"^lockfileVersion:\s*['\"]?\d", head, re.MULTILINE) is not None


def _major(stated: Any, notes: Notes) -> int:
    """Major lockfile version; a problem where it is not known."""
    text = str(stated).partition(".")[0]
    if stated is None or isinstance(stated, bool) or not text.isdecimal() or len(text) > 3:
        what = (
            "states no lockfileVersion"
            if stated is None
            else (f"lockfileVersion {shown(stated)} is not a number")
        )
        notes.unknown(what, 1)
        return KNOWN[-1]
    major = int(text)
    if major not in KNOWN:
        notes.unknown(f"lockfile version {shown(stated)} is not known", 1)
    return major


def _lines(text: str, notes: Notes) -> dict[str, int]:
    """Line of each key of ``packages``."""
    section = _PACKAGES.search(text)
    if section is None:
        return {}
    lines: dict[str, int] = {}
    line, position = 1, 0
    for match in _KEY.finditer(text, section.start(1), section.end(1)):
        line += text.count("\n", position, match.start())
        position = match.start()
        key = match[3] or match[2] or (match[1] or "").replace("''", "'")
        if key in lines:
            notes.unreadable(f"{shown(key)} is stated twice; the last is read", line)
        lines[key] = line
    return lines


class _Pnpm:
    def __init__(
        self, value: dict[str, Any], major: int, lines: dict[str, int], notes: Notes
    ) -> None:
        self._value = value
        self._major = major
        self._notes = notes
        self._missing = Missing()
        self._at: dict[str, int] = {}
        self._versions: dict[tuple[str, str], int] = {}
        self.entries: list[Entry] = []
        kept: list[tuple[str, dict[str, Any]]] = []
        for key, item in self._mapping(value, "packages").items():
            line = lines.get(key, 0)
            if item is None:
                notes.unknown(f"entry {shown(key)} says nothing", line)
            elif not isinstance(item, dict):
                notes.unreadable(f"entry {shown(key)} is {shown(item)}, not a mapping", line)
                continue
            member: dict[str, Any] = item or {}
            entry = self._entry(key, member, line)
            if entry is None:
                continue
            position = len(self.entries)
            self._at[key] = position
            self._versions.setdefault((entry.name, entry.version), position)
            kept.append((key, member))
            self.entries.append(entry)
        snapshots = self._snapshots()
        for entry, (key, member) in zip(self.entries, kept, strict=True):
            for needs in snapshots.get(key, [member]):
                self._resolve(entry, needs)

    def tell(self) -> Notes:
        """The problems met."""
        self._missing.tell(self._notes)
        return self._notes

    def roots(self) -> list[Root] | None:
        """What the project and the members of its workspace ask for."""
        importers = self._mapping(self._value, "importers")
        if not importers:
            importers = {".": self._value}
        roots: list[Root] = []
        for folder, importer in importers.items():
            if not isinstance(importer, dict):
                self._notes.unreadable(f"importer {shown(folder)} is no mapping")
                continue
            specifiers = importer.get("specifiers")
            specifiers = specifiers if isinstance(specifiers, dict) else {}
            for group, section in _GROUPS.items():
                for name, resolved in self._mapping(importer, section).items():
                    self._ask(roots, group, name, resolved, specifiers)
        return roots

    def _ask(
        self, roots: list[Root], group: str, name: str, resolved: Any, specifiers: dict[str, Any]
    ) -> None:
        requirement = specifiers.get(name)
        if isinstance(resolved, dict):
            requirement, resolved = resolved.get("specifier"), resolved.get("version")
        if not isinstance(resolved, str):
            self._notes.unreadable(f"the project asks for {shown(name)} in {shown(resolved)}")
            return
        if is_local(resolved):
            return
        target = self._find(name, resolved)
        if target >= 0:
            roots.append(Root(target, group, requirement if isinstance(requirement, str) else ""))
        elif group != "optional":
            self._missing.add(name, "", 0)

    def _mapping(self, value: dict[str, Any], member: str) -> dict[str, Any]:
        """A member that is a mapping with text keys; nothing, and a problem, where it is none."""
        found = value.get(member)
        if found is None:
            return {}
        if not isinstance(found, dict):
            self._notes.unreadable(f"{member} is {shown(found)}, not a mapping")
            return {}
        kept = {key: item for key, item in found.items() if isinstance(key, str)}
        for key in found.keys() - kept.keys():
            self._notes.unreadable(f"{member} has the key {shown(key)}, which is no text")
        return kept

    def _snapshots(self) -> dict[str, list[dict[str, Any]]]:
        """What packages need with each set of peers, by the key without them."""
        found: dict[str, list[dict[str, Any]]] = {}
        for key, item in self._mapping(self._value, "snapshots").items():
            if isinstance(item, dict):
                found.setdefault(key.partition("(")[0], []).append(item)
            elif item is not None:
                self._notes.unreadable(f"snapshot {shown(key)} is no mapping")
        return found

    def _entry(self, key: str, member: dict[str, Any], line: int) -> Entry | None:
        name, version, host = dep_path(key, self._major)
        if isinstance(member.get("name"), str):
            name = member["name"]
        if isinstance(member.get("version"), str):
            version = member["version"]
        if not name:
            self._notes.unreadable(f"entry {shown(key)} names no package and version", line)
            return None
        entry = Entry(name=name, version=version, line=line, registry=host)
        resolution = member.get("resolution")
        if isinstance(resolution, dict):
            self._originate(entry, resolution)
        elif resolution is not None:
            self._notes.unreadable(f"entry {shown(key)} has no usable resolution", line)
        if self._major < 9 and ("dev" in member or member.get("optional") is True):
            _flag(entry, member)
        if not entry.version and entry.source is None:
            self._notes.unknown(f"{shown(name)} has no version", line)
        return entry

    def _originate(self, entry: Entry, resolution: dict[str, Any]) -> None:
        """Take digests and origin of a resolution: registry, tarball, git or folder."""
        text = {key: item for key, item in resolution.items() if isinstance(item, str)}
        if integrity := text.get("integrity"):
            try:
                entry.hashes = digests(integrity)
            except InputError as error:
                self._notes.unknown(f"{shown(entry.name)}: {error.message}", entry.line)
        if repo := text.get("repo"):
            source = git_source(f"{repo}#{text.get('commit', '')}")
            commit = text.get("commit", "")
            entry.source = source or Source(without_credentials(repo), commit=commit)
        elif tarball := text.get("tarball"):
            entry.source = git_source(tarball)
            entry.registry = "" if entry.source else without_credentials(tarball)
        elif directory := text.get("directory"):
            entry.registry = f"file:{directory}"

    def _resolve(self, entry: Entry, member: dict[str, Any]) -> None:
        needs, optional = dict.fromkeys(entry.needs), dict.fromkeys(entry.optional)
        for name, reference in self._mapping(member, "dependencies").items():
            if not isinstance(reference, str):
                self._notes.unreadable(
                    f"{shown(entry.name)} needs {shown(name)} in {shown(reference)}", entry.line
                )
            elif is_local(reference):
                continue
            elif (target := self._find(name, reference)) >= 0:
                needs[target] = None
            else:
                self._missing.add(name, entry.name, entry.line)
        for name, reference in self._mapping(member, "optionalDependencies").items():
            if isinstance(reference, str) and (target := self._find(name, reference)) >= 0:
                optional[target] = None
        entry.needs, entry.optional = tuple(needs), tuple(optional)

    def _find(self, name: str, reference: str) -> int:
        """Position of what a reference leads to: a version, or a whole key (an alias)."""
        keys: tuple[str, ...]
        if self._major < 6:
            keys = (f"/{name}/{reference}", reference)
        elif self._major < 9:
            keys = (f"/{name}@{reference}", reference, f"/{reference}")
        else:
            bare = reference.partition("(")[0]
            keys = (f"{name}@{bare}", bare)
        for key in keys:
            if (target := self._at.get(key)) is not None:
                return target
        version = reference.partition("(")[0]
        if self._major < 6:
            version = version.partition("_")[0]
        return self._versions.get((name, version), -1)


def dep_path(key: str, major: int) -> tuple[str, str, str]:
    """Name, version and registry host of a key of ``packages``.

    The name is empty where the key holds none, as that of a git repository;
    the version is empty where the key has an address in its place.
    """
    if major < 6:
        return _dep_path_5(key)
    bare = key.partition("(")[0]
    host = ""
    if bare.startswith("/"):
        bare = bare[1:]
    elif major < 9 and not bare.startswith(("@", "file:")) and "/" in bare:
        host, _, bare = bare.partition("/")
    name, version = split_descriptor(bare)
    if not version or name.startswith("file:"):
        return "", "", ""
    return name, version if _VERSION.match(version) else "", host


def _dep_path_5(key: str) -> tuple[str, str, str]:
    host, slash, bare = key.partition("/")
    steps = bare.split("/")
    if not slash or key.startswith("file:"):
        return "", "", ""
    named = 2 if steps[0].startswith("@") else 1
    if len(steps) <= named:
        return "", "", ""
    version = steps[named].partition("_")[0]
    if not _VERSION.match(version):
        return "", "", ""
    return "/".join(steps[:named]), version, host


def _flag(entry: Entry, member: dict[str, Any]) -> None:
    """Scope and groups of the flags that versions before 9 state."""
    development, optional = member.get("dev") is True, member.get("optional") is True
    groups = [name for name, holds in (("dev", development), ("optional", optional)) if holds]
    entry.groups = tuple(groups)
    entry.scope = (
        Scope.DEVELOPMENT if development else Scope.OPTIONAL if optional else Scope.RUNTIME
    )
