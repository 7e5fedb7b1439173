"""Which files below a folder are documents that can be read."""

from __future__ import annotations

from collections import defaultdict
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import msgspec

from pratique.formats import registry
from pratique.formats.base import Reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Found(msgspec.Struct, frozen=True):
    """A document and the formats its name allows, best first."""

    path: str
    readers: tuple[Reader, ...]


def documents(paths: Iterable[str], *, installed: bool = False) -> list[Found]:
    """The documents among the paths, without those that another says more than.

    Args:
        paths: Relative, with forward slashes.
        installed: Whether installed trees are wanted.
    """
    folders: dict[str, list[Found]] = defaultdict(list)
    for path in paths:
        readers = registry.by_name(path)
        if not installed:
            readers = tuple(reader for reader in readers if not registry.is_installed(reader))
        if readers:
            folders[path.rpartition("/")[0]].append(Found(path, readers))
    return [found for beside in folders.values() for found in _telling(beside)]


def _telling(beside: Sequence[Found]) -> list[Found]:
    """Documents of one folder without the superseded ones."""
    superseded = {name for found in beside for name in found.readers[0].supersedes}
    return [found for found in beside if found.readers[0].name not in superseded]


def excluded(path: str, globs: Sequence[str]) -> bool:
    """Whether one of the globs takes the path, one of its folders or its base name.

    A glob without a slash is compared with each name on the path, so that
    ``tests``, ``tests/`` and ``tests/**`` all leave out the folder wherever it
    stands; in one with a slash ``*`` also matches slashes.
    """
    for glob in globs:
        pattern = glob.removeprefix("./").removesuffix("/**").strip("/")
        if "/" not in pattern:
            if any(fnmatchcase(part, pattern) for part in path.split("/")):
                return True
        elif any(fnmatchcase(path, whole) for whole in (pattern, f"*/{pattern}", f"{pattern}/*")):
            return True
    return False
