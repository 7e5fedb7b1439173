"""JAR, WAR and EAR files: what they are, and what is packed into them.

Maven leaves a record of itself in ``META-INF/maven/<group>/<artifact>``; an
archive that was merged of several holds several.  Others have their manifest
and their file's name.  Archives inside of an archive are read alike.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from typing import TYPE_CHECKING

from pratique.formats.installed.archives.manifest import attributes, properties
from pratique.formats.installed.archives.members import Budget, Members, printable
from pratique.formats.installed.archives.naming import KNOWN_GROUPS, Name, from_file, from_manifest
from pratique.formats.lockfiles.gathering import Gathering
from pratique.formats.text import decode, parse_xml
from pratique.model.errors import InputError, LimitError
from pratique.model.inventory import LicenseClaim, Scope
from pratique.model.nouns import Artifact

if TYPE_CHECKING:
    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading

MAX_LEVELS = 4
"""Archives within archives: an EAR holds WARs, these hold JARs, and these their own."""

MAX_RECORDS = 20_000
"""Maven records and inner archives of one archive, with all inside of it."""

ENDINGS = (".jar", ".war", ".ear", ".par", ".sar", ".nar", ".jpi", ".hpi", ".lpkg", ".aar", ".kar")
"""Of files that are such archives."""

_RECORD = re.compile(r"(?:.*/)?META-INF/maven/([^/]+)/([^/]+)/pom\.(properties|xml)\Z")
_MANIFEST = "META-INF/MANIFEST.MF"


def read(data: bytes, path: str, tree: Tree) -> Reading:  # noqa: ARG001 - one file
    """Read an archive with all archives inside of it.

    Raises:
        InputError: It is no ZIP archive.
        LimitError: It has too many members.
    """
    gathering = Gathering(path, type="maven", ecosystem="Maven")
    archive = _Archive(gathering, Budget())
    archive.open(data, path, 0)
    subject = gathering[archive.own].package if archive.own else None
    return gathering.reading("Java archive", subject=subject)


class _Archive:
    """The reading of one file; ``own`` is the reference of what it is itself."""

    def __init__(self, gathering: Gathering, budget: Budget) -> None:
        self.gathering = gathering
        self.budget = budget
        self.records = 0
        self.own = ""

    def open(self, data: bytes, place: str, level: int) -> str:
        """Take what an archive is and holds; returns the reference of what it is."""
        members = Members(data, self.budget)
        stem = posixpath.splitext(posixpath.basename(place))[0]
        records = self._records(members, place)
        manifest = self._manifest(members, place)
        own = _own(records, stem) or self._from_manifest(manifest, stem, members, place)
        inner = [name for name in members.paths() if name.lower().endswith(ENDINGS)]
        ref = ""
        if own is not None:
            ref = self._add(own, place, data, _license(manifest))
        elif not records and not inner:
            self.gathering.notes.unknown(f"what {place[-200:]} is cannot be told")
        if level == 0:
            self.own = ref
        for record in records:
            if record != own:
                self._edge(ref, self._add(record, place, b"", ""))
        for name in inner:
            self._edge(ref, self._inner(members, name, f"{place}!/{printable(name)}", level + 1))
        return ref

    def _inner(self, members: Members, name: str, place: str, level: int) -> str:
        """Open an archive inside of another; what is wrong with it costs itself only."""
        notes = self.gathering.notes
        if level > MAX_LEVELS:
            notes.unreadable(f"{place[-200:]} is over {MAX_LEVELS} archives deep")
            return ""
        if not self._room():
            return ""
        try:
            return self.open(members.read(name), place, level)
        except InputError as error:
            notes.unreadable(f"{place[-200:]} {error.message}")
            return ""

    def _room(self) -> bool:
        """Whether one more record may be read; says it once where none may."""
        self.records += 1
        if self.records == MAX_RECORDS + 1:
            self.gathering.notes.unreadable(f"holds more than {MAX_RECORDS:,} records and archives")
        return self.records <= MAX_RECORDS

    def _records(self, members: Members, place: str) -> list[Name]:
        """What Maven recorded; ``pom.properties`` before ``pom.xml`` of the same."""
        kinds: dict[tuple[str, str], dict[str, str]] = {}
        for path in members.paths():
            if match := _RECORD.match(path):
                kinds.setdefault((match[1], match[2]), {})[match[3]] = path
        found = []
        for (group, artifact), paths in kinds.items():
            if not self._room():
                break
            name = None
            for kind in ("properties", "xml"):
                if kind in paths and (name is None or not name.version):
                    read = _properties if kind == "properties" else _pom
                    try:
                        name = read(members.read(paths[kind]), group, artifact)
                    except InputError as error:
                        where = f"{place}!/{printable(paths[kind])}"[-200:]
                        self.gathering.notes.unreadable(f"{where} {error.message}")
            found.append(name or Name(group, artifact))
        return list(dict.fromkeys(found))

    def _manifest(self, members: Members, place: str) -> dict[str, str]:
        if not members.is_file(_MANIFEST):
            return {}
        try:
            return attributes(decode(members.read(_MANIFEST)))
        except InputError as error:
            self.gathering.notes.unreadable(f"{place[-200:]}!/{_MANIFEST} {error.message}")
            return {}

    def _from_manifest(
        self, manifest: dict[str, str], stem: str, members: Members, place: str
    ) -> Name | None:
        """What an archive is without Maven's record; a group that is guessed is said to be."""
        name = from_manifest(manifest, stem) if manifest else from_file(stem)
        if not name.artifact or not (name.version or manifest):
            return None
        if not name.version and any(path.lower().endswith(ENDINGS) for path in members.paths()):
            return None  # an application around its libraries
        if name.group and name.artifact not in KNOWN_GROUPS.get(name.group, ()):
            folder = name.group.replace(".", "/") + "/"
            own = printable(name.artifact)
            message = f"the group of {own} is taken from the manifest of {place[-200:]}"
            if any(folder in path for path in members.paths()):
                self.gathering.notes.notice(message)
            else:
                self.gathering.notes.unknown(f"{message}, and nothing else in it says so")
        return name

    def _add(self, name: Name, place: str, data: bytes, license: str) -> str:
        notes = self.gathering.notes
        if not name.group:
            notes.unknown(
                f"the group of {printable(name.artifact[:120])} in {place[-200:]} is not stated"
            )
        if not name.version:
            notes.unknown(f"{printable(name.artifact[:120])} in {place[-200:]} has no version")
        package = self.gathering.package(name.artifact, name.version, namespace=name.group, line=0)
        if package is None:
            return ""
        hashes = (
            (
                Artifact("sha1", hashlib.sha1(data, usedforsecurity=False).hexdigest()),
                Artifact("sha256", hashlib.sha256(data).hexdigest()),
            )
            if data
            else ()
        )
        return self.gathering.add(
            package,
            line=0,
            path=place,
            ecosystem="Maven" if name.group else "",
            scope=Scope.RUNTIME,
            hashes=hashes,
            licenses=(LicenseClaim(license, "manifest"),) if license else (),
        )

    def _edge(self, ref: str, target: str) -> None:
        if ref and target and ref != target:
            self.gathering.edge(ref, target)


