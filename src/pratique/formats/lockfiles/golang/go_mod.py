"""``go.mod``: the modules of a build list (Go modules reference, "go.mod files").

From Go 1.17 on the file lists every module that is needed, with the indirect
ones marked; before that, the rest is in the ``go.sum`` beside it.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

from pratique.formats.base import Notes
from pratique.formats.lockfiles.gathering import Gathering, shown
from pratique.formats.lockfiles.golang.go_sum import modules
from pratique.formats.lockfiles.golang.mod_lines import BadLineError, Directive, directives
from pratique.formats.text import decode
from pratique.model.errors import InputError
from pratique.model.inventory import Relation, Scope

if TYPE_CHECKING:
    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading

COMPLETE_SINCE = (1, 17)
"""Go version from which on a ``go.mod`` lists all modules ("Graph pruning")."""

ASSUMED = (1, 16)
"""Version of a file without a ``go`` directive ("go directive")."""

STDLIB = "stdlib"
"""Name of the standard library in OSV's Go ecosystem."""

_VERSION = re.compile(r"v\d\S*\Z")
_GO = re.compile(r"(?:go)?(\d+(?:\.\d+)*(?:(?:rc|beta)\d+)?)")
_HEAD = re.compile(rb"^module\s+\S+", re.MULTILINE)


def is_go_mod(head: bytes) -> bool:
    """Whether it has a ``module`` directive."""
    return bool(_HEAD.search(head))


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read a ``go.mod``.

    Raises:
        InputError: It is not text, or has no directive of a ``go.mod`` at all.
    """
    found: list[Directive] = []
    bad: list[BadLineError] = []
    for one in directives(decode(data)):
        if isinstance(one, BadLineError):
            bad.append(one)
        else:
            found.append(one)
    if bad and not found:
        raise InputError(f"line {bad[0].line}: {bad[0].message}")
    module = _Module(Gathering(path, type="golang", ecosystem="Go"), tree)
    for error in bad:
        module.notes.unreadable(error.message, error.line)
    for directive in found:
        module.take(directive)
    return module.reading()


class _Place(NamedTuple):
    """A module, or a folder, that stands in for another."""

    path: str
    version: str
    line: int


class _Module:
    """One module file while it is read."""

    def __init__(self, gathering: Gathering, tree: Tree) -> None:
        self.gathering, self.tree = gathering, tree
        self.notes = gathering.notes
        self.name = ""
        self.go: tuple[str, int] = ("", 0)
        self.toolchain: tuple[str, int] = ("", 0)
        self.required: list[tuple[_Place, bool]] = []
        self.replaced: dict[tuple[str, str], _Place] = {}
        self.excluded: set[tuple[str, str]] = set()
        self.roots: list[str] = []

    def take(self, directive: Directive) -> None:
        """Take a directive; one that is incomplete becomes a problem."""
        verb, words, line, indirect = directive
        match verb, words:
            case "module", [name]:
                self.name = name
            case "go", [version] if _GO.match(version):
                self.go = (version, line)
            case "toolchain", ["default"]:
                pass
            case "toolchain", [version] if _GO.match(version):
                self.toolchain = (version, line)
            case "require", [name, version]:
                self.required.append((_Place(name, version, line), indirect))
            case "exclude", [name, version]:
                self.excluded.add((name, version))
            case "replace", [name, "=>", *to] if 1 <= len(to) <= 2:
                self._replace(name, "", to, line)
            case "replace", [name, version, "=>", *to] if 1 <= len(to) <= 2:
                self._replace(name, version, to, line)
            case (("retract" | "godebug" | "tool" | "ignore"), _):
                pass  # about this module or its build, not about what it needs
            case _:
                self.notes.unreadable(f"{shown(' '.join(words))} cannot follow {verb}", line)

    def _replace(self, name: str, version: str, to: list[str], line: int) -> None:
        self.replaced[name, version] = _Place(to[0], to[1] if len(to) > 1 else "", line)

    def reading(self) -> Reading:
        """Everything taken."""
        for place, indirect in self.required:
            self._require(place, Relation.TRANSITIVE if indirect else Relation.DIRECT)
        if _numbers(self.go[0]) < COMPLETE_SINCE and (self.required or self.go[0]):
            self._sums()
        self._stdlib()
        subject = self.gathering.package(self.name, line=0) if self.name else None
        version = f" go {self.go[0]}" if self.go[0] else ""
        return self.gathering.reading(f"go.mod{version}", roots=self.roots, subject=subject)

    def _require(self, place: _Place, relation: Relation, path: str = "") -> None:
        """Take a required module, or what replaces it."""
        name, version, line = place
        alias = local = ""
        to = self.replaced.get((name, version)) or self.replaced.get((name, ""))
        if to is not None:
            line, path = to.line, ""
            if to.version:
                alias, name = name, to.path
                version = to.version
            else:
                local = to.path
                if self._is_checked(local):
                    what = f"{shown(name)} is replaced by {shown(local)}, which has its own go.mod"
                    self.notes.notice(what, line)
                    return
                version = ""
                self.notes.unknown(
                    f"{shown(name)} is replaced by folder {shown(local)}; its version is not known",
                    line,
                )
        if version and not _VERSION.match(version):
            self.notes.unknown(f"{shown(version)} of {shown(name)} is no version", line)
            version = ""
        package = self.gathering.package(name, version, line=line)
        if package is None:
            return
        requirement = place.version if (to is not None or not version) else ""
        ref = self.gathering.add(
            package,
            line=line,
            path=path,
            relation=relation,
            scope=Scope.RUNTIME,
            registry=local,
            alias=alias,
            requirement=requirement,
        )
        if ref and relation is Relation.DIRECT:
            self.roots.append(ref)

    def _is_checked(self, local: str) -> bool:
        """Whether a folder is a module in the same tree, with a reading of its own."""
        folder = posixpath.dirname(self.gathering.path)
        return self.tree.is_file(posixpath.normpath(posixpath.join(folder, local, "go.mod")))

    def _sums(self) -> None:
        """Take the modules that an old ``go.mod`` leaves to the ``go.sum`` beside it."""
        path = self.gathering.path.removesuffix("mod") + "sum"
        stated = self.go[0] or "before 1.12"
        if not self.tree.is_file(path):
            self.notes.unknown(f"go {stated} leaves indirect modules to go.sum, which is not here")
            return
        notes = Notes(path)
        try:
            listed = list(modules(decode(self.tree.read(path)), notes))
        except InputError as error:
            notes.unreadable(error.message)
            listed = []
        self.notes.extend(tuple(notes))
        self.notes.notice(
            f"go {stated} leaves indirect modules to go.sum, "
            "which may still name versions that are no longer selected"
        )
        required = {(place.path, place.version) for place, _ in self.required}
        for name, version, line in listed:
            if (name, version) not in required and (name, version) not in self.excluded:
                self._require(_Place(name, version, line), Relation.TRANSITIVE, path)

    def _stdlib(self) -> None:
        """The standard library, at the version of the toolchain or else the least allowed."""
        text, line = self.toolchain if self.toolchain[0] else self.go
        match = _GO.match(text)
        if match is None:
            return
        package = self.gathering.package(STDLIB, match[1], line=line)
        if package is not None:
            ref = self.gathering.add(
                package,
                line=line,
                relation=Relation.DIRECT,
                scope=Scope.RUNTIME,
                requirement=f">={match[1]}",
            )
            self.roots.append(ref)


def _numbers(version: str) -> tuple[int, ...]:
    match = _GO.match(version)
    if match is None:
        return ASSUMED
    return tuple(int(part[:9]) for part in re.findall(r"\d+", match[1])[:2])
