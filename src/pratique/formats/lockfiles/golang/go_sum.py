"""``go.sum``: checksums of modules (Go modules reference, "go.sum files").

A module whose content was needed has a line for its archive, one of which only
the ``go.mod`` was read has a line for that alone.  The checksums are base64 of a
hash over file hashes, not digests of any file, so that no artifact comes of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pratique.formats.lockfiles.gathering import Gathering, shown
from pratique.formats.text import decode
from pratique.model.errors import InputError
from pratique.model.inventory import Relation, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.formats.base import Notes, Tree
    from pratique.model.inventory import Reading

MAX_BAD_LINES = 50
"""Lines that are named as unreadable, so that a file of another kind hides nothing else."""

_LINE = re.compile(r"(\S+) (v\S+?)(/go\.mod)? (\S+:\S+)\Z")
_HEAD = re.compile(rb"^\S+ v\S+ h1:[A-Za-z0-9+/=]+\s*$", re.MULTILINE)


def is_go_sum(head: bytes) -> bool:
    """Whether it has a line of a module, a version and an ``h1:`` checksum."""
    return bool(_HEAD.search(head))


def read(data: bytes, path: str, tree: Tree) -> Reading:  # noqa: ARG001 - one file
    """Read a ``go.sum`` without a ``go.mod``: all modules whose content was needed.

    Raises:
        InputError: It is not text, or no line is of a ``go.sum``.
    """
    gathering = Gathering(path, type="golang", ecosystem="Go")
    text = decode(data)
    for name, version, line in modules(text, gathering.notes):
        package = gathering.package(name, version, line=line)
        if package is not None:
            gathering.add(package, line=line, relation=Relation.UNKNOWN, scope=Scope.RUNTIME)
    reading = gathering.reading("go.sum")
    if not reading.components and reading.problems:
        first = reading.problems[0]
        raise InputError(f"line {first.location.line}: {first.message}")
    return reading


def modules(text: str, notes: Notes) -> Iterator[tuple[str, str, int]]:
    """Name, version and line of each module whose archive has a checksum.

    Args:
        text: Of the file.
        notes: Told of lines that are none of a ``go.sum``.
    """
    bad = 0
    for number, line in enumerate(text.split("\n"), 1):
        content = line.strip()
        if not content:
            continue
        match = _LINE.match(content)
        if match is None:
            bad += 1
            if bad <= MAX_BAD_LINES:
                notes.unreadable(f"{shown(content)} is no line of a go.sum", number)
        elif not match[3]:
            yield match[1], match[2], number
    if bad > MAX_BAD_LINES:
        notes.unreadable(f"{bad - MAX_BAD_LINES:,} further lines are none of a go.sum")
