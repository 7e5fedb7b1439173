"""Maven: one version of each artifact, the one nearest to the project.

Rules: *Introduction to the dependency mechanism*, sections *Transitive
dependencies* (nearest definition, scopes, exclusions, optional) and *Dependency
management* (its version is taken wherever the artifact is met below the project).
"""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING, NamedTuple

from pratique.remediation.errors import ResolutionError
from pratique.remediation.graph import ROOT, Edge, Graph, Missing
from pratique.remediation.models import Need, Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pratique.remediation.universe import Universe

MAX_ROUNDS = 100
"""How often resolution begins anew because a range met later excludes a version taken before."""

BUNDLES = frozenset({"ear", "rar", "war"})
"""Types of artifact that hold what they need (Maven, *Artifact handlers*)."""


class Slot(NamedTuple):
    """What there can be one version of."""

    name: str
    classifier: str
    type: str


class _Waiting(NamedTuple):
    number: int
    place: Place
    exclusions: frozenset[str]


class _ConflictError(Exception):
    """A requirement excludes what was taken."""


def slot_of(need: Need) -> Slot:
    """What a need competes for."""
    return Slot(need.name, need.classifier, "" if need.type == "jar" else need.type)


def resolve(needs: Sequence[Need], universe: Universe) -> Graph:
    """Resolve the needs of a POM, its dependency management among them.

    Raises:
        ResolutionError: Ranges exclude one another again and again.
    """
    asked: dict[Slot, list[str]] = defaultdict(list)
    for _ in range(MAX_ROUNDS):
        try:
            return _once(needs, universe, asked)
        except _ConflictError:
            continue
    raise ResolutionError("version ranges contradict one another")


def _once(needs: Sequence[Need], universe: Universe, asked: dict[Slot, list[str]]) -> Graph:
    graph = Graph([Place("", "")])
    managed = {slot_of(need): need.requirement for need in needs if need.managed}
    taken: dict[Slot, int] = {}
    nodes: dict[Place, int] = {}
    queue = deque([_Waiting(ROOT, graph.nodes[ROOT], frozenset())])
    while queue:
        at = queue.popleft()
        top = at.number == ROOT
        for need in needs if top else universe.needs(at.place.name, at.place.version):
            if _left_out(need, at.exclusions, top=top):
                continue
            slot = slot_of(need)
            wanted = need.requirement if top else managed.get(slot, need.requirement)
            if wanted not in asked[slot]:
                asked[slot].append(wanted)
            version = _choose(need.name, asked[slot], universe)
            if not version:
                graph.missing.append(Missing(at.number, need))
                continue
            place = Place(need.name, version)
            if slot in taken:
                if graph.nodes[taken[slot]] != place:
                    raise _ConflictError
                graph.edges.append(Edge(at.number, taken[slot], need))
                continue
            known = nodes.get(place)
            number = len(graph.nodes) if known is None else known
            graph.edges.append(Edge(at.number, number, need))
            if known is None:
                graph.nodes.append(place)
                nodes[place] = taken[slot] = number
                if need.type not in BUNDLES:
                    queue.append(_Waiting(number, place, at.exclusions | need.exclusions))
    return graph


def _left_out(need: Need, exclusions: frozenset[str], *, top: bool) -> bool:
    if need.managed:
        return True
    if not top and (need.optional or need.development or need.scope == "provided"):
        return True
    group, _, artifact = need.name.partition(":")
    return not exclusions.isdisjoint({need.name, "*:*", f"{group}:*", f"*:{artifact}"})


def _choose(name: str, requirements: list[str], universe: Universe) -> str:
    """The version that requirements lead to, in the order they were met.

    The first recommendation that no range excludes wins; a range met before it
    takes the newest version that fits.
    """
    dialect = universe.dialect
    soft = [one for one in requirements if one[:1] not in "[("]
    hard = [one for one in requirements if one[:1] in "[(" and one]

    def fits(version: str) -> bool:
        return all(dialect.matches(one, version) for one in hard)

    first_hard = requirements.index(hard[0]) if hard else len(requirements)
    best = next((one for one in reversed(universe.versions(name)) if hard and fits(one)), "")
    for place, version in enumerate(soft):
        if place == first_hard and best:
            return best
        if fits(version):
            return version if universe.has(name, version) else ""
    return best
