"""Totals and the headline of a bill."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pratique.model.bill import Counts, Health
from pratique.model.inventory import Inventory, Relation
from pratique.model.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pratique.model.finding import Finding


_ADVISORY = frozenset({"vulnerable-package", "malicious-package"})


def counts(inventory: Inventory, findings: Sequence[Finding], unknown: int) -> Counts:
    """Totals of a bill; only open findings count.

    Args:
        inventory: What was checked.
        findings: All of them.
        unknown: Components of which something could not be determined.
    """
    open_ones = [finding for finding in findings if finding.status == "open"]
    tally = Counter(finding.severity for finding in open_ones)
    subjects = {finding.subject for finding in open_ones}
    return Counts(
        documents=len(inventory.documents),
        components=len(inventory.components),
        direct=sum(part.relation is Relation.DIRECT for part in inventory.components),
        findings=len(open_ones),
        answered=len(findings) - len(open_ones),
        affected=sum(str(part.package) in subjects for part in inventory.components),
        vulnerabilities=sum(finding.rule in _ADVISORY for finding in open_ones),
        refused=sum(finding.rule == "policy-violation" for finding in open_ones),
        exploited=sum(bool(finding.exploited) for finding in open_ones),
        unknown=unknown,
        severities={one.value: tally[one] for one in Severity if tally[one]},
    )


def state(totals: Counts, *, complete: bool) -> Health:
    """The one word: attention for any open finding, healthy only where all is known."""
    if totals.findings:
        return Health.ATTENTION
    return Health.HEALTHY if complete and totals.components else Health.UNKNOWN


def headline(health: Health, totals: Counts) -> str:
    """One sentence that says what was found."""
    text = _sentence(health, totals)
    if totals.answered:
        more = "1 more is" if totals.answered == 1 else f"{totals.answered} more are"
        return f"{text} {more} answered by VEX or waivers."
    return text


def _sentence(health: Health, totals: Counts) -> str:
    if health is Health.ATTENTION:
        return _attention(totals)
    if not totals.components and not totals.documents:
        return "Nothing was found that could be checked: no lockfile, manifest or SBOM."
    if not totals.components:
        return "The documents name no components."
    still = "open " if totals.answered else ""
    if health is Health.UNKNOWN:
        return (
            f"No {still}known vulnerability was found in {totals.components} "
            f"component{'' if totals.components == 1 else 's'}, but not everything could be "
            "determined."
        )
    return f"None of {totals.components} components has an {still}known vulnerability.".replace(
        "an known", "a known"
    )


def _attention(totals: Counts) -> str:
    worst = next(iter(totals.severities))
    if totals.vulnerabilities:
        known = "vulnerability" if totals.vulnerabilities == 1 else "vulnerabilities"
        text = (
            f"{totals.affected} of {totals.components} "
            f"{'component has' if totals.components == 1 else 'components have'} "
            f"{totals.vulnerabilities} known {known}; {totals.severities[worst]} {worst}"
        )
    else:
        text = f"{totals.findings} findings, {totals.severities[worst]} of them {worst}"
    if totals.refused:
        text = f"{text}; policy refuses {totals.refused} times"
    if "malicious" in totals.severities:
        text = f"{totals.severities['malicious']} malicious; {text}"
    if totals.exploited:
        text = f"{text}; {totals.exploited} known to be exploited"
    if totals.unknown:
        text = f"{text}; {totals.unknown} could not be determined"
    return f"{text}."
