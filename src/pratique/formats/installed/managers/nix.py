"""Derivations in the store of Nix (Nix 2.24, *Store Derivation*, ATerm format)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pratique.formats.installed.managers.single import one_package
from pratique.formats.text import decode
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading

_VARIABLE = re.compile(r'\("(name|pname|version)","((?:[^"\\]|\\.){0,300})"\)')
_STORED = re.compile(r"(?:^|/)([0-9a-df-np-sv-z]{32})-(.+)\.drv\Z")
_SPLIT = re.compile(r"-(?=\d)")


def read_derivation(data: bytes, path: str, tree: Tree) -> Reading:
    """Read what a derivation builds: the variables ``pname`` and ``version``.

    A derivation without them is named by its file; sources and patches have no
    version, which is said.

    Raises:
        InputError: It is no derivation.
    """
    del tree
    text = decode(data)
    if not text.startswith("Derive("):
        raise InputError("is no derivation: it does not start with Derive(")
    found: dict[str, str] = {}
    for match in _VARIABLE.finditer(text):
        found.setdefault(match[1], match[2])
    stored = _STORED.search(path)
    parts = _SPLIT.split(found.get("name") or (stored[2] if stored else ""), maxsplit=1)
    return one_package(
        path,
        "Nix derivation",
        type="nix",
        name=found.get("pname") or parts[0] or "unnamed",
        version=found.get("version") or (parts[1] if len(parts) > 1 else ""),
        qualifiers={"drvhash": stored[1] if stored else ""},
    )
