"""npm's ``package-lock.json``: versions in place (lockfile versions 2 and 3).

Format: npm documentation, *package-lock.json*.
"""

from __future__ import annotations

from typing import Any

import msgspec

from pratique.formats.edit.base import EditError
from pratique.formats.edit.jsontext import Path, Scan, replaced


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """What a lockfile records of one version of a package."""

    version: str
    resolved: str = ""
    """Address of the archive."""

    integrity: str = ""
    """Subresource integrity of the archive."""

    dependencies: dict[str, str] | None = None
    """Its requirements; ``None`` leaves those of the version before."""


def locations(text: str, name: str, version: str) -> list[str]:
    """Folders in which a version of a package is installed.

    Raises:
        InputError: The document is no JSON, or has no ``packages``.
    """
    packages = _packages(Scan(text))
    return [
        where
        for where, one in packages.items()
        if isinstance(one, dict)
        and where
        and (one.get("name") or where.rpartition("node_modules/")[2]) == name
        and one.get("version") == version
    ]


def edit(text: str, releases: dict[str, Release]) -> str:
    """Put other versions into folders.

    Args:
        text: The document.
        releases: By folder, as ``packages`` names it.

    Raises:
        EditError: A folder is not there, or its integrity would not fit any more.
        InputError: The document is no JSON, or has no ``packages``.
    """
    scan = Scan(text)
    packages = _packages(scan)
    changes: dict[Path, Any] = {}
    for where, release in releases.items():
        old = packages.get(where)
        if not isinstance(old, dict):
            raise EditError(f"there is no {where}")
        if "integrity" in old and not release.integrity:
            raise EditError(f"{where}: the integrity of {release.version} is not known")
        changes["packages", where, "version"] = release.version
        for key, value in (("resolved", release.resolved), ("integrity", release.integrity)):
            if value and key in old:
                changes["packages", where, key] = value
        if release.dependencies is not None and release.dependencies != old.get("dependencies", {}):
            changes["packages", where, "dependencies"] = release.dependencies or None
    out = replaced(text, changes)
    return _mirrored(out, releases) if isinstance(scan.value.get("dependencies"), dict) else out


def _mirrored(text: str, releases: dict[str, Release]) -> str:
    """Version 2 says everything twice, the second time in nested ``dependencies``."""
    scan = Scan(text)
    changes: dict[Path, Any] = {}
    for where, release in releases.items():
        path: Path = ()
        for part in where.removeprefix("node_modules/").split("/node_modules/"):
            path = (*path, "dependencies", part)
        if path not in scan.members:
            raise EditError(f"{where} is not in both halves of the lockfile")
        changes[*path, "version"] = release.version
        for key, value in (("resolved", release.resolved), ("integrity", release.integrity)):
            if value and (*path, key) in scan.members:
                changes[*path, key] = value
        if release.dependencies is not None and (*path, "requires") in scan.members:
            changes[*path, "requires"] = release.dependencies or None
    return replaced(text, changes)


def without(text: str, where: list[str]) -> str:
    """Leave out folders, so that npm fills them anew.

    Raises:
        EditError: The lockfile says everything twice (version 2), or one is not there.
        InputError: The document is no JSON, or has no ``packages``.
    """
    scan = Scan(text)
    packages = _packages(scan)
    if isinstance(scan.value.get("dependencies"), dict):
        raise EditError("lockfile version 2 says everything twice")
    if missing := [one for one in where if one not in packages]:
        raise EditError(f"there is no {missing[0]}")
    out = text
    for one in where:
        out = replaced(out, {("packages", one): None})
    return out


def _packages(scan: Scan) -> dict[str, Any]:
    packages = scan.value.get("packages") if isinstance(scan.value, dict) else None
    if not isinstance(packages, dict):
        raise EditError("has no packages: lockfile version 1 cannot be edited in place")
    return packages
