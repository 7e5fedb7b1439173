"""``yarn.lock``: classic (version 1) and berry (lockfile versions 2 and later).

Sources: "yarn.lock" of the classic documentation, and the berry repository's
``Project`` documentation.  Classic does not say what the project asks for, and
neither says what is for development only: the ``package.json`` files do.  The
``checksum`` of berry is of its own cache archive, not of what the registry
serves, and so is no digest of the package.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pratique.formats.base import Notes, Tree
from pratique.formats.lockfiles.gathering import shown
from pratique.formats.lockfiles.javascript.yarn_berry import Berry
from pratique.formats.lockfiles.javascript.yarn_blocks import Block, blocks
from pratique.formats.lockfiles.javascript.yarn_classic import Classic
from pratique.formats.text import decode
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from pratique.model.inventory import Reading

NEWEST = 10
"""Newest lockfile version of berry whose form is known (``__metadata`` of its entries)."""

_HEADER = re.compile(rb"^# yarn lockfile v1|^__metadata:", re.MULTILINE)
_STATED = re.compile(r"^# yarn lockfile v(\d+)", re.MULTILINE)


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read a lockfile of either generation.

    Raises:
        InputError: Nothing in it is an entry of such a file.
    """
    text = decode(data)
    notes = Notes(path)
    found = blocks(text, notes)
    problems = notes.done()
    if problems and not found:
        raise InputError(f"line {problems[0].location.line}: {problems[0].message}")
    metadata = next((block for block in found if block.key == "__metadata"), None)
    if metadata is not None:
        found.remove(metadata)
        return Berry(found, path, tree, notes).reading(_berry_format(metadata, notes))
    stated = _STATED.search(text)
    if stated is None:
        notes.unknown("has no header that names a version of the format; read as version 1", 1)
    elif stated[1] != "1":
        notes.unknown(f"lockfile version {stated[1]} is not known; read as version 1", 1)
    return Classic(found, path, tree, notes).reading("yarn.lock v1")


def sniff(head: bytes) -> bool:
    """Whether a document is a Yarn lockfile, judged by its first 64 KiB."""
    return _HEADER.search(head) is not None


def _berry_format(metadata: Block, notes: Notes) -> str:
    version = metadata.fields.get("version", "")
    major = version.partition(".")[0]
    if not major.isdecimal() or not 1 < int(major[:9]) <= NEWEST:
        notes.unknown(f"lockfile version {shown(version)} is not known", metadata.line)
    return f"yarn.lock v{version}" if version else "yarn.lock"
