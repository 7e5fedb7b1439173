"""What vcpkg has installed: ``installed/vcpkg/status`` (vcpkg 2024, binary paragraphs)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.formats.installed.paragraphs import paragraphs
from pratique.formats.lockfiles.gathering import Gathering, named
from pratique.formats.text import decode

if TYPE_CHECKING:
    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading

_WANTED = frozenset({"package", "version", "port-version", "architecture", "status", "feature"})


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read the list of packages; the features of one are no packages.

    Raises:
        InputError: It is not text.
    """
    del tree
    gathering = Gathering(path, type="vcpkg")
    for one in paragraphs(decode(data), _WANTED):
        fields = one.fields
        name = fields.get("package", "")
        if "feature" in fields or fields.get("status", "").endswith("not-installed"):
            continue
        if not name:
            gathering.notes.unreadable("a package has no name", one.line)
            continue
        version = fields.get("version", "")
        if not version:
            gathering.notes.unknown(f"{named(name)} has no version", one.line)
        qualifiers = {
            "port_version": fields.get("port-version", ""),
            "triplet": fields.get("architecture", ""),
        }
        package = gathering.package(name, version, line=one.line, qualifiers=qualifiers)
        if package is not None:
            gathering.add(package, line=one.line)
    return gathering.reading("vcpkg status")
