"""The layers of an image, one upon another, as a tree of files.

Layers are applied as in "Applying changesets" and "Whiteouts" of the OCI image
specification 1.1 ("layer").  Symbolic links lead within the root, as they
would for a process that has it as its own; ``..`` above it stays there.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, BinaryIO

from pratique.formats.base import MAX_DOCUMENT_BYTES, TreeError
from pratique.inventory.images.tar import Kind, Member

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pratique.formats.base import Notes

MAX_LINKS = 40
"""Symbolic links followed for one path; Linux's own limit."""

MAX_PARTS = 256
"""Folders on one path; Linux ends a path at 4,096 characters."""

MAX_EARLIER = 100
"""Earlier versions of one file that are kept, to tell which layer brought what."""

MAX_NAMED = 20
"""Bad members of one layer that are named one by one."""

_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"


class Node:
    """One name in the tree: a folder, a file, a symbolic link or something else."""

    __slots__ = (
        "children",
        "earlier",
        "kind",
        "layer",
        "mode",
        "offset",
        "size",
        "source",
        "target",
    )

    def __init__(self, kind: Kind, layer: int, member: Member | None = None) -> None:
        self.kind = kind
        self.layer = layer
        """Number of the layer that has it, from 1."""

        self.source = layer
        """Number of the layer that holds its bytes; an earlier one for a hard link."""

        self.mode = member.mode if member else 0o755
        self.size = member.size if member else 0
        self.offset = member.offset if member else 0
        self.target = member.target if member else ""
        self.children: dict[str, Node] | None = {} if kind is Kind.FOLDER else None
        self.earlier: tuple[Node, ...] = ()
        """Versions of the file in lower layers, lowest first."""


