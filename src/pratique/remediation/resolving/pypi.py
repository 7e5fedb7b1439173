"""PyPI: one version of each project, the newest that all requirements allow.

Rules: *Dependency specifiers* of packaging.python.org; the order of preference is
pip's: the newest version first, going back where a later requirement excludes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.model.ecosystems import normalise_name
from pratique.remediation.errors import ResolutionError
from pratique.remediation.graph import ROOT, Edge, Graph
from pratique.remediation.models import Need, Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pratique.remediation.universe import Universe

MAX_STEPS = 100_000
"""Most versions that are tried; real projects need a few per package."""


class _Choice(msgspec.Struct):
    """A project whose version is being chosen, and what is left to try."""

    name: str
    left: list[str]
    wanted: list[tuple[str, Need]]
    """All needs that held before this choice, with who has them."""


def resolve(needs: Sequence[Need], universe: Universe) -> Graph:
    """Resolve the requirements of a Python project.

    Raises:
        ResolutionError: They contradict one another, or one names nothing that exists.
    """
    wanted = [("", need) for need in needs]
    chosen: dict[str, str] = {}
    stack: list[_Choice] = []
    for _ in range(MAX_STEPS):
        name = next((one for one in _names(wanted) if one not in chosen), None)
        if name is None:
            return _graph(needs, chosen, universe)
        stack.append(_Choice(name, _candidates(name, wanted, universe), wanted))
        while stack:
            choice = stack[-1]
            chosen.pop(choice.name, None)
            if not choice.left:
                stack.pop()
                continue
            version = choice.left.pop()
            more = [(choice.name, need) for need in universe.needs(choice.name, version)]
            if all(_agrees(need, chosen, universe) for _, need in more):
                chosen[choice.name] = version
                wanted = choice.wanted + more
                break
        if not stack:
            raise ResolutionError(f"no version of {name} satisfies all requirements")
    raise ResolutionError(f"no solution was found in {MAX_STEPS:,} steps")


def _names(wanted: list[tuple[str, Need]]) -> list[str]:
    return list(dict.fromkeys(normalise_name("PyPI", need.name) for _, need in wanted))


def _candidates(name: str, wanted: list[tuple[str, Need]], universe: Universe) -> list[str]:
    texts = [need.requirement for _, need in wanted if normalise_name("PyPI", need.name) == name]
    return universe.matching(name, ",".join(filter(None, texts)))


def _agrees(need: Need, chosen: dict[str, str], universe: Universe) -> bool:
    version = chosen.get(normalise_name("PyPI", need.name))
    return version is None or universe.dialect.matches(need.requirement, version)


def _graph(needs: Sequence[Need], chosen: dict[str, str], universe: Universe) -> Graph:
    graph = Graph([Place("", "")])
    numbers = {name: number for number, name in enumerate(chosen, 1)}
    graph.nodes += [Place(name, version) for name, version in chosen.items()]
    for name, number in (("", ROOT), *numbers.items()):
        for need in needs if number == ROOT else universe.needs(name, chosen[name]):
            target = numbers[normalise_name("PyPI", need.name)]
            graph.edges.append(Edge(number, target, need))
    return graph
