"""Cabal's ``cabal.project.freeze``.

Format: Cabal user guide, *cabal freeze*: a project file whose ``constraints``
field has an equality for each package (``any.alpha ==1.0``), and flags.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pratique.formats.lockfiles.gathering import Gathering, named, shown
from pratique.formats.text import decode
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading

_FIELD = re.compile(r"^([A-Za-z][A-Za-z0-9-]*)\s*:(.*)$")
_PIN = re.compile(
    r"^(?:(?P<qualifier>any|setup)\.|[A-Za-z0-9-]+:setup\.)?"
    r"(?P<name>[A-Za-z0-9-]+)\s*==\s*(?P<version>[0-9][0-9.]*)$"
)
_PROPERTIES = frozenset({"installed", "source", "test", "bench"})
"""What a constraint may ask for instead of a version."""


def read(data: bytes, path: str, tree: Tree) -> Reading:  # noqa: ARG001 - a ReadFunction
    """Read frozen constraints.

    Raises:
        InputError: The bytes are not text, or have no field of a project file.
    """
    text = decode(data)
    gathering = Gathering(path, type="hackage", ecosystem="Hackage")
    field, fields = "", 0
    for number, line in enumerate(text.split("\n"), 1):
        content = line.strip()
        if not content or content.startswith("--"):
            continue
        if match := _FIELD.match(line):
            field, content = match.group(1).lower(), match.group(2).strip()
            fields += 1
        elif not line[:1].isspace():
            gathering.notes.unreadable(f"line {shown(content)} belongs to no field", number)
            continue
        if field == "constraints":
            for constraint in content.split(","):
                _take(constraint.strip(), number, gathering)
    if not fields:
        raise InputError("has no field of a Cabal project file")
    return gathering.reading("cabal.project.freeze")


def _take(constraint: str, line: int, gathering: Gathering) -> None:
    if not constraint or _names_no_version(constraint):
        return
    match = _PIN.match(constraint)
    if match is None:
        gathering.notes.unknown(f"constraint {shown(constraint)} pins no version", line)
        return
    package = gathering.package(match["name"], match["version"], line=line)
    if package is None:
        return
    if package in gathering:
        gathering.notes.notice(f"{named(constraint)} is constrained twice", line)
    gathering.add(package, line=line, groups=("setup",) if match["qualifier"] == "setup" else ())


def _names_no_version(constraint: str) -> bool:
    """Whether a constraint is on flags or on where the package comes from."""
    words = constraint.split()[1:]
    return bool(words) and all(word[0] in "+-" or word in _PROPERTIES for word in words)
