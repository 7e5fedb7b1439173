"""Gradle's ``gradle/verification-metadata.xml``: components and digests of their files.

Format: Gradle user manual, *Verifying dependencies*; schema
``dependency-verification-1.3``.  It names all that any build of the project
ever resolved, plugins too, and neither who asked nor what for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.formats.lockfiles.elements import StartLines, child, children, line_of, local, root_of
from pratique.formats.lockfiles.gathering import Gathering, named, shown

if TYPE_CHECKING:
    from lxml.etree import _Element

    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading
    from pratique.model.nouns import Artifact

_DIGESTS = ("md5", "sha1", "sha256", "sha512")


def read(data: bytes, path: str, tree: Tree) -> Reading:  # noqa: ARG001 - a ReadFunction
    """Read dependency verification metadata.

    Raises:
        InputError: It is not well-formed XML, or no verification metadata.
    """
    root = root_of(data, "verification-metadata")
    gathering = Gathering(path, type="maven", ecosystem="Maven")
    lines = StartLines(data)
    for component in children(child(root, "components")):
        _take(component, lines.of(component), gathering)
    return gathering.reading("verification-metadata.xml")


def _take(element: _Element, line: int, gathering: Gathering) -> None:
    if local(element) != "component":
        gathering.notes.unreadable(f"<{local(element)[:40]}> is not a component", line)
        return
    group, name, version = (element.get(key, "").strip() for key in ("group", "name", "version"))
    if not group or not name:
        gathering.notes.unreadable(
            f"component {shown(f'{group}:{name}:{version}')} lacks its group or name", line
        )
        return
    if not version:
        gathering.notes.unknown(f"component {named(f'{group}:{name}')} has no version", line)
    package = gathering.package(name, version, namespace=group, line=line)
    if package is None:
        return
    if package in gathering:
        gathering.notes.notice(
            f"component {named(f'{group}:{name}:{version}')} is listed twice", line
        )
    gathering.add(package, line=line, hashes=_hashes(element, gathering))


def _hashes(component: _Element, gathering: Gathering) -> tuple[Artifact, ...]:
    """Digests of all files of a component, those of ``also-trust`` included."""
    found: list[Artifact] = []
    for artifact in children(component, "artifact"):
        for digest in children(artifact, *_DIGESTS):
            for holder in (digest, *children(digest, "also-trust")):
                value = holder.get("value", "")
                found.extend(gathering.digest(local(digest), value, line_of(holder)))
    return tuple(dict.fromkeys(found))
