"""What a ``pyproject.toml`` asks for, in every dialect it is written in.

PEP 621 (``[project]``), PEP 735 (``[dependency-groups]``), PEP 518
(``[build-system]``) and the tables of Poetry, PDM and uv.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.base import MAX_DEPTH, Notes
from pratique.formats.lockfiles.gathering import shown, without_credentials
from pratique.formats.lockfiles.needs import Need, scope_of_group
from pratique.formats.lockfiles.origins import is_vcs, source_of
from pratique.formats.lockfiles.python.requirement import normal, parse
from pratique.formats.lockfiles.tomllines import KeyLines
from pratique.formats.lockfiles.typed import items_of, kind, strings_of, table_of, text_of
from pratique.formats.text import Lines, decode, parse_toml
from pratique.model.errors import InputError
from pratique.model.inventory import Scope
from pratique.model.nouns import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.formats.base import Tree

MAX_GROUPS = 500
"""Dependency groups that are read; as each may include all others, more would cost
the square of their number.  Large projects have some thirty."""

_STRING = re.compile(
    # One that is not closed ends with its line, so that no line is read twice.
    r'"((?:[^"\\\n]|\\.)*+)(?:"|\\?$)'
    r"|'([^'\n]*)(?:'|$)",
    re.MULTILINE,
)
_ESCAPE = re.compile(r"\\([\"\\])")
_EXACT = re.compile(r"={0,3}\s*(\d[^\s,*|^~<>=!]*)\Z")


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """One dependency that the project asks for."""

    name: str
    """Normalised by PEP 503."""

    need: Need
    requirement: str = ""
    version: str = ""
    """The one version asked for, or empty."""

    extras: tuple[str, ...] = ()
    registry: str = ""
    source: Source | None = None
    line: int = 0


class Project:
    """A project's manifest.

    Args:
        text: Of the ``pyproject.toml``.
        path: Of it, for the places of problems.

    Raises:
        InputError: It is not TOML.
    """

    def __init__(self, text: str, path: str) -> None:
        self.notes = Notes(path)
        self.table = parse_toml(text)
        self._keys = KeyLines(text)
        self._strings = _string_lines(text)
        project = table_of(self.table, "project", self.notes, 0)
        self.poetry = table_of(self._tool(), "poetry", self.notes, self._keys.of("tool.poetry", ""))
        self.name = text_of(project, "name", self.notes, self._keys.of("project", "name"))
        self.version = text_of(project, "version", self.notes, self._keys.of("project", "version"))
        if not self.name:
            self.name = text_of(self.poetry, "name", self.notes, 0)
            self.version = self.version or text_of(self.poetry, "version", self.notes, 0)
        self.dynamic = items_of(project, "dynamic", self.notes, 0)
        self.wanted = tuple(self._all(project))

    def files_of(self, field: str) -> list[str]:
        """Requirement files that setuptools takes a dynamic field from; empty where none.

        Args:
            field: ``dependencies``; its optional ones are stated by extra and not told here.
        """
        table = table_of(self._tool(), "setuptools", self.notes, 0)
        stated = table_of(table_of(table, "dynamic", self.notes, 0), field, self.notes, 0)
        files = stated.get("file")
        several = files if isinstance(files, list) else [files]
        return [file for file in several if isinstance(file, str)]

    def _tool(self) -> dict[str, Any]:
        return table_of(self.table, "tool", self.notes, 0)

    def _all(self, project: dict[str, Any]) -> Iterator[Wanted]:
        yield from self._list(project, "dependencies", Need(Scope.RUNTIME))
        extras = table_of(project, "optional-dependencies", self.notes, 0)
        for extra in extras:
            yield from self._list(extras, extra, Need(Scope.OPTIONAL, extra))
        groups = table_of(self.table, "dependency-groups", self.notes, 0)
        self._groups = {normal(group): group for group in groups}
        if len(groups) > MAX_GROUPS:
            self.notes.unreadable(f"has more than {MAX_GROUPS} dependency groups")
        for group in list(groups)[:MAX_GROUPS]:
            yield from self._group(groups, group, group, [])
        yield from self._tools()
        build = table_of(self.table, "build-system", self.notes, 0)
        yield from self._list(build, "requires", Need(Scope.BUILD, "build-system"))

    def _tools(self) -> Iterator[Wanted]:
        tool = self._tool()
        pdm = table_of(table_of(tool, "pdm", self.notes, 0), "dev-dependencies", self.notes, 0)
        for group in pdm:
            yield from self._list(pdm, group, Need(scope_of_group(group), group))
        uv = table_of(tool, "uv", self.notes, 0)
        yield from self._list(uv, "dev-dependencies", Need(Scope.DEVELOPMENT, "dev"))
        yield from self._poetry_table(
            self.poetry, "dependencies", "tool.poetry", Need(Scope.RUNTIME)
        )
        dev = Need(Scope.DEVELOPMENT, "dev")
        yield from self._poetry_table(self.poetry, "dev-dependencies", "tool.poetry", dev)
        groups = table_of(self.poetry, "group", self.notes, 0)
        for group in groups:
            table = table_of(groups, group, self.notes, 0)
            place = f"tool.poetry.group.{group}"
            need = Need(scope_of_group(group), group)
            yield from self._poetry_table(table, "dependencies", place, need)

    def _list(self, table: dict[str, Any], key: str, need: Need) -> Iterator[Wanted]:
        for text in strings_of(table, key, self.notes, 0):
            yield from self._requirement(text, need)

    def _group(
        self, groups: dict[str, Any], name: str, into: str, seen: list[str], depth: int = 0
    ) -> Iterator[Wanted]:
        """A group with the groups it includes (PEP 735, "Dependency Object Specifiers")."""
        line = self._keys.of("dependency-groups", name)
        if name in seen:
            if name == into:
                self.notes.notice(f"dependency group {shown(name)} includes itself", line)
            return
        if depth > MAX_DEPTH:
            self.notes.unreadable(
                f"dependency groups include one another over {MAX_DEPTH} deep", line
            )
            return
        seen.append(name)
        for item in items_of(groups, name, self.notes, line):
            if isinstance(item, str):
                yield from self._requirement(item, Need(scope_of_group(into), into))
            elif isinstance(item, dict) and isinstance(item.get("include-group"), str):
                other = self._groups.get(normal(item["include-group"]))
                if other is None:
                    missing = shown(item["include-group"])
                    self.notes.unreadable(f"includes group {missing}, which is not there", line)
                else:
                    yield from self._group(groups, other, into, seen, depth + 1)
            else:
                self.notes.unreadable(f"an item of group {name} is {kind(item)}", line)

    def _requirement(self, text: str, need: Need) -> Iterator[Wanted]:
        line = self._strings.get(text, 0)
        try:
            wanted = parse(text)
        except InputError as error:
            self.notes.unreadable(error.message, line)
            return
        name = normal(wanted.name)
        if name == normal(self.name):
            return  # its own extras, gathered under another name
        vcs = is_vcs(wanted.url)
        yield Wanted(
            name=name,
            need=need,
            requirement=_safe(wanted.text, wanted.url),
            version=wanted.version,
            extras=wanted.extras,
            registry="" if vcs else without_credentials(wanted.url),
            source=source_of(wanted.url) if vcs else None,
            line=line,
        )

    def _poetry_table(
        self, table: dict[str, Any], key: str, place: str, need: Need
    ) -> Iterator[Wanted]:
        """A dependency table of Poetry's own form."""
        wanted = table_of(table, key, self.notes, self._keys.of(place, key))
        for name, value in wanted.items():
            line = self._keys.of(f"{place}.{key}", name)
            if normal(name) == "python" or not name:
                continue
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, str):
                    yield _of_poetry(name, {"version": one}, need, line)
                elif isinstance(one, dict):
                    if one.get("optional") is True:
                        extra = self._poetry_extra(name)
                        yield _of_poetry(name, one, Need(Scope.OPTIONAL, extra), line)
                    else:
                        yield _of_poetry(name, one, need, line)
                else:
                    self.notes.unreadable(f"dependency {shown(name)} is {kind(one)}", line)

    def _poetry_extra(self, name: str) -> str:
        extras = self.poetry.get("extras")
        if isinstance(extras, dict):
            for extra, names in extras.items():
                if isinstance(names, list) and name in names:
                    return str(extra)
        return ""


