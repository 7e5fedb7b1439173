"""References: ``HEAD``, loose ones, ``packed-refs``.

Source: git, *gitrepository-layout*; git-pack-refs(1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.formats.git.base import GitError, is_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.formats.git.base import GitFiles

MAX_SYMBOLIC = 5
"""Longest chain of symbolic references, as in git."""

MAX_REFS = 500_000
"""Most references that are read."""

MAX_FOLDERS = 20_000
"""Most folders of loose references that are looked into."""

_TAGS = "refs/tags/"


class Refs:
    """The references of a repository.

    Args:
        own: Folder of the work tree's own files; the same as ``common`` but for worktrees.
        common: The repository's folder.
    """

    def __init__(self, own: GitFiles, common: GitFiles) -> None:
        self._own, self._common = own, common
        self._packed: dict[str, tuple[str, str]] | None = None

    def head(self) -> tuple[str, str]:
        """The commit that is checked out, and the branch; empty where it is detached.

        Raises:
            GitError: ``HEAD`` is absent, damaged, or leads to no commit.
        """
        name = "HEAD"
        for _ in range(MAX_SYMBOLIC):
            text = self._text(name)
            if text is None:
                if name == "HEAD":
                    raise GitError("there is no HEAD")
                raise GitError(f"{name[:200]} has no commit yet")
            if not text.startswith("ref:"):
                if not is_name(text):
                    raise GitError(f"{name[:200]} names no commit")
                branch = name.removeprefix("refs/heads/") if name != "HEAD" else ""
                return text, branch
            name = text[4:].strip()
            _check(name)
        raise GitError("HEAD leads from reference to reference")

    def target(self, name: str) -> str:
        """The object that a full reference (``refs/notes/commits``) names.

        Returns:
            Its name; empty where there is no such reference.

        Raises:
            GitError: It is no reference, damaged, or leads from one to the next.
        """
        for _ in range(MAX_SYMBOLIC):
            _check(name)
            text = self._text(name)
            if text is None:
                return ""
            if not text.startswith("ref:"):
                if not is_name(text):
                    raise GitError(f"{name[:200]} names no object")
                return text
            name = text[4:].strip()
        raise GitError(f"{name[:200]} leads from reference to reference")

    def _text(self, name: str) -> str | None:
        for files in (self._own, self._common):
            data = files.read(name, 4096)
            if data is not None:
                return data.decode("utf-8", "replace").strip()
        packed = self._packed_refs().get(name)
        return packed[0] if packed else None

    def _packed_refs(self) -> dict[str, tuple[str, str]]:
        """Object of each packed reference, and the one it is peeled to where that is told."""
        if self._packed is None:
            self._packed = {}
            data = self._common.read("packed-refs") or b""
            name = ""
            for line in data.decode("utf-8", "replace").split("\n", MAX_REFS)[:MAX_REFS]:
                if line.startswith("^"):
                    if name and is_name(line[1:].strip()):
                        self._packed[name] = (self._packed[name][0], line[1:].strip())
                    continue
                target, _, name = line.strip().partition(" ")
                if name and is_name(target):
                    self._packed[name] = (target, "")
                else:
                    name = ""
        return self._packed

    def tags(self) -> dict[str, tuple[str, str]]:
        """Object of each tag, and the one it is peeled to where that is told.

        Raises:
            GitError: The packed ones cannot be read.
        """
        found = {
            name.removeprefix(_TAGS): value
            for name, value in self._packed_refs().items()
            if name.startswith(_TAGS)
        }
        for name in self._loose_tags():
            data = self._common.read(_TAGS + name, 4096)
            text = (data or b"").decode("utf-8", "replace").strip()
            if is_name(text):
                found[name] = (text, "")
        return found

    def _loose_tags(self) -> Iterator[str]:
        waiting, looked, given = [""], 0, 0
        while waiting and looked < MAX_FOLDERS:
            folder = waiting.pop()
            looked += 1
            for name in self._common.names(_TAGS + folder):
                path = folder + name
                if self._common.names(f"{_TAGS}{path}"):
                    waiting.append(f"{path}/")
                elif given < MAX_REFS:
                    given += 1
                    yield path


def _check(name: str) -> None:
    """Refuse a name that is no reference: it becomes a path."""
    parts = name.split("/")
    if parts[0] != "refs" or not all(parts) or {".", ".."} & set(parts) or "\0" in name:
        raise GitError(f"{name[:80]!r} is no reference")
