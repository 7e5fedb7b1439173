"""``Pipfile.lock``, pipfile-spec 6: sections of pinned packages, without edges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.lockfiles.gathering import Gathering, shown, without_credentials
from pratique.formats.lockfiles.jsonlines import JsonLines
from pratique.formats.lockfiles.needs import scope_of_group
from pratique.formats.lockfiles.origins import SYSTEMS, source_of
from pratique.formats.lockfiles.python.files import text_hash
from pratique.formats.lockfiles.python.pipfile import beside
from pratique.formats.lockfiles.python.requirement import normal, pinned
from pratique.formats.lockfiles.typed import kind, strings_of, table_of, tables_of, text_of
from pratique.formats.text import decode, parse_json
from pratique.model.errors import InputError
from pratique.model.inventory import Relation, Scope

if TYPE_CHECKING:
    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading
    from pratique.model.nouns import Artifact

SPECIFICATIONS = (6,)
"""Values of ``pipfile-spec`` that are known."""


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read a ``Pipfile.lock``.

    Raises:
        InputError: It is not text, not JSON, or not an object.
    """
    text = decode(data)
    document = parse_json(text) if text.strip() else {}
    if not isinstance(document, dict):
        raise InputError(f"is {kind(document)}, not a Pipfile.lock")
    gathering = Gathering(path, type="pypi", ecosystem="PyPI")
    lines = JsonLines(text, depth=2)
    for place, line in lines.repeated:
        gathering.notes.unreadable(f"{shown(place[-1])} is listed twice; the last is read", line)
    meta = table_of(document, "_meta", gathering.notes, lines[("_meta",)])
    version = meta.get("pipfile-spec")
    if document and version not in SPECIFICATIONS:
        gathering.notes.unknown(
            f"pipfile-spec {shown(version)} is not known; read as {SPECIFICATIONS[-1]}"
        )
    lock = _Lock(gathering, tree, lines, meta)
    for section in document:
        if section != "_meta":
            lock.section(section, table_of(document, section, gathering.notes, lines[(section,)]))
    shown_version = f" {version}" if isinstance(version, int) else ""
    return gathering.reading(f"Pipfile.lock{shown_version}", roots=lock.roots)


class _Lock:
    """One lockfile while it is read."""

    def __init__(
        self, gathering: Gathering, tree: Tree, lines: JsonLines, meta: dict[str, Any]
    ) -> None:
        self.gathering = gathering
        self.notes = gathering.notes
        self.lines = lines
        self.indexes = {}
        for one in tables_of(meta, "sources", self.notes, lines[("_meta", "sources")]):
            name = text_of(one, "name", self.notes, 0)
            self.indexes[name] = without_credentials(text_of(one, "url", self.notes, 0))
        self.roots: list[str] = []
        self.wanted = beside(tree, gathering.path, self.notes)

    def section(self, section: str, table: dict[str, Any]) -> None:
        """Take the packages of a section: ``default``, ``develop`` or a category's name."""
        scope = Scope.RUNTIME if section == "default" else scope_of_group(section)
        for name, entry in table.items():
            line = self.lines[(section, name)]
            if not isinstance(entry, dict):
                self.notes.unreadable(f"{shown(name)} is {kind(entry)}, not an object", line)
                continue
            self._take(name, entry, scope, section, line)

    def _take(
        self, name: str, entry: dict[str, Any], scope: Scope, section: str, line: int
    ) -> None:
        specifier = text_of(entry, "version", self.notes, line)
        version = pinned(specifier)
        vcs = next((one for one in SYSTEMS if isinstance(entry.get(one), str)), "")
        if not version and not vcs:
            self.notes.unknown(f"{shown(name)} has no version", line)
        package = self.gathering.package(normal(name), version, line=line)
        if package is None:
            return
        fields: dict[str, Any] = {}
        if vcs:
            reference = text_of(entry, "ref", self.notes, line)
            fields["source"] = source_of(entry[vcs], reference=reference, vcs=vcs)
        else:
            fields["registry"] = self._registry(entry, line)
        hashes: list[Artifact] = []
        for text in strings_of(entry, "hashes", self.notes, line):
            hashes += text_hash(text, self.gathering, line)
        marker = text_of(entry, "markers", self.notes, line)
        stated = self.wanted.get(normal(name)) if self.wanted is not None else None
        fields["requirement"] = stated or (f"; {marker}" if marker else "")
        if self.wanted is not None:
            fields["relation"] = Relation.TRANSITIVE if stated is None else Relation.DIRECT
        ref = self.gathering.add(
            package,
            line=line,
            scope=scope,
            groups=(section,),
            hashes=tuple(dict.fromkeys(hashes)),
            **fields,
        )
        if stated is not None:
            self.roots.append(ref)

    def _registry(self, entry: dict[str, Any], line: int) -> str:
        for key in ("file", "path"):
            if address := text_of(entry, key, self.notes, line):
                return without_credentials(address)
        index = text_of(entry, "index", self.notes, line)
        if index:
            return self.indexes.get(index, "")
        # Without an index the only source is the one it came from.
        return next(iter(self.indexes.values())) if len(self.indexes) == 1 else ""
