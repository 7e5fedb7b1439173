"""The history of a commit, and which of some commits it contains.

All questions about one commit are answered by one walk: its ancestors are
numbered, parents first, and each of the commits that are asked about is a bit
that goes from parents to children.  The bits that arrive at a commit are the
asked ones among its ancestors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.formats.git.base import MAX_COMMITS, GitError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pratique.formats.git.graph_file import CommitGraph
    from pratique.formats.git.objects import Objects

MAX_ROOTS = 4096
"""Most first commits of one history that are told apart; Linux has a dozen."""


class History:
    """What is an ancestor of one commit, as far as the repository here has it.

    Args:
        start: The commit.
        objects: Of the repository.
        graph: Its commit graph, where there is one.
        shallow: Commits whose parents are not here on purpose.

    Raises:
        GitError: The commit is not here, or there are too many.
    """

    def __init__(
        self,
        start: bytes,
        objects: Objects,
        graph: CommitGraph | None = None,
        shallow: frozenset[bytes] = frozenset(),
    ) -> None:
        self.start = start.hex()
        self._objects, self._graph, self._shallow = objects, graph, shallow
        self._fixed = graph.count if graph else 0
        self._names: list[bytes] = []
        self._nodes: dict[bytes, int] = {}
        self._parents: dict[int, tuple[int, ...]] = {}
        self.order: list[int] = []
        """Numbers of the commits met, parents first: those of the history, then others."""

        self._seen = bytearray(self._fixed)
        self._missing: dict[str, None] = {}
        node = self._node(start)
        if node < 0:
            raise GitError(next(iter(self._missing), f"commit {start.hex()} is not here"))
        self._walk(node)
        self._ancestors = len(self.order)
        self._places = {n: place for place, n in enumerate(self.order)}
        self.gap = next(iter(self._missing), "")
        """Why the history is not complete; empty where it is."""

    def __len__(self) -> int:
        """How many commits it has, the commit itself included."""
        return self._ancestors

    def __iter__(self) -> Iterator[str]:
        """Names of its commits, parents first."""
        for node in self.order[: self._ancestors]:
            yield self._name(node).hex()

    def __contains__(self, commit: str) -> bool:
        """Whether a commit is the start or an ancestor of it that is here."""
        node = self._known(bytes.fromhex(commit))
        return node >= 0 and self._places.get(node, self._ancestors) < self._ancestors

    def _name(self, node: int) -> bytes:
        if node < self._fixed:
            assert self._graph is not None
            return self._graph.name(node)
        return self._names[node - self._fixed]

    def _known(self, name: bytes) -> int:
        """Number of a commit that was met; -1 where it was not."""
        if len(name) != self._objects.width:
            return -1
        node = self._nodes.get(name)
        if node is None:
            node = self._graph.position(name) if self._graph else -1
        return node

    def _node(self, name: bytes) -> int:
        """Number of a commit; -1 where it is not in the repository."""
        node = self._known(name)
        if node < 0 and len(name) == self._objects.width:
            try:
                found = self._objects.parents(name)
            except GitError as error:
                self._missing[error.message] = None
                return -1
            if found is None:
                return -1
            node = self._number(name)
            self._note(node, name, found)
        return node

    def _number(self, name: bytes) -> int:
        node = self._nodes[name] = self._fixed + len(self._names)
        self._names.append(name)
        if len(self._names) > MAX_COMMITS:
            raise GitError(f"the history has more than {MAX_COMMITS:,} commits")
        return node

    def _note(self, node: int, name: bytes, parents: list[bytes]) -> None:
        """Keep the parents of a commit; those that are not here are a gap."""
        if name in self._shallow:
            if parents:
                self._missing["it is a shallow clone"] = None
            self._parents[node] = ()
            return
        made: list[int] = []
        for parent in parents:
            known = self._known(parent)
            made.append(self._number(parent) if known < 0 else known)
        self._parents[node] = tuple(made)

    def parents_of(self, node: int) -> tuple[int, ...]:
        """Numbers of a commit's parents, as far as they are here."""
        if node < self._fixed:
            assert self._graph is not None
            return self._graph.parents(node)
        kept = self._parents.get(node)
        if kept is None:
            name = self._name(node)
            try:
                found = self._objects.parents(name)
            except GitError as error:
                found = None
                self._missing[error.message] = None
            if found is None:
                self._missing[f"commit {name.hex()} of it is not here"] = None
                self._parents[node] = ()
            else:
                self._note(node, name, found)
            kept = self._parents[node]
        return kept

    def _walk(self, start: int) -> None:
        """Add a commit and its ancestors to the order, parents first."""
        order, seen = self.order, self._seen
        stack = [start]
        while stack:
            node = stack[-1]
            if node >= len(seen):
                seen.extend(bytes(max(4096, node + 1 - len(seen))))
            state = seen[node]
            if state == 0:
                seen[node] = 1
                stack += [
                    parent
                    for parent in self.parents_of(node)
                    if parent >= len(seen) or not seen[parent]
                ]
            else:
                stack.pop()
                if state == 1:
                    seen[node] = 2
                    order.append(node)

    def reach(self, commits: Iterable[str]) -> Ancestry:
        """Which of some commits are ancestors of the start and of each other.

        Args:
            commits: Full names.

        Raises:
            GitError: The repository is damaged.
        """
        asked: dict[str, int] = {}
        for commit in dict.fromkeys(commits):
            node = self._node(bytes.fromhex(commit))
            if node >= 0:
                asked[commit] = node
                if node >= len(self._seen) or not self._seen[node]:
                    self._walk(node)
        for place in range(len(self._places), len(self.order)):
            self._places[self.order[place]] = place
        return Ancestry(self, asked)

    def nearest(self, tags: Mapping[str, str]) -> tuple[str, int]:
        """The nearest of some commits, and how many steps it is away.

        Args:
            tags: Full names of commits, with what each is called.

        Returns:
            What it is called, and the steps; an empty text where none is an ancestor.
        """
        wanted = {}
        for commit, title in tags.items():
            node = self._known(bytes.fromhex(commit))
            if node >= 0:
                wanted[node] = title
        front, steps = [self.order[self._ancestors - 1]], 0
        met = set(front)
        while front and wanted:
            named = sorted(wanted[node] for node in front if node in wanted)
            if named:
                return named[-1], steps
            after = [parent for node in front for parent in self.parents_of(node)]
            front = list(dict.fromkeys(node for node in after if node not in met))
            met.update(front)
            steps += 1
        return "", 0


