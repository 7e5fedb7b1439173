"""Versions that never go to make room: those that lockfiles name."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pratique.model.ecosystems import normalise_name, package_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pratique.model.purl import Package


def keeps(paths: Iterable[str]) -> Callable[[str, str, str], bool]:
    """Whether a version (ecosystem, project, version) is one that a lockfile names.

    Args:
        paths: Lockfiles, bills of materials, or folders of them.

    Raises:
        NothingThereError: There is none at a path.
        InputError: One that is named itself cannot be read.
    """
    from pratique.inventory import take

    named: set[tuple[str, str, str]] = set()
    for path in paths:
        found = take(path)
        for problem in found.problems:
            sys.stderr.write(f"warning: --keep {path}: {problem}\n")
        named.update(_key(one.package, one.ecosystem) for one in found.components)

    def kept(ecosystem: str, project: str, version: str) -> bool:
        package = package_of(ecosystem, project, version)
        return package is not None and _key(package, ecosystem) in named

    return kept


def _key(package: Package, ecosystem: str) -> tuple[str, str, str]:
    name = normalise_name(ecosystem, package.full_name.replace(":", "/")) if ecosystem else ""
    return package.type, (name or package.full_name).lower(), package.version
