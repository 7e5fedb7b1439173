"""``bun.lock``: the text lockfile of Bun, versions 0 and 1.

Source: bun.sh documentation, "Lockfile", and the comment on the shape of
``packages`` in the type definition ``BunLockFile``.  Keys of ``packages`` are
paths of names (``a/b``: the ``b`` that ``a`` finds first), resolved like Node's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.base import MAX_DEPTH, Notes, Tree
from pratique.formats.lockfiles.gathering import shown, without_credentials
from pratique.formats.lockfiles.javascript.addresses import git_source, is_local
from pratique.formats.lockfiles.javascript.graph import Entry, Missing, Root, assemble
from pratique.formats.lockfiles.javascript.manifests import SECTIONS, manifest_of, subject_of
from pratique.formats.lockfiles.javascript.naming import digests, split_descriptor
from pratique.formats.lockfiles.jsonlines import JsonLines
from pratique.formats.text import decode, parse_json
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.model.inventory import Reading
    from pratique.model.purl import Package

KNOWN = (0, 1)
"""Text lockfile versions that Bun has written up to its version 1.3."""

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\n]*|/\*.*?(?:\*/|\Z)', re.DOTALL)
_TRAILING = re.compile(r'"(?:[^"\\]|\\.)*"|,(?=\s*[}\]])', re.DOTALL)
_NOT_BREAK = re.compile(r"[^\n]")


def plain_json(text: str) -> str:
    """JSON with comments and trailing commas, made plain; every line keeps its place."""
    if "//" in text or "/*" in text:
        text = _TOKEN.sub(_without_comment, text)
    return _TRAILING.sub(lambda match: match[0] if match[0] != "," else " ", text)


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read a text lockfile of Bun.

    Raises:
        InputError: It is not JSON, or not an object.
        LimitError: It is nested too deeply for the parser.
    """
    del tree
    text = plain_json(decode(data))
    value = parse_json(text)
    if not isinstance(value, dict):
        raise InputError("is not a JSON object")
    notes = Notes(path)
    lines = JsonLines(text, 2)
    for where, line in lines.repeated:
        notes.unreadable(f"{shown(where[-1])} is stated twice; the last is read", line)
    version = value.get("lockfileVersion")
    if version not in KNOWN or isinstance(version, bool):
        stated = (
            f"lockfile version {shown(version)} is not known"
            if version is not None
            else ("states no lockfileVersion")
        )
        notes.unknown(stated, lines["lockfileVersion",] or 1)
    reader = _Bun(value, lines, notes)
    shape = f"bun.lock v{version}" if isinstance(version, int) else "bun.lock"
    return assemble(
        shape, reader.entries, list(reader.roots()), reader.tell(), subject=reader.subject
    )


def sniff(head: bytes) -> bool:
    """Whether a document is a text lockfile of Bun, judged by its first 64 KiB."""
    return re.search(rb'"lockfileVersion"\s*:\s*\d', head) is not None and (
        re.search(rb'^\s*\{(?s:.{0,400}?)"workspaces"\s*:\s*\{\s*""', head) is not None
    )


def _without_comment(match: re.Match[str]) -> str:
    token = match[0]
    return token if token[0] == '"' else _NOT_BREAK.sub(" ", token)


class _Info(msgspec.Struct):
    """What an entry needs."""

    dependencies: dict[str, str] = {}
    optional: dict[str, str] = {}
    peers: dict[str, str] = {}
    optional_peers: list[Any] = []


