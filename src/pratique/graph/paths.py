"""Paths inside one graph that may have cycles.

Strongly connected components are condensed first, so that what is left has no
cycles: two paths are the same if they pass the same components in the same
order, whatever way they take inside one.  Where the graph has no cycle these
are exactly its paths.
"""

from __future__ import annotations

from collections import deque
from functools import cached_property
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from pratique.store.roles import BEGINS, UNREACHED

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    Names = Sequence[str] | Mapping[int, str]

MAX_PATHS = 1_000
"""Most paths that are listed; their number is given however many there are."""


class Graph:
    """A directed graph with roots.

    Args:
        names: Of the nodes, in an order that decides between equals.
        targets: For each node the positions of its successors.
        roots: Where paths begin; where there are none, at the nodes of the
            components that nothing leads to.
    """

    def __init__(
        self, names: Sequence[str], targets: Sequence[Sequence[int]], roots: Sequence[int]
    ) -> None:
        order = sorted(range(len(names)), key=names.__getitem__)
        place = [0] * len(names)
        for new, old in enumerate(order):
            place[old] = new
        self.names = [names[old] for old in order]
        self.place = {name: number for number, name in enumerate(self.names)}
        self.targets = [sorted({place[target] for target in targets[old]}) for old in order]
        self._given = sorted({place[root] for root in roots})

    @cached_property
    def components(self) -> list[int]:
        """For each node its component; components are numbered so that edges lead downwards."""
        return strongly_connected(self.targets)

    @cached_property
    def roots(self) -> list[int]:
        """Where paths begin."""
        return self._given or sources(self.targets, self.components)

    @cached_property
    def _above(self) -> list[list[int]]:
        """For each component those that lead to it, ascending."""
        of, count = self.components, max(self.components, default=-1) + 1
        above: list[set[int]] = [set() for _ in range(count)]
        for node, targets in enumerate(self.targets):
            for target in targets:
                if of[node] != of[target]:
                    above[of[target]].add(of[node])
        return [sorted(one) for one in above]

    @cached_property
    def _ways(self) -> list[int]:
        """For each component how many paths lead to it from a root."""
        begins = {self.components[root] for root in self.roots}
        ways = [0] * len(self._above)
        for number in range(len(ways) - 1, -1, -1):
            ways[number] = (number in begins) + sum(ways[one] for one in self._above[number])
        return ways

    def count(self, node: int) -> int:
        """Number of paths from a root to a node; 0 where none leads there."""
        return self._ways[self.components[node]]

    def shortest(self, node: int) -> tuple[str, ...]:
        """Names from a root to the node; empty where no path leads there.

        Of several the first by its names.
        """
        return first_of(layers(self.targets, self.roots, [node]), self.targets, self.names)

    def paths(self, node: int, limit: int = MAX_PATHS) -> list[tuple[str, ...]]:
        """Paths from a root to a node, each as the shortest way through its components.

        Args:
            node: Where they end.
            limit: Most of them; those through fewest components come first.
        """
        found = []
        for route in self._routes(self.components[node]):
            found.append(self._walk(route, node))
            if len(found) >= min(limit, MAX_PATHS):
                break
        return sorted(found, key=lambda path: (len(path), path))

    def _routes(self, end: int) -> Iterator[tuple[int, ...]]:
        """Components from one with a root down to ``end``, fewest first.

        The distance to the nearest root is known exactly, so that a route is
        only followed if it arrives.
        """
        far = self._distances
        if far[end] < 0:
            return
        # Of equally short ones the longest part is followed first, so that one arrives.
        heap: list[tuple[int, int, tuple[int, ...], bool]] = [(far[end], -1, (end,), False)]
        begins = {self.components[root] for root in self.roots}
        while heap:
            _, _, route, done = heappop(heap)
            if done:
                yield route
                continue
            if route[0] in begins:
                heappush(heap, (len(route) - 1, -len(route) - 1, route, True))
            for one in self._above[route[0]]:
                if far[one] >= 0:
                    rest = (-len(route) - 1, (one, *route), False)
                    heappush(heap, (far[one] + len(route), *rest))

    @cached_property
    def _distances(self) -> list[int]:
        """For each component the fewest steps from one with a root; -1 where none leads there."""
        begins = {self.components[root] for root in self.roots}
        far = [-1] * len(self._above)
        for number in range(len(far) - 1, -1, -1):
            steps = [far[one] + 1 for one in self._above[number] if far[one] >= 0]
            far[number] = 0 if number in begins else min(steps, default=-1)
        return far

    def _walk(self, route: tuple[int, ...], end: int) -> tuple[str, ...]:
        """The shortest way from a root of the first component through all of a route."""
        following = dict(zip(route, (*route[1:], route[-1]), strict=True))
        before = {root: -1 for root in self.roots if self.components[root] == route[0]}
        queue = deque(before)
        while queue:
            node = queue.popleft()
            if node == end:
                break
            here = self.components[node]
            for target in self.targets[node]:
                if target not in before and self.components[target] in {here, following[here]}:
                    before[target] = node
                    queue.append(target)
        names, node = [], end
        while node >= 0:
            names.append(self.names[node])
            node = before[node]
        return tuple(reversed(names))


