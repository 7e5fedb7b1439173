"""A repository as a whole: what is checked out, where from, its tags and submodules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.formats.git.base import MAX_INDEX_BYTES, GitError, is_name
from pratique.formats.git.config import last, read_config
from pratique.formats.git.graph_file import CommitGraph
from pratique.formats.git.history import History
from pratique.formats.git.index_file import GITLINK, gitlinks
from pratique.formats.git.objects import Objects
from pratique.formats.git.refs import Refs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pratique.formats.git.base import GitFiles
    from pratique.formats.git.config import Setting

MAX_SUBMODULES = 10_000
"""Most submodules of one repository that are read."""

MODULES = ".gitmodules"
"""The file that says where submodules come from."""

_TREE = 0o040000
_MAX_TREES = 50_000


class Submodule(msgspec.Struct, frozen=True):
    """A submodule as its repository has it."""

    name: str
    """In ``.gitmodules``; its path where it is not there."""

    path: str
    commit: str
    """The commit that belongs to the one checked out; empty where there is none."""

    url: str = ""
    """As written; may be relative to the repository's own."""

    line: int = 0
    """Of ``.gitmodules``."""


class Repository:
    """One repository.

    Args:
        own: Its folder, or the one of a linked work tree.
        common: Its folder.
        objects: ``objects`` in it, then its alternates.

    Raises:
        GitError: It is in a format that is not read.
    """

    def __init__(self, own: GitFiles, common: GitFiles, objects: Sequence[GitFiles]) -> None:
        self._own, self._common, self._folders = own, common, objects
        self.config: list[Setting] = read_config(common.read("config") or b"")
        if last(self.config, "extensions", "", "refstorage") not in {"", "files"}:
            raise GitError("its references are in a format (reftable) that is not read")
        hash_name = last(self.config, "extensions", "", "objectformat").lower() or "sha1"
        if hash_name not in {"sha1", "sha256"}:
            raise GitError(f"its objects are named by {hash_name[:20]}, which is not read")
        self.width = 32 if hash_name == "sha256" else 20
        self.refs = Refs(own, common)
        self.objects = Objects(objects, self.width)

    @property
    def remote(self) -> str:
        """Address of ``origin``, or of the only other remote; empty where there is none."""
        own = last(self.config, "remote", "origin", "url")
        if own:
            return own
        others = {
            each.name for each in self.config if each.section == "remote" and each.key == "url"
        }
        return last(self.config, "remote", others.pop(), "url") if len(others) == 1 else ""

    @property
    def shallow(self) -> frozenset[bytes]:
        """Commits whose parents were left out.

        Raises:
            GitError: The list cannot be read.
        """
        lines = (self._common.read("shallow") or b"").decode("ascii", "replace").split()
        return frozenset(bytes.fromhex(line) for line in lines if is_name(line))

    def history(self, commit: str) -> History:
        """The history of a commit.

        Raises:
            GitError: The commit is not here, or there are too many.
        """
        shallow = self.shallow
        graph = None
        if not shallow:
            # Git does not believe the graph of a shallow clone either.
            for folder in self._folders[:1]:
                try:
                    graph = CommitGraph(folder, self.width)
                except GitError:
                    graph = None  # the objects say the same, more slowly
        start = bytes.fromhex(commit)
        if graph and graph.position(start) >= 0 and self._differs(graph, start):
            graph = None
        return History(start, self.objects, graph, shallow)

    def _differs(self, graph: CommitGraph, start: bytes) -> bool:
        """Whether the graph says something else of the first commit than its object does."""
        try:
            said = [graph.name(each) for each in graph.parents(graph.position(start))]
            return said != self.objects.parents(start)
        except GitError:
            return True

    def tags(self) -> dict[str, list[str]]:
        """Names of the tags by the commit that each leads to.

        Raises:
            GitError: The references cannot be read.
        """
        found: dict[str, list[str]] = {}
        for name, (target, peeled) in sorted(self.refs.tags().items()):
            commit = peeled
            if not commit and len(target) == 2 * self.width:
                try:
                    made = self.objects.peeled(bytes.fromhex(target))
                except GitError:
                    made = None
                commit = made.hex() if made else ""
            if commit:
                found.setdefault(commit, []).append(name)
        return found

    def submodules(self, modules: bytes | None, commit: str) -> list[Submodule]:
        """The submodules of a work tree, or of a commit where there is none.

        Args:
            modules: ``.gitmodules`` of the work tree; ``None`` for a bare repository.
            commit: What is checked out.

        Raises:
            GitError: The index or a tree cannot be read.
        """
        index = self._own.read("index", MAX_INDEX_BYTES)
        if modules is None:
            tree = self.objects.tree_of(bytes.fromhex(commit))
            blob = self._file(tree, MODULES) if tree else None
            settings = read_config(blob or b"")
            links = self._linked(tree, settings) if tree else {}
        else:
            settings = read_config(modules)
            links = gitlinks(index, self.width) if index else {}
        return _submodules(settings, {path: name.hex() for path, name in links.items()})

    def _file(self, tree: bytes, name: str) -> bytes | None:
        for _, entry, found in self.objects.entries(tree):
            if entry == name:
                blob = self.objects.get(found)
                return blob[1] if blob else None
        return None

    def _linked(self, tree: bytes, settings: list[Setting]) -> dict[str, bytes]:
        """Commits of the paths that ``.gitmodules`` names, from the trees that lead to them."""
        found: dict[str, bytes] = {}
        trees: dict[str, dict[str, tuple[int, bytes]]] = {}
        for each in settings[: 4 * MAX_SUBMODULES]:
            if each.section != "submodule" or each.key != "path":
                continue
            at, mode, folder = tree, _TREE, ""
            for part in each.value.strip("/").split("/"):
                if mode != _TREE or len(trees) > _MAX_TREES:
                    mode = 0
                    break
                if folder not in trees:
                    trees[folder] = {name: (m, n) for m, name, n in self.objects.entries(at)}
                mode, at = trees[folder].get(part, (0, b""))
                folder += f"{part}/"
            if mode == GITLINK:
                found[each.value.strip("/")] = at
        return found


def _submodules(settings: list[Setting], links: dict[str, str]) -> list[Submodule]:
    """Joined by path; a link that ``.gitmodules`` does not name is one without an address."""
    named: dict[str, dict[str, Setting]] = {}
    for each in settings:
        if each.section == "submodule":
            named.setdefault(each.name, {})[each.key] = each
    found: list[Submodule] = []
    seen: set[str] = set()
    for name, keys in named.items():
        if "path" not in keys:
            continue
        path = keys["path"].value.strip("/")
        seen.add(path)
        url = keys["url"].value if "url" in keys else ""
        found.append(Submodule(name, path, links.get(path, ""), url, keys["path"].line))
    found += [Submodule(path, path, commit) for path, commit in links.items() if path not in seen]
    return sorted(found, key=lambda one: one.path)[:MAX_SUBMODULES]
