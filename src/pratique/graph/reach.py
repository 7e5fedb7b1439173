"""Ecosystem reach: who depends on whom in the union of all bills' graphs.

The union conflates the resolutions of several products: that A needs B in one
and B needs C in another does not mean that A leads to C in either.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from pratique.graph.exposure import find_packages
from pratique.graph.models import Reached
from pratique.graph.ranges import wanted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pratique.store.record import Record

MAX_DEPTH = 1_000
"""Steps that are followed; no dependency is that far away but in a hostile graph."""


def reach(record: Record, question: str, *, dependents: bool, depth: int = 0) -> list[Reached]:
    """What depends on a package, or what it depends on, however far away; sorted by distance.

    Args:
        record: What the tenant sees.
        question: A package URL, or one with a range.
        dependents: Whether to go against the edges.
        depth: Most steps; 0 is as far as there are any.

    Raises:
        UsageError: The range cannot be read.
        InputError: It is no package URL.
    """
    start, _ = find_packages(record, wanted(question))
    seen = dict.fromkeys(start, 0)
    frontier = list(start)
    step = 0
    then = _Then(record) if record.as_of else None
    while frontier and step < (depth or MAX_DEPTH):
        step += 1
        if then is not None:
            pairs: Iterable[tuple[int, int]] = then.neighbours(frontier, dependents=dependents)
        else:
            pairs = record.neighbours(frontier, dependents=dependents)
        frontier = [node for node in dict.fromkeys(b for _, b in pairs) if node not in seen]
        seen.update(dict.fromkeys(frontier, step))
    texts = record.texts(number for number in seen if number not in start)
    return sorted(Reached(distance=seen[number], package=text) for number, text in texts.items())


class _Then:
    """The union of the bills that had come in by a moment; edges as rows know no moment.

    Args:
        record: With ``as_of``.
    """

    def __init__(self, record: Record) -> None:
        self._record = record
        self._read: set[int] = set()
        self._edges: dict[bool, dict[int, set[int]]] = {
            True: defaultdict(set),
            False: defaultdict(set),
        }

    def neighbours(self, packages: list[int], *, dependents: bool) -> Iterator[tuple[int, int]]:
        """As :meth:`Record.neighbours`; reads the bills that contain the packages."""
        for sbom in {sbom for _, sbom in self._record.holders(packages)} - self._read:
            self._read.add(sbom)
            bill = self._record.bill(sbom)
            for node, targets in zip(bill.nodes, bill.targets, strict=True):
                for target in targets:
                    self._edges[False][node].add(bill.nodes[target])
                    self._edges[True][bill.nodes[target]].add(node)
        for package in packages:
            for other in self._edges[dependents].get(package, ()):
                yield package, other
