"""Swift package manager's ``Package.resolved``.

Format: versions 1 (``object.pins``), 2 and 3 (``pins``), as SwiftPM's
``PinsStore`` writes them.  It says neither who asked for what, nor digests.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from pratique.formats.lockfiles.gathering import Gathering, named, shown, without_credentials
from pratique.formats.lockfiles.jsonlines import JsonLines
from pratique.formats.text import decode, parse_json
from pratique.model.errors import InputError
from pratique.model.nouns import Source

if TYPE_CHECKING:
    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading

_VERSIONS = (1, 2, 3)
_REMOTE = re.compile(
    r"^(?:[a-z][a-z0-9+.-]*://)?(?:[^/@]*@)?([^/:]+)(?::\d+/|[:/])/*(.+)$", re.IGNORECASE
)
"""Host and path of a URL, or of the short form of an SSH address."""


class _Name(NamedTuple):
    """What a package is called, and where it comes from."""

    namespace: str
    name: str
    ecosystem: str


def read(data: bytes, path: str, tree: Tree) -> Reading:  # noqa: ARG001 - a ReadFunction
    """Read the pins of a Swift package.

    Raises:
        InputError: It is not JSON, or has no pins.
    """
    text = decode(data)
    document = parse_json(text)
    version = document.get("version") if isinstance(document, dict) else None
    holder = document.get("object") if version == 1 and isinstance(document, dict) else document
    pins = holder.get("pins") if isinstance(holder, dict) else None
    if not isinstance(pins, list):
        raise InputError("has no array of pins")
    at: tuple[str, ...] = ("object", "pins") if holder is not document else ("pins",)
    lines = JsonLines(text, 5)
    gathering = Gathering(path, type="swift", ecosystem="SwiftURL")
    gathering.repeated(lines)
    if isinstance(version, bool) or version not in _VERSIONS:
        gathering.notes.unknown(
            f"version {shown(version)} of Package.resolved is not known", lines[("version",)]
        )
    for index, pin in enumerate(pins):
        _take(pin, lines[(*at, index)], gathering)
    return gathering.reading(f"Package.resolved v{str(version)[:20]}")


def _take(pin: Any, line: int, gathering: Gathering) -> None:
    if not isinstance(pin, dict):
        gathering.notes.unreadable(f"pin {shown(pin)} is not an object", line)
        return
    state = pin.get("state")
    state = state if isinstance(state, dict) else {}
    location = _text(pin.get("location") or pin.get("repositoryURL"))
    name = _name(pin, location)
    if name is None:
        gathering.notes.unreadable(f"pin {shown(pin)} names no package", line)
        return
    version, revision = _text(state.get("version")), _text(state.get("revision"))
    if not version:
        gathering.notes.unknown(f"{named(name.name)} is pinned to no version", line)
    package = gathering.package(name.name, version, namespace=name.namespace, line=line)
    if package is None:
        return
    if package in gathering:
        gathering.notes.notice(f"{named(name.name)} {named(version)} is pinned twice", line)
    address = without_credentials(location)
    remote = bool(revision) and bool(address)
    gathering.add(
        package,
        line=line,
        ecosystem=name.ecosystem,
        alias=_text(pin.get("package")),
        source=Source(url=address, commit=revision, reference=_text(state.get("branch")))
        if remote
        else None,
    )


def _name(pin: dict[str, Any], location: str) -> _Name | None:
    """Name by repository; a registry's packages are called ``scope.name`` instead."""
    identity = _text(pin.get("identity") or pin.get("package"))
    kind = pin.get("kind")
    if kind == "registry":
        scope, dot, name = identity.partition(".")
        return _Name(scope, name, "") if dot else None
    if kind == "localSourceControl" or location.startswith(("/", "file:", ".")):
        return _Name("localhost", identity, "") if identity else None
    match = _REMOTE.match(without_credentials(location).rstrip("/"))
    if match is None:
        return None
    host, path = match.group(1).lower(), match.group(2).removesuffix(".git")
    folder, _, name = path.rpartition("/")
    return _Name(f"{host}/{folder}" if folder else host, name, "SwiftURL")


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