class _Bun:
    def __init__(self, value: dict[str, Any], lines: JsonLines, notes: Notes) -> None:
        self._notes = notes
        self._missing = Missing()
        self._at: dict[str, int] = {}
        self._own: set[str] = set()
        self._workspaces = _objects(value, "workspaces", lines, notes)
        self.entries: list[Entry] = []
        self.subject: Package | None = None
        kept: list[tuple[str, _Info]] = []
        packages = value.get("packages")
        if packages is not None and not isinstance(packages, dict):
            notes.unreadable(f"packages is {shown(packages)}, not an object", lines["packages",])
            packages = {}
        for key, item in (packages or {}).items():
            line = lines["packages", key]
            if not isinstance(item, list) or not item or not isinstance(item[0], str):
                notes.unreadable(
                    f"entry {shown(key)} is not an array that begins with a name", line
                )
                continue
            name, reference = split_descriptor(item[0])
            if is_local(reference) or reference.startswith("root:"):
                self._own.add(key)
                continue
            self._at[key] = len(self.entries)
            kept.append((key, self._info(key, item, line)))
            self.entries.append(self._entry(key, name, reference, item, line))
        for entry, (key, info) in zip(self.entries, kept, strict=True):
            self._resolve(entry, key, info)

    def tell(self) -> Notes:
        """The problems met."""
        self._missing.tell(self._notes)
        return self._notes

    def roots(self) -> Iterator[Root]:
        """What the project and the members of its workspace ask for."""
        for folder, value in self._workspaces.items():
            manifest = manifest_of(value)
            if not folder:
                self.subject = subject_of(manifest)
            for group in SECTIONS:
                for name, requirement in manifest.asks.get(group, {}).items():
                    target = self._find(name, manifest.name)
                    if target is None:
                        if group in {"", "dev"} and not is_local(requirement):
                            self._missing.add(name, folder and manifest.name, 0)
                    elif target >= 0:
                        yield Root(target, group, requirement)

    def _info(self, key: str, item: list[Any], line: int) -> _Info:
        found = next((part for part in item[1:] if isinstance(part, dict)), None)
        if found is None:
            self._notes.unknown(f"entry {shown(key)} does not say what it needs", line)
            return _Info()
        asks = manifest_of(found).asks
        freely = found.get("optionalPeers")
        return _Info(
            asks.get("", {}),
            asks.get("optional", {}),
            asks.get("peer", {}),
            freely if isinstance(freely, list) else [],
        )

    def _entry(self, key: str, name: str, reference: str, item: list[Any], line: int) -> Entry:
        entry = Entry(name=name, version="", line=line)
        asked = _steps(key)[-1]
        entry.alias = asked if asked != name else ""
        texts = [part for part in item[1:] if isinstance(part, str)]
        entry.source = git_source(reference)
        if entry.source is None:
            if reference.startswith(("http:", "https:", "file:")) or reference.endswith(".tgz"):
                entry.registry = without_credentials(reference)
            else:
                entry.version = reference
                entry.registry = without_credentials(texts[0]) if texts else ""
        if texts and re.match(r"sha\d+-", texts[-1]):
            try:
                entry.hashes = digests(texts[-1])
            except InputError as error:
                self._notes.unknown(f"{shown(name)}: {error.message}", line)
        if entry.registry.startswith("sha"):
            entry.registry = ""
        if not entry.version and entry.source is None and not entry.registry:
            self._notes.unknown(f"{shown(name)} has no version", line)
        return entry

    def _resolve(self, entry: Entry, key: str, info: _Info) -> None:
        needs: list[int] = []
        optional: list[int] = []
        for name in info.dependencies:
            if name in info.optional:
                continue
            target = self._find(name, key)
            if target is None:
                self._missing.add(name, entry.name, entry.line)
            else:
                needs.append(target)
        for name in info.peers:
            target = self._find(name, key)
            if target is not None:
                (optional if name in info.optional_peers else needs).append(target)
        optional += [at for name in info.optional if (at := self._find(name, key)) is not None]
        entry.needs = tuple(at for at in needs if at >= 0)
        entry.optional = tuple(at for at in optional if at >= 0)

    def _find(self, name: str, key: str) -> int | None:
        """Position of the nearest entry of a name from a key up; -1 for the project's own."""
        steps = _steps(key)[:MAX_DEPTH] if key else []
        for length in range(len(steps), -1, -1):
            path = "/".join((*steps[:length], name))
            if (target := self._at.get(path)) is not None:
                return target
            if path in self._own:
                return -1
        return None


def _steps(key: str) -> list[str]:
    """Names of a path; a scope belongs to the name behind it."""
    steps: list[str] = []
    scope = ""
    for part in key.split("/"):
        if scope:
            steps.append(f"{scope}/{part}")
            scope = ""
        elif part.startswith("@"):
            scope = part
        else:
            steps.append(part)
    return [*steps, scope] if scope or not steps else steps


def _objects(
    value: dict[str, Any], member: str, lines: JsonLines, notes: Notes
) -> dict[str, dict[str, Any]]:
    """Members of a member that are objects; the others become problems."""
    found = value.get(member)
    if found is None:
        return {}
    if not isinstance(found, dict):
        notes.unreadable(f"{member} is {shown(found)}, not an object", lines[member,])
        return {}
    for key, item in found.items():
        if not isinstance(item, dict):
            notes.unreadable(
                f"{member} {shown(key)} is {shown(item)}, not an object", lines[member, key]
            )
    return {key: item for key, item in found.items() if isinstance(item, dict)}