class Filesystem:
    """What a container of the image would see; a :class:`~pratique.formats.base.Tree`."""

    def __init__(self) -> None:
        self.root = Node(Kind.FOLDER, 0)
        self._files: dict[int, BinaryIO] = {}

    def keep(self, layer: int, file: BinaryIO) -> None:
        """Take the archive of a layer, to be closed with the tree.

        Args:
            layer: Its number, from 1.
            file: Open.
        """
        self._files[layer] = file

    def apply(self, layer: int, members: Iterable[Member], notes: Notes) -> None:
        """Put a layer on top whose archive was taken.

        Args:
            layer: Its number, from 1.
            members: Of the archive; whiteouts among them take effect on lower
                layers only, wherever they stand.
            notes: Told of members that cannot be placed.
        """
        placed: list[tuple[list[str], Member]] = []
        bad = 0
        for member in members:
            parts = _parts(member.path)
            if parts is None:
                bad += 1
                if bad <= MAX_NAMED:
                    notes.unreadable(f"member {member.path[:120]!r} leads outside of its layer")
            elif parts and parts[-1].startswith(_WHITEOUT):
                self._white_out(parts)
            elif parts:
                placed.append((parts, member))
        if bad > MAX_NAMED:
            notes.unreadable(f"has {bad - MAX_NAMED:,} further members that lead outside")
        dangling = sum(not self._place(layer, parts, member) for parts, member in placed)
        if dangling:
            notes.unreadable(f"has {dangling:,} members whose place or target is not there")

    def _white_out(self, parts: list[str]) -> None:
        """Take away what a lower layer has under a name, or all of a folder's names."""
        folder = self._walk(parts[:-1])
        if folder is None or folder.children is None:
            return
        if parts[-1] == _OPAQUE:
            folder.children.clear()
        else:
            folder.children.pop(parts[-1].removeprefix(_WHITEOUT), None)

    def _place(self, layer: int, parts: list[str], member: Member) -> bool:
        parent = self._folder(layer, parts[:-1])
        if parent is None or parent.children is None:
            return False
        name = parts[-1]
        there = parent.children.get(name)
        if member.kind is Kind.FOLDER:
            if there is None or there.kind is not Kind.FOLDER:
                parent.children[name] = Node(Kind.FOLDER, layer, member)
            return True
        node = Node(member.kind, layer, member)
        if member.kind is Kind.HARDLINK:
            target_parts = _parts(member.target)
            target = self._walk(target_parts, follow=False) if target_parts else None
            if target is None or target.kind is Kind.FOLDER:
                return False
            node.kind, node.source = target.kind, target.source
            node.size, node.offset, node.target = target.size, target.offset, target.target
        if there is not None and there.kind is Kind.FILE and there.layer != layer:
            node.earlier = (*there.earlier, there)[-MAX_EARLIER:]
            there.earlier = ()
        elif there is not None and there.layer == layer:
            node.earlier = there.earlier
        parent.children[name] = node
        return True

    def _folder(self, layer: int, parts: list[str]) -> Node | None:
        """A folder, made where it is missing; links on the way are followed."""
        node: Node | None = self._walk(parts)
        if node is not None:
            return node
        node = self.root
        for index, part in enumerate(parts):
            if node is None or node.children is None:
                return None
            child = node.children.get(part)
            if child is None:
                child = node.children[part] = Node(Kind.FOLDER, layer)
            elif child.kind is Kind.SYMLINK:
                child = self._walk(parts[: index + 1])
            node = child
        return node

    def _walk(self, parts: Sequence[str], *, follow: bool = True) -> Node | None:
        """The node that a path leads to; nothing where it leads nowhere or in a circle.

        Args:
            parts: Of the path; ``..`` goes up, and stays at the root.
            follow: Whether a link at the end of the path is followed, too.
        """
        stack = [self.root]
        pending = list(reversed(parts))
        links = 0
        while pending:
            part = pending.pop()
            if part == "..":
                if len(stack) > 1:
                    stack.pop()
                continue
            children = stack[-1].children
            child = children.get(part) if children is not None else None
            if child is None:
                return None
            if child.kind is Kind.SYMLINK and (pending or follow):
                links += 1
                target = [one for one in child.target.split("/") if one not in {"", "."}]
                if links > MAX_LINKS or len(target) + len(pending) > MAX_PARTS:
                    return None
                if child.target.startswith("/"):
                    del stack[1:]
                pending += reversed(target)
            else:
                stack.append(child)
        return stack[-1]

    def node(self, path: str) -> Node | None:
        """The file or folder at a path, links followed."""
        parts = [part for part in path.split("/") if part not in {"", "."}]
        return self._walk(parts) if len(parts) <= MAX_PARTS else None

    def read(self, path: str) -> bytes:
        """Bytes of a file.

        Raises:
            TreeError: It is absent, no regular file, or larger than ``MAX_DOCUMENT_BYTES``.
        """
        node = self.node(path)
        if node is None:
            raise TreeError("cannot be read: no such file in the image")
        return self.content(node)

    def content(self, node: Node, most: int = MAX_DOCUMENT_BYTES) -> bytes:
        """Bytes of a node.

        Raises:
            TreeError: It is no regular file, too large, or its layer is cut short.
        """
        if node.kind is not Kind.FILE:
            raise TreeError(f"is a {node.kind}, not a regular file")
        if node.size > most:
            raise TreeError(f"is {node.size:,} bytes, over the limit of {most:,}")
        return self._bytes(node, node.size)

    def head(self, node: Node, count: int) -> bytes:
        """The first bytes of a regular file; none of anything else."""
        return self._bytes(node, min(count, node.size)) if node.kind is Kind.FILE else b""

    def _bytes(self, node: Node, count: int) -> bytes:
        file = self._files[node.source]
        file.seek(node.offset)
        data = file.read(count)
        if len(data) < count:
            raise TreeError("cannot be read: its layer is cut short")
        return data

    def is_file(self, path: str) -> bool:
        """Whether the path leads to a regular file."""
        node = self.node(path)
        return node is not None and node.kind is Kind.FILE

    def names(self, path: str) -> Sequence[str]:
        """Sorted names in a folder; empty where there is no such folder."""
        node = self.node(path)
        return sorted(node.children) if node is not None and node.children else ()

    def files(self, skip: Callable[[str], bool]) -> Iterator[tuple[str, Node]]:
        """All regular files with their paths, in sorted order; links are passed over.

        Args:
            skip: Whether to leave out a path, folders included.
        """
        pending = [("", self.root)]
        while pending:
            folder, node = pending.pop()
            folders = []
            for name in sorted(node.children or ()):
                child = (node.children or {})[name]
                path = f"{folder}/{name}" if folder else name
                if skip(path):
                    continue
                if child.kind is Kind.FOLDER:
                    folders.append((path, child))
                elif child.kind in {Kind.FILE, Kind.SPARSE}:
                    yield path, child
            pending.extend(reversed(folders))

    def close(self) -> None:
        """Let go of the layers' files."""
        for file in self._files.values():
            file.close()
        self._files.clear()


def _parts(path: str) -> list[str] | None:
    """Parts of a member's path; nothing where it leads upwards or is too deep.

    Surrogates stand for bytes that are not UTF-8 and are shown as escapes.
    """
    if not path.isascii():
        path = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    parts = [part for part in posixpath.normpath(path).split("/") if part not in {"", "."}]
    return None if ".." in parts or len(parts) > MAX_PARTS else parts
