"""Go build info (``debug/buildinfo`` and ``runtime/debug``, Go 1.13 to 1.25).

Thirty-two bytes with a magic, in a section of their own or at the start of
the data; then, since Go 1.18, two strings, before that two pointers to strings.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from pratique.formats.lockfiles.gathering import named, shown
from pratique.formats.lockfiles.golang.go_mod import STDLIB
from pratique.model.inventory import Relation, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.formats.base import Notes
    from pratique.formats.installed.binaries.sections import Image
    from pratique.formats.lockfiles.gathering import Gathering
    from pratique.model.purl import Package

MAGIC = b"\xff Go buildinf:"
MAX_INFO = 4 * 1024 * 1024
"""Bytes of the list of modules; that of a program with 1,000 modules has some 100 kB."""

_ALIGN = 16
_SENTINEL = 16
"""Bytes in front of and after the list, by which the linker's output can be searched."""

_SECTIONS = (".go.buildinfo", "__go_buildinfo")
_VERSION = re.compile(r"go(\d+(?:\.\d+)*(?:(?:rc|beta)\d+)?)(?=\Z|[\s+-])")
_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z\Z")
_COMMIT = re.compile(r"[0-9a-f]{40}\Z")
_OWN_COMMANDS = "cmd/"
"""Path of the toolchain's programs, which are built of the standard library alone."""

_FOLDER = re.compile(r"\.{0,2}[/\\]|[A-Za-z]:|\.{1,2}\Z")
"""How a path on the builder's disk begins; the path of a module never does so."""

DEVELOPMENT = "(devel)"
"""Version of a main module that was built from a working copy."""


class BuildInfo(NamedTuple):
    """What the linker wrote."""

    version: str
    """Of the toolchain: ``go1.22.1``."""

    modules: str
    """Lines, tab-separated; empty for a program built outside of any module."""


def build_info(image: Image) -> BuildInfo | None:
    """The build info of an executable; nothing where it has none."""
    for blob in _candidates(image):
        at = _find(blob)
        if at < 0:
            continue
        if blob[at + 15] & 2:
            version, after = _string(blob, at + 32)
            modules, _ = _string(blob, after)
        else:
            size, big = blob[at + 14], bool(blob[at + 15] & 1)
            if size not in {4, 8}:
                continue
            version = _pointed(image, blob, at + 16, size, big)
            modules = _pointed(image, blob, at + 16 + size, size, big)
        if version:
            return BuildInfo(_decode(version), _decode(_bare(modules)))
    return None


def _candidates(image: Image) -> Iterator[bytes]:
    """Where the linker puts it: its own section, else what is writable."""
    parts = [part for part in image.parts if part.name in _SECTIONS]
    room = 2 * len(image.data)
    for part in parts or [part for part in image.parts if part.writable]:
        # Parts that overlap cannot make more of a file than it is, twice at most.
        room -= part.size
        if part.size and room >= 0:
            yield image.data[part.offset : part.offset + part.size]


def _find(blob: bytes) -> int:
    at = blob.find(MAGIC)
    while at >= 0 and (at % _ALIGN or at + 32 > len(blob)):
        at = blob.find(MAGIC, at + 1)
    return at


def _string(blob: bytes, at: int) -> tuple[bytes, int]:
    """A string with its length as a varint in front, and where it ends."""
    length = shift = 0
    while at < len(blob) and shift < 63:
        byte = blob[at]
        at += 1
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            if length > MAX_INFO or at + length > len(blob):
                break
            return blob[at : at + length], at + length
    return b"", len(blob)


def _pointed(image: Image, blob: bytes, at: int, size: int, big: bool) -> bytes:
    """The string that a pointer to a string header leads to."""
    endian: Literal["big", "little"] = "big" if big else "little"
    header = image.at(int.from_bytes(blob[at : at + size], endian), 2 * size)
    if len(header) < 2 * size:
        return b""
    address = int.from_bytes(header[:size], endian)
    length = int.from_bytes(header[size:], endian)
    if length > MAX_INFO:
        return b""
    return image.at(address, length)


