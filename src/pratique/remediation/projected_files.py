"""The files that a plan over a universe would change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.formats.edit.base import EditError
from pratique.formats.edit.package_lock import Release
from pratique.inventory.tree import FolderTree
from pratique.model.errors import UsageError
from pratique.remediation.accepting import Locked
from pratique.remediation.writing import write, write_lock

if TYPE_CHECKING:
    from pathlib import Path

    from pratique.remediation.projecting import Answer


def changed_files(path: Path, answer: Answer) -> dict[str, tuple[bytes, bytes]]:
    """Files by name, with what they are and what they would be.

    Args:
        path: Of the manifest or lockfile.
        answer: What was found.

    Raises:
        UsageError: A change cannot be written by itself; in a lockfile with
            integrity values none can, as a universe knows no hashes.
    """
    tree = FolderTree(path.parent)
    try:
        if isinstance(answer.start, Locked):
            after = {path.name: _lock(tree.read(path.name), answer)}
        else:
            after = write(path.name, tree, answer.taken.patches)
    except EditError as error:
        raise UsageError(
            f"{path}: the patch cannot be written: {error.message}.",
            remedy="Leave out --patch, and make the changes that the plan names with the package "
            "manager.",
        ) from None
    found = {name: (tree.read(name), data) for name, data in after.items()}
    return {name: both for name, both in found.items() if both[0] != both[1]}


def _lock(data: bytes, answer: Answer) -> bytes:
    def release(name: str, version: str) -> Release:
        needs = answer.bench.universe.needs(name, version)
        wanted = {
            one.alias or one.name: f"npm:{one.name}@{one.requirement}"
            if one.alias
            else one.requirement
            for one in needs
            if not one.development and not one.optional
        }
        return Release(version=version, dependencies=wanted)

    return write_lock(data, answer.taken.patches, release)
