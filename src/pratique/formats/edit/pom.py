"""Maven's ``pom.xml``: versions, the properties they come from, dependency management.

Format: Maven POM reference, model version 4.0.0.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import msgspec

from pratique.formats.edit.base import EditError
from pratique.formats.edit.xmltext import Element, scan

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROPERTY = re.compile(r"\$\{([^${}]+)\}")


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """A dependency as a POM writes it, without what it inherits."""

    name: str
    """``group:artifact``, properties as written."""

    version: str
    """As written; empty where it is managed."""

    managed: bool
    type: str = ""
    classifier: str = ""
    scope: str = ""
    optional: bool = False
    exclusions: frozenset[str] = frozenset()
    profile: str = ""
    start: int
    """Place of the text of ``<version>``, in bytes; 0 where there is none."""

    end: int


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A version to write, and for what."""

    name: str
    """``group:artifact``."""

    version: str
    type: str = ""
    classifier: str = ""


def dependencies(data: bytes) -> list[Written]:
    """The dependencies a POM declares and manages, its profiles' included.

    Raises:
        InputError: It is no POM that can be read.
    """
    return list(_dependencies(_project(data)))


def _project(data: bytes) -> Element:
    root = scan(data)
    if root.name != "project":
        raise EditError(f"is <{root.name[:40]}>, not <project>")
    return root


def _dependencies(root: Element) -> Iterator[Written]:
    for holder, profile in _holders(root):
        for managed in (False, True):
            at = holder.child("dependencyManagement") if managed else holder
            section = at.child("dependencies") if at else None
            for element in section.all("dependency") if section else ():
                version = element.child("version")
                excluded = element.child("exclusions")
                yield Written(
                    name=f"{element.value('groupId')}:{element.value('artifactId')}",
                    version=element.value("version"),
                    managed=managed,
                    type=element.value("type"),
                    classifier=element.value("classifier"),
                    scope=element.value("scope"),
                    optional=element.value("optional").lower() == "true",
                    exclusions=frozenset(
                        f"{one.value('groupId') or '*'}:{one.value('artifactId') or '*'}"
                        for one in (excluded.all("exclusion") if excluded else ())
                    ),
                    profile=profile,
                    start=version.inside if version else 0,
                    end=version.close if version else 0,
                )


def _holders(root: Element) -> Iterator[tuple[Element, str]]:
    yield root, ""
    profiles = root.child("profiles")
    for profile in profiles.all("profile") if profiles else ():
        yield profile, profile.value("id") or "?"


def without_repeats(data: bytes) -> bytes:
    """The POM with only the last of each coordinate that it states several times.

    Maven refuses such a POM; what reads it nevertheless takes the last one.

    Raises:
        InputError: It is no POM that can be read.
    """
    root = _project(data)
    last = {one.name: one for one in root.children}
    pieces = {
        (one.start, data.find(b">", one.close) + 1): b""
        for one in root.children
        if one.name in {"groupId", "artifactId", "version"} and one is not last[one.name]
    }
    return _splice(data, pieces)


def edit(data: bytes, versions: list[Version], *, manage: bool = True) -> bytes:
    """Write versions where the POM itself has them, else into its dependency management.

    A version that comes from a property changes the property, if every
    dependency that uses it is to have the same version; else it is written out.

    Args:
        data: The POM.
        versions: What to write.
        manage: Whether dependency management may be added to.

    Raises:
        EditError: A version cannot be written so that it takes effect.
        InputError: It is no POM that can be read.
    """
    root = _project(data)
    written = list(_dependencies(root))
    names = _Names(root)
    pieces: dict[tuple[int, int], bytes] = {}
    new: list[Version] = []
    targets = {(one.name, one.type, one.classifier): one.version for one in versions}
    for one in versions:
        own = [
            each
            for each in written
            if names.of(each.name) == one.name
            and each.version
            and (each.type in {"", "jar"}) == (one.type in {"", "jar"})
            and each.classifier == one.classifier
        ]
        for each in own:
            start, end, text = _place(each, one, names, written, targets)
            if pieces.setdefault((start, end), text) != text:
                raise EditError(f"{one.name} shares its version with one that gets another")
        if not own:
            new.append(one)
    if new and not manage:
        raise EditError(f"{new[0].name} is not in the POM itself")
    out = _splice(data, pieces)
    return _managed(out, new) if new else out


