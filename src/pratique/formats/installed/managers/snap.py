"""Installed snaps: ``meta/snap.yaml`` (snapcraft, *The snap format*)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.formats.installed.managers.single import one_package
from pratique.formats.text import decode
from pratique.formats.yaml_text import parse_yaml_texts
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read the description of a snap.

    Raises:
        InputError: It is not YAML, or states no name.
    """
    del tree
    value = parse_yaml_texts(decode(data))
    name = value.get("name") if isinstance(value, dict) else None
    if not isinstance(name, str) or not name:
        raise InputError("states no name")
    version, license = value.get("version"), value.get("license")
    built = value.get("architectures")
    only = built[0] if isinstance(built, list) and len(built) == 1 else ""
    return one_package(
        path,
        "snap.yaml",
        type="snap",
        name=name,
        version=version if isinstance(version, str) else "",
        licenses=(license,) if isinstance(license, str) else (),
        qualifiers={"arch": only if isinstance(only, str) else ""},
    )
