"""Rocks: ``*.rockspec`` (LuaRocks 3.11, *Rockspec format*), which are Lua and are not run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pratique.formats.installed.managers.single import one_package
from pratique.formats.text import decode
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading

_ASSIGNED = re.compile(
    r"^\s*(package|version|license)\s*=\s*(?:\"([^\"\n]{0,200})\"|'([^'\n]{0,200})')",
    re.MULTILINE,
)
_NAMED = re.compile(r"(.{1,200}?)-(\d[\w.]{0,60}-\d+|scm-\d+|dev-\d+)\.rockspec\Z")


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read the texts that a rockspec assigns; what it computes is told by its file's name.

    Raises:
        InputError: It is not text, or states no package in either place.
    """
    del tree
    found: dict[str, str] = {}
    for match in _ASSIGNED.finditer(decode(data)):
        found.setdefault(match[1], match[2] or match[3] or "")
    file = _NAMED.match(path.rpartition("/")[2])
    name = found.get("package") or (file[1] if file else "")
    if not name:
        raise InputError("states no package")
    return one_package(
        path,
        "rockspec",
        type="luarocks",
        name=name,
        version=found.get("version") or (file[2] if file else ""),
        licenses=(found.get("license", ""),),
    )
