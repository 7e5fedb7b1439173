"""Folders of an npm project, as lockfile versions 2 and 3 list them, and Node's way to find one.

Version 1 is turned into the same list, so that this is done once for all.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.base import MAX_DEPTH, Notes
from pratique.formats.lockfiles.gathering import shown, without_credentials
from pratique.formats.lockfiles.javascript.addresses import git_source
from pratique.formats.lockfiles.javascript.graph import Entry, Missing, Root
from pratique.formats.lockfiles.javascript.naming import digests, licenses
from pratique.model.errors import InputError
from pratique.model.inventory import Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.model.nouns import Artifact

MAX_STEPS = 4 * MAX_DEPTH
"""Longest path, in folders, that is walked up: paths of file systems end at about 4,096
bytes, and a longer one would take time that grows with its square."""

NODE_MODULES = "node_modules/"
"""The folder in which Node looks for packages."""

_PLAIN = re.compile(r"https://[^/?#@]+/[^?#]*\.tgz\Z").match
"""Addresses of archives that hold no credentials; nearly all are such."""


class Folder(msgspec.Struct, gc=False):
    """One entry of ``packages``; the key is its folder, relative to the project."""

    version: str = ""
    name: str = ""
    """Only where it differs from the folder's (an alias)."""

    resolved: str = ""
    integrity: str = ""
    license: Any = None
    link: bool = False
    dev: bool = False
    optional: bool = False
    dev_optional: bool = msgspec.field(default=False, name="devOptional")
    peer: bool = False
    in_bundle: bool = msgspec.field(default=False, name="inBundle")
    dependencies: dict[str, str] = {}
    optional_dependencies: dict[str, str] = msgspec.field(
        default_factory=dict, name="optionalDependencies"
    )
    peer_dependencies: dict[str, str] = msgspec.field(default_factory=dict, name="peerDependencies")
    dev_dependencies: dict[str, str] = msgspec.field(default_factory=dict, name="devDependencies")
    """Stated for the project's own folders only."""


_folder = msgspec.json.Decoder(Folder)


def value_of(raw: msgspec.Raw | bytes) -> Any:
    """Value of a part of a document that is known to be JSON.

    msgspec refuses a number that no float holds (``1e999``), which would cost all
    that is around it; the standard library makes it infinite.

    Raises:
        RecursionError: It is nested too deeply for the parser.
    """
    try:
        return msgspec.json.decode(raw)
    except msgspec.ValidationError:
        return json.loads(bytes(raw))


def mended(folder: str, raw: msgspec.Raw | bytes, line: int, notes: Notes) -> Folder | None:
    """An entry with those members that are of their type; the others become problems."""
    try:
        return _folder.decode(raw)
    except (msgspec.ValidationError, RecursionError):
        pass
    try:
        value = value_of(raw)
    except RecursionError:
        notes.unreadable(f"entry {shown(folder)} is nested too deeply", line)
        return None
    if not isinstance(value, dict):
        notes.unreadable(f"entry {shown(folder)} is {shown(value)}, not an object", line)
        return None
    entry = Folder()
    for field in msgspec.structs.fields(Folder):
        if (member := value.get(field.encode_name)) is None:
            continue
        if field.name.endswith("dependencies") and isinstance(member, dict):
            setattr(entry, field.name, {n: r for n, r in member.items() if isinstance(r, str)})
            bad = [name for name, range in member.items() if not isinstance(range, str)]
            for name in bad:
                notes.unreadable(f"entry {shown(folder)} needs {shown(name)} in no version", line)
            continue
        try:
            setattr(entry, field.name, msgspec.convert(member, field.type))
        except msgspec.ValidationError:
            notes.unreadable(
                f"entry {shown(folder)} has {field.encode_name} {shown(member)}, not its type",
                line,
            )
    return entry


