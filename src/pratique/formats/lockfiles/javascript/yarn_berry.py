"""``yarn.lock`` of Yarn 2 and later: an entry binds its descriptors to a locator."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote

from pratique.formats.lockfiles.gathering import shown, without_credentials
from pratique.formats.lockfiles.javascript.addresses import git_source, is_local
from pratique.formats.lockfiles.javascript.graph import Entry, Missing, Root, assemble
from pratique.formats.lockfiles.javascript.manifests import (
    Manifest,
    manifest_beside,
    subject_of,
)
from pratique.formats.lockfiles.javascript.naming import split_descriptor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.formats.base import Notes, Tree
    from pratique.formats.lockfiles.javascript.yarn_blocks import Block
    from pratique.model.inventory import Reading


class Berry:
    """Entries of berry: every descriptor is bound to its locator by ``resolution``."""

    def __init__(self, found: list[Block], path: str, tree: Tree, notes: Notes) -> None:
        self._notes = notes
        self._missing = Missing()
        self._at: dict[str, int] = {}
        self._named: dict[str, list[int]] = {}
        self.entries: list[Entry] = []
        self._own: list[tuple[Block, Manifest | None, str]] = []
        self._own_names: set[str] = set()
        kept: list[Block] = []
        for block in found:
            name, locator = self._locator(block)
            if is_local(locator):
                folder = locator.partition(":")[2].partition("::")[0]
                manifest = None
                if locator.startswith("workspace:"):
                    inside = "" if folder == "." else folder
                    manifest = manifest_beside(tree, path, notes, inside)
                self._own.append((block, manifest, folder))
                self._own_names.add(name)
                continue
            for descriptor in block.descriptors:
                self._at[descriptor] = len(self.entries)
            entry = self._entry(block, name, locator)
            names = {name, split_descriptor(block.descriptors[0])[0]}
            for known in names:
                self._named.setdefault(known, []).append(len(self.entries))
            self.entries.append(entry)
            kept.append(block)
        for entry, block in zip(self.entries, kept, strict=True):
            self._resolve(entry, block)

    def reading(self, format: str) -> Reading:
        """All entries as a reading."""
        staged = any(manifest is not None for _, manifest, _ in self._own)
        roots = list(self._roots()) if self._own else None
        self._missing.tell(self._notes)
        top = next((manifest for _, manifest, folder in self._own if folder == "."), None)
        reading = assemble(format, self.entries, roots, self._notes, subject=subject_of(top))
        if roots is not None and not staged:
            return _without_scopes(reading)
        return reading

    def _locator(self, block: Block) -> tuple[str, str]:
        """Name and reference that ``resolution`` gives, else those of the first descriptor."""
        resolution = block.fields.get("resolution", "")
        if not resolution:
            self._notes.unknown(f"{shown(block.descriptors[0])} has no resolution", block.line)
        return split_descriptor(resolution or block.descriptors[0])

    def _entry(self, block: Block, name: str, locator: str) -> Entry:
        entry = Entry(name=name, version=block.fields.get("version", ""), line=block.line)
        asked = split_descriptor(block.descriptors[0])[0]
        entry.alias = asked if asked != name else ""
        plain, _, bindings = locator.partition("::")
        if plain.startswith("npm:"):
            archive = parse_qs(bindings).get("__archiveUrl", [""])[0]
            entry.registry = without_credentials(archive)
            entry.version = entry.version or plain[4:]
        elif plain.startswith("patch:"):
            inner = split_descriptor(unquote(plain[6:].partition("#")[0]))[1]
            entry.source = None if inner.startswith("npm:") else git_source(inner)
        else:
            entry.source = git_source(plain)
            if entry.source is None:
                entry.registry = without_credentials(plain)
        if not entry.version and entry.source is None:
            self._notes.unknown(f"{shown(name)} has no version", block.line)
        return entry

    def _resolve(self, entry: Entry, block: Block) -> None:
        needs, optional = [], []
        for name, range in block.sections.get("dependencies", {}).items():
            target = self._find(name, range)
            if name in block.optional:
                optional.append(target)
            elif target >= 0:
                needs.append(target)
            elif not is_local(range) and name not in self._own_names:
                self._missing.add(name, entry.name, entry.line)
        for name in block.sections.get("peerDependencies", {}):
            # A peer is whatever the package's dependents have; told only if there is one.
            found = self._named.get(name, [])
            if len(found) == 1:
                (optional if name in block.optional else needs).append(found[0])
        entry.needs = tuple(needs)
        entry.optional = tuple(target for target in optional if target >= 0)

    def _find(self, name: str, range: str) -> int:
        """Block of a descriptor; berry before version 8 leaves ``npm:`` out of ranges."""
        for descriptor in (f"{name}@{range}", f"{name}@npm:{range}"):
            if (target := self._at.get(descriptor, -1)) >= 0:
                return target
        others = self._named.get(name, [])
        return others[0] if len(others) == 1 else -1

    def _roots(self) -> Iterator[Root]:
        """What the workspaces need; their manifests say what is for development."""
        for block, manifest, _ in self._own:
            groups = (
                {}
                if manifest is None
                else {
                    name: group
                    for group in ("peer", "dev", "optional", "")
                    for name in manifest.asks.get(group, {})
                }
            )
            for name, range in block.sections.get("dependencies", {}).items():
                group = groups.get(name, "optional" if name in block.optional else "")
                if name in self._own_names and is_local(range):
                    continue
                if (target := self._find(name, range)) >= 0:
                    yield Root(target, group, range.removeprefix("npm:"))
                elif not is_local(range) and group != "optional":
                    self._missing.add(name, "", block.line)


def _without_scopes(reading: Reading) -> Reading:
    """Without the manifests nothing tells what is for development only."""
    import msgspec

    from pratique.model.inventory import Scope

    return msgspec.structs.replace(
        reading,
        components=tuple(
            msgspec.structs.replace(part, scope=Scope.UNKNOWN, groups=())
            for part in reading.components
        ),
    )
