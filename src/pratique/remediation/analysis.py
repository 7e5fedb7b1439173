"""A graph and what is known against it, within the limits of a plan."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from pratique.remediation.graph import Graph, Subgraph, subgraph
from pratique.remediation.models import Affection, Limits

if TYPE_CHECKING:
    from pratique.remediation.advice import Advisor


class Analysis(msgspec.Struct):
    """Vulnerabilities of a graph, each with what leads to the nodes it affects."""

    graph: Graph
    affected: dict[str, list[Subgraph]]

    def affection(self, identifier: str) -> Affection:
        """A vulnerability with its package versions, each once."""
        found = {self.graph.nodes[one.node] for one in self.affected[identifier]}
        return Affection(identifier, tuple(sorted(found)))


def analyse(graph: Graph, ecosystem: str, advisor: Advisor, limits: Limits) -> Analysis:
    """Look up every node, and leave out what the limits leave out.

    Args:
        graph: Resolved.
        ecosystem: OSV ecosystem of its nodes.
        advisor: Knows the advisories.
        limits: Of the plan.
    """
    advisor.ask((ecosystem, one.name, one.version) for one in graph.nodes[1:])
    parents = graph.parents()
    found: dict[str, list[Subgraph]] = defaultdict(list)
    for number, place in enumerate(graph.nodes[1:], 1):
        ids = advisor.of(ecosystem, place.name, place.version).ids
        if ids:
            way = subgraph(parents, number)
            for identifier in ids:
                found[identifier].append(way)
    return Analysis(
        graph, {key: found[key] for key in sorted(found) if _within(found[key], limits)}
    )


def _within(ways: list[Subgraph], limits: Limits) -> bool:
    if not limits.development and all(_development(way) for way in ways):
        return False
    return limits.depth <= 0 or any(0 <= way.depth <= limits.depth for way in ways)


def _development(way: Subgraph) -> bool:
    direct = way.direct()
    return bool(direct) and all(edge.need.development for edge in direct)
