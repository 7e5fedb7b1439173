"""``uv.lock``, version 1 in all its revisions.

The file holds the project's own packages beside those it depends on, and for
each its edges; so relation, scope and groups need no other file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.lockfiles.gathering import Gathering, shown, without_credentials
from pratique.formats.lockfiles.needs import MAX_SAME_NAME, Need, assign, scope_of_group
from pratique.formats.lockfiles.origins import source_of
from pratique.formats.lockfiles.python.files import hashes_of
from pratique.formats.lockfiles.python.lifting import Lifted
from pratique.formats.lockfiles.python.requirement import normal
from pratique.formats.lockfiles.tomllines import entry_lines
from pratique.formats.lockfiles.typed import items_of, kind, table_of, tables_of, text_of
from pratique.formats.text import decode, parse_toml
from pratique.model.inventory import Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.formats.base import Notes, Tree
    from pratique.model.inventory import Reading
    from pratique.model.purl import Package

VERSIONS = (1,)
"""Versions of the format that are known; a revision changes nothing that is read here."""

_LOCAL = ("virtual", "editable", "directory")


def read(data: bytes, path: str, tree: Tree) -> Reading:  # noqa: ARG001 - says all itself
    """Read a ``uv.lock``.

    Raises:
        InputError: It is not text, or not TOML.
    """
    lifted = Lifted(decode(data))
    document = parse_toml(lifted.text)
    lock = _Lock(Gathering(path, type="pypi", ecosystem="PyPI"), document, lifted)
    version = document.get("version")
    if document and version not in VERSIONS:
        lock.notes.unknown(f"version {shown(version)} of uv.lock is not known; read as version 1")
    return lock.reading(f"uv.lock v{version}" if version in VERSIONS else "uv.lock")


class _Entry:
    """A ``[[package]]`` with its place and, once taken, its reference."""

    __slots__ = ("line", "name", "ref", "source", "table", "version")

    def __init__(self, table: dict[str, Any], line: int, notes: Notes) -> None:
        self.table, self.line, self.ref = table, line, ""
        self.name = text_of(table, "name", notes, line)
        self.version = text_of(table, "version", notes, line)
        self.source = table_of(table, "source", notes, line)


class _Lock:
    """One lockfile while it is read."""

    def __init__(self, gathering: Gathering, document: dict[str, Any], lifted: Lifted) -> None:
        self.gathering = gathering
        self.notes = gathering.notes
        self.lifted = lifted
        self.manifest = table_of(document, "manifest", self.notes, 0)
        members = items_of(self.manifest, "members", self.notes, 0)
        self.members = {normal(name) for name in members if isinstance(name, str)}
        self.own: list[_Entry] = []
        self.entries: list[_Entry] = []
        self.named: dict[str, list[_Entry]] = {}
        self.seen: set[tuple[str, str, str]] = set()
        for entry in self._entries(document):
            self._take(entry)

    def _entries(self, document: dict[str, Any]) -> Iterator[_Entry]:
        # "distribution" is what the first versions of uv called it.
        key = "distribution" if "distribution" in document else "package"
        tables = items_of(document, key, self.notes, 0)
        lines = entry_lines(self.lifted.text, key, len(tables))
        for table, line in zip(tables, lines, strict=True):
            if isinstance(table, dict):
                yield _Entry(table, line, self.notes)
            else:
                self.notes.unreadable(f"an entry is {kind(table)}, not a table", line)

    def _take(self, entry: _Entry) -> None:
        if not entry.name:
            self.notes.unreadable("a package has no name", entry.line)
            return
        name = normal(entry.name)
        key = (name, entry.version, str(entry.source))
        if key in self.seen:
            self.notes.notice(f"{name} {entry.version} is listed twice", entry.line)
        self.seen.add(key)
        same = self.named.setdefault(name, [])
        if len(same) < MAX_SAME_NAME:
            same.append(entry)
        elif len(same) == MAX_SAME_NAME:
            self.notes.unreadable(
                f"{name} is listed over {MAX_SAME_NAME} times; edges to more are left out"
            )
        if self._is_own(name, entry.source):
            self.own.append(entry)
            return
        if not entry.version and not any(key in entry.source for key in _LOCAL):
            self.notes.unknown(f"{name} has no version", entry.line)
        package = self.gathering.package(name, entry.version, line=entry.line)
        if package is None:
            return
        fields: dict[str, Any] = {}
        source = entry.source
        if isinstance(source.get("git"), str):
            fields["source"] = source_of(source["git"])
        else:
            address = next((value for value in source.values() if isinstance(value, str)), "")
            fields["registry"] = without_credentials(address)
        hashes = hashes_of(
            entry.table, ("sdist", "wheels"), self.lifted, self.gathering, entry.line
        )
        entry.ref = self.gathering.add(package, line=entry.line, hashes=hashes, **fields)
        if entry.ref:
            self.entries.append(entry)

    def _is_own(self, name: str, source: dict[str, Any]) -> bool:
        """Whether an entry is the project itself or a member of its workspace."""
        place = next((source[key] for key in _LOCAL if key in source), None)
        return place is not None and (place == "." or name in self.members)

    def reading(self, format: str) -> Reading:
        edges = {entry.ref: self._targets(entry) for entry in self.entries}
        for ref, targets in edges.items():
            self.gathering.states_edges(ref)
            for target in targets:
                self.gathering.edge(ref, target)
        needs = self._needs()
        if self.own or needs:
            assign(self.gathering, edges, needs, edges)
        self._requirements()
        roots = [ref for starts in needs.values() for ref in starts]
        return self.gathering.reading(format, roots=roots, subject=self._subject())

    def _targets(self, entry: _Entry) -> list[str]:
        """What a package depends on, with the extras that the resolution took."""
        found = self._resolve(entry.table, "dependencies", entry.line)
        extras = table_of(entry.table, "optional-dependencies", self.notes, entry.line)
        for extra in extras:
            found += self._resolve(extras, extra, entry.line)
        return [ref for ref in found if ref != entry.ref]

    def _resolve(self, table: dict[str, Any], key: str, line: int) -> list[str]:
        """References of the dependencies in an array; those on own packages give none."""
        refs: list[str] = []
        for wanted in tables_of(table, key, self.notes, line):
            name = normal(text_of(wanted, "name", self.notes, line))
            found = self.named.get(name, [])
            for aspect in ("version", "source"):
                if aspect in wanted and len(found) > 1:
                    found = [one for one in found if getattr(one, aspect) == wanted[aspect]]
            if not found:
                self.notes.unreadable(f"depends on {shown(name)}, which is not listed", line)
            refs += [one.ref for one in found if one.ref]
        return refs

    def _needs(self) -> dict[Need, list[str]]:
        """What the project's own packages ask for, by group."""
        needs: dict[Need, list[str]] = {}

        def note(need: Need, table: dict[str, Any], key: str, line: int) -> None:
            if refs := self._resolve(table, key, line):
                needs.setdefault(need, []).extend(refs)

        for entry in self.own:
            note(Need(Scope.RUNTIME), entry.table, "dependencies", entry.line)
            extras = table_of(entry.table, "optional-dependencies", self.notes, entry.line)
            for extra in extras:
                note(Need(Scope.OPTIONAL, extra), extras, extra, entry.line)
            groups = table_of(entry.table, "dev-dependencies", self.notes, entry.line)
            for group in groups:
                note(Need(scope_of_group(group), group), groups, group, entry.line)
        # A workspace without a package of its own, or a script, keeps these at the top.
        note(Need(Scope.RUNTIME), self.manifest, "requirements", 0)
        groups = table_of(self.manifest, "dependency-groups", self.notes, 0)
        for group in groups:
            note(Need(scope_of_group(group), group), groups, group, 0)
        return needs

    def _requirements(self) -> None:
        """Keep the constraint of each direct dependency, as the project states it."""
        for entry in self.own:
            metadata = table_of(entry.table, "metadata", self.notes, entry.line)
            for wanted in tables_of(metadata, "requires-dist", self.notes, entry.line):
                name, specifier = wanted.get("name"), wanted.get("specifier")
                if not isinstance(name, str) or not isinstance(specifier, str):
                    continue
                for one in self.named.get(normal(name), ()):
                    if one.ref and not self.gathering[one.ref].requirement:
                        self.gathering.change(one.ref, requirement=specifier)

    def _subject(self) -> Package | None:
        """The project: the package at the top, or the only one of its own."""
        tops = [one for one in self.own if "." in one.source.values()] or self.own
        if len(tops) != 1:
            return None
        return self.gathering.package(normal(tops[0].name), tops[0].version, line=tops[0].line)
