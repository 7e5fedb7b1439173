"""In place: other versions in the lockfile, within what every dependent asks for."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from pratique.remediation.dialects import step_between
from pratique.remediation.models import Affection, Outcome, Patch, Place, Strategy, Update
from pratique.remediation.strategies.ranking import ranked, together

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pratique.remediation.analysis import Analysis
    from pratique.remediation.graph import Edge, Graph
    from pratique.remediation.manifest import Bench
    from pratique.remediation.models import Need


def in_place(analysis: Analysis, bench: Bench) -> Outcome:
    """Patches that put another version in place of one, everywhere it is installed.

    A version is taken if it satisfies all that need the one before, and what it
    needs itself is there already.

    Args:
        analysis: Of the lockfile's graph.
        bench: Universe, advisories, limits.
    """
    found = [
        patch
        for place, ids in _affected(analysis, bench)
        for patch in _patches(place, ids, analysis, bench)
    ]
    possible = ranked(found, bench.universe.dialect)
    fixed = {(one.id, place) for patch in possible for one in patch.fixed for place in one.places}
    affections = [
        Affection(identifier, (place,))
        for identifier in analysis.affected
        for place in analysis.affection(identifier).places
    ]
    return Outcome(
        ecosystem=bench.universe.ecosystem,
        strategy=Strategy.IN_PLACE,
        vulnerabilities=tuple(affections),
        unfixable=frozenset(one.id for one in affections if (one.id, one.places[0]) not in fixed),
        possible=tuple(possible),
        chosen=tuple(together(possible, bench.limits, by_version=True)),
    )


def _affected(analysis: Analysis, bench: Bench) -> list[tuple[Place, list[str]]]:
    ids: dict[Place, list[str]] = defaultdict(list)
    for identifier in filter(bench.limits.wants, analysis.affected):
        for place in analysis.affection(identifier).places:
            ids[place].append(identifier)
    return sorted(ids.items())


def _patches(place: Place, ids: list[str], analysis: Analysis, bench: Bench) -> Iterable[Patch]:
    """The newest fitting version without each vulnerability, each version once."""
    fitting = _fitting(place, analysis.graph, bench)
    targets: dict[str, None] = {}
    for identifier in ids:
        clean = [one for one in fitting if not bench.affects(identifier, place.name, one)]
        if clean and not any(not bench.affects(identifier, place.name, one) for one in targets):
            targets[clean[-1]] = None
    for version in targets:
        yield Patch(
            updates=(Update(place.name, place.version, version, transitive=True),),
            fixed=tuple(
                Affection(one, (place,))
                for one in ids
                if not bench.affects(one, place.name, version)
            ),
        )


def _fitting(place: Place, graph: Graph, bench: Bench) -> list[str]:
    """Versions that could stand where one does, lowest first."""
    numbers = {number for number, node in enumerate(graph.nodes) if node == place}
    needs = [edge.need for edge in graph.edges if edge.target in numbers]
    below: dict[int, list[Edge]] = {number: [] for number in numbers}
    for edge in graph.edges:
        if edge.source in below:
            below[edge.source].append(edge)
    dialect, limits = bench.universe.dialect, bench.limits
    return [
        version
        for version in bench.universe.versions(place.name)
        if version != place.version
        and limits.allows(place.name, step_between(place.version, version))
        and all(dialect.matches(need.requirement, version) for need in needs)
        and all(_provided(place.name, version, edges, graph, bench) for edges in below.values())
        and (limits.introduce or not bench.added(place.name, place.version, version))
    ]


def _provided(name: str, version: str, edges: list[Edge], graph: Graph, bench: Bench) -> bool:
    """Whether what a version needs is what the one before was given."""
    needs = bench.universe.needs(name, version)
    optional = {_key(need) for need in needs if need.optional}
    given = {_key(edge.need): graph.nodes[edge.target].version for edge in edges}
    for need in needs:
        if need.development:
            continue
        there = given.get(_key(need))
        if there is None and _key(need) not in optional:
            return False
        if there is not None and not bench.universe.dialect.matches(need.requirement, there):
            return False
    return True


def _key(need: Need) -> tuple[str, str]:
    return need.name, need.alias
