"""Waivers and policy over the findings of a check."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.policy.findings import decision_findings, waiver_findings
from pratique.policy.waivers import Waivers, select

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pratique.model.facts import Facts
    from pratique.model.finding import Finding
    from pratique.policy.service import LoadedPolicy

_FORGIVEN = frozenset({"owner", "approver", "subject"})
"""What an entry of another tool's ignore file may lack and still be honoured here:
with an id, a reason and an expiry somebody looks at it again."""


def waive(findings: Sequence[Finding], waivers: Waivers, now: datetime) -> list[Finding]:
    """Findings with the waived ones closed, and those that waivers themselves give.

    A waiver of ours covers a package and an advisory (or one of its aliases).
    An entry of ``osv-scanner.toml`` covers an advisory wherever it is found,
    and only where it states a reason and an expiry.

    Args:
        findings: Of the advisories.
        waivers: As read.
        now: Waivers expire by it, UTC.
    """
    ignored = {
        entry.rule: entry
        for entry in waivers.incomplete
        if entry.reason
        and entry.expires is not None
        and entry.expires > now
        and _FORGIVEN.issuperset(entry.missing)
    }
    used = {id(entry) for entry in ignored.values()}
    rest = Waivers(
        waivers=waivers.waivers,
        incomplete=tuple(entry for entry in waivers.incomplete if id(entry) not in used),
        places=waivers.places,
    )
    closed = []
    for finding in findings:
        names = (finding.id, *finding.aliases)
        covering = waivers.covering(finding.subject, now) if waivers.waivers else ()
        waiver = next((one for name in names if (one := select(covering, name))), None)
        entry = next((ignored[name] for name in names if name in ignored), None)
        if finding.status != "open":
            closed.append(finding)
        elif waiver is not None:
            why = (
                f"waived until {waiver.expires:%Y-%m-%d}: {waiver.reason} (owner {waiver.owner}, "
                f"approved by {waiver.approver})"
            )
            closed.append(_closed(finding, f"waived by {waiver.id}", why))
        elif entry is not None and entry.expires is not None:
            why = f"ignored until {entry.expires:%Y-%m-%d}: {entry.reason}"
            closed.append(_closed(finding, f"waived by {entry.place.path}", why))
        else:
            closed.append(finding)
    return [*closed, *waiver_findings(rest, now)]


def _closed(finding: Finding, status: str, reason: str) -> Finding:
    return msgspec.structs.replace(finding, status=status, reasons=(reason, *finding.reasons))


def judge_all(
    policy: LoadedPolicy, facts: Sequence[Facts], waivers: Waivers, now: datetime
) -> list[Finding]:
    """What policy does not admit, a finding for each component and rule.

    Args:
        policy: Loaded.
        facts: Of each component; the same package twice is decided once.
        waivers: Of rules.
        now: UTC.
    """
    from pratique.policy.service import decide_many

    distinct = list(dict.fromkeys(facts))
    return [
        finding
        for decision in decide_many(policy, distinct, waivers, now)
        for finding in decision_findings(decision)
    ]
