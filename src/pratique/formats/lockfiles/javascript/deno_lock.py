"""``deno.lock``, versions 2 to 5: packages of npm and JSR, and modules by address.

Source: the ``deno_lockfile`` crate's documentation of its transformations
between versions.  Version 2 keeps npm's apart, 3 wraps all in ``packages``, 4
flattens and names a need only by what tells it apart.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pratique.formats.base import Notes, Tree
from pratique.formats.lockfiles.gathering import shown
from pratique.formats.lockfiles.javascript.graph import Entry, Missing, Root, assemble
from pratique.formats.lockfiles.javascript.naming import digests, split_descriptor
from pratique.formats.lockfiles.jsonlines import JsonLines
from pratique.formats.shapes import mapping
from pratique.formats.text import decode, parse_json
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.model.inventory import Reading

KNOWN = ("2", "3", "4", "5")
"""Versions that Deno has written up to its version 2.5."""


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read a lockfile of Deno.

    Raises:
        InputError: It is not JSON, or not an object.
        LimitError: It is nested too deeply for the parser.
    """
    del tree
    text = decode(data)
    value = parse_json(text)
    if not isinstance(value, dict):
        raise InputError("is not a JSON object")
    notes = Notes(path)
    lines = JsonLines(text, 3)
    for where, line in lines.repeated:
        notes.unreadable(f"{shown(where[-1])} is stated twice; the last is read", line)
    version = value.get("version")
    if version not in KNOWN:
        notes.unknown(f"lockfile version {shown(version)} is not known", lines["version",] or 1)
    reader = _Deno(value, lines, notes)
    roots = reader.roots()
    remote = value.get("remote")
    if isinstance(remote, dict) and remote:
        notes.unknown(
            f"{len(remote)} modules by address belong to no package and are not looked at",
            lines["remote",],
        )
    shape = f"deno.lock v{version}" if version in KNOWN else "deno.lock"
    return assemble(shape, reader.entries, roots, reader.tell())


def sniff(head: bytes) -> bool:
    """Whether a document is a lockfile of Deno, judged by its first 64 KiB."""
    return re.search(rb'^\s*\{\s*"version"\s*:\s*"\d"', head) is not None and (
        re.search(rb'"(?:specifiers|remote|npm|jsr|packages|workspace)"\s*:\s*\{', head) is not None
    )


