"""Findings of this room: waivers that no longer hold, or never did, and what policy refused."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from pratique.formats.instants import write_instant
from pratique.model.decision import Effect
from pratique.model.finding import Finding, Reference, Rule
from pratique.model.inventory import Location
from pratique.model.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from pratique.model.decision import Decision, Reason
    from pratique.policy.waivers import Waivers

_S2C2F = Reference(
    "https://github.com/ossf/s2c2f/blob/main/specification/framework.md",
    "S2C2F: Secure Supply Chain Consumption Framework",
)

EXPIRED_WAIVER = Rule(
    id="expired-waiver",
    title="Waiver that has expired",
    motivation=(
        "Somebody answered for a risk until a day, and that day is over. The waiver sets "
        "nothing aside any more; if it is simply prolonged each time, the risk has become "
        "permanent without anybody having decided that."
    ),
    remedy=(
        "Remove the waiver where what it was for is mended; otherwise have its owner and its "
        "approver decide anew, with a new expiry."
    ),
    severity=Severity.MEDIUM,
    references=(_S2C2F,),
)

INCOMPLETE_WAIVER = Rule(
    id="incomplete-waiver",
    title="Waiver that lacks what makes it one",
    motivation=(
        "A waiver needs a subject, a rule or advisory, an owner, a reason, an expiry and an "
        "approver. Files that only list what to ignore lack most of them: nobody answers for "
        "the risk, and it is never looked at again. Such an entry sets nothing aside."
    ),
    remedy="State what is missing, in a waiver file of your own or where the file is adopted.",
    severity=Severity.LOW,
    references=(_S2C2F,),
)

POLICY_VIOLATION = Rule(
    id="policy-violation",
    title="Component that policy does not admit",
    motivation=(
        "A rule of the policy in force denies the component, holds it back, asks for an "
        "approval, or could not be decided on what is known. The reason names the rule and the "
        "facts; the same policy and facts give the same decision at any time."
    ),
    remedy="Do what the rule says, or ask its owner for a waiver with an expiry.",
    severity=Severity.UNKNOWN,
    references=(_S2C2F,),
)

RULES = {rule.id: rule for rule in (EXPIRED_WAIVER, INCOMPLETE_WAIVER, POLICY_VIOLATION)}
"""Every rule of this room by its id."""

_SEVERITIES = {
    Effect.DENY: Severity.HIGH,
    Effect.QUARANTINE: Severity.MEDIUM,
    Effect.REQUIRE_APPROVAL: Severity.MEDIUM,
    Effect.UNKNOWN: Severity.UNKNOWN,
}


def waiver_findings(waivers: Waivers, now: datetime) -> list[Finding]:
    """A finding for each waiver that has expired or is incomplete, in their order.

    Args:
        waivers: As read.
        now: UTC.
    """
    found = []
    for one in waivers.waivers:
        if not one.expired(now):
            continue
        place = waivers.places.get(one.id)
        days = (now - one.expires).days
        found.append(
            Finding(
                rule=EXPIRED_WAIVER.id,
                id=one.id,
                fingerprint=_fingerprint(EXPIRED_WAIVER.id, one.id, one.subject, one.rule),
                subject=one.subject,
                severity=EXPIRED_WAIVER.severity,
                title=f"the waiver of {one.rule} for {one.subject} expired {days} days ago",
                reasons=(
                    f"It held until {write_instant(one.expires)}: {one.reason}",
                    f"Owner {one.owner}, approved by {one.approver}.",
                ),
                remedy="Remove it, or have owner and approver decide anew.",
                locations=(Location(place.path, place.line),) if place else (),
            )
        )
    for lacking in waivers.incomplete:
        what, missing = lacking.rule or "everything", ", ".join(lacking.missing)
        found.append(
            Finding(
                rule=INCOMPLETE_WAIVER.id,
                id=lacking.rule or lacking.subject or "waiver",
                fingerprint=_fingerprint(
                    INCOMPLETE_WAIVER.id, lacking.rule, lacking.subject, lacking.place.path
                ),
                subject=lacking.subject,
                severity=INCOMPLETE_WAIVER.severity,
                title=f"what ignores {what} lacks {missing}, and sets nothing aside",
                reasons=(lacking.reason,) if lacking.reason else (),
                remedy=f"State {missing}.",
                locations=(Location(lacking.place.path, lacking.place.line),),
            )
        )
    return found


def decision_findings(decision: Decision) -> list[Finding]:
    """A finding for each reason that keeps a component out or was set aside, gravest first."""
    return [
        _violation(decision, reason) for reason in decision.reasons if reason.effect in _SEVERITIES
    ]


def _violation(decision: Decision, reason: Reason) -> Finding:
    basis = f"Policy {decision.policy} ({decision.policy_digest}), rule {reason.rule}."
    return Finding(
        rule=POLICY_VIOLATION.id,
        id=reason.rule,
        fingerprint=_fingerprint(
            POLICY_VIOLATION.id, decision.policy, reason.rule, decision.subject
        ),
        subject=decision.subject,
        severity=_SEVERITIES[reason.effect],
        title=f"{reason.effect}: {reason.text}",
        reasons=(basis, *_served(reason.controls)),
        remedy=reason.remedy or POLICY_VIOLATION.remedy,
        status=f"waived by {', '.join(reason.waivers)}" if reason.waivers else "open",
    )


def _served(controls: Iterable[str]) -> tuple[str, ...]:
    text = ", ".join(controls)
    return (f"Serves {text}.",) if text else ()


def _fingerprint(*parts: str) -> str:
    return sha256("\n".join(parts).encode()).hexdigest()[:32]
