"""``pylock.toml``: PEP 751, lock-version 1.

What a package is for stands in its marker (``'docs' in extras``,
``'dev' in dependency_groups``); PEP 751 gives ``dependencies`` for information.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pratique.formats.lockfiles.gathering import Gathering, shown, without_credentials
from pratique.formats.lockfiles.needs import scope_of_group, widest
from pratique.formats.lockfiles.origins import source_of
from pratique.formats.lockfiles.python.files import file_hashes, hashes_of
from pratique.formats.lockfiles.python.lifting import Lifted
from pratique.formats.lockfiles.python.locked import Entry, Listed, entries
from pratique.formats.lockfiles.python.requirement import normal
from pratique.formats.lockfiles.typed import strings_of, table_of, tables_of, text_of
from pratique.formats.text import decode, parse_toml
from pratique.model.inventory import Scope

if TYPE_CHECKING:
    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading

_MEMBER = re.compile(r"""["']([^"']+)["']\s+in\s+(extras|dependency_groups)""")
_OR = re.compile(r"(?<!\s)\s+or\s+")


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read a ``pylock.toml``.

    Raises:
        InputError: It is not text, or not TOML.
    """
    lifted = Lifted(decode(data))
    document = parse_toml(lifted.text)
    gathering = Gathering(path, type="pypi", ecosystem="PyPI")
    version = text_of(document, "lock-version", gathering.notes, 0)
    if version.partition(".")[0] != "1" and document:
        gathering.notes.unknown(
            f"lock-version {shown(version)} of pylock.toml is not known; read as version 1"
        )
    lock = _Lock(gathering, tree, document, lifted)
    return lock.finish(f"pylock.toml {version}".rstrip(), scopes=False)


class _Lock(Listed):
    """One lock file while it is read."""

    def __init__(
        self, gathering: Gathering, tree: Tree, document: dict[str, Any], lifted: Lifted
    ) -> None:
        super().__init__(gathering, tree)
        self.lifted = lifted
        self.defaults = set(strings_of(document, "default-groups", self.notes, 0))
        seen: set[tuple[str, str, str]] = set()
        for entry in entries(document, "packages", lifted.text, gathering):
            marker = text_of(entry.table, "marker", self.notes, entry.line)
            if (entry.name, entry.version, marker) in seen:
                self.notes.notice(f"{entry.name} {entry.version} is listed twice", entry.line)
            seen.add((entry.name, entry.version, marker))
            self._take(entry, marker)
        for entry in self.entries:
            if "dependencies" in entry.table:
                wanted = tables_of(entry.table, "dependencies", self.notes, entry.line)
                names = [text_of(one, "name", self.notes, entry.line) for one in wanted]
                self.link(entry, [normal(name) for name in names if name], strict=True)

    def _take(self, entry: Entry, marker: str) -> None:
        table, line = entry.table, entry.line
        directory = table_of(table, "directory", self.notes, line)
        place = text_of(directory, "path", self.notes, line)
        if place == "." and not entry.version:
            self.notes.notice(f"{entry.name} is the project itself and not listed", line)
            return
        scope, groups = self._purpose(marker)
        fields: dict[str, Any] = {"scope": scope, "groups": groups}
        vcs = table_of(table, "vcs", self.notes, line)
        archive = table_of(table, "archive", self.notes, line)
        if vcs:
            fields["source"] = source_of(
                text_of(vcs, "url", self.notes, line) or text_of(vcs, "path", self.notes, line),
                commit=text_of(vcs, "commit-id", self.notes, line),
                reference=text_of(vcs, "requested-revision", self.notes, line),
                vcs=text_of(vcs, "type", self.notes, line) or "git",
            )
        else:
            address = text_of(archive, "url", self.notes, line)
            address = address or text_of(archive, "path", self.notes, line) or place
            address = address or text_of(table, "index", self.notes, line)
            fields["registry"] = without_credentials(address)
        hashes = [*hashes_of(table, ("sdist", "wheels"), self.lifted, self.gathering, line)]
        if archive:
            hashes += file_hashes(archive, "archive", self.gathering, line)
        self.take(entry, hashes=tuple(hashes), requirement=_constraint(marker), **fields)

    def _purpose(self, marker: str) -> tuple[Scope, tuple[str, ...]]:
        """Scope and groups of a marker; the widest where any alternative asks for no group."""
        members = _MEMBER.findall(marker)
        if not members or not all(_MEMBER.search(part) for part in _OR.split(marker)):
            return Scope.RUNTIME, ()
        scopes = [
            Scope.OPTIONAL
            if place == "extras"
            else (Scope.RUNTIME if name in self.defaults else scope_of_group(name))
            for name, place in members
        ]
        return widest(scopes), tuple(name for name, _ in members)


def _constraint(marker: str) -> str:
    return f"; {marker}" if marker else ""
