"""Explanation: how something came into a product, inside one bill's own graph."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from typing import TYPE_CHECKING

from pratique.graph.exposure import find_packages, graph_of
from pratique.graph.models import Explanation
from pratique.graph.paths import MAX_PATHS
from pratique.graph.ranges import wanted

if TYPE_CHECKING:
    from pratique.store.record import Record, Shipment


def why(
    record: Record, question: str, *, product: str = "", version: str = "", limit: int = MAX_PATHS
) -> list[Explanation]:
    """All paths to a package inside the products that contain it.

    Args:
        record: What the tenant sees.
        question: A package URL, or one with a range.
        product: Only inside this one.
        version: Only inside this version of it.
        limit: Most paths that are listed for each; all are counted.

    Raises:
        UsageError: The range cannot be read.
        InputError: It is no package URL.
    """
    packages, _ = find_packages(record, wanted(question))
    inside = defaultdict(list)
    shipments = record.shipments(product=product) if product else []
    only = {one.sbom for one in shipments} if product else None
    for package, sbom in record.holders(packages, only):
        inside[sbom].append(packages[package])
    if not product:
        shipments = record.shipments(inside)
    grouped: dict[tuple[str, str, int], list[Shipment]] = defaultdict(list)
    for one in shipments:
        if one.sbom not in inside:
            continue
        if not version or one.version == version:
            grouped[one.product, one.version, one.sbom].append(one)
    found = []
    roles = {sbom: (nodes, kept) for sbom, nodes, kept in record.roles(s for *_, s in grouped)}
    numbers = {text: number for number, text in packages.items()}
    for (name, release, sbom), rows in grouped.items():
        graph = graph_of(record, sbom)
        for text in sorted(inside[sbom]):
            node = graph.place[text]
            shortest = graph.shortest(node)
            nodes, kept = roles[sbom]
            at = bisect_left(nodes, numbers[text])
            found.append(
                Explanation(
                    product=name,
                    version=release,
                    environments=tuple(sorted({one.environment for one in rows} - {""})),
                    document=rows[0].digest,
                    package=text,
                    scope=kept.scope(at).value,
                    relation=kept.relation(at).value,
                    count=graph.count(node),
                    shortest=(name, *shortest) if shortest else (),
                    paths=tuple((name, *path) for path in graph.paths(node, limit)),
                )
            )
    found.sort(key=lambda one: (one.product, one.version, one.package, one.document))
    return found
