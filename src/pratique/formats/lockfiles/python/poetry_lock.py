"""``poetry.lock``, every lock-version up to 2.1.

=========== ===================================== ==========================
lock-version files and hashes                      what a package is for
=========== ===================================== ==========================
none, 1.0    ``[metadata.hashes]`` or ``.files``   ``category``, ``optional``
1.1          ``[metadata.files]``                  ``category``, ``optional``
2.0          ``files`` of the package              follows from the manifest
2.1          ``files`` of the package              ``groups``, ``optional``
=========== ===================================== ==========================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.lockfiles.gathering import shown, without_credentials
from pratique.formats.lockfiles.needs import scope_of_group, widest
from pratique.formats.lockfiles.origins import SYSTEMS, source_of
from pratique.formats.lockfiles.python.files import file_hashes, hashes_of, text_hash
from pratique.formats.lockfiles.python.locked import Entry, Listed, Opened, entries, opened
from pratique.formats.lockfiles.python.requirement import normal, parse
from pratique.formats.lockfiles.typed import kind, strings_of, table_of, text_of
from pratique.model.errors import InputError
from pratique.model.inventory import Scope

if TYPE_CHECKING:
    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading
    from pratique.model.nouns import Artifact

VERSIONS = ("", "1.0", "1.1", "2.0", "2.1")
"""Values of ``lock-version`` that are known; the oldest files have none."""


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read a ``poetry.lock``.

    Raises:
        InputError: It is not text, or not TOML.
    """
    found = opened(data, path, "lock-version")
    version = found.version
    if version not in VERSIONS:
        found.gathering.notes.unknown(
            f"lock-version {shown(version)} of poetry.lock is not known; read as {VERSIONS[-1]}"
        )
    lock = _Lock(found, tree)
    return lock.finish(f"poetry.lock {version}".rstrip(), scopes=lock.scopeless)


class _Lock(Listed):
    """One lockfile while it is read."""

    def __init__(self, found: Opened, tree: Tree) -> None:
        super().__init__(found.gathering, tree)
        self.lifted = found.lifted
        self.files = _by_name(table_of(found.metadata, "files", self.notes, 0))
        self.hashes = _by_name(table_of(found.metadata, "hashes", self.notes, 0))
        self.extras = self._extras(table_of(found.document, "extras", self.notes, 0))
        seen: set[tuple[str, str, str]] = set()
        for entry in entries(found.document, "package", found.lifted.text, found.gathering):
            self._take(entry, seen)
        asked = self._asked()
        for entry in self.entries:
            self.link(entry, self._needed(entry, asked), strict=True)

    def _extras(self, table: dict[str, Any]) -> dict[str, list[str]]:
        """The project's extras by the name of a package that they ask for."""
        found: dict[str, list[str]] = {}
        for extra in table:
            for text in strings_of(table, extra, self.notes, 0):
                found.setdefault(_name(text), []).append(extra)
        return found

    def _take(self, entry: Entry, seen: set[tuple[str, str, str]]) -> None:
        table, line = entry.table, entry.line
        source = table_of(table, "source", self.notes, line)
        address = text_of(source, "url", self.notes, line)
        if (entry.name, entry.version, address) in seen:
            self.notes.notice(f"{entry.name} {entry.version} is listed twice", line)
        seen.add((entry.name, entry.version, address))
        fields: dict[str, Any] = {}
        system = text_of(source, "type", self.notes, line)
        if system in SYSTEMS:
            fields["source"] = source_of(
                address,
                commit=text_of(source, "resolved_reference", self.notes, line),
                reference=text_of(source, "reference", self.notes, line),
                vcs=system,
            )
        else:
            fields["registry"] = without_credentials(address)
        fields["scope"], fields["groups"] = self._purpose(entry)
        self.take(entry, hashes=self._hashes(entry), **fields)

    def _purpose(self, entry: Entry) -> tuple[Scope, tuple[str, ...]]:
        """Scope and groups, as far as the entry states them."""
        table, line = entry.table, entry.line
        groups = tuple(strings_of(table, "groups", self.notes, line))
        category = text_of(table, "category", self.notes, line)
        if not groups and category:
            groups = (category,)
        if not groups:
            self.scopeless = True
        scope = widest(scope_of_group(group) for group in groups)
        if table.get("optional") is True and scope in {Scope.RUNTIME, Scope.UNKNOWN}:
            return Scope.OPTIONAL, (*groups, *self.extras.get(entry.name, ()))
        return scope, groups

    def _hashes(self, entry: Entry) -> tuple[Artifact, ...]:
        if "files" in entry.table:
            return hashes_of(entry.table, ("files",), self.lifted, self.gathering, entry.line)
        found = list(
            file_hashes(self.files.get(entry.name, []), "files", self.gathering, entry.line)
        )
        for text in self.hashes.get(entry.name, []):
            if isinstance(text, str):
                found += text_hash(text, self.gathering, entry.line)
            else:
                self.notes.unreadable(f"a hash is {kind(text)}, not a string", entry.line)
        return tuple(dict.fromkeys(found))

    def _asked(self) -> dict[str, set[str]]:
        """Extras that some package asks for, by the name of the package that has them."""
        asked: dict[str, set[str]] = {}
        for one in self.project.wanted if self.project else ():
            asked.setdefault(one.name, set()).update(normal(extra) for extra in one.extras)
        for entry in self.entries:
            wanted = table_of(entry.table, "dependencies", self.notes, entry.line)
            for name, value in wanted.items():
                for form in value if isinstance(value, list) else [value]:
                    extras = form.get("extras") if isinstance(form, dict) else None
                    if isinstance(extras, list):
                        texts = (normal(extra) for extra in extras if isinstance(extra, str))
                        asked.setdefault(normal(name), set()).update(texts)
        return asked

    def _needed(self, entry: Entry, asked: dict[str, set[str]]) -> list[str]:
        """Names of what a package depends on, with the extras that are asked of it."""
        wanted = table_of(entry.table, "dependencies", self.notes, entry.line)
        active: set[str] = set()
        extras = entry.table.get("extras")
        if isinstance(extras, dict):
            for extra, texts in extras.items():
                # Without a manifest any extra may have been asked for.
                taken = self.project is None or normal(extra) in asked.get(entry.name, ())
                if taken and isinstance(texts, list):
                    active.update(_name(text) for text in texts if isinstance(text, str))
        found = []
        for raw, value in wanted.items():
            name = normal(raw)
            several = value if isinstance(value, list) else [value]
            optional = all(isinstance(one, dict) and one.get("optional") is True for one in several)
            # What was resolved for an environment that is not locked is not listed.
            marked = all(isinstance(one, dict) and "markers" in one for one in several)
            if name not in self.named and (optional or marked):
                continue
            if not optional or name in active:
                found.append(name)
        return found


def _by_name(table: dict[str, Any]) -> dict[str, list[Any]]:
    return {normal(name): value for name, value in table.items() if isinstance(value, list)}


def _name(text: str) -> str:
    """Name of a requirement such as ``brotli (>=1.0.9)``; empty where it has none."""
    try:
        return normal(parse(text).name)
    except InputError:
        return ""