def layers(
    targets: Sequence[Sequence[int]], roots: Sequence[int], ends: Collection[int]
) -> list[set[int]]:
    """The nodes of all shortest paths from a root to the nearest of some nodes, by distance.

    Empty where no path leads to any of them.
    """
    wanted, seen = set(ends), set(roots)
    reached = [seen.copy()]
    while reached[-1] and not reached[-1] & wanted:
        after = {target for node in reached[-1] for target in targets[node]} - seen
        seen |= after
        reached.append(after)
    reached[-1] &= wanted
    if not reached[-1]:
        return []
    for at in range(len(reached) - 2, -1, -1):
        after = reached[at + 1]
        reached[at] = {node for node in reached[at] if not after.isdisjoint(targets[node])}
    return reached


def first_of(
    found: Sequence[Collection[int]], targets: Sequence[Sequence[int]], names: Names
) -> tuple[str, ...]:
    """Of the paths through some layers the first by its names."""
    path: list[int] = []
    for layer in found:
        among = layer if not path else [node for node in targets[path[-1]] if node in layer]
        path.append(min(among, key=names.__getitem__))
    return tuple(names[node] for node in path)


def first_ways(
    count: int, edges: Sequence[tuple[int, int]], roots: Sequence[int], subject: int = -1
) -> list[int]:
    """For each node of a bill the one before it on its shortest path, of several the first by name.

    Where paths begin is decided as in :func:`pratique.graph.exposure.roots_of`.
    Nodes are queued in the order of their paths' names, so that who is first to
    find a node is on its first path.

    Args:
        count: Number of nodes, which are in the order of their names.
        edges: Dependent and dependency.
        roots: What the subject depends on directly.
        subject: Its position, if it is a node.

    Returns:
        Positions; :data:`~pratique.store.roles.BEGINS` where a path begins,
        :data:`~pratique.store.roles.UNREACHED` where none leads.
    """
    targets: list[list[int]] = [[] for _ in range(count)]
    for dependent, dependency in edges:
        targets[dependent].append(dependency)
    for row in targets:
        row.sort()
    begins = roots or (targets[subject] if subject >= 0 else sources(targets))
    before = [UNREACHED] * count
    queue = sorted(set(begins))
    for node in queue:
        before[node] = BEGINS
    for node in queue:  # grows while it is walked
        for target in targets[node]:
            if before[target] == UNREACHED:
                before[target] = node
                queue.append(target)
    return before


def sources(targets: Sequence[Sequence[int]], components: Sequence[int] | None = None) -> list[int]:
    """The nodes of those components that no other leads to."""
    of = strongly_connected(targets) if components is None else components
    reached = {of[b] for a, row in enumerate(targets) for b in row if of[a] != of[b]}
    return [node for node in range(len(targets)) if of[node] not in reached]


def strongly_connected(targets: Sequence[Sequence[int]]) -> list[int]:
    """Strongly connected components (Tarjan 1972), without recursion.

    They are numbered as they are finished: whatever a component leads to has a
    smaller number.
    """
    count = len(targets)
    index, low, of = [-1] * count, [0] * count, [-1] * count
    stack: list[int] = []
    seen = finished = 0
    for start in range(count):
        if index[start] >= 0:
            continue
        work = [(start, 0)]
        while work:
            node, position = work.pop()
            if position == 0:
                index[node] = low[node] = seen
                seen += 1
                stack.append(node)
            else:
                low[node] = min(low[node], low[targets[node][position - 1]])
            for at in range(position, len(targets[node])):
                target = targets[node][at]
                if index[target] < 0:
                    work += [(node, at + 1), (target, 0)]
                    break
                if of[target] < 0:
                    low[node] = min(low[node], index[target])
            else:
                if low[node] == index[node]:
                    while True:
                        member = stack.pop()
                        of[member] = finished
                        if member == node:
                            break
                    finished += 1
    return of
