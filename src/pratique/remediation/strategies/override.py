"""Override: force the version of the vulnerable package itself."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from pratique.remediation.dialects import step_between
from pratique.remediation.models import Outcome, Strategy
from pratique.remediation.strategies.search import search

if TYPE_CHECKING:
    from pratique.remediation.manifest import Bench, Manifest, State
    from pratique.remediation.models import Place

import msgspec


def override(manifest: Manifest, bench: Bench) -> Outcome:
    """Patches that pin packages, direct or not, by the manifest's own or managed versions.

    Raises:
        ResolutionError: The manifest itself has no solution.
    """
    outcome = search(manifest, bench, _fix, Strategy.OVERRIDE, grouped=True)
    if bench.limits.manage:
        return outcome
    written = {need.name for need in manifest.needs}
    kept = []
    for patch in outcome.chosen:
        updates = tuple(one for one in patch.updates if one.name in written)
        if updates:
            kept.append(msgspec.structs.replace(patch, updates=updates))
    return msgspec.structs.replace(outcome, chosen=tuple(kept))


def _fix(bench: Bench, state: State, wanted: frozenset[str]) -> State | None:
    while affected := _places(state, wanted):
        manifest = state.manifest
        for place in sorted(affected):
            version = _better(bench, place, affected[place])
            if version:
                manifest = manifest.forced(place.name, version)
        if manifest == state.manifest:
            return state
        state = bench.state(manifest)
        if _special(state, wanted):
            return None
    return None if _special(state, wanted) else state


def _places(state: State, wanted: frozenset[str]) -> dict[Place, set[str]]:
    """Package versions with the wanted vulnerabilities they have."""
    if _special(state, wanted):
        return {}
    found: dict[Place, set[str]] = defaultdict(set)
    for identifier in wanted:
        for way in state.analysis.affected.get(identifier, ()):
            found[state.analysis.graph.nodes[way.node]].add(identifier)
    return found


def _special(state: State, wanted: frozenset[str]) -> bool:
    """Whether an affected artifact has a classifier or a type of its own.

    Not every version exists for each of them, so nothing can be promised.
    """
    return any(
        edge.need.classifier or edge.need.type not in {"", "jar"}
        for identifier in wanted
        for way in state.analysis.affected.get(identifier, ())
        for edge in way.last()
    )


def _better(bench: Bench, place: Place, ids: set[str]) -> str:
    """The lowest version above that has the fewest of some vulnerabilities; empty if none."""
    best, left = "", len(ids)
    for version in later(bench, place.name, place.version):
        if not bench.limits.allows(place.name, step_between(place.version, version)):
            break
        remaining = sum(bench.affects(one, place.name, version) for one in ids)
        if remaining < left:
            best, left = version, remaining
        if not left:
            break
    return best


def later(bench: Bench, name: str, version: str) -> list[str]:
    """Versions after one, lowest first, of its own line where there are several."""
    from pratique.remediation.dialects.maven import Maven

    dialect = bench.universe.dialect
    after = dialect.key(version, name)
    found = [one for one in bench.universe.versions(name) if dialect.key(one, name) > after]
    if isinstance(dialect, Maven):
        line = dialect.flavour(name, version)
        return [one for one in found if dialect.flavour(name, one) == line]
    return found
