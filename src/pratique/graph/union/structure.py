"""The union graph in memory, and walks over it that cycles cannot trap."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterable

Numbers = NDArray[np.int64]
"""Numbers of nouns, or ends of rows."""

Number = TypeVar("Number", np.int64, np.int32)

Places = NDArray[np.int32]
"""Positions of nodes."""

SPARSE = 16
"""A step that meets less than one in so many nodes is sorted rather than marked."""


class Rows(msgspec.Struct, frozen=True):
    """Who leads to whom, in one direction."""

    ends: Numbers
    """Where each node's targets begin, and of the last end; one more than nodes."""

    targets: Places
    """Node by node, ascending, each once."""

    def of(self, nodes: Places) -> Places:
        """Targets of some nodes, as often as they are met."""
        starts = self.ends[nodes]
        counts = self.ends[nodes + 1] - starts
        before = np.cumsum(counts) - counts
        at = np.repeat(starts - before, counts) + np.arange(int(counts.sum()))
        return self.targets[at]


class Union(msgspec.Struct, frozen=True, kw_only=True):
    """The union of the graphs of some bills."""

    bills: Numbers
    """Numbers of the bills, ascending."""

    digests: NDArray[np.uint64]
    """The first eight bytes of each bill's digest."""

    nodes: Numbers
    """Numbers of the packages, ascending."""

    scopes: NDArray[np.uint8]
    """For each package the bits ``1 << (number - 1)`` of all that a bill needs it for."""

    down: Rows
    """From dependents to dependencies."""

    up: Rows
    """From dependencies to dependents."""

    def places(self, numbers: Iterable[int]) -> Places:
        """Positions of those packages that are in the graph."""
        wanted = np.unique(np.fromiter(numbers, np.int64))
        at = np.searchsorted(self.nodes, wanted)
        inside = at < len(self.nodes)
        inside[inside] = self.nodes[at[inside]] == wanted[inside]
        return at[inside].astype(np.int32)

    def reach(
        self, numbers: Iterable[int], *, dependents: bool, depth: int = 0
    ) -> tuple[Places, Places]:
        """What some packages lead to, however far away; not they themselves.

        Args:
            numbers: Of the packages to begin at.
            dependents: Whether to go against the edges.
            depth: Most steps; 0 is as far as there are any.

        Returns:
            Positions, ascending, and the fewest steps to each.
        """
        rows = self.up if dependents else self.down
        steps = np.full(len(self.nodes), -1, np.int32)
        frontier, step = self.places(numbers), 0
        steps[frontier] = 0
        while len(frontier) and (not depth or step < depth):
            step += 1
            met = rows.of(frontier)
            fresh = met[steps[met] < 0]
            steps[fresh] = step
            frontier = _each_once(fresh, steps, step)
        reached = np.flatnonzero(steps > 0).astype(np.int32)
        return reached, steps[reached]


def once(numbers: NDArray[Number]) -> NDArray[Number]:
    """Each number once, ascending; ``np.unique`` hashes them, which takes ten times as long."""
    ordered = np.sort(numbers)
    first = np.ones(len(ordered), bool)
    first[1:] = ordered[1:] != ordered[:-1]
    return ordered[first]


def _each_once(met: Places, steps: Places, step: int) -> Places:
    if len(met) * SPARSE < len(steps):
        return once(met)
    return np.flatnonzero(steps == step).astype(np.int32)