def beside(tree: Tree, path: str, notes: Notes) -> Project | None:
    """The manifest in the folder of a lockfile, if there is one that can be read.

    Args:
        tree: Where to look.
        path: Of the lockfile.
        notes: Told where a manifest is there and cannot be read.
    """
    folder, slash, _ = path.rpartition("/")
    manifest = f"{folder}{slash}pyproject.toml"
    if not tree.is_file(manifest):
        return None
    try:
        return Project(decode(tree.read(manifest)), manifest)
    except InputError as error:
        notes.notice(f"{manifest} beside it cannot be read: {error.message}")
        return None


def _of_poetry(name: str, table: dict[str, Any], need: Need, line: int) -> Wanted:
    def text(key: str) -> str:
        value = table.get(key)
        return value if isinstance(value, str) else ""

    version, marker = text("version"), text("markers")
    exact = _EXACT.match(version.strip())
    source = None
    if text("git"):
        reference = text("tag") or text("branch") or text("rev")
        source = source_of(text("git"), reference=reference)
    extras = table.get("extras")
    return Wanted(
        name=normal(name),
        need=need,
        requirement=f"{version}; {marker}".lstrip("; ") if marker else version,
        version=exact[1] if exact else "",
        extras=tuple(one for one in extras if isinstance(one, str))
        if isinstance(extras, list)
        else (),
        registry=without_credentials(text("url") or text("path")),
        source=source,
        line=line,
    )


def _safe(requirement: str, url: str) -> str:
    """A constraint without the credentials of its address."""
    return requirement.replace(url, without_credentials(url)) if url else requirement


def _string_lines(text: str) -> dict[str, int]:
    """Line of each string of a document, by its value; the first where it repeats."""
    lines = Lines(text)
    found: dict[str, int] = {}
    for match in _STRING.finditer(text):
        value = match[2] if match[1] is None else _ESCAPE.sub(r"\1", match[1])
        if value not in found:
            found[value] = lines.at(match.start())
    return found
