"""Bundler's ``Gemfile.lock`` and ``gems.locked``.

Format: as Bundler writes it, up to version 2.6; it has no version of its own.
Sections begin in the first column; sources (``GEM``, ``GIT``, ``PATH``) have
their options indented by two, their gems by four and what those need by six.
It says neither in which groups a gem is nor its licence.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pratique.formats.lockfiles.gathering import Gathering, named, shown, without_credentials
from pratique.formats.text import decode
from pratique.model.errors import InputError
from pratique.model.inventory import Reading, Relation
from pratique.model.nouns import Source

if TYPE_CHECKING:
    from pratique.formats.base import Tree

_SOURCES = frozenset({"GEM", "GIT", "PATH", "PLUGIN SOURCE"})
_SILENT = frozenset({"PLATFORMS", "RUBY VERSION", "BUNDLED WITH"})
_CONFLICT = re.compile(r"^(<{7}|={7}|>{7}|\|{7})")
_ENTRY = re.compile(r"^(?P<name>[^\s()!]+)(?: \((?P<inside>[^()]*)\))?(?P<pinned>!)?$")
_SELF = frozenset({"bundler"})
"""Gems that Bundler never lists, since they are Bundler."""


class _Need(NamedTuple):
    """What a gem, or the project, asks for."""

    name: str
    line: int


def read(data: bytes, path: str, tree: Tree) -> Reading:  # noqa: ARG001 - a ReadFunction
    """Read a Bundler lockfile.

    Raises:
        InputError: The bytes are not text, or have none of Bundler's sections.
    """
    text = decode(data)
    reading = _Reading(path)
    for number, line in enumerate(text.split("\n"), 1):
        reading.line(line.rstrip(), number)
    if text.strip() and not reading.sections:
        raise InputError("has none of the sections of a Bundler lockfile")
    return reading.done()


class _Reading:
    """State between the lines."""

    def __init__(self, path: str) -> None:
        self.gathering = Gathering(path, type="gem", ecosystem="RubyGems")
        self.sections: set[str] = set()
        self._section = ""
        self._options: dict[str, str] = {}
        self._gem = ""
        self._refs: dict[str, list[str]] = {}
        self._needs: dict[str, list[_Need]] = {}
        self._direct: dict[str, tuple[str, int]] = {}

    def line(self, text: str, number: int) -> None:
        """Take one line."""
        if _CONFLICT.match(text):
            self.gathering.notes.unreadable("is an unresolved merge conflict", number)
        elif not text:
            pass
        elif not text.startswith(" "):
            self._begin(text, number)
        elif self._section in _SOURCES:
            self._source_line(text, number)
        elif self._section == "DEPENDENCIES":
            self._dependency(text.strip(), number)
        elif self._section == "CHECKSUMS":
            self._checksum(text.strip(), number)

    def _begin(self, text: str, number: int) -> None:
        self._section, self._options, self._gem = text, {}, ""
        if text in _SOURCES or text in _SILENT or text in {"DEPENDENCIES", "CHECKSUMS"}:
            self.sections.add(text)
        else:
            self.gathering.notes.unknown(f"section {shown(text)} is not known", number)

    def _source_line(self, text: str, number: int) -> None:
        indent = len(text) - len(text.lstrip(" "))
        entry = text.strip()
        if indent == 2:
            key, _, value = entry.partition(":")
            self._options.setdefault(key, value.strip())
        elif indent == 4:
            self._gem_line(entry, number)
        elif indent == 6 and self._gem:
            if match := _ENTRY.match(entry):
                self._needs[self._gem].append(_Need(match["name"], number))
            else:
                self._bad(entry, number)
        elif indent != 6:
            self._bad(entry, number)

    def _gem_line(self, entry: str, number: int) -> None:
        match = _ENTRY.match(entry)
        self._gem = ""
        if match is None:
            self._bad(entry, number)
            return
        version, _, platform = (match["inside"] or "").partition("-")
        if not version:
            self.gathering.notes.unknown(f"gem {named(match['name'])} has no version", number)
        package = self.gathering.package(match["name"], version, line=number)
        if package is None:
            return
        if package in self.gathering and not platform:
            self.gathering.notes.notice(
                f"gem {named(match['name'])} {named(version)} is listed twice", number
            )
        remote = without_credentials(self._options.get("remote", ""))
        ref = self.gathering.add(
            package,
            line=number,
            registry=remote if self._section == "GEM" else "",
            source=self._source(remote) if self._section == "GIT" else None,
        )
        if not ref:
            return
        self._gem = ref
        self._needs.setdefault(ref, [])
        known = self._refs.setdefault(match["name"], [])
        if ref not in known:
            known.append(ref)

    def _source(self, remote: str) -> Source:
        options = self._options
        return Source(
            url=remote,
            commit=options.get("revision", ""),
            reference=options.get("tag") or options.get("branch") or options.get("ref", ""),
        )

    def _dependency(self, entry: str, number: int) -> None:
        if match := _ENTRY.match(entry):
            self._direct[match["name"]] = (match["inside"] or "", number)
        else:
            self._bad(entry, number)

    def _checksum(self, entry: str, number: int) -> None:
        gem, closing, digests = entry.partition(")")
        match = _ENTRY.match(gem + closing)
        if match is None:
            self._bad(entry, number)
            return
        version = (match["inside"] or "").partition("-")[0]
        package = self.gathering.package(match["name"], version, line=number)
        if package is None or package not in self.gathering:
            if match["name"] in _SELF:
                return
            self.gathering.notes.notice(f"checksum of {shown(gem + closing)}: no such gem", number)
            return
        for digest in filter(None, (each.strip() for each in digests.split(","))):
            algorithm, _, value = digest.partition("=")
            self.gathering.attach(package, self.gathering.digest(algorithm, value, number))

    def _bad(self, entry: str, number: int) -> None:
        self.gathering.notes.unreadable(f"entry {shown(entry)} cannot be read", number)

    def done(self) -> Reading:
        """Resolve names to gems once all are known."""
        gathering = self.gathering
        for ref, needs in self._needs.items():
            gathering.states_edges(ref)
            for need in needs:
                self._require(ref, need)
        roots = []
        for name, (requirement, line) in self._direct.items():
            refs = self._refs.get(name, [])
            roots.extend(refs)
            if not refs and name not in _SELF:
                gathering.notes.notice(
                    f"{named(name)} is wanted but not locked, as for another platform", line
                )
            for ref in refs:
                gathering.change(ref, relation=Relation.DIRECT, requirement=requirement)
        if "DEPENDENCIES" in self.sections:
            for ref in self._needs:
                if gathering[ref].relation is Relation.UNKNOWN:
                    gathering.change(ref, relation=Relation.TRANSITIVE)
        return gathering.reading("Gemfile.lock", roots=roots)

    def _require(self, ref: str, need: _Need) -> None:
        targets = self._refs.get(need.name, [])
        for target in targets:
            self.gathering.edge(ref, target)
        if not targets and need.name not in _SELF:
            self.gathering.notes.notice(
                f"{named(need.name)} is needed but not locked, as for another platform", need.line
            )
