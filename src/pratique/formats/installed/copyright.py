"""Licences in Debian copyright files (Machine-readable debian/copyright file 1.0, DEP-5)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pratique.formats.text import decode
from pratique.model.errors import InputError
from pratique.model.inventory import LicenseClaim

if TYPE_CHECKING:
    from pratique.formats.base import Tree

MAX_COPYRIGHT = 1024 * 1024
"""Bytes of a copyright file that are read; the longest in Debian has some 600 kB."""

MAX_NAMES = 30
"""Different licences that one claim joins; a browser's file names a hundred, and
such a claim would be longer than any reader of licences takes."""

_FORMAT = re.compile(
    r"\s*Format(?:-Specification)?:\s*\S*(?:copyright-format|dep5|DEP-?5)", re.IGNORECASE
)
_LICENSE = re.compile(r"^License:[ \t]*(\S.*)$", re.MULTILINE)
_JOINED = re.compile(r"\s(?:or|and)\s", re.IGNORECASE)
_FILES = re.compile(r"^Files:", re.MULTILINE)


def license_claims(path: str, tree: Tree) -> tuple[LicenseClaim, ...]:
    """The licences of a package's files, as one claim: all of them apply.

    Files that are not in the machine-readable form say it in prose and give none.

    Args:
        path: Of the copyright file.
        tree: The files.
    """
    if not tree.is_file(path):
        return ()
    try:
        text = decode(tree.read(path)[:MAX_COPYRIGHT])
    except InputError:
        return ()
    if not _FORMAT.match(text):
        return ()
    names: dict[str, None] = {}
    for paragraph in re.split(r"\n[ \t]*\n", text):
        # A paragraph of its own only gives the text that others refer to.
        if _FILES.search(paragraph) and (match := _LICENSE.search(paragraph)):
            names[" ".join(match[1].split())] = None
    if not names or len(names) > MAX_NAMES:
        return ()
    several = len(names) > 1
    parts = [f"({name})" if several and _JOINED.search(name) else name for name in names]
    return (LicenseClaim(" AND ".join(parts), "Debian copyright file"),)
