"""Ecosystem reach: who depends on whom in the union of all bills' graphs.

The union conflates the resolutions of several products: that A needs B in one
and B needs C in another does not mean that A leads to C in either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.graph.exposure import find_all, find_packages
from pratique.graph.models import Counted, Counts, Reached
from pratique.graph.ranges import wanted
from pratique.model.inventory import Scope
from pratique.store.roles import SCOPES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pratique.graph.union.structure import Union
    from pratique.store.record import Record


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
    union = _union(record)
    reached, steps = union.reach(start, dependents=dependents, depth=depth)
    numbers = union.nodes[reached].tolist()
    texts = record.texts(numbers)
    masks = union.scopes[reached].tolist()
    found = [
        Reached(distance=step, package=texts[number], scopes=_SCOPES[mask])
        for number, step, mask in zip(numbers, steps.tolist(), masks, strict=True)
    ]
    return sorted(found)


def counts(record: Record, questions: Sequence[str], *, dependents: bool) -> Counts:
    """How many packages each of many has in reach: where a fix would be felt most.

    All are answered in one pass over the graph.

    Args:
        record: What the tenant sees.
        questions: Package URLs, each with or without a version or a range.
        dependents: Whether to go against the edges.

    Raises:
        UsageError: A range cannot be read.
        InputError: One is no package URL.
    """
    from pratique.graph.union.sweep import reach_of_each

    asked, absent, unclear = find_all(record, [wanted(question) for question in questions])
    union = _union(record)
    reached = dict(reach_of_each(union, list(asked), dependents=dependents))
    found = [
        Counted(package=text, reached=reached.get(number, 0)) for number, text in asked.items()
    ]
    found.sort(key=lambda one: (-one.reached, one.package))
    return Counts(counts=tuple(found), absent=absent, undetermined=unclear)


def _union(record: Record) -> Union:
    """The union of all bills, or of those that had come in by the moment asked for."""
    if not record.as_of:
        from pratique.graph.union.cache import union_of

        return union_of(record)
    from pratique.graph.union.building import empty, with_bills

    bills = record.bill_digests()
    return with_bills(empty(), bills, record.graphs(bills))


_SCOPES = [
    tuple(scope.value for scope in Scope if mask & 1 << (SCOPES[scope] - 1)) for mask in range(256)
]
"""Scopes by the bits of a package in the union, the widest first."""
