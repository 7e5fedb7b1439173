"""Packs of SWI-Prolog: ``pack.pl`` (SWI-Prolog 9, manual 4.45), facts that are not run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pratique.formats.installed.managers.single import one_package
from pratique.formats.text import decode
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading

_FACT = re.compile(r"^\s*(name|version)\(\s*'?([\w.+-]{1,200})'?\s*\)\s*\.", re.MULTILINE)


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read the facts of one pack.

    Raises:
        InputError: It is not text, or states no name.
    """
    del tree
    found = {match[1]: match[2] for match in _FACT.finditer(decode(data))}
    if not found.get("name"):
        raise InputError("states no name of a pack")
    return one_package(
        path,
        "SWI-Prolog pack",
        type="swiplpack",
        name=found["name"],
        version=found.get("version", ""),
    )
