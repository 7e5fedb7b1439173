"""How bad each vulnerability is that a plan over a universe speaks of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.advisories.exploitation.service import open_exploitation
from pratique.health.findings import Affected, make
from pratique.health.priority import rate
from pratique.inventory import PathFinder
from pratique.model.ecosystems import package_of
from pratique.model.inventory import Component, Inventory
from pratique.remediation.projection import Known

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pratique.model.finding import Finding
    from pratique.remediation.analysis import Analysis
    from pratique.remediation.manifest import Bench
    from pratique.remediation.models import Place


class Ratings:
    """Findings as a check makes them, of the nodes of graphs.

    Args:
        bench: Its advisor knows the advisories.
    """

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._exploitation = open_exploitation()
        self._made: dict[Place, dict[str, Finding]] = {}

    def finding(self, identifier: str, analyses: Sequence[Analysis]) -> Finding:
        """The worst finding of an id over all the nodes that have it."""
        found = (self._of(place)[identifier] for place in _places(identifier, analyses))
        return min(found, key=lambda one: (one.severity.rank, -(one.score or 0.0)))

    def known(self, identifier: str, analyses: Sequence[Analysis]) -> Known:
        """An id as plans state it."""
        finding = self.finding(identifier, analyses)
        return Known(
            id=identifier,
            aliases=finding.aliases,
            severity=finding.severity,
            score=finding.score,
            exploited=bool(finding.exploited),
            probability=finding.epss,
            packages=tuple(_places(identifier, analyses)),
        )

    def listed(self, ids: Iterable[str], analyses: Sequence[Analysis]) -> tuple[Known, ...]:
        """Ids as plans state them, the worst first."""
        found = [self.known(one, analyses) for one in ids]
        return tuple(
            sorted(
                found,
                key=lambda one: (not one.exploited, one.severity.rank, -(one.score or 0.0), one.id),
            )
        )

    def _of(self, place: Place) -> dict[str, Finding]:
        if place not in self._made:
            ecosystem = self._bench.universe.ecosystem
            package = package_of(ecosystem, place.name, place.version)
            parts = []
            if package is not None:
                parts = [Component(ref=str(package), package=package, ecosystem=ecosystem)]
            subject = str(package or f"{place.name} {place.version}")
            matches = self._bench.advisor.of(ecosystem, place.name, place.version).matches
            inventory = Inventory(subject=subject, components=tuple(parts))
            made = make([Affected(subject, parts, matches)], PathFinder(inventory))
            self._made[place] = {one.id: one for one in rate(made, self._exploitation)}
        return self._made[place]


def _places(identifier: str, analyses: Sequence[Analysis]) -> list[Place]:
    return sorted(
        {
            place
            for one in analyses
            if identifier in one.affected
            for place in one.affection(identifier).places
        }
    )
