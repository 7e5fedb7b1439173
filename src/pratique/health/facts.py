"""What a check found out about a component, as policy may look at it."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

from pratique.model.ecosystems import base
from pratique.model.facts import NOT_LOOKED_UP, Facts, Known, Unknown, VulnerabilityFact
from pratique.model.inventory import Relation, Scope
from pratique.model.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pratique.model.bill import AdvisoryStatus, ComponentHealth
    from pratique.model.finding import Finding
    from pratique.model.inventory import Component

CHECKED = "checked"
"""What a component's advisory state says where the lookup was complete."""


def facts_of(
    components: Sequence[Component],
    health: Sequence[ComponentHealth],
    findings: Sequence[Finding],
    status: AdvisoryStatus,
    *,
    epss: bool,
) -> list[Facts]:
    """Facts of each component, in order.

    Args:
        components: Of the inventory.
        health: What was determined for each.
        findings: Open ones; those that VEX or a waiver answered do not count.
        status: Of the advisories that were consulted.
        epss: Whether there are EPSS scores here at all.
    """
    found: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        found[finding.subject].append(finding)
    return [
        _facts(part, one, found.get(str(part.package), []), _age(status, part), epss=epss)
        for part, one in zip(components, health, strict=True)
    ]


def _age(status: AdvisoryStatus, part: Component) -> Known[float]:
    """Days since the advisories for a component's ecosystem were complete."""
    own = status.ecosystem_as_of.get(base(part.ecosystem), status.overall or status.as_of)
    return Known(max(0.0, status.age_days + (status.as_of - own) / timedelta(days=1)))


def _facts(
    part: Component,
    health: ComponentHealth,
    findings: list[Finding],
    age: Known[float],
    *,
    epss: bool,
) -> Facts:
    complete = health.advisories == CHECKED
    malicious = any(finding.severity is Severity.MALICIOUS for finding in findings)
    unlooked = Unknown(health.advisories)
    return Facts(
        subject=str(part.package),
        ecosystem=Known(part.ecosystem) if part.ecosystem else Unknown("it has no ecosystem"),
        relation=Known(part.relation)
        if part.relation is not Relation.UNKNOWN
        else Unknown("the document does not say what is asked for directly"),
        scope=Known(part.scope)
        if part.scope is not Scope.UNKNOWN
        else Unknown("the document does not say what it is needed for"),
        registry=Known(part.registry)
        if part.registry
        else Unknown("the document names no registry"),
        licenses=Known((health.license,)) if health.license else Unknown(health.license_reason),
        vulnerabilities=Known(tuple(_vulnerability(one, epss=epss) for one in findings))
        if complete or findings
        else unlooked,
        advisories_age_days=age,
        malicious=Known(malicious) if complete or malicious else unlooked,
        hashes_present=Known(bool(part.hashes)),
    )


def _vulnerability(finding: Finding, *, epss: bool) -> VulnerabilityFact:
    unrated = finding.severity is Severity.UNKNOWN
    return VulnerabilityFact(
        id=finding.id,
        aliases=finding.aliases,
        severity=Unknown("nobody has rated it") if unrated else Known(finding.severity),
        cvss=Known(finding.score) if finding.score is not None else Unknown("nobody has scored it"),
        kev=Known(bool(finding.exploited)),
        epss=_likelihood(finding, epss=epss),
        fixed=Known(bool(finding.fixed)),
    )


def _likelihood(finding: Finding, *, epss: bool) -> Known[float] | Unknown:
    if finding.epss is not None:
        return Known(finding.epss)
    return Unknown("EPSS has no score for it") if epss else NOT_LOOKED_UP
