"""The list of crates that cargo-auditable puts into executables (its ``PARSING.md``).

A section ``.dep-v0`` with JSON, compressed by zlib; formats 0 to 8.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from pratique.formats.lockfiles.gathering import named, shown
from pratique.formats.lockfiles.typed import text_of
from pratique.formats.text import decode, parse_json
from pratique.model.errors import InputError, LimitError
from pratique.model.inventory import Relation, Scope

if TYPE_CHECKING:
    from pratique.formats.installed.binaries.sections import Image
    from pratique.formats.lockfiles.gathering import Gathering
    from pratique.model.purl import Package

SECTION = ".dep-v0"
MAX_LIST = 8 * 1024 * 1024
"""Bytes of the list; what cargo-auditable's own reader takes by default. One of
1,000 crates has some 100 kB."""


def dependency_list(image: Image) -> bytes | None:
    """The compressed list of an executable; nothing where it has none."""
    return next((blob for blob in image.named(SECTION) if blob), None)


def take(packed: bytes, gathering: Gathering) -> Package | None:
    """Take the crates of a program.

    Returns:
        The crate that it is.

    Raises:
        InputError: The list cannot be unpacked, or is no list of crates.
        LimitError: It is longer than ``MAX_LIST``.
    """
    value = parse_json(decode(_unpacked(packed)))
    packages = value.get("packages") if isinstance(value, dict) else None
    if not isinstance(packages, list):
        raise InputError("has a list of crates without packages")
    refs: list[str] = []
    root: Package | None = None
    for entry in packages:
        ref, package = _crate(entry, gathering)
        refs.append(ref)
        if ref and entry.get("root") is True:
            root = package
    for ref, entry in zip(refs, packages, strict=True):
        if ref:
            gathering.states_edges(ref)
            _edges(ref, entry, refs, gathering)
    return root


def _unpacked(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(packed, MAX_LIST + 1)
    except zlib.error:
        raise InputError("has a list of crates that cannot be unpacked") from None
    if len(data) > MAX_LIST:
        raise LimitError(f"has a list of crates over {MAX_LIST:,} bytes")
    if not unpacker.eof:
        raise InputError("has a list of crates that is cut short")
    return data


def _crate(entry: Any, gathering: Gathering) -> tuple[str, Package | None]:
    notes = gathering.notes
    if not isinstance(entry, dict):
        notes.unreadable(f"entry {shown(entry)} of its list of crates is no crate")
        return "", None
    name = text_of(entry, "name", notes, 0)
    version = text_of(entry, "version", notes, 0)
    if not version:
        notes.unknown(f"which version of {named(name)} was built in is not stated")
    origin = text_of(entry, "source", notes, 0)
    package = gathering.package(name, version, line=0, type="cargo")
    if package is None:
        return "", None
    build = text_of(entry, "kind", notes, 0) == "build"
    public = origin in {"crates.io", "registry"}
    if not public and origin not in {"local", ""}:
        notes.notice(f"crate {named(name)} came from {named(origin)}, not from a registry")
    ref = gathering.add(
        package,
        line=0,
        ecosystem="crates.io",
        relation=Relation.DIRECT if entry.get("root") is True else Relation.UNKNOWN,
        scope=Scope.BUILD if build else Scope.RUNTIME,
    )
    return ref, package


def _edges(ref: str, entry: dict[str, Any], refs: list[str], gathering: Gathering) -> None:
    targets = entry.get("dependencies", [])
    if not isinstance(targets, list):
        gathering.notes.unreadable("dependencies of a crate are no list of numbers")
        return
    for index in targets:
        if isinstance(index, int) and 0 <= index < len(refs):
            if refs[index]:
                gathering.edge(ref, refs[index])
        else:
            gathering.notes.unreadable(f"dependency {shown(index)} of a crate is none in its list")
