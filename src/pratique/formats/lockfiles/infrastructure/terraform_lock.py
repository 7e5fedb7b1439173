"""``.terraform.lock.hcl``: providers, with the digests of their archives.

Source: Terraform 1.9, *Dependency Lock File*.  It is a small, generated subset
of HCL, read line by line.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pratique.formats.lockfiles.gathering import Gathering, named, shown
from pratique.formats.text import decode
from pratique.model.inventory import Relation
from pratique.model.nouns import Artifact

if TYPE_CHECKING:
    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading

_PROVIDER = re.compile(r'\s*provider\s+"([^"]+)"\s*\{\s*\Z')
_FIELD = re.compile(r'\s*(version|constraints)\s*=\s*"([^"]*)"\s*\Z')
_ARCHIVE = re.compile(r'\s*"zh:([0-9a-f]{64})",?\s*\Z')


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read the providers; of their digests those of whole archives (``zh:``).

    Raises:
        InputError: It is not text.
    """
    del tree
    gathering = Gathering(path, type="terraform")
    address, line = "", 0
    fields: dict[str, str] = {}
    hashes: list[Artifact] = []
    roots = []
    for number, text in enumerate(decode(data).split("\n"), 1):
        if found := _PROVIDER.match(text):
            address, line, fields, hashes = found[1], number, {}, []
        elif address and (found := _FIELD.match(text)):
            fields[found[1]] = found[2]
        elif address and (found := _ARCHIVE.match(text)):
            hashes.append(Artifact("sha256", found[1]))
        elif address and text.strip() == "}":
            roots.append(_take(address, line, fields, tuple(hashes), gathering))
            address = ""
    if address:
        gathering.notes.unreadable(f"the entry of {shown(address)} does not end", line)
    return gathering.reading(".terraform.lock.hcl", roots=[one for one in roots if one])


def _take(
    address: str,
    line: int,
    fields: dict[str, str],
    hashes: tuple[Artifact, ...],
    gathering: Gathering,
) -> str:
    version = fields.get("version", "")
    if not version:
        gathering.notes.unknown(f"{named(address)} has no version", line)
    namespace, _, name = address.rpartition("/")
    package = gathering.package(name, version, namespace=namespace, line=line)
    if package is None:
        return ""
    return gathering.add(
        package,
        line=line,
        hashes=hashes,
        requirement=fields.get("constraints", ""),
        relation=Relation.DIRECT,
    )
