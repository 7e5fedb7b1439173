"""A resolved graph, and the part of it that leads to one node."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from pratique.remediation.models import Need, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ROOT = 0
"""Number of the node that stands for the project."""


class Edge(NamedTuple):
    """One need, and the node that satisfies it."""

    source: int
    target: int
    need: Need


class Missing(NamedTuple):
    """A need that nothing satisfies."""

    source: int
    need: Need


class Graph(msgspec.Struct):
    """Nodes by number; the first is the project itself."""

    nodes: list[Place]
    edges: list[Edge] = []
    missing: list[Missing] = []

    def parents(self) -> dict[int, list[Edge]]:
        """Edges by the node they lead to, without those of a node to itself."""
        found: dict[int, list[Edge]] = defaultdict(list)
        for edge in self.edges:
            if edge.source != edge.target:
                found[edge.target].append(edge)
        return found


class Subgraph(NamedTuple):
    """All that leads from the project to one node."""

    node: int
    distances: dict[int, int]
    """Nodes on the way, with their shortest distance to the node."""

    edges: tuple[Edge, ...]
    """Edges between them."""

    @property
    def depth(self) -> int:
        """Edges on the shortest path from the project; -1 where there is none."""
        return self.distances.get(ROOT, -1)

    def direct(self) -> list[Edge]:
        """Edges that leave the project."""
        return [edge for edge in self.edges if edge.source == ROOT]

    def last(self) -> list[Edge]:
        """Edges that reach the node."""
        return [edge for edge in self.edges if edge.target == self.node]


def subgraph(parents: dict[int, list[Edge]], node: int, last: Iterable[Edge] = ()) -> Subgraph:
    """What leads to a node.

    Args:
        parents: From :meth:`Graph.parents`.
        node: The node's number.
        last: Edges by which the node may be reached; all where none are given.
    """
    allowed = list(last) or parents.get(node, [])
    distances = {node: 0}
    edges: list[Edge] = []
    queue = deque([node])
    while queue:
        at = queue.popleft()
        for edge in allowed if at == node else parents.get(at, ()):
            edges.append(edge)
            if edge.source not in distances:
                distances[edge.source] = distances[at] + 1
                queue.append(edge.source)
    return Subgraph(node, distances, tuple(edges))


def constraining(
    whole: Subgraph, parents: dict[int, list[Edge]], held: Callable[[Need], bool]
) -> Subgraph:
    """The part of a subgraph that keeps its node at a version, or all of it if none is.

    Args:
        whole: The subgraph.
        parents: From :meth:`Graph.parents`.
        held: Whether a need, by itself, allows no better version.
    """
    last = [edge for edge in whole.last() if held(edge.need)]
    return subgraph(parents, whole.node, last) if last else whole
