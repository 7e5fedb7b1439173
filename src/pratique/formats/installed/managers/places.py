"""Package managers that keep name and version in the path: Portage, Homebrew, opam."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pratique.formats.installed.managers.single import one_package
from pratique.formats.text import decode, parse_json
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading

_PF = re.compile(r"(?P<name>[\w+-]+?)-(?P<version>\d[\w.]*(?:-r\d+)?)\Z")
"""Package and version of Gentoo (Package Manager Specification 8, 3.1.2 and 3.2)."""

MAX_PF = 200
"""Characters of a package's name with its version, as file systems have it."""


def read_portage(data: bytes, path: str, tree: Tree) -> Reading:
    """Read ``PF`` of a package that Portage has installed; its category is the folder's name.

    Raises:
        InputError: It is no name with a version.
    """
    stated = decode(data).strip()
    found = _PF.match(stated) if len(stated) <= MAX_PF else None
    if found is None:
        raise InputError("is no name of a package with its version")
    folder = path.rpartition("/")[0]
    category = folder.split("/")[-2] if folder.count("/") else ""
    return one_package(
        path,
        "Portage PF",
        type="ebuild",
        namespace=category,
        name=found["name"],
        version=found["version"],
        licenses=tuple(_beside(tree, f"{folder}/LICENSE")),
        qualifiers={"slot": next(iter(_beside(tree, f"{folder}/SLOT")), "").partition("/")[0]},
    )


def read_homebrew(data: bytes, path: str, tree: Tree) -> Reading:
    """Read a receipt of a formula; name and version are the folders it is in.

    Raises:
        InputError: It is not JSON.
    """
    del tree
    value = parse_json(decode(data))
    if not isinstance(value, dict):
        raise InputError("is not a JSON object")
    source = value.get("source")
    tap = source.get("tap") if isinstance(source, dict) else None
    folders = path.split("/")
    return one_package(
        path,
        "Homebrew receipt",
        type="brew",
        namespace=tap if isinstance(tap, str) and tap != "homebrew/core" else "",
        name=folders[-3],
        version=folders[-2],
    )


def read_opam(data: bytes, path: str, tree: Tree) -> Reading:
    """Read what a switch of opam holds of one package; its folder is ``name.version``.

    Raises:
        InputError: It is not text.
    """
    del tree
    found = re.search(r'^license:\s*"([^"]{1,200})"', decode(data), re.MULTILINE)
    name, _, version = path.split("/")[-2].partition(".")
    return one_package(
        path,
        "opam",
        type="opam",
        ecosystem="opam",
        name=name,
        version=version,
        licenses=(found[1],) if found else (),
    )


def _beside(tree: Tree, path: str) -> list[str]:
    if not tree.is_file(path):
        return []
    try:
        return [decode(tree.read(path)).strip()[:500]]
    except InputError:
        return []