class Resolution:
    """Folders as entries, with what each needs found as Node finds it.

    Node.js documentation, "Loading from node_modules folders": the nearest
    ``node_modules`` on the way up from the folder that asks.
    """

    def __init__(self, folders: dict[str, Folder], lines: dict[str, int], notes: Notes) -> None:
        self.entries: list[Entry] = []
        self.roots: list[Root] | None = None
        self._notes = notes
        self._missing = Missing()
        self._own: set[str] = set()
        self._at: dict[str, int] = {}
        self._holders: set[str] = set()
        third: list[tuple[str, Folder]] = []
        for path, folder in folders.items():
            cut = path.rfind(NODE_MODULES)
            if cut < 0:
                continue
            self._holders.add(path[:cut])
            if folder.link:
                self._own.add(path)
                continue
            self._at[path] = len(self.entries)
            third.append((path, folder))
            self.entries.append(self._entry(path[cut + 13 :], folder, lines.get(path, 0)))
        for entry, (path, folder) in zip(self.entries, third, strict=True):
            self._resolve(entry, path, folder)
        projects = [(path, folder) for path, folder in folders.items() if NODE_MODULES not in path]
        if projects:
            self.roots = [root for path, folder in projects for root in self._asked(path, folder)]
        self._missing.tell(notes)

    def _entry(self, name: str, folder: Folder, line: int) -> Entry:
        notes = self._notes
        groups: tuple[str, ...] = ()
        scope = Scope.RUNTIME
        if folder.dev or folder.optional or folder.dev_optional or folder.peer or folder.in_bundle:
            scope, groups = _scope(folder)
        alias = ""
        if folder.name and folder.name != name:
            name, alias = folder.name, name
        registry, source = folder.resolved, None
        if registry and not _PLAIN(registry):
            source = git_source(registry)
            registry = "" if source else without_credentials(registry)
        hashes: tuple[Artifact, ...] = ()
        if folder.integrity:
            try:
                hashes = digests(folder.integrity)
            except InputError as error:
                notes.unknown(f"{shown(name)}: {error.message}", line)
        if not folder.version and source is None:
            notes.unknown(f"{shown(name)} has no version", line)
        return Entry(
            name=name,
            version=folder.version,
            line=line,
            registry=registry,
            hashes=hashes,
            source=source,
            licenses=licenses(folder.license, "lockfile") if folder.license else (),
            alias=alias,
            scope=scope,
            groups=groups,
        )

    def _resolve(self, entry: Entry, path: str, folder: Folder) -> None:
        if not (folder.dependencies or folder.optional_dependencies or folder.peer_dependencies):
            return
        places = self._places(path)
        needs = []
        for name in folder.dependencies:
            if name in folder.optional_dependencies:
                continue
            target = self._find(name, places)
            if target >= 0:
                needs.append(target)
            elif target == _ABSENT and not folder.in_bundle:
                self._missing.add(name, entry.name, entry.line)
        free = (*folder.optional_dependencies, *folder.peer_dependencies)
        entry.needs = tuple(needs)
        entry.optional = tuple(at for name in free if (at := self._find(name, places)) >= 0)

    def _asked(self, path: str, folder: Folder) -> Iterator[Root]:
        """What one of the project's own folders depends on."""
        places = self._places(path)
        asked = {
            "dev": folder.dev_dependencies,
            "optional": folder.optional_dependencies,
            "peer": folder.peer_dependencies,
            "": folder.dependencies,
        }
        for group, needs in asked.items():
            for name, requirement in needs.items():
                if not group and name in folder.optional_dependencies:
                    continue
                target = self._find(name, places)
                if target >= 0:
                    yield Root(target, group, requirement)
                elif target == _ABSENT and group in {"", "dev"}:
                    self._missing.add(name, path, 0)

    def _places(self, path: str) -> list[str]:
        """Folders on the way up that have a ``node_modules``, nearest first."""
        places = []
        folder = f"{path}/" if path.count("/") <= MAX_STEPS and path else ""
        while folder:
            if folder in self._holders:
                places.append(folder)
            folder = folder[: folder.rfind("/", 0, -1) + 1]
        places.append("")
        return places

    def _find(self, name: str, places: list[str]) -> int:
        for place in places:
            path = f"{place}{NODE_MODULES}{name}"
            if (target := self._at.get(path, _ABSENT)) >= 0:
                return target
            if path in self._own:
                return _OWN
        return _ABSENT


_ABSENT = -1
_OWN = -2
"""A link to one of the project's own folders."""


def _scope(folder: Folder) -> tuple[Scope, tuple[str, ...]]:
    """Scope and groups of npm's flags (``devOptional``: by different ways, either)."""
    groups = []
    if folder.in_bundle:
        groups.append("bundled")
    if folder.dev or folder.dev_optional:
        groups.append("dev")
    if folder.optional or folder.dev_optional:
        groups.append("optional")
    if folder.peer:
        groups.append("peer")
    if folder.dev:
        return Scope.DEVELOPMENT, tuple(groups)
    optional = folder.optional or folder.dev_optional
    return (Scope.OPTIONAL if optional else Scope.RUNTIME), tuple(groups)
