"""Reach of many packages at once: one bit for each of them, carried once along every edge.

Nodes that need one another in a circle are one (strongly connected components).
What is in no circle is peeled off from both ends level by level; only what is
left, if anything, is searched for circles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pratique.graph.paths import strongly_connected
from pratique.graph.union.structure import Places, Rows, Union, once

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from pratique.graph.union.structure import Numbers

MAX_BYTES = 256 * 1024 * 1024
"""Most memory for the bits; where there are more packages, they are swept in turns."""

CHUNK = 1_000_000
"""Edges whose bits are gathered at once, where rows are short enough."""


def reach_of_each(
    union: Union, numbers: Sequence[int], *, dependents: bool
) -> Iterator[tuple[int, int]]:
    """How many packages each of some has in reach, itself not counted.

    Args:
        union: The graph.
        numbers: Of the packages; those that are not in the graph are left out.
        dependents: Whether to go against the edges.

    Yields:
        Numbers of the packages and the counts.
    """
    against = union.down if dependents else union.up  # bits come from what a node leads to
    asked = union.places(numbers)
    if not len(asked):
        return
    back = union.up if dependents else union.down
    of = _components(against, back)
    rows, back, sizes = _condensed(against, back, of)
    levels = list(_levels(rows, back))
    words = max(MAX_BYTES // (8 * max(len(sizes), 1)), 1)
    for begin in range(0, len(asked), words * 64):
        part = asked[begin : begin + words * 64]
        bits = _swept(rows, levels, of[part])
        counts = _counted(bits, sizes)[: len(part)]
        yield from zip(union.nodes[part].tolist(), (counts - 1).tolist(), strict=True)


def _swept(rows: Rows, levels: Sequence[Places], begins: Places) -> NDArray[np.uint64]:
    """For each component the bits of the packages that it leads to, or that are in it."""
    words = -(-len(begins) // 64)
    bits = np.zeros((len(rows.ends) - 1, words), np.uint64)
    place = np.arange(len(begins))
    np.bitwise_or.at(bits, (begins, place // 64), np.uint64(1) << (place % 64).astype(np.uint64))
    step = max(CHUNK * 8 // words, 1)
    for level in levels:
        for nodes in _portions(rows, level, step):
            counts = rows.ends[nodes + 1] - rows.ends[nodes]
            met = bits[rows.of(nodes)]
            bits[nodes] |= np.bitwise_or.reduceat(met, np.cumsum(counts) - counts, axis=0)
    return bits


def _portions(rows: Rows, nodes: Places, step: int) -> Iterator[Places]:
    """Nodes in portions of about so many edges."""
    ends = np.cumsum(rows.ends[nodes + 1] - rows.ends[nodes])
    at = 0
    while at < len(nodes):
        done = int(ends[at - 1]) if at else 0
        upto = max(int(np.searchsorted(ends, done + step)), at + 1)
        yield nodes[at:upto]
        at = upto


def _counted(bits: NDArray[np.uint64], sizes: Numbers) -> Numbers:
    """How many nodes have each bit; components count for as many as they have."""
    counts = np.zeros(bits.shape[1] * 64, np.int64)
    for begin in range(0, len(bits), 8192):
        part = np.ascontiguousarray(bits[begin : begin + 8192]).astype("<u8").view(np.uint8)
        single = np.unpackbits(part, axis=1, bitorder="little")
        weights = sizes[begin : begin + 8192]
        if (weights == 1).all():
            counts += single.sum(axis=0, dtype=np.int64)
        else:
            counts += weights @ single.astype(np.int64)
    return counts


def _levels(rows: Rows, back: Rows) -> Iterator[Places]:
    """Nodes of a graph without circles, so that all that a level leads to came before it.

    The first level, whose nodes lead nowhere, is left out.
    """
    left = (rows.ends[1:] - rows.ends[:-1]).astype(np.int64)
    level = np.flatnonzero(left == 0).astype(np.int32)
    while len(level):
        level = _freed(back, left, level)
        if len(level):
            yield level


def _freed(back: Rows, left: Numbers, level: Places) -> Places:
    """Count down what each node waits for; those that wait for nothing any more."""
    met = np.sort(back.of(level))
    first = np.flatnonzero(np.concatenate([[True], met[1:] != met[:-1]])[: len(met)])
    times = np.concatenate([first[1:], [len(met)]])[: len(first)] - first
    met = met[first]
    left[met] -= times
    freed: Places = met[left[met] == 0]
    return freed


def _rows(sources: Numbers, targets: Numbers, count: int) -> Rows:
    """Rows of edges, each of which is there once."""
    keys = np.sort(sources * count + targets)
    sources, targets = np.divmod(keys, max(count, 1))
    counts = np.bincount(sources, minlength=count)
    return Rows(np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), targets.astype(np.int32))


def _components(rows: Rows, back: Rows) -> Places:
    """For each node its component; a node in no circle is one by itself."""
    count = len(rows.ends) - 1
    of = np.arange(count, dtype=np.int32)
    core = np.ones(count, bool)
    # What leads nowhere is peeled off, level by level; then what nothing leads to.
    for one, other in ((rows, back), (back, rows)):
        left = (one.ends[1:] - one.ends[:-1]).astype(np.int64)
        level = np.flatnonzero(left == 0).astype(np.int32)
        while len(level):
            core[level] = False
            level = _freed(other, left, level)
    nodes = np.flatnonzero(core)
    if not len(nodes):
        return of
    place = np.full(count, -1, np.int64)
    place[nodes] = np.arange(len(nodes))
    targets = [
        [
            at
            for at in place[rows.targets[rows.ends[node] : rows.ends[node + 1]]].tolist()
            if at >= 0
        ]
        for node in nodes.tolist()
    ]
    found = np.array(strongly_connected(targets), np.int64)
    first = np.full(int(found.max()) + 1, count, np.int64)
    np.minimum.at(first, found, nodes)
    of[nodes] = first[found]
    return of


def _condensed(rows: Rows, back: Rows, of: Places) -> tuple[Rows, Rows, Numbers]:
    """The graph of components in both directions, without edges inside one, and their sizes.

    A component keeps the number of its first node; the numbers of its others lead
    nowhere and count for nothing.
    """
    count = len(of)
    sizes = np.bincount(of, minlength=count).astype(np.int64)
    sources = of[np.repeat(np.arange(count), rows.ends[1:] - rows.ends[:-1])].astype(np.int64)
    targets = of[rows.targets].astype(np.int64)
    outside = sources != targets
    if outside.all() and (sizes == 1).all():
        return rows, back, sizes
    keys = once(sources[outside] * count + targets[outside])
    sources, targets = np.divmod(keys, count)
    return _rows(sources, targets, count), _rows(targets, sources, count), sizes
