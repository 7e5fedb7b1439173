"""Objects by name: loose ones, and those of all packs, alternates included.

Source: git, *gitrepository-layout*, *gitformat-loose*.
"""

from __future__ import annotations

import zlib
from hashlib import sha1, sha256
from typing import TYPE_CHECKING

from pratique.formats.git.base import MAX_OBJECT_BYTES, GitError, is_name
from pratique.formats.git.pack import BLOB, COMMIT, TAG, TREE, Pack

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pratique.formats.git.base import GitFiles

MAX_PACKS = 10_000
"""Most packs of one folder; ``git gc`` keeps to fifty."""

MAX_PEELED = 16
"""Longest chain of tags of tags."""

MAX_DEPTH = 64
"""Longest chain of deltas whose bases are named; packs on disk hold next to none."""

_TYPES = {b"commit": COMMIT, b"tree": TREE, b"blob": BLOB, b"tag": TAG}
_WORDS = {number: word for word, number in _TYPES.items()}


class Objects:
    """The objects of a repository.

    Every object is compared with its name, so that a history that was read is
    the one its commit stands for.

    Args:
        folders: ``objects`` of the repository, then its alternates.
        width: Bytes of a name: 20 (SHA-1) or 32 (SHA-256).
    """

    def __init__(self, folders: Sequence[GitFiles], width: int) -> None:
        self._folders = folders
        self.width = width
        self.problems: list[str] = []
        """What could not be opened: objects may be missing for it."""

        self._made: list[Pack] | None = None
        self._hash = sha256 if width == 32 else sha1

    @property
    def _packs(self) -> list[Pack]:
        if self._made is None:
            self._made = list(self._open())
        return self._made

    def _open(self) -> Iterator[Pack]:
        for folder in self._folders:
            names = folder.names("pack")
            indexes = [name for name in names if name.endswith(".idx")]
            if len(indexes) > MAX_PACKS:
                self.problems.append(f"there are {len(indexes):,} packs, over {MAX_PACKS:,}")
            for name in indexes[:MAX_PACKS]:
                try:
                    index = folder.view(f"pack/{name}")
                    pack = folder.view(f"pack/{name.removesuffix('.idx')}.pack")
                    if index is not None and pack is not None:
                        yield Pack(name.removesuffix(".idx"), index, pack, self.width)
                except GitError as error:
                    self.problems.append(error.message)

    def has(self, name: bytes) -> bool:
        """Whether there is an object of a name; it may yet be damaged."""
        if any(pack.find(name) >= 0 for pack in self._packs):
            return True
        try:
            return self._loose(name) is not None
        except GitError:
            return True

    def get(self, name: bytes) -> tuple[int, bytes] | None:
        """Type and content of an object; ``None`` where there is none.

        Raises:
            GitError: It is damaged, over the limit, or not what its name stands for.
        """
        return self._get(name, 0)

    def _get(self, name: bytes, depth: int) -> tuple[int, bytes] | None:
        if depth > MAX_DEPTH:
            raise GitError(f"object {name.hex()} is damaged: its deltas lead nowhere")

        def base(wanted: bytes) -> tuple[int, bytes]:
            found = self._get(wanted, depth + 1)
            if found is None:
                raise GitError(f"object {name.hex()} is damaged: the base of its delta is absent")
            return found

        for pack in self._packs:
            offset = pack.find(name)
            if offset >= 0:
                kind, data = pack.read(offset, base)
                break
        else:
            loose = self._loose(name)
            if loose is None:
                return None
            kind, data = loose
        if self._hash(b"%s %d\0%s" % (_WORDS[kind], len(data), data)).digest() != name:
            raise GitError(f"object {name.hex()} is damaged: it is not what its name stands for")
        return kind, data

    def _loose(self, name: bytes) -> tuple[int, bytes] | None:
        text = name.hex()
        for folder in self._folders:
            packed = folder.read(f"{text[:2]}/{text[2:]}", MAX_OBJECT_BYTES)
            if packed is None:
                continue
            try:
                whole = zlib.decompressobj().decompress(packed, MAX_OBJECT_BYTES + 64)
            except zlib.error as error:
                raise GitError(f"object {text} is damaged: {error}") from None
            head, nul, data = whole.partition(b"\0")
            word, _, size = head.partition(b" ")
            if not nul or word not in _TYPES or size != b"%d" % len(data):
                raise GitError(f"object {text} is damaged: its header is none, or it is too large")
            return _TYPES[word], data
        return None

    def parents(self, name: bytes) -> list[bytes] | None:
        """Parents of a commit; ``None`` where there is no such commit.

        Raises:
            GitError: It is damaged, or no commit.
        """
        found = self.get(name)
        if found is None:
            return None
        kind, data = found
        if kind != COMMIT:
            raise GitError(f"object {name.hex()} is no commit")
        return self._parents(data)

    def _parents(self, data: bytes) -> list[bytes]:
        digits = 2 * self.width
        at = data.find(b"\n") + 1
        found: list[bytes] = []
        while data.startswith(b"parent ", at):
            try:
                found.append(bytes.fromhex(data[at + 7 : at + 7 + digits].decode("ascii")))
            except ValueError:
                raise GitError("a commit names a parent that is no object") from None
            at += 8 + digits
        return found

    def tree_of(self, commit: bytes) -> bytes | None:
        """Name of a commit's tree; ``None`` where the commit is not here.

        Raises:
            GitError: It is damaged, or no commit.
        """
        found = self.get(commit)
        if found is None:
            return None
        text = found[1][5 : 5 + 2 * self.width].decode("ascii", "replace")
        if found[0] != COMMIT or not found[1].startswith(b"tree ") or not is_name(text):
            raise GitError(f"object {commit.hex()} is no commit")
        return bytes.fromhex(text)

    def entries(self, tree: bytes) -> Iterator[tuple[int, str, bytes]]:
        """Mode, name and object of each entry of a tree.

        Raises:
            GitError: It is absent, damaged, or no tree.
        """
        found = self.get(tree)
        if found is None or found[0] != TREE:
            raise GitError(f"object {tree.hex()} is no tree that is here")
        data, at = found[1], 0
        while at < len(data):
            nul = data.find(b"\0", at)
            mode, space, name = data[at:nul].partition(b" ")
            end = nul + 1 + self.width
            if nul < 0 or not space or end > len(data) or not mode.isdigit():
                raise GitError(f"object {tree.hex()} is damaged: it is no tree")
            yield int(mode, 8), name.decode("utf-8", "replace"), data[nul + 1 : end]
            at = end

    def peeled(self, name: bytes) -> bytes | None:
        """The commit that a tag leads to; ``None`` where it leads to none that is here.

        Raises:
            GitError: An object on the way is damaged.
        """
        for _ in range(MAX_PEELED):
            found = self.get(name)
            if found is None or found[0] not in {COMMIT, TAG}:
                return None
            if found[0] == COMMIT:
                return name
            text = found[1][7 : 7 + 2 * self.width].decode("ascii", "replace")
            if not found[1].startswith(b"object ") or not is_name(text):
                return None
            name = bytes.fromhex(text)
        return None