def _bare(modules: bytes) -> bytes:
    if len(modules) > 2 * _SENTINEL and modules[-_SENTINEL - 1 : -_SENTINEL] == b"\n":
        return modules[_SENTINEL:-_SENTINEL]
    return b""


def _decode(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def take(info: BuildInfo, gathering: Gathering) -> Package | None:
    """Take the modules of a program, and the standard library it was linked with.

    Returns:
        The main module, where the list names one.
    """
    notes = gathering.notes
    main: list[str] = []
    path = ""
    found: list[list[str]] = []
    settings: dict[str, str] = {}
    for line in info.modules.split("\n"):
        kind, *words = line.split("\t")
        words += [""] * (3 - len(words))
        if kind == "path":
            path = words[0]
        elif kind == "mod":
            main = words
        elif kind == "dep":
            found.append(words)
        elif kind == "=>":
            _replace(found, words, notes)
        elif kind == "build":
            key, _, value = words[0].partition("=")
            settings[key] = value
    targets = [ref for words in found if (ref := _dependency(words, gathering))]
    if standard := _standard(info, gathering):
        targets.append(standard)
    if not main and not path.startswith(_OWN_COMMANDS):
        notes.unknown("its modules are not recorded: what it was built from is not known")
        main = [path if path != "command-line-arguments" else "", ""]
    return _main(main, settings, targets, gathering) if main and main[0] else None


def _replace(found: list[list[str]], words: list[str], notes: Notes) -> None:
    """Put a replacement in the place of the module before it."""
    if not found:
        notes.unreadable("its list of modules replaces a module that it does not name")
    elif _FOLDER.match(words[0]):
        # A folder beside the main module: the original name says best what it is.
        notes.notice(f"{named(found[-1][0])} was replaced by a folder when it was built")
        found[-1] = [found[-1][0], "", ""]
    else:
        found[-1] = words


def _dependency(words: list[str], gathering: Gathering) -> str:
    name, version = words[0], words[1]
    if version == DEVELOPMENT:
        version = ""
    if not version:
        gathering.notes.unknown(f"which version of {named(name)} was built in is not stated")
    package = gathering.package(name, version, line=0, type="golang")
    if package is None:
        return ""
    return gathering.add(package, line=0, ecosystem="Go", scope=Scope.RUNTIME)


def _standard(info: BuildInfo, gathering: Gathering) -> str:
    match = _VERSION.match(info.version)
    if match is None:
        gathering.notes.unknown(f"the Go version {shown(info.version)} is no release")
        return ""
    package = gathering.package(STDLIB, match[1], line=0, type="golang")
    if package is None:
        return ""
    return gathering.add(package, line=0, ecosystem="Go", scope=Scope.RUNTIME)


def _main(
    words: list[str], settings: dict[str, str], targets: list[str], gathering: Gathering
) -> Package | None:
    """Take the program's own module, at the version it was built from."""
    name, version = words[0], words[1]
    if version == DEVELOPMENT:
        version = _pseudo(settings.get("vcs.revision", ""), settings.get("vcs.time", ""))
        if settings.get("vcs.modified") == "true":
            gathering.notes.notice(f"{named(name)} was built with uncommitted changes")
    package = gathering.package(name, version, line=0, type="golang")
    if package is None:
        return None
    ref = gathering.add(
        package,
        line=0,
        ecosystem="Go",
        relation=Relation.DIRECT,
        scope=Scope.RUNTIME,
    )
    for target in targets:
        gathering.edge(ref, target)
    return package


def _pseudo(commit: str, time: str) -> str:
    """Pseudo-version of a commit (Go modules reference, "Pseudo-versions"); empty without one."""
    match = _TIME.match(time)
    if not _COMMIT.match(commit) or match is None:
        return ""
    return f"v0.0.0-{''.join(match.groups())}-{commit[:12]}"