class Ancestry:
    """Answers about some commits; made by :meth:`History.reach`.

    Masks have a bit for each commit asked about, and one for each root (commit
    without parents).
    """

    def __init__(self, history: History, asked: Mapping[str, int]) -> None:
        self._asked = asked
        nodes = dict.fromkeys(asked.values())
        self._bits = {node: 1 << number for number, node in enumerate(nodes)}
        self.roots = 0
        """Mask of the roots of the start."""
        self.many_roots = False
        """Whether there are so many that not all were told apart."""
        self._at: dict[int, int] = {}
        self._after: dict[int, int] = {}
        self._inside: set[int] = set()
        self._propagate(history)

    def _propagate(self, history: History) -> None:
        order, own = history.order, len(history)
        bits, of = self._bits, history.parents_of
        children: dict[int, int] = {}
        for node in order:
            for parent in of(node):
                children[parent] = children.get(parent, 0) + 1
        masks: dict[int, int] = {}
        next_bit, roots = len(bits), 0
        for place, node in enumerate(order):
            parents = of(node)
            mask = 0
            for parent in parents:
                mask |= masks.get(parent, 0)
                children[parent] -= 1
                if not children[parent]:
                    masks.pop(parent, None)
            if not parents:
                if roots < MAX_ROOTS:
                    mask |= 1 << next_bit + roots
                    roots += 1
                else:
                    self.many_roots = True
                if place < own:
                    self.roots |= mask
            bit = bits.get(node)
            if bit is not None:
                mask |= bit
                self._at[node] = mask
                if place < own:
                    self._inside.add(node)
            if place < own:
                for parent in parents:
                    if parent in bits:
                        self._after[parent] = self._after.get(parent, 0) | mask
            if children.get(node):
                masks[node] = mask

    def is_here(self, commit: str) -> bool:
        """Whether the repository has a commit."""
        return commit in self._asked

    def contains(self, commit: str) -> bool:
        """Whether a commit is the start or an ancestor of it."""
        return self._asked.get(commit, -1) in self._inside

    def bit(self, commit: str) -> int:
        """Bit of a commit; 0 where it is not here."""
        return self._bits.get(self._asked.get(commit, -1), 0)

    def mask(self, commit: str) -> int:
        """Bits of a commit and of its ancestors; 0 where it is not here."""
        return self._at.get(self._asked.get(commit, -1), 0)

    def after(self, commit: str) -> int:
        """Bits of all children of a commit that the start contains, and of their ancestors."""
        return self._after.get(self._asked.get(commit, -1), 0)
