"""Who must upgrade, in which order, once a package is fixed.

A package can only be released anew when everything it needs that contains the
fix is there: its step is one after the latest of those.  Only graphs of bills
that contain the package count, each by itself; where two bills disagree, the
later step holds.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from pratique.graph.exposure import find_packages, graph_of
from pratique.graph.models import Plan, Wave
from pratique.graph.ranges import wanted

if TYPE_CHECKING:
    from pratique.graph.paths import Graph
    from pratique.store.record import Record


def patch(record: Record, question: str) -> Plan:
    """The packages and products that contain a package, in the order in which they can upgrade.

    Args:
        record: What the tenant sees.
        question: A package URL, or one with a range.

    Raises:
        UsageError: The range cannot be read.
        InputError: It is no package URL.
    """
    packages, unclear = find_packages(record, wanted(question))
    inside: dict[int, set[str]] = defaultdict(set)
    for package, sbom in record.holders(packages):
        inside[sbom].add(packages[package])
    steps: dict[str, int] = {}
    for sbom, texts in inside.items():
        for text, step in _steps(graph_of(record, sbom), texts).items():
            steps[text] = max(step, steps.get(text, 0))
    waves: dict[int, list[str]] = defaultdict(list)
    for text, step in steps.items():
        waves[step].append(text)
    shipments = record.shipments(inside)
    return Plan(
        waves=tuple(Wave(step=step, packages=tuple(sorted(waves[step]))) for step in sorted(waves)),
        products=tuple(sorted({(one.product, one.version) for one in shipments})),
        owners=tuple(sorted({one.owner for one in shipments} - {""})),
        undetermined=unclear,
    )


def _steps(graph: Graph, fixed: set[str]) -> dict[str, int]:
    """Step of every package of one graph that needs a fixed one; packages in a circle share one."""
    of = graph.components
    members: dict[int, list[int]] = defaultdict(list)
    for node, component in enumerate(of):
        members[component].append(node)
    steps = {of[graph.place[text]]: 0 for text in fixed}
    for component in sorted(members):  # whatever a component needs has a smaller number
        needs = {of[target] for node in members[component] for target in graph.targets[node]}
        after = [steps[one] + 1 for one in needs - {component} if one in steps]
        if after:
            steps[component] = max(after)
    return {
        graph.names[node]: step for component, step in steps.items() for node in members[component]
    }
