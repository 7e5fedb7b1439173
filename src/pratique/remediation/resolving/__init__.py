"""Resolvers: the needs of a project and a universe make a graph, as each ecosystem does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.remediation.errors import ResolutionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pratique.remediation.graph import Graph
    from pratique.remediation.models import Need
    from pratique.remediation.universe import Universe


def resolve(needs: Sequence[Need], universe: Universe) -> Graph:
    """Resolve what a project needs.

    Raises:
        ResolutionError: No set of versions satisfies it, or it takes too long to find one.
    """
    if universe.ecosystem == "npm":
        from pratique.remediation.resolving.npm import resolve as nested

        return nested(needs, universe)
    if universe.ecosystem == "Maven":
        from pratique.remediation.resolving.maven import resolve as nearest

        return nearest(needs, universe)
    if universe.ecosystem == "PyPI":
        from pratique.remediation.resolving.pypi import resolve as single

        return single(needs, universe)
    raise ResolutionError(f"requirements of {universe.ecosystem} cannot be resolved here")
