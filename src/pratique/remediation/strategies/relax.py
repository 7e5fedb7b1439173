"""Relax: move the requirements that hold a vulnerable package where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.remediation.dialects import step_between
from pratique.remediation.graph import constraining
from pratique.remediation.models import Outcome, Step, Strategy
from pratique.remediation.strategies.search import search

if TYPE_CHECKING:
    from pratique.remediation.manifest import Bench, Manifest, State
    from pratique.remediation.models import Limits, Need
    from pratique.remediation.universe import Universe


def relax(manifest: Manifest, bench: Bench) -> Outcome:
    """Patches that move requirements of the manifest on, a series at a time.

    Raises:
        ResolutionError: The manifest itself has no solution.
    """
    return search(manifest, bench, _fix, Strategy.RELAX, grouped=False)


def _fix(bench: Bench, state: State, wanted: frozenset[str]) -> State | None:
    while needs := _holding(bench, state, wanted):
        manifest = state.manifest
        for need in needs:
            requirement = next_requirement(need, bench.universe, bench.limits)
            if not requirement:
                return None
            manifest = manifest.relaxed(need, requirement)
        state = bench.state(manifest)
    return state


def _holding(bench: Bench, state: State, wanted: frozenset[str]) -> list[Need]:
    """Requirements of the manifest that lead to a vulnerability by holding its package."""
    parents = state.analysis.graph.parents()
    found: dict[tuple[str, ...], Need] = {}
    for identifier in wanted:
        for way in state.analysis.affected.get(identifier, ()):
            name = state.analysis.graph.nodes[way.node].name

            def held(need: Need, identifier: str = identifier, name: str = name) -> bool:
                fitting = bench.universe.matching(name, need.requirement)
                return not fitting or bench.affects(identifier, name, fitting[-1])

            part = constraining(way, parents, held)
            for edge in part.direct():
                distance = part.distances[edge.target] + 1
                if bench.limits.depth <= 0 or distance <= bench.limits.depth:
                    found[state.manifest.key(edge.need)] = edge.need
    return [found[key] for key in sorted(found)]


def next_requirement(need: Need, universe: Universe, limits: Limits) -> str:
    """The requirement that lets in the next series of versions; empty where there is none.

    From a version to its patches, from there to the minor releases of its major
    version, from there to the next major version: one step at a time.
    """
    dialect, versions = universe.dialect, universe.versions(need.name)
    last = next(
        (
            at
            for at in reversed(range(len(versions)))
            if dialect.matches(need.requirement, versions[at])
        ),
        -1,
    )
    above = versions[last + 1 :]
    if last < 0 or not above or limits.fixed_in_place(need.name):
        return ""
    first = next((one for one in above if not dialect.prerelease(one)), above[0])
    step = step_between(versions[last], first)
    if not limits.allows(need.name, step):
        return ""
    origin = versions[last]
    if step is Step.MAJOR:
        origin, step = first, Step.MINOR
    best = first
    for version in above[above.index(first) + 1 :]:
        distance = step_between(origin, version)
        if distance > step or not limits.allows(need.name, distance):
            break
        if not dialect.prerelease(version) or dialect.prerelease(first):
            best = version
    return dialect.widened(need.requirement, upper=best, lower=first, step=step)
