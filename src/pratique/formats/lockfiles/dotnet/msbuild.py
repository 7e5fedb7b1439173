"""MSBuild files: what they set, what they ask for, and which others they import.

Format: MSBuild, *Project file schema reference*.  Nothing is evaluated: of
properties the literal ones are replaced, conditions are reported and taken as
met, and imports are followed where they name a file of the tree.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

from pratique.formats.lockfiles.elements import StartLines, children, local, root_of, text_of
from pratique.formats.lockfiles.gathering import Gathering, shown
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lxml.etree import _Element

    from pratique.formats.base import Tree

MAX_EXPANSIONS = 16
"""Rounds of replacing properties by their values; projects need two or three."""

MAX_VALUE = 2_000
"""Longest text that replacement may make of one value."""

MAX_IMPORTS = 64
"""Most files that one project may import, directly and by others; projects have a handful."""

ITEMS = ("PackageReference", "GlobalPackageReference", "PackageVersion")
"""Items that name packages (NuGet)."""

_PROPERTY = re.compile(r"\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)")
_HERE = re.compile(r"^\$\(MSBuild(?:ThisFile|Project)Directory\)[/\\\\]?", re.IGNORECASE)


class Item(NamedTuple):
    """An item that names a package, as written."""

    kind: str
    """One of :data:`ITEMS`, or ``Update`` where it adds to one that is elsewhere."""

    name: str
    version: str
    private: bool
    """Whether it is kept from those who use the project (``PrivateAssets`` is all)."""

    path: str
    line: int


class ProjectFile(NamedTuple):
    """What one file says, and by then those it imports."""

    items: list[Item]
    properties: dict[str, str]


class Loader:
    """Reads project files of a tree.

    Args:
        tree: Where they are.
        gathering: Where it is said what cannot be read.
    """

    def __init__(self, tree: Tree, gathering: Gathering) -> None:
        self._tree = tree
        self._gathering = gathering
        self._seen: set[str] = set()

    def parse(self, data: bytes, path: str) -> list[ProjectFile]:
        """One file and all that it imports, itself first.

        Raises:
            InputError: It is not well-formed XML, or no project.
        """
        self._seen.add(posixpath.normpath(path))
        root = root_of(data, "Project")
        lines = StartLines(data)
        properties = {
            local(each).lower(): (each.text or "").strip()
            for group, _ in _groups(root, "PropertyGroup")
            for each in children(group)
            if len(each.text or "") <= MAX_VALUE
        }
        files = [ProjectFile(list(self._items(root, path, lines)), properties)]
        for element, _ in _groups(root, "Import"):
            files.extend(self._import(element, path, lines.of(element)))
        return files

    def above(self, path: str, name: str) -> list[ProjectFile]:
        """The nearest file of a name in the folder of a path or above it, and its imports."""
        if path == "-":
            return []
        folder = posixpath.dirname(posixpath.normpath(path))
        while True:
            candidate = posixpath.join(folder, name)
            if self._tree.is_file(candidate):
                return self._open(candidate)
            if not folder or folder == "/":
                return []
            folder = posixpath.dirname(folder)

    def _open(self, path: str) -> list[ProjectFile]:
        if path in self._seen:
            return []
        try:
            return self.parse(self._tree.read(path), path)
        except InputError as error:
            self._gathering.notes.unreadable(f"{path} cannot be read: {error.message}")
            return []

    def _import(self, element: _Element, path: str, line: int) -> list[ProjectFile]:
        named = element.get("Project", "").strip()
        if not named or "Sdk" in element.attrib:
            return []
        relative = _HERE.sub("", named).replace("\\", "/")
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), relative))
        inside = "$(" not in relative and not target.startswith(("/", ".."))
        if inside and len(self._seen) < MAX_IMPORTS and self._tree.is_file(target):
            return self._open(target)
        if not named.lower().startswith("$(msbuild"):
            self._gathering.notes.notice(
                f"imports {shown(named)}, which is not read", self._here(path, line)
            )
        return []

    def _here(self, path: str, line: int) -> int:
        """The line where it is one of the document itself."""
        return line if path == self._gathering.path else 0

    def _items(self, root: _Element, path: str, lines: StartLines) -> Iterator[Item]:
        for group, conditional in _groups(root, "ItemGroup"):
            for item in children(group, *ITEMS):
                line = lines.of(item)
                name = item.get("Include", "").strip() or item.get("Update", "").strip()
                if not name:
                    if "Remove" not in item.attrib:
                        self._gathering.notes.unreadable(
                            f"{local(item)} names no package", self._here(path, line)
                        )
                    continue
                if conditional or "Condition" in item.attrib:
                    self._gathering.notes.notice(
                        f"{shown(name)} is wanted under a condition; it is listed",
                        self._here(path, line),
                    )
                kind = local(item) if item.get("Include", "").strip() else "Update"
                assets = item.get("PrivateAssets", "") or text_of(item, "PrivateAssets")
                for each in filter(None, map(str.strip, name.split(";"))):
                    private = assets.strip().lower() == "all"
                    yield Item(kind, each, _version(item), private, path, line)


def _groups(root: _Element, name: str) -> Iterator[tuple[_Element, bool]]:
    """Elements of a name at the top or in a choice, and whether under a condition."""
    for element in children(root):
        if local(element) == name:
            yield element, "Condition" in element.attrib
        elif local(element) == "Choose":
            for branch in children(element, "When", "Otherwise"):
                for each in children(branch, name):
                    yield each, True
        elif local(element) == "ImportGroup" and name == "Import":
            for each in children(element, name):
                yield each, "Condition" in element.attrib


def _version(item: _Element) -> str:
    for name in ("VersionOverride", "Version"):
        if version := item.get(name, "").strip() or text_of(item, name):
            return version
    return ""


def expand(text: str, properties: Mapping[str, str]) -> str:
    """A text with properties replaced where they are known; their names have no case."""
    for _ in range(MAX_EXPANSIONS):
        if "$(" not in text:
            break
        expanded = _PROPERTY.sub(lambda m: properties.get(m.group(1).lower(), m.group()), text)
        if expanded == text or len(expanded) > MAX_VALUE:
            break
        text = expanded
    return text
