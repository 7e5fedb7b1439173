"""``package-lock.json`` and ``npm-shrinkwrap.json``, lockfile versions 1 to 3.

Source: npm CLI documentation, "package-lock.json" (versions 5 to 11).  Versions
2 and 3 list folders under ``packages``; version 1 nests ``dependencies`` and is
turned into the same list of folders (``npm_lock_v1``), so that Node's
resolution of a name, nearest ``node_modules`` first, is done once for all.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.base import Notes, Tree
from pratique.formats.lockfiles.gathering import shown
from pratique.formats.lockfiles.javascript.graph import assemble
from pratique.formats.lockfiles.javascript.naming import npm_package
from pratique.formats.lockfiles.javascript.npm_folders import (
    NODE_MODULES,
    Folder,
    Resolution,
    mended,
    value_of,
)
from pratique.formats.lockfiles.jsonlines import JsonLines
from pratique.formats.text import decode, parse_json
from pratique.model.errors import InputError, LimitError

if TYPE_CHECKING:
    from pratique.model.inventory import Reading
    from pratique.model.purl import Package

KNOWN = (1, 2, 3)
"""Lockfile versions that npm has written up to its version 11."""

_OPENS = re.compile(r"\s*:\s*\{").match
"""What stands behind the key of a member that is an object."""

_RAW = msgspec.Raw()


class _Document(msgspec.Struct, gc=False):
    lockfile_version: msgspec.Raw = msgspec.field(default=_RAW, name="lockfileVersion")
    name: msgspec.Raw = _RAW
    version: msgspec.Raw = _RAW
    packages: msgspec.Raw = _RAW
    dependencies: msgspec.Raw = _RAW


_document = msgspec.json.Decoder(_Document)
_folders = msgspec.json.Decoder(dict[str, Folder])
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read an npm lockfile.

    Raises:
        InputError: It is not JSON, or not an object.
        LimitError: It is nested too deeply for the parser.
    """
    text = decode(data)
    notes = Notes(path)
    document = _open(text)
    version = _version(document, notes)
    base = path.rpartition("/")[2]
    kind = "npm-shrinkwrap.json" if base == "npm-shrinkwrap.json" else "package-lock.json"
    format = f"{kind} v{version}" if version else kind
    folders, lines = _packages(document, text, notes)
    if not folders and _has(document.dependencies):
        from pratique.formats.lockfiles.javascript.npm_lock_v1 import unnested

        folders, lines = unnested(document.dependencies, text, path, tree, notes)
    resolution = Resolution(folders, lines, notes)
    project = folders.get("", Folder())
    return assemble(
        format,
        resolution.entries,
        resolution.roots,
        notes,
        subject=_subject(project, document),
    )


def sniff(head: bytes) -> bool:
    """Whether a document is an npm lockfile, judged by its first 64 KiB."""
    return (
        head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
        and re.search(rb'"lockfileVersion"\s*:\s*\d', head) is not None
        and re.search(rb'"(?:packages|dependencies)"\s*:\s*\{', head) is not None
        and re.search(rb'"workspaces"\s*:\s*\{\s*""', head) is None  # that is Bun's
    )


def _open(text: str) -> _Document:
    try:
        return _document.decode(text)
    except RecursionError:
        raise LimitError("is nested too deeply") from None
    except msgspec.ValidationError:
        raise InputError("is not a JSON object") from None
    except msgspec.DecodeError:
        parse_json(text)  # says the line
        raise


def _has(raw: msgspec.Raw) -> bool:
    return bytes(raw).strip() not in {b"", b"null", b"{}"}


def _value(raw: msgspec.Raw) -> Any:
    return value_of(raw) if bytes(raw).strip() else None


def _version(document: _Document, notes: Notes) -> int:
    """Lockfile version; a problem where it is none of the known ones."""
    version = _value(document.lockfile_version)
    if isinstance(version, int) and not isinstance(version, bool):
        if version not in KNOWN:
            notes.unknown(f"lockfile version {version} is not known; read like version 3", 1)
        return version
    if version is None:
        notes.unknown("states no lockfileVersion", 1)
    else:
        notes.unknown(f"lockfileVersion {shown(version)} is not a number", 1)
    return 0


def _subject(project: Folder, document: _Document) -> Package | None:
    name = project.name or _value(document.name)
    version = project.version or _value(document.version)
    if not isinstance(name, str) or not name:
        return None
    try:
        return npm_package(name, version if isinstance(version, str) else "")
    except InputError:
        return None


def _packages(
    document: _Document, text: str, notes: Notes
) -> tuple[dict[str, Folder], dict[str, int]]:
    """Entries of ``packages`` by folder, and the line of each."""
    if not bytes(document.packages).strip():
        return {}, {}
    lines = _Lines(text, notes)
    try:
        return _folders.decode(document.packages), lines.found
    except (msgspec.ValidationError, RecursionError):
        pass
    try:
        members = _members.decode(document.packages)
    except msgspec.ValidationError:
        notes.unreadable("packages is not an object", lines.of("packages"))
        return {}, {}
    folders = {}
    for folder, raw in members.items():
        if (entry := mended(folder, raw, lines.of(folder), notes)) is not None:
            folders[folder] = entry
    return folders, lines.found


class _Lines:
    """Lines of the folders of ``packages``, in one pass over the text."""

    def __init__(self, text: str, notes: Notes) -> None:
        self._text = text
        self.found: dict[str, int] = {}
        line, position = 1, 0
        # From quote to quote: a pattern that begins with the folder's name would scan
        # a long text once for every place at which it might begin.
        end = text.find(NODE_MODULES)
        while end >= 0:
            start = text.rfind('"', position, end) + 1
            close = text.find('"', end)
            if close < 0:
                break
            end = text.find(NODE_MODULES, close)
            if not start or not _OPENS(text, close + 1):
                continue
            folder = text[start:close]
            line += text.count("\n", position, start)
            position = start
            if folder in self.found:
                notes.unreadable(f"{shown(folder)} is stated twice; the last is read", line)
            self.found[folder] = line
        self._slow: JsonLines | None = None

    def of(self, member: str) -> int:
        """Line of any member, also one whose key has escapes or is no folder."""
        if member in self.found:
            return self.found[member]
        if self._slow is None:
            self._slow = JsonLines(self._text, 2)
        return self._slow["packages", member] or self._slow[(member,)]
