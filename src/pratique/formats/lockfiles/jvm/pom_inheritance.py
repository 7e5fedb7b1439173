"""The POM that results from parents and imported BOMs, as far as they are in the tree.

Rules: Maven, *Introduction to the POM* (inheritance, interpolation) and
*Introduction to the dependency mechanism* (management, import scope).  Maven
inherits first and interpolates after, so that ``${project.version}`` in a
parent means the child's version.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from pratique.formats.lockfiles.gathering import named
from pratique.formats.lockfiles.jvm.pom_model import Declared, Interpolation, Pom, beside, parse
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from pratique.formats.base import Notes, Tree

MAX_PARENTS = 32
"""Longest chain of parents that is followed; published ones stay under 10."""

MAX_IMPORTS = 32
"""Deepest nesting of BOMs that import BOMs; published ones stay under 5."""

MAX_POMS = 500
"""Most POMs of one build that are opened in search of a BOM."""


class Key(NamedTuple):
    """What dependency management goes by (Maven, ``getManagementKey``)."""

    group: str
    artifact: str
    type: str
    classifier: str


class Managed(NamedTuple):
    """What dependency management says of a dependency."""

    version: str
    scope: str


class Poms:
    """The POMs of one tree, each opened once.

    Args:
        tree: Where they are.
        notes: Where it is said that one cannot be read.
    """

    def __init__(self, tree: Tree, notes: Notes) -> None:
        self._tree = tree
        self._notes = notes
        self._opened: dict[str, Pom | None] = {}

    def at(self, path: str) -> Pom | None:
        """The POM at a path, or in a folder; nothing where there is none that can be read."""
        if path.startswith(("/", "..")):
            return None
        if not self._tree.is_file(path):
            path = posixpath.normpath(posixpath.join(path, "pom.xml"))
            if not self._tree.is_file(path):
                return None
        if path not in self._opened:
            self._opened[path] = self._open(path)
        return self._opened[path]

    def keep(self, pom: Pom) -> None:
        """Take a POM that was read before."""
        self._opened[posixpath.normpath(pom.path)] = pom

    def _open(self, path: str) -> Pom | None:
        try:
            return parse(self._tree.read(path), path)
        except InputError as error:
            self._notes.unreadable(f"{path} cannot be read: {error.message}")
            return None

    def build(self, start: Pom) -> list[Pom]:
        """POMs of the build that a POM belongs to: from its topmost folder down by modules."""
        top, folder = start, posixpath.dirname(posixpath.normpath(start.path))
        while folder:
            folder = posixpath.dirname(folder)
            above = self.at(posixpath.join(folder, "pom.xml"))
            if above is None:
                break
            top = above
        found: dict[str, Pom] = {top.path: top, start.path: start}
        waiting = [top]
        while waiting and len(found) < MAX_POMS:
            pom = waiting.pop()
            for module in pom.modules:
                below = self.at(beside(pom.path, module)) if "${" not in module else None
                if below is not None and below.path not in found and len(found) < MAX_POMS:
                    found[below.path] = below
                    waiting.append(below)
        return list(found.values())


class Effective:
    """A POM with what it inherits.

    Args:
        pom: The POM itself.
        poms: Where to look for others.
        notes: Where it is said what is missing.
        importing: Paths of the POMs that are being imported already.
    """

    def __init__(self, pom: Pom, poms: Poms, notes: Notes, importing: tuple[str, ...] = ()) -> None:
        self.pom = pom
        self._poms = poms
        self._notes = notes
        self._importing = (*importing, posixpath.normpath(pom.path))
        self.missing: list[str] = []
        """Parents and BOMs that are not in the tree, as ``group:artifact:version``."""

        self.chain = self._inherit()
        self.interpolation = Interpolation(self._values())
        self.group = self.interpolation.of(pom.group or (pom.parent.group if pom.parent else ""))
        self.artifact = self.interpolation.of(pom.artifact)
        self.version = self.interpolation.of(
            pom.version or (pom.parent.version if pom.parent else "")
        )
        self._managed: dict[Key, Managed] | None = None

    def key(self, declared: Declared) -> Key:
        """What management knows a dependency by."""
        of = self.interpolation.of
        return Key(
            of(declared.group), of(declared.artifact), of(declared.type), of(declared.classifier)
        )

    @property
    def dependencies(self) -> list[Declared]:
        """Its own dependencies, and those of its parents that it does not declare anew."""
        found: list[Declared] = []
        known: set[Key] = set()
        for pom in self.chain:
            new = [each for each in pom.dependencies if self.key(each) not in known]
            known.update(map(self.key, new))
            found.extend(new)
        return found

    @property
    def managed(self) -> dict[Key, Managed]:
        """Dependency management: its own before its parents', both before imports."""
        if self._managed is None:
            self._managed = {}
            imports = []
            for pom in self.chain:
                for each in pom.managed:
                    scope = self.interpolation.of(each.scope)
                    if scope == "import" and each.type == "pom":
                        imports.append(each)
                    else:
                        version = self.interpolation.of(each.version)
                        self._managed.setdefault(self.key(each), Managed(version, scope))
            for each in imports:
                for key, managed in self._import(each).items():
                    self._managed.setdefault(key, managed)
        return self._managed

    def _inherit(self) -> list[Pom]:
        chain, seen = [self.pom], {posixpath.normpath(self.pom.path)}
        while (parent := chain[-1].parent) is not None:
            name = named(f"{parent.group}:{parent.artifact}:{parent.version}")
            at = chain[-1].path
            line = parent.line if at == self.pom.path else 0
            above = self._poms.at(parent.path) if parent.path else None
            if above is None or not _is(above, parent.group, parent.artifact, parent.version):
                self.missing.append(name)
                self._notes.unknown(
                    f"parent {name} of {at} is not in the tree: what it declares is not known",
                    line,
                )
                break
            if above.path in seen or len(chain) >= MAX_PARENTS:
                self._notes.unknown(f"parent {name} of {at} is a parent of itself", line)
                break
            seen.add(above.path)
            chain.append(above)
        return chain

    def _values(self) -> dict[str, str]:
        values: dict[str, str] = {}
        for pom in reversed(self.chain):
            values.update(pom.properties)
        pom, parent = self.pom, self.pom.parent
        project = {
            "groupId": pom.group or (parent.group if parent else ""),
            "artifactId": pom.artifact,
            "version": pom.version or (parent.version if parent else ""),
        }
        if parent is not None:
            project |= {
                "parent.groupId": parent.group,
                "parent.artifactId": parent.artifact,
                "parent.version": parent.version,
            }
        for name, value in project.items():
            if value:
                values[f"project.{name}"] = values[f"pom.{name}"] = value
                values.setdefault(name, value)
        return values

    def _import(self, declared: Declared) -> dict[Key, Managed]:
        of = self.interpolation.of
        wanted = (of(declared.group), of(declared.artifact), of(declared.version))
        name = named(":".join(wanted))
        line = declared.line if declared.path == self.pom.path else 0
        for pom in self._poms.build(self.pom):
            if pom.artifact != wanted[1]:
                continue
            if posixpath.normpath(pom.path) in self._importing:
                if _is(pom, *wanted):
                    self._notes.unknown(f"imported BOM {name} imports itself", line)
                    return {}
                continue
            if len(self._importing) > MAX_IMPORTS:
                break
            bom = Effective(pom, self._poms, self._notes, self._importing)
            if (bom.group, bom.artifact, bom.version) == wanted:
                self.missing.extend(bom.missing)
                return bom.managed
        self.missing.append(name)
        self._notes.unknown(
            f"imported BOM {name} is not in the tree: the versions it manages are not known", line
        )
        return {}


def _is(pom: Pom, group: str, artifact: str, version: str) -> bool:
    """Whether a POM is the one that is wanted.

    Expressions are given the benefit of the doubt, and so is what model version
    4.1.0 allows to be left out where the file is found by its path.
    """
    has_group = pom.group or (pom.parent.group if pom.parent else "")
    has_version = pom.version or (pom.parent.version if pom.parent else "")
    return (
        artifact in {pom.artifact, ""}
        and (group in {has_group, ""} or "${" in has_group + group)
        and (version in {has_version, ""} or "${" in has_version + version or version[:1] in "[(")
    )
