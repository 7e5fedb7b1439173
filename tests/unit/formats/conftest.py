"""Fixtures for the tests of readers."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping, Sequence

import pytest

from pratique.formats.base import Tree, TreeError


class MemoryTree:
    """A tree of files in a dictionary."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = {posixpath.normpath(path): data for path, data in files.items()}

    def read(self, path: str) -> bytes:
        try:
            return self._files[posixpath.normpath(path)]
        except KeyError:
            raise TreeError("cannot be read: no such file") from None

    def is_file(self, path: str) -> bool:
        return posixpath.normpath(path) in self._files

    def names(self, path: str) -> Sequence[str]:
        folder = posixpath.normpath(path)
        prefix = "" if folder == "." else folder + "/"
        return sorted(
            {
                name[len(prefix) :].partition("/")[0]
                for name in self._files
                if name.startswith(prefix)
            }
        )


@pytest.fixture(scope="session")
def memory_tree() -> Callable[[Mapping[str, bytes]], Tree]:
    """A tree made of a dictionary: ``memory_tree({"a/pom.xml": b"…"})``."""
    return MemoryTree
