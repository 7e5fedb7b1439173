"""``pdm.lock``, lock_version 2 to 4.

A package that is asked for with extras has an entry of its own for each set of
extras; they are one component.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.lockfiles.gathering import shown, without_credentials
from pratique.formats.lockfiles.needs import scope_of_group, widest
from pratique.formats.lockfiles.origins import SYSTEMS, source_of
from pratique.formats.lockfiles.python.files import file_hashes, hashes_of
from pratique.formats.lockfiles.python.locked import Entry, Listed, Opened, entries, opened
from pratique.formats.lockfiles.python.requirement import normal, parse
from pratique.formats.lockfiles.typed import strings_of, table_of, text_of
from pratique.model.errors import InputError
from pratique.model.inventory import Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading
    from pratique.model.nouns import Artifact

MAJOR_VERSIONS = ("", "2", "3", "4")
"""First parts of ``lock_version`` that are known; an empty file has none."""

_DEVELOPING = frozenset(
    {"dev", "develop", "development", "doc", "docs", "lint", "linting", "typing", "test", "tests",
     "testing", "tox", "nox", "ci", "build"},
)  # fmt: skip
"""Group names that by custom are for those who work on the project, not its users."""


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read a ``pdm.lock``.

    Raises:
        InputError: It is not text, or not TOML.
    """
    found = opened(data, path, "lock_version")
    version = found.version
    if version.partition(".")[0] not in MAJOR_VERSIONS:
        found.gathering.notes.unknown(
            f"lock_version {shown(version)} of pdm.lock is not known; read as version 4"
        )
    lock = _Lock(found, tree)
    return lock.finish(f"pdm.lock {version}".rstrip(), scopes=lock.scopeless)


class _Lock(Listed):
    """One lockfile while it is read."""

    def __init__(self, found: Opened, tree: Tree) -> None:
        super().__init__(found.gathering, tree)
        self.lifted = found.lifted
        self.files = table_of(found.metadata, "files", self.notes, 0)
        wanted = self.project.wanted if self.project else ()
        self.needs = {one.need.group: one.need.scope for one in wanted}
        seen: set[tuple[str, str, tuple[str, ...]]] = set()
        for entry in entries(found.document, "package", found.lifted.text, found.gathering):
            extras = tuple(sorted(strings_of(entry.table, "extras", self.notes, entry.line)))
            if (entry.name, entry.version, extras) in seen:
                self.notes.notice(f"{entry.name} {entry.version} is listed twice", entry.line)
            seen.add((entry.name, entry.version, extras))
            self._take(entry)
        for entry in self.entries:
            self.link(entry, self._needed(entry), strict=True)

    def _take(self, entry: Entry) -> None:
        table, line = entry.table, entry.line
        fields: dict[str, Any] = {}
        vcs = next((one for one in SYSTEMS if isinstance(table.get(one), str)), "")
        if vcs:
            fields["source"] = source_of(
                table[vcs],
                commit=text_of(table, "revision", self.notes, line),
                reference=text_of(table, "ref", self.notes, line),
                vcs=vcs,
            )
        else:
            address = text_of(table, "url", self.notes, line)
            fields["registry"] = without_credentials(address) or text_of(
                table, "path", self.notes, line
            )
        groups = tuple(strings_of(table, "groups", self.notes, line))
        if not groups:
            self.scopeless = True
        self.take(
            entry,
            hashes=self._hashes(entry),
            groups=groups,
            scope=widest(self._scope(group) for group in groups),
            **fields,
        )

    def _scope(self, group: str) -> Scope:
        """Scope of a group: the manifest knows, else its name tells."""
        if group == "default":
            return Scope.RUNTIME
        if group in self.needs:
            return self.needs[group]
        return scope_of_group(group) if group.lower() in _DEVELOPING else Scope.OPTIONAL

    def _hashes(self, entry: Entry) -> tuple[Artifact, ...]:
        if "files" in entry.table:
            return hashes_of(entry.table, ("files",), self.lifted, self.gathering, entry.line)
        # Before 4.0.1 they stand at the end, by name and version as written.
        key = f"{text_of(entry.table, 'name', self.notes, entry.line)} {entry.version}"
        return tuple(
            dict.fromkeys(
                file_hashes(self.files.get(key, []), "files", self.gathering, entry.line),
            )
        )

    def _needed(self, entry: Entry) -> Iterator[str]:
        for text in strings_of(entry.table, "dependencies", self.notes, entry.line):
            try:
                wanted = parse(text)
            except InputError as error:
                self.notes.unreadable(error.message, entry.line)
                continue
            # A marker may keep a package out of the environments that are locked.
            if not wanted.marker or normal(wanted.name) in self.named:
                yield normal(wanted.name)