class _Deno:
    def __init__(self, value: dict[str, Any], lines: JsonLines, notes: Notes) -> None:
        self._notes = notes
        self._missing = Missing()
        self._workspace = mapping(value.get("workspace"))
        self._at: dict[tuple[str, str], int] = {}
        self._named: dict[tuple[str, str], list[int]] = {}
        self.entries: list[Entry] = []
        npm = mapping(value.get("npm"))
        wrapped = mapping(value.get("packages"))
        outer: tuple[str, ...] = ()
        if "packages" in npm:  # version 2
            wrapped = {"npm": npm["packages"], "specifiers": npm.get("specifiers")}
            outer = ("npm",)
        elif wrapped:  # version 3
            outer = ("packages",)
        else:
            wrapped = value
        self._specifiers = mapping(wrapped.get("specifiers"))
        self._only: dict[str, str] = {}
        for specifier in self._specifiers:
            type, _, rest = specifier.partition(":")
            name = f"{type}:{split_descriptor(rest)[0]}"
            self._only[name] = "" if name in self._only else specifier
        kept: list[tuple[str, dict[str, Any]]] = []
        for type in ("npm", "jsr"):
            for key, item in mapping(wrapped.get(type)).items():
                steps = ("npm", "packages", key) if outer == ("npm",) else (*outer, type, key)
                line = lines[steps]
                if not isinstance(item, dict):
                    notes.unreadable(f"entry {shown(key)} is {shown(item)}, not an object", line)
                    continue
                self._at[type, key] = len(self.entries)
                entry = self._entry(type, key, item, line)
                self._named.setdefault((type, entry.name), []).append(len(self.entries))
                kept.append((type, item))
                self.entries.append(entry)
        for entry, (type, item) in zip(self.entries, kept, strict=True):
            entry.needs = tuple(self._targets(type, item.get("dependencies"), entry))
            optional = (item.get("optionalDependencies"), item.get("optionalPeers"))
            entry.optional = tuple(
                target for needs in optional for target in self._targets(type, needs, None)
            )

    def tell(self) -> Notes:
        """The problems met."""
        self._missing.tell(self._notes)
        return self._notes

    def roots(self) -> list[Root] | None:
        """What the workspace asks for; without one, every specifier that was resolved."""
        asked = list(_asked(self._workspace))
        if not asked:
            asked = [name for name in self._specifiers if isinstance(name, str)]
            if not asked:
                return None
        roots = []
        for specifier in asked:
            type, _, rest = specifier.partition(":")
            if not rest:
                type, rest = "npm", specifier
            target = self._specified(type, rest)
            if target >= 0:
                roots.append(Root(target, "", split_descriptor(rest)[1]))
            elif specifier in self._specifiers or not self._workspace.get("members"):
                # What no specifier stands for is another member of the workspace.
                self._missing.add(specifier, "", 0)
        return roots

    def _entry(self, type: str, key: str, item: dict[str, Any], line: int) -> Entry:
        name, version = split_descriptor(key)
        # Peers follow the version, joined to it by an underscore, which no version has.
        entry = Entry(name=name, version=version.partition("_")[0], line=line, type=type)
        integrity = item.get("integrity")
        # What JSR states is of the list of a package's files, not of an archive.
        if type == "npm" and isinstance(integrity, str) and integrity:
            try:
                entry.hashes = digests(integrity)
            except InputError as error:
                self._notes.unknown(f"{shown(name)}: {error.message}", line)
        if not entry.version:
            self._notes.unknown(f"{shown(name)} has no version", line)
        return entry

    def _targets(self, type: str, needs: Any, entry: Entry | None) -> Iterator[int]:
        """Positions of what an entry needs: keys by name, or a list of them."""
        if isinstance(needs, dict):
            needs = [need for need in needs.values() if isinstance(need, str)]
        for need in needs if isinstance(needs, list) else ():
            if not isinstance(need, str):
                continue
            if (target := self._need(type, need)) >= 0:
                yield target
            elif entry is not None:
                self._missing.add(need, entry.name, entry.line)

    def _need(self, type: str, need: str) -> int:
        prefix, colon, rest = need.partition(":")
        if colon and prefix in {"npm", "jsr"}:
            return self._specified(prefix, rest)
        if "@npm:" in need:  # an alias
            need = need.partition("@npm:")[2]
        if (target := self._at.get((type, need), -1)) >= 0:
            return target
        others = self._named.get((type, split_descriptor(need)[0]), ())
        return others[0] if len(others) == 1 else -1

    def _specified(self, type: str, rest: str) -> int:
        """Position of what a specifier was resolved to."""
        name, range = split_descriptor(rest)
        # A need without a range means the only one that was resolved for its name.
        asked = f"{type}:{rest}" if range else self._only.get(f"{type}:{rest}", "")
        resolved = self._specifiers.get(asked, self._specifiers.get(rest))
        if isinstance(resolved, str):
            key = resolved.removeprefix(f"{type}:")
            for candidate in (f"{name}@{key}", key):
                if (target := self._at.get((type, candidate), -1)) >= 0:
                    return target
        if (target := self._at.get((type, rest), -1)) >= 0:
            return target
        others = self._named.get((type, name), ())
        return others[0] if len(others) == 1 else -1


def _asked(workspace: dict[str, Any]) -> Iterator[str]:
    """Specifiers of a workspace, of its ``package.json`` and of its members."""
    folders = [workspace, *mapping(workspace.get("members")).values()]
    for folder in folders:
        if not isinstance(folder, dict):
            continue
        for part in (folder, mapping(folder.get("packageJson"))):
            needs = part.get("dependencies")
            for need in needs if isinstance(needs, list) else ():
                if isinstance(need, str):
                    yield need
