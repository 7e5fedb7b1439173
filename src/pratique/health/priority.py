"""One rank for every finding, with its reasons: what to look at first.

Malicious packages come first, then what is known to be exploited, then by
severity; within one severity by the likelihood of exploitation, by score, and
direct dependencies before transitive ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.model.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pratique.advisories.exploitation import Exploitation
    from pratique.model.finding import Finding

SORTS = ("priority", "severity", "epss", "package", "path")
"""Orders that a bill's findings can be in."""


def rate(findings: Sequence[Finding], exploitation: Exploitation) -> list[Finding]:
    """Add to each finding whether it is exploited and how likely that is, with the reason.

    Args:
        findings: As made from the advisories.
        exploitation: The catalogue and the scores.
    """
    return [_rated(finding, exploitation) for finding in findings]


def _rated(finding: Finding, exploitation: Exploitation) -> Finding:
    ids = (finding.id, *finding.aliases)
    entry, likelihood = exploitation.exploited(ids), exploitation.likelihood(ids)
    reasons = list(finding.reasons)
    if likelihood is not None:
        reasons.insert(
            0,
            f"exploited within 30 days with probability {likelihood.score:.3f} "
            f"(EPSS, above {likelihood.percentile:.1%} of all)",
        )
    if entry is not None:
        used = ", in ransomware campaigns too" if entry.ransomware == "Known" else ""
        reasons.insert(0, f"known to be exploited since {entry.added} (CISA KEV){used}")
    return msgspec.structs.replace(
        finding,
        exploited=entry.added if entry else "",
        epss=likelihood.score if likelihood else None,
        reasons=tuple(reasons),
    )


def ranked(
    findings: Sequence[Finding], direct: Collection[str], sort: str = "priority"
) -> list[Finding]:
    """Findings in a stable order.

    Args:
        findings: Rated.
        direct: Subjects that the project asks for itself.
        sort: One of :data:`SORTS`; equal ones are in the order of priority.
    """
    first = sorted(findings, key=lambda finding: _priority(finding, direct))
    match sort:
        case "severity":
            first.sort(key=lambda one: (one.severity.rank, -(one.score or 0.0)))
        case "epss":
            first.sort(key=lambda one: -1.0 if one.epss is None else one.epss, reverse=True)
        case "package":
            first.sort(key=lambda one: one.subject)
        case "path":
            first.sort(key=lambda one: one.locations[:1])
        case _:
            pass
    return first


def _priority(finding: Finding, direct: Collection[str]) -> tuple[object, ...]:
    return (
        finding.severity is not Severity.MALICIOUS,
        not finding.exploited,
        finding.severity.rank,
        -(finding.epss or 0.0),
        -(finding.score or 0.0),
        finding.subject not in direct,
        finding.subject,
        finding.id,
    )
