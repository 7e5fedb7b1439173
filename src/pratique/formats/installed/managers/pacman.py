"""What pacman has installed: ``var/lib/pacman/local/*/desc`` (alpm local database, version 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.formats.base import Notes
from pratique.formats.installed.distribution import distribution
from pratique.formats.installed.managers.single import one_package
from pratique.formats.text import decode
from pratique.model.errors import InputError
from pratique.model.inventory import Relation

if TYPE_CHECKING:
    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading

_PLACE = "var/lib/pacman/local/"


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read the description of one package.

    Raises:
        InputError: It is not text, or states no name.
    """
    fields = _fields(decode(data))
    name = (fields.get("NAME") or [""])[0]
    if not name:
        raise InputError("states no %NAME%")
    notes = Notes(path)
    system = distribution(path.partition(_PLACE)[0], "alpm", tree, notes)
    base = (fields.get("BASE") or [""])[0]
    asked = (fields.get("REASON") or ["0"])[0] == "0"
    return one_package(
        path,
        "pacman desc",
        type="alpm",
        namespace=system.namespace or "arch",
        name=name,
        version=(fields.get("VERSION") or [""])[0],
        qualifiers={
            "arch": (fields.get("ARCH") or [""])[0],
            "distro": system.distro,
            "upstream": base if base != name else "",
        },
        licenses=tuple(fields.get("LICENSE", ())),
        relation=Relation.DIRECT if asked else Relation.TRANSITIVE,
    )


def _fields(text: str) -> dict[str, list[str]]:
    """Lines below each ``%FIELD%``."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.split("\n"):
        stated = line.strip()
        if len(stated) > 2 and stated[0] == stated[-1] == "%":
            lines = found.setdefault(stated[1:-1], [])
        elif stated:
            lines.append(stated)
    return found
