"""npm: nested folders, each need met by the nearest folder above that has its name.

Rules: npm documentation, *package.json* (dependencies) and *npm install*
(algorithm): the newest version that satisfies the range, placed as high as the
folders on the way allow.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import msgspec

from pratique.remediation.graph import ROOT, Edge, Graph, Missing
from pratique.remediation.models import Need, Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pratique.remediation.universe import Universe

MAX_NODES = 200_000
"""Most folders; large applications have about 3,000."""


class _Folder(msgspec.Struct):
    number: int
    place: Place
    above: _Folder | None = None
    below: dict[str, _Folder] = {}


def resolve(needs: Sequence[Need], universe: Universe) -> Graph:
    """Resolve the needs of a ``package.json``."""
    root = _Folder(ROOT, Place("", ""))
    graph = Graph([root.place])
    queue: deque[tuple[_Folder, Iterable[Need]]] = deque([(root, needs)])
    while queue:
        folder, wanted = queue.popleft()
        for need in _wanted(wanted, top=folder is root):
            found, place = _find(folder, need, universe)
            if found is None:
                version = _newest(need, universe)
                if not version or len(graph.nodes) > MAX_NODES:
                    if not need.optional:
                        graph.missing.append(Missing(folder.number, need))
                    continue
                found = _Folder(len(graph.nodes), Place(need.name, version), place)
                place.below[need.alias or need.name] = found
                graph.nodes.append(found.place)
                queue.append((found, universe.needs(need.name, version)))
            graph.edges.append(Edge(folder.number, found.number, need))
    return graph


def _wanted(needs: Iterable[Need], *, top: bool) -> list[Need]:
    """Needs by name, as npm goes through them; optional ones replace others of their name."""
    chosen: dict[str, Need] = {}
    for need in needs:
        name = need.alias or need.name
        if (top or not need.development) and (name not in chosen or need.optional):
            chosen[name] = need
    return [chosen[name] for name in sorted(chosen)]


def _find(folder: _Folder, need: Need, universe: Universe) -> tuple[_Folder | None, _Folder]:
    """The folder that satisfies a need, or the highest one in which it can be placed."""
    name = need.alias or need.name
    at: _Folder | None = folder
    place = folder
    while at is not None:
        there = at.below.get(name)
        if there is not None:
            fits = there.place.name == need.name and universe.dialect.matches(
                need.requirement, there.place.version
            )
            return (there, at) if fits else (None, place)
        place, at = at, at.above
    return None, place


def _newest(need: Need, universe: Universe) -> str:
    found = universe.matching(need.name, need.requirement)
    return found[-1] if found else ""