class _Names:
    """Properties of the POM itself."""

    def __init__(self, root: Element) -> None:
        self.properties: dict[str, Element] = {}
        for holder, _ in _holders(root):
            section = holder.child("properties")
            for each in section.children if section else ():
                # One that several profiles define has no single place.
                self.properties.setdefault(each.name, each)
        parent = root.child("parent")
        group = root.value("groupId") or (parent.value("groupId") if parent else "")
        version = root.value("version") or (parent.value("version") if parent else "")
        self._own = {f"{start}.groupId": group for start in ("project", "pom")}
        self._own |= {f"{start}.version": version for start in ("project", "pom")}

    def of(self, text: str) -> str:
        """The text with the POM's own values in place of properties, once."""

        def value(match: re.Match[str]) -> str:
            name = match[1].strip()
            if name in self._own:
                return self._own[name]
            found = self.properties.get(name)
            return found.text.strip() if found else match[0]

        return _PROPERTY.sub(value, text)


def _place(
    each: Written,
    one: Version,
    names: _Names,
    written: list[Written],
    targets: dict[tuple[str, str, str], str],
) -> tuple[int, int, bytes]:
    """Where a version is written, and what to write there."""
    text = escape(one.version).encode()
    used = _PROPERTY.fullmatch(each.version)
    element = names.properties.get(used[1].strip()) if used else None
    if element is None or "${" in element.text:
        return each.start, each.end, text
    others = [other for other in written if other.version == each.version]
    agree = all(
        targets.get((names.of(other.name), other.type, other.classifier), "") == one.version
        for other in others
    )
    if agree:
        return element.inside, element.close, text
    return each.start, each.end, text


def _splice(data: bytes, pieces: dict[tuple[int, int], bytes]) -> bytes:
    out, end = [], 0
    for (start, stop), text in sorted(pieces.items()):
        out += [data[end:start], text]
        end = stop
    return b"".join([*out, data[end:]])


def _managed(data: bytes, versions: list[Version]) -> bytes:
    """Add to dependency management, which is made where it is not there."""
    root = _project(data)
    management = root.child("dependencyManagement")
    section = management.child("dependencies") if management else None
    indent = _indent(data, root)
    newline = b"\r\n" if b"\r\n" in data else b"\n"
    level = 3
    body = [line for one in versions for line in _lines(one)]
    if section is None:
        level = 1
        opening, closing = ["<dependencies>"], ["</dependencies>"]
        if management is None:
            opening = ["<dependencyManagement>", " <dependencies>"]
            closing = [" </dependencies>", "</dependencyManagement>"]
        inner = " " * len(opening)
        body = [*opening, *(inner + line for line in body), *closing]
        level = 1 if management is None else 2
    text = b"".join(_laid_out(line, indent, level) + newline for line in body)
    holder = section or management or root
    at = data.rfind(b"\n", 0, holder.close) + 1
    if data[at : holder.close].strip() or not at:
        at, text = holder.close, newline + text
    if management is None:
        text += newline
    out = data[:at] + text + data[at:]
    expected = {(one.name, one.version) for one in versions}
    present = {(one.name, one.version) for one in _dependencies(_project(out)) if one.managed}
    if not expected <= present:
        raise EditError("dependency management cannot be added to")
    return out


def _lines(one: Version) -> list[str]:
    group, _, artifact = one.name.partition(":")
    parts = [("groupId", group), ("artifactId", artifact), ("version", one.version)]
    parts += [("type", one.type)] if one.type else []
    parts += [("classifier", one.classifier)] if one.classifier else []
    inner = [f" <{name}>{escape(value)}</{name}>" for name, value in parts]
    return ["<dependency>", *inner, "</dependency>"]


def _laid_out(line: str, indent: bytes, level: int) -> bytes:
    bare = line.lstrip(" ")
    return indent * (level + len(line) - len(bare)) + bare.encode()


def _indent(data: bytes, root: Element) -> bytes:
    """What the children of the project are indented by."""
    for each in root.children:
        before = data[data.rfind(b"\n", 0, each.start) + 1 : each.start]
        if before and not before.strip():
            return before
    return b"  "
