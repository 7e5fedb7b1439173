"""Making the union graph from bills, and adding bills to one that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pratique.graph.union.structure import Rows, Union, once
from pratique.model.inventory import Scope
from pratique.store.roles import SCOPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from pratique.store.adjacency import Rows as BillRows
    from pratique.store.roles import Roles

CHUNK = 4_000_000
"""Edges gathered before they are merged; with their packages some 200 MB."""

_NOT_STATED = 1 << (SCOPES[Scope.UNKNOWN] - 1)


def empty() -> Union:
    """The union of no bills."""
    none = np.empty(0, np.int64)
    rows = Rows(np.zeros(1, np.int64), np.empty(0, np.int32))
    return Union(
        bills=none,
        digests=np.empty(0, np.uint64),
        nodes=none,
        scopes=np.empty(0, np.uint8),
        down=rows,
        up=rows,
    )


def mark(digest: str) -> int:
    """What stands for a digest of a document: its first eight bytes."""
    return int(digest.partition(":")[2][:16], 16)


def with_bills(
    union: Union, digests: Mapping[int, str], bills: Iterable[tuple[int, BillRows, Roles]]
) -> Union:
    """A union with further bills; the one given is left as it is.

    Args:
        union: To begin with.
        digests: Of the further bills' documents, by number.
        bills: Each of them, with graph and roles.
    """
    batch = _Batch()
    for _, rows, roles in bills:
        batch.take(rows, roles)
        if batch.edges >= CHUNK:
            union = _merged(union, batch)
            batch = _Batch()
    union = _merged(union, batch)
    numbers = np.concatenate([union.bills, np.fromiter(digests, np.int64)])
    marks = np.fromiter(map(mark, digests.values()), np.uint64, len(digests))
    order = np.argsort(numbers, kind="stable")
    return Union(
        bills=numbers[order],
        digests=np.concatenate([union.digests, marks])[order],
        nodes=union.nodes,
        scopes=union.scopes,
        down=union.down,
        up=union.up,
    )


class _Batch:
    """Packages and edges of some bills, by the packages' numbers."""

    def __init__(self) -> None:
        self.edges = 0
        self._nodes = [np.empty(0, np.int64)]
        self._scopes = [np.empty(0, np.uint8)]
        self._from = [np.empty(0, np.int64)]
        self._to = [np.empty(0, np.int64)]
        self._count = 0

    def take(self, rows: BillRows, roles: Roles) -> None:
        """Add a bill."""
        nodes = np.frombuffer(rows.nodes, np.int64) if len(rows.nodes) else np.empty(0, np.int64)
        self._nodes.append(nodes)
        if roles.scopes:
            numbers = np.frombuffer(roles.scopes, np.uint8)
            self._scopes.append(np.left_shift(np.uint8(1), numbers - np.uint8(1)))
        else:
            self._scopes.append(np.full(len(nodes), _NOT_STATED, np.uint8))
        if len(rows.targets):
            ends = np.frombuffer(rows.ends, np.int64)
            sources = np.repeat(np.arange(len(nodes)), ends[1:] - ends[:-1])
            self._from.append(sources + self._count)
            self._to.append(np.frombuffer(rows.targets, np.uint32) + np.int64(self._count))
        self._count += len(nodes)
        self.edges += len(rows.targets) + len(nodes)

    def gathered(
        self,
    ) -> tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
        """Packages once each, ascending; their scopes; dependents and dependencies, by place."""
        every = np.concatenate(self._nodes)
        numbers = once(every)
        place = np.searchsorted(numbers, every)
        masks = np.zeros(len(numbers), np.uint8)
        np.bitwise_or.at(masks, place, np.concatenate(self._scopes))
        return numbers, masks, place[np.concatenate(self._from)], place[np.concatenate(self._to)]


def _merged(union: Union, batch: _Batch) -> Union:
    numbers, masks, dependents, dependencies = batch.gathered()
    nodes = once(np.concatenate([union.nodes, numbers]))
    scopes = np.zeros(len(nodes), np.uint8)
    moved = np.searchsorted(nodes, union.nodes)
    scopes[moved] = union.scopes
    place = np.searchsorted(nodes, numbers)
    scopes[place] |= masks
    dependents, dependencies = place[dependents], place[dependencies]
    return Union(
        bills=union.bills,
        digests=union.digests,
        nodes=nodes,
        scopes=scopes,
        down=_joined(union.down, moved, len(nodes), dependents, dependencies),
        up=_joined(union.up, moved, len(nodes), dependencies, dependents),
    )


def _joined(
    rows: Rows,
    moved: NDArray[np.int64],
    count: int,
    begins: NDArray[np.int64],
    ends: NDArray[np.int64],
) -> Rows:
    """Rows with further edges.  Old ones stay sorted where nodes are put between them."""
    old = np.repeat(moved, np.diff(rows.ends)) * count + moved[rows.targets]
    new = once(begins * count + ends)
    at = np.searchsorted(old, new)
    there = at < len(old)
    there[there] = old[at[there]] == new[there]
    keys = np.insert(old, at[~there], new[~there])
    sources, targets = np.divmod(keys, max(count, 1))
    counts = np.bincount(sources, minlength=count)
    return Rows(np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), targets.astype(np.int32))
