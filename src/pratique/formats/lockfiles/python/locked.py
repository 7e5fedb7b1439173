"""What the lockfiles of Poetry, PDM and PEP 751 have in common.

None of them says which packages the project asks for itself; the
``pyproject.toml`` beside them does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pratique.formats.lockfiles.gathering import Gathering, shown
from pratique.formats.lockfiles.needs import MAX_SAME_NAME, Need, assign
from pratique.formats.lockfiles.python.lifting import Lifted
from pratique.formats.lockfiles.python.project import beside
from pratique.formats.lockfiles.python.requirement import normal
from pratique.formats.lockfiles.tomllines import entry_lines
from pratique.formats.lockfiles.typed import items_of, kind, table_of, text_of
from pratique.formats.text import decode, parse_toml
from pratique.model.inventory import Relation, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading


class Opened(NamedTuple):
    """A lockfile that is parsed and whose entries are not read yet."""

    lifted: Lifted
    document: dict[str, Any]
    gathering: Gathering
    metadata: dict[str, Any]
    """Its ``metadata`` table; empty where it has none."""

    version: str
    """Of the format, as ``metadata`` states it; empty where it does not."""


def opened(data: bytes, path: str, key: str) -> Opened:
    """Parse a lockfile of TOML with a table of metadata.

    Args:
        data: The document.
        path: Where it is.
        key: Of the format's version within ``metadata``.

    Raises:
        InputError: It is not text, or not TOML.
    """
    lifted = Lifted(decode(data))
    document = parse_toml(lifted.text)
    gathering = Gathering(path, type="pypi", ecosystem="PyPI")
    metadata = table_of(document, "metadata", gathering.notes, 0)
    version = text_of(metadata, key, gathering.notes, 0)
    return Opened(lifted, document, gathering, metadata, version)


class Entry:
    """One entry of a lockfile's array of packages."""

    __slots__ = ("line", "name", "ref", "table", "version")

    def __init__(self, table: dict[str, Any], line: int, name: str, version: str) -> None:
        self.table, self.line, self.version = table, line, version
        self.name = name
        """Normalised by PEP 503."""

        self.ref = ""
        """Of its component, once it is taken."""


def entries(document: dict[str, Any], key: str, text: str, gathering: Gathering) -> Iterator[Entry]:
    """The entries that are tables with a name, with their lines.

    Args:
        document: The parsed lockfile.
        key: Of the array (``package``, ``packages``).
        text: What was parsed.
        gathering: Told of what is no entry.
    """
    notes = gathering.notes
    tables = items_of(document, key, notes, 0)
    for table, line in zip(tables, entry_lines(text, key, len(tables)), strict=True):
        if not isinstance(table, dict):
            notes.unreadable(f"an entry of {key} is {kind(table)}, not a table", line)
            continue
        name = text_of(table, "name", notes, line)
        if name:
            yield Entry(table, line, normal(name), text_of(table, "version", notes, line))
        else:
            notes.unreadable("a package has no name", line)


class Listed:
    """Taken entries by name, and the edges between them.

    Args:
        gathering: Holds their components.
        tree: Where the project's manifest is looked for.
    """

    def __init__(self, gathering: Gathering, tree: Tree) -> None:
        self.gathering = gathering
        self.notes = gathering.notes
        self.project = beside(tree, gathering.path, gathering.notes)
        self.entries: list[Entry] = []
        self.named: dict[str, list[Entry]] = {}
        self.edges: dict[str, list[str]] = {}
        self.scopeless = False
        """Whether the file leaves it to the manifest what its packages are for."""

    def take(self, entry: Entry, **fields: Any) -> bool:
        """Take an entry as a component; whether that succeeded.

        Args:
            entry: Gets its reference.
            fields: Of the component.
        """
        if not entry.version and not fields.get("source"):
            self.gathering.notes.unknown(f"{entry.name} has no version", entry.line)
        package = self.gathering.package(entry.name, entry.version, line=entry.line)
        if package is None:
            return False
        entry.ref = self.gathering.add(package, line=entry.line, **fields)
        if entry.ref:
            self.entries.append(entry)
            same = self.named.setdefault(entry.name, [])
            if len(same) < MAX_SAME_NAME:
                same.append(entry)
            elif len(same) == MAX_SAME_NAME:
                self.notes.unreadable(
                    f"{entry.name} is listed over {MAX_SAME_NAME} times; edges to more are left out"
                )
        return bool(entry.ref)

    def link(self, entry: Entry, names: Iterable[str], *, strict: bool) -> None:
        """Note the dependencies of an entry, by name; every version of a name counts.

        Args:
            entry: A taken entry.
            names: Normalised.
            strict: Whether a name that is not listed is a problem.
        """
        self.gathering.states_edges(entry.ref)
        there = self.edges.setdefault(entry.ref, [])
        for name in names:
            found = self.named.get(name, ())
            if not found and strict:
                problem = f"{entry.name} depends on {shown(name)}, which is not listed"
                self.gathering.notes.unreadable(problem, entry.line)
            for one in found:
                if one.ref != entry.ref:
                    there.append(one.ref)
                    self.gathering.edge(entry.ref, one.ref)

    def finish(self, format: str, *, scopes: bool) -> Reading:
        """The reading, with relations from the project's manifest.

        Args:
            format: Name and version of the format.
            scopes: Whether scope and groups follow from the manifest too.
        """
        if self.project is None:
            return self.gathering.reading(format)
        needs: dict[Need, list[str]] = {}
        direct: dict[str, str] = {}
        for wanted in self.project.wanted:
            if wanted.need.scope is Scope.BUILD and wanted.need.group == "build-system":
                continue  # lockfiles do not resolve what only builds the project
            for one in self.named.get(wanted.name, ()):
                needs.setdefault(wanted.need, []).append(one.ref)
                direct.setdefault(one.ref, wanted.requirement)
        for ref in dict.fromkeys(entry.ref for entry in self.entries):
            if ref in direct:
                requirement = self.gathering[ref].requirement or direct[ref]
                self.gathering.change(ref, relation=Relation.DIRECT, requirement=requirement)
            elif direct:
                self.gathering.change(ref, relation=Relation.TRANSITIVE)
        if scopes:
            assign(self.gathering, list(self.edges), needs, self.edges)
        subject = None
        if self.project.name:
            name, version = normal(self.project.name), self.project.version
            subject = self.gathering.package(name, version, line=0)
        return self.gathering.reading(format, roots=direct, subject=subject)