def _own(records: list[Name], stem: str) -> Name | None:
    """The record of the archive itself: the one that its file is named after."""
    file = from_file(stem)
    for record in records:
        if record.artifact == file.artifact or stem == f"{record.artifact}-{record.version}":
            return record
    matching = [one for one in records if stem.startswith(one.artifact)]
    if matching:
        return max(matching, key=lambda one: len(one.artifact))
    return records[0] if len(records) == 1 and not file.version else None


def _properties(data: bytes, group: str, artifact: str) -> Name:
    """Name in a ``pom.properties``; its folder says the rest."""
    try:
        text = decode(data)
    except LimitError:
        raise
    except InputError:
        text = data.decode("latin-1")
    found = properties(text)
    return Name(
        _stated(found.get("groupId", "")) or group,
        _stated(found.get("artifactId", "")) or artifact,
        _stated(found.get("version", "")),
    )


def _pom(data: bytes, group: str, artifact: str) -> Name:
    """Name in a ``pom.xml``, or its parent's version."""
    root = parse_xml(data)
    for path in ("{*}version", "{*}parent/{*}version"):
        version = _stated((root.findtext(path) or "").strip())
        if version:
            return Name(group, artifact, version)
    return Name(group, artifact)


def _stated(text: str) -> str:
    """A value, or nothing where it is a placeholder that was never filled in."""
    return "" if "${" in text or not text.isprintable() else text.strip()


def _license(manifest: dict[str, str]) -> str:
    text = manifest.get("bundle-license", "")
    return text.split(",")[0].partition(";")[0].strip() if text and len(text) < 500 else ""
