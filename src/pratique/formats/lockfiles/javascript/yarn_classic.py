"""``yarn.lock`` of Yarn 1: an entry lists the descriptors that lead to it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pratique.formats.lockfiles.gathering import shown, without_credentials
from pratique.formats.lockfiles.javascript.addresses import git_source, is_local
from pratique.formats.lockfiles.javascript.graph import Entry, Missing, Root, assemble
from pratique.formats.lockfiles.javascript.manifests import (
    manifest_beside,
    members,
    subject_of,
)
from pratique.formats.lockfiles.javascript.naming import digests, split_descriptor
from pratique.model.errors import InputError
from pratique.model.nouns import Artifact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.formats.base import Notes, Tree
    from pratique.formats.lockfiles.javascript.yarn_blocks import Block
    from pratique.model.inventory import Reading

_SHA1 = re.compile(r"#([0-9a-f]{40})\Z")


class Classic:
    """Entries of classic: a descriptor leads to the block that lists it."""

    def __init__(self, found: list[Block], path: str, tree: Tree, notes: Notes) -> None:
        self._notes = notes
        self._missing = Missing()
        self._at: dict[str, int] = {}
        self._named: dict[str, list[int]] = {}
        self._own: set[str] = set()
        self.entries: list[Entry] = []
        kept: list[Block] = []
        for block in found:
            if block.descriptors and all(self._is_own(d) for d in block.descriptors):
                self._own.update(block.descriptors)
                continue
            for descriptor in block.descriptors:
                self._at[descriptor] = len(self.entries)
            entry = self._entry(block)
            names = {entry.name, split_descriptor(block.descriptors[0])[0]}
            for name in names:
                self._named.setdefault(name, []).append(len(self.entries))
            self.entries.append(entry)
            kept.append(block)
        for entry, block in zip(self.entries, kept, strict=True):
            sections = block.sections
            entry.needs = tuple(self._targets(sections.get("dependencies", {}), entry))
            entry.optional = tuple(self._targets(sections.get("optionalDependencies", {}), None))
        manifest = manifest_beside(tree, path, notes)
        self._manifest = manifest
        self._manifests = (
            [] if manifest is None else [manifest, *members(tree, path, manifest, notes)]
        )

    def reading(self, format: str) -> Reading:
        """All entries as a reading."""
        roots = list(self._roots()) if self._manifests else None
        self._missing.tell(self._notes)
        return assemble(
            format, self.entries, roots, self._notes, subject=subject_of(self._manifest)
        )

    @staticmethod
    def _is_own(descriptor: str) -> bool:
        return is_local(split_descriptor(descriptor)[1])

    def _entry(self, block: Block) -> Entry:
        notes, fields = self._notes, block.fields
        name, range = split_descriptor(block.descriptors[0])
        alias = ""
        if range.startswith("npm:"):
            real = split_descriptor(range[4:])[0]
            name, alias = real, name if name != real else ""
        entry = Entry(name=name, version=fields.get("version", ""), line=block.line, alias=alias)
        resolved = fields.get("resolved", "")
        entry.source = git_source(resolved) if resolved else None
        if entry.source is not None and not entry.source.commit:
            entry.source = git_source(range) or entry.source
        if resolved and entry.source is None:
            entry.registry = without_credentials(resolved)
        elif range.startswith("file:"):
            entry.registry = range
        entry.hashes = self._digests(fields, entry, resolved)
        if not entry.version and entry.source is None:
            notes.unknown(f"{shown(name)} has no version", block.line)
        return entry

    def _digests(self, fields: dict[str, str], entry: Entry, resolved: str) -> tuple[Artifact, ...]:
        """Of ``integrity``, else the SHA-1 that stands behind an archive's address."""
        if integrity := fields.get("integrity", ""):
            try:
                return digests(integrity)
            except InputError as error:
                self._notes.unknown(f"{shown(entry.name)}: {error.message}", entry.line)
        if entry.source is None and (match := _SHA1.search(resolved)):
            return (Artifact("sha1", match[1]),)
        return ()

    def _targets(self, needs: dict[str, str], entry: Entry | None) -> Iterator[int]:
        for name, range in needs.items():
            if (target := self._find(name, range)) >= 0:
                yield target
            elif entry is not None and f"{name}@{range}" not in self._own:
                self._missing.add(name, entry.name, entry.line)

    def _find(self, name: str, range: str) -> int:
        """Block of a descriptor; of the only version where a resolution overrides the range."""
        target = self._at.get(f"{name}@{range}", -1)
        others = self._named.get(name, [])
        if target < 0 and len(others) == 1:
            return others[0]
        return target

    def _roots(self) -> Iterator[Root]:
        own = {manifest.name for manifest in self._manifests}
        for manifest in self._manifests:
            for group, needs in manifest.asks.items():
                for name, range in needs.items():
                    if name in own or is_local(range):
                        continue
                    if (target := self._find(name, range)) >= 0:
                        yield Root(target, group, range)
                    elif group in {"", "dev"}:
                        self._missing.add(name, manifest.name, 0)
