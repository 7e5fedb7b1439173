"""One POM as written, and the interpolation of its ``${…}`` expressions.

Format: Maven POM reference, model version 4.0.0 and 4.1.0.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

import msgspec

from pratique.formats.lockfiles.elements import child, children, line_of, local, root_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lxml.etree import _Element

MAX_VALUE = 2_000
"""Longest text that interpolation may make of one value.  Names and versions
have under 100 characters; properties that double one another would otherwise
grow without end."""

MAX_NESTING = 32
"""Deepest chain of properties that refer to one another; published POMs stay under 6."""

_EXPRESSION = re.compile(r"\$\{([^${}]*)\}")


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """A ``<dependency>`` as written, with its place."""

    group: str
    artifact: str
    version: str
    type: str
    classifier: str
    scope: str
    optional: str
    path: str
    line: int


class Parent(msgspec.Struct, frozen=True, kw_only=True):
    """A ``<parent>`` as written."""

    group: str
    artifact: str
    version: str
    path: str
    """Where the file should be, relative to the tree; empty if it says to look elsewhere."""

    line: int


class IdleProfile(msgspec.Struct, frozen=True):
    """A profile that is not active by default, and how many dependencies it declares."""

    id: str
    dependencies: int
    line: int


class Pom(msgspec.Struct, frozen=True, kw_only=True):
    """A POM as written."""

    path: str
    group: str
    artifact: str
    version: str
    parent: Parent | None
    properties: dict[str, str]
    dependencies: tuple[Declared, ...]
    managed: tuple[Declared, ...]
    modules: tuple[str, ...]
    idle: tuple[IdleProfile, ...]


def parse(data: bytes, path: str) -> Pom:
    """Read the parts of a POM that say what is needed.

    Profiles that are active by default are taken as part of the project.

    Raises:
        InputError: It is not well-formed XML, or no POM.
    """
    root = root_of(data, "project")
    active, idle = _profiles(root)
    properties: dict[str, str] = {}
    for holder in (root, *active):
        for each in children(child(holder, "properties")):
            properties[local(each)] = (each.text or "").strip()
    modules = [
        (each.text or "").strip()
        for holder in (root, *active)
        for name, kind in (("modules", "module"), ("subprojects", "subproject"))
        for each in children(child(holder, name), kind)
    ]
    return Pom(
        path=path,
        group=text_of(root, "groupId"),
        artifact=text_of(root, "artifactId"),
        version=text_of(root, "version"),
        parent=_parent(root, path),
        properties=properties,
        dependencies=tuple(each for at in (root, *active) for each in _declared(at, path)),
        managed=tuple(
            each
            for at in (root, *active)
            if (management := child(at, "dependencyManagement")) is not None
            for each in _declared(management, path)
        ),
        modules=tuple(module for module in modules if module),
        idle=tuple(idle),
    )


def _profiles(root: _Element) -> tuple[list[_Element], list[IdleProfile]]:
    active, idle = [], []
    for profile in children(child(root, "profiles"), "profile"):
        if text_of(child(profile, "activation"), "activeByDefault").lower() == "true":
            active.append(profile)
        else:
            count = sum(1 for _ in children(child(profile, "dependencies"), "dependency"))
            idle.append(IdleProfile(text_of(profile, "id"), count, line_of(profile)))
    return active, idle


def _parent(root: _Element, path: str) -> Parent | None:
    element = child(root, "parent")
    if element is None:
        return None
    where = child(element, "relativePath")
    relative = "../pom.xml" if where is None else (where.text or "").strip()
    return Parent(
        group=text_of(element, "groupId"),
        artifact=text_of(element, "artifactId"),
        version=text_of(element, "version"),
        path=beside(path, relative) if relative else "",
        line=line_of(element),
    )


def _declared(holder: _Element, path: str) -> Iterator[Declared]:
    for element in children(child(holder, "dependencies"), "dependency"):
        yield Declared(
            group=text_of(element, "groupId"),
            artifact=text_of(element, "artifactId"),
            version=text_of(element, "version"),
            type=text_of(element, "type") or "jar",
            classifier=text_of(element, "classifier"),
            scope=text_of(element, "scope"),
            optional=text_of(element, "optional"),
            path=path,
            line=line_of(element),
        )


def beside(path: str, relative: str) -> str:
    """Path, relative to the tree, of what a document names relative to itself."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), relative.replace("\\", "/")))


class Interpolation:
    """Replaces ``${…}`` by the values that are known.

    Args:
        values: By the name between the braces; values may have expressions of their own.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self._known: dict[str, str] = {}

    def of(self, text: str) -> str:
        """The text with what is known replaced; what is not stays as it is written."""
        return self._expand(text, ()) if "${" in text else text

    def _expand(self, text: str, within: tuple[str, ...]) -> str:
        if len(text) > MAX_VALUE:
            return text
        out, end = [], 0
        for match in _EXPRESSION.finditer(text):
            out.append(text[end : match.start()])
            out.append(self._value(match.group(1).strip(), match.group(), within))
            end = match.end()
        out.append(text[end:])
        whole = "".join(out)
        return whole if len(whole) <= MAX_VALUE else text

    def _value(self, name: str, written: str, within: tuple[str, ...]) -> str:
        if name in self._known:
            return self._known[name]
        value = self._values.get(name)
        if value is None or name in within or len(within) >= MAX_NESTING or len(value) > MAX_VALUE:
            return written
        expanded = self._expand(value, (*within, name)) if "${" in value else value
        self._known[name] = expanded  # of a cycle too, or its cost would double at each step
        return expanded


def unresolved(text: str) -> tuple[str, ...]:
    """Names of the expressions that are left in a text."""
    return tuple(dict.fromkeys(_EXPRESSION.findall(text))) or ((text[:80],) if "${" in text else ())
