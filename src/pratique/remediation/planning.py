"""From a bill of health to a plan."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from pratique.health.rules import MALICIOUS, VULNERABLE
from pratique.health.verdict import ANY, Threshold
from pratique.model.ecosystems import advisory_name, advisory_version, base
from pratique.model.finding import Finding
from pratique.model.inventory import Component, Relation
from pratique.model.severity import Severity
from pratique.remediation.advice import Advisor
from pratique.remediation.dialects import step_between
from pratique.remediation.models import Step
from pratique.remediation.plan import NEWEST, Occurrence, Plan, Remaining, Upgrade
from pratique.remediation.targets import Choice, Chooser, Policy, fewest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pratique.advisories import Index
    from pratique.model.bill import BillOfHealth

TOOLCHAIN = frozenset({("Go", "stdlib"), ("Go", "toolchain")})
"""What no manifest can upgrade: a directive of ``go.mod`` is not what machines build with."""


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """What the user wants of a plan."""

    only: Threshold = ANY
    """Which findings are to be fixed."""

    policy: Policy = Policy()


class _Case(msgspec.Struct, kw_only=True):
    """One version of a package with its findings and the components that are it."""

    version: str
    findings: list[Finding]
    components: list[Component]

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(one.id for one in self.findings)


def plan(bill: BillOfHealth, index: Index, wishes: Wishes, checkout: Callable[[str], str]) -> Plan:
    """Choose the upgrades that fix the open findings of a bill.

    Args:
        bill: Of the check.
        index: The advisories; every target is looked up in it.
        wishes: What to look at and what targets may be.
        checkout: Gives the repository of a document, by path.
    """
    advisor = Advisor(index)
    known = [one for one in bill.findings if one.rule in _RULES]
    chosen = [one for one in known if one.status == "open" and wishes.only.fails(one)]
    upgrades: list[Upgrade] = []
    remaining: list[Remaining] = []
    observed = _observed(bill)
    for place, cases in _cases(bill, chosen).items():
        made, left = _package(place, cases, observed[place], advisor, wishes, checkout)
        upgrades += made
        remaining += left
    skipped = sum(one.status == "open" for one in known) - len(chosen)
    notes = [f"{skipped} findings are left out by --only"] if skipped else []
    waived = sum(one.status != "open" for one in known)
    if waived:
        notes.append(f"{waived} findings are settled by a statement or waiver and need no fix")
    notes.extend(
        f"only a part of the advisories for {name} is here, so that a version that is chosen may "
        "be affected by others: run 'pratique advisories update' first"
        for name in sorted({base(one.ecosystem) for one in upgrades} & set(index.partial))
    )
    return Plan(
        tool=bill.tool,
        created=bill.created,
        subject=bill.subject,
        findings=len(chosen),
        upgrades=tuple(sorted(upgrades, key=urgency)),
        remaining=tuple(sorted(remaining)),
        notes=tuple(notes),
        complete=bill.complete,
    )


def urgency(upgrade: Upgrade) -> tuple[object, ...]:
    """Sorting key: malicious, exploited, then probability × severity × reach, then names."""
    score = upgrade.score if upgrade.score is not None else _SCORES[upgrade.severity]
    weight = 1.0 if upgrade.probability is None else upgrade.probability
    reach = len(upgrade.occurrences)
    return (
        upgrade.severity is not Severity.MALICIOUS,
        not upgrade.exploited,
        -(weight * score * reach),
        upgrade.ecosystem,
        upgrade.name,
        upgrade.after,
    )


_RULES = frozenset({VULNERABLE.id, MALICIOUS.id})

_SCORES = {
    Severity.MALICIOUS: 10.0,
    Severity.CRITICAL: 9.5,
    Severity.HIGH: 8.0,
    Severity.MEDIUM: 5.5,
    Severity.UNKNOWN: 5.5,
    Severity.LOW: 2.0,
    Severity.NONE: 0.0,
}
"""Middle of each CVSS band, for what has a rating and no score."""


def _cases(
    bill: BillOfHealth, findings: Iterable[Finding]
) -> dict[tuple[str, str], dict[str, _Case]]:
    parts: dict[str, list[Component]] = defaultdict(list)
    for part in bill.inventory.components:
        parts[str(part.package)].append(part)
    found: dict[tuple[str, str], dict[str, _Case]] = defaultdict(dict)
    for finding in findings:
        components = parts.get(finding.subject, [])
        if not components:
            continue
        first = components[0]
        place = (first.ecosystem, advisory_name(first.package))
        version = advisory_version(first.package)
        case = found[place].setdefault(
            version, _Case(version=version, findings=[], components=components)
        )
        if finding.id not in case.ids:
            case.findings.append(finding)
        case.components = list({part.ref: part for part in case.components + components}.values())
    return dict(sorted(found.items()))


def _observed(bill: BillOfHealth) -> dict[tuple[str, str], set[str]]:
    """Versions of each package that are in use anywhere in the subject."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for part in bill.inventory.components:
        if part.package.version:
            place = (part.ecosystem, advisory_name(part.package))
            found[place].add(advisory_version(part.package))
    return found


def _package(
    place: tuple[str, str],
    cases: dict[str, _Case],
    observed: set[str],
    advisor: Advisor,
    wishes: Wishes,
    checkout: Callable[[str], str],
) -> tuple[list[Upgrade], list[Remaining]]:
    chooser = Chooser(*place, advisor, wishes.policy)
    candidates = chooser.candidates(cases, observed)
    choices = {
        version: chooser.choice(version, case.ids, candidates) for version, case in cases.items()
    }
    targets = fewest(list(choices.values()), chooser)
    groups: dict[str, list[_Case]] = defaultdict(list)
    remaining: list[Remaining] = []
    for version, case in cases.items():
        target = targets.get(version)
        if target is None and not _attack(case) and _open_ended(case):
            target = NEWEST
        if place in TOOLCHAIN:
            reason = f"it comes with Go itself: build with Go {target or 'of a newer release'}"
            remaining.append(_left(case, reason))
            continue
        if target is None:
            remaining.append(_left(case, _why_not(case, choices[version])))
            continue
        groups[target].append(case)
        if target and (ids := advisor.of(*place, target).ids & case.ids):
            findings = [one for one in case.findings if one.id in ids]
            part = _Case(version=version, findings=findings, components=case.components)
            remaining.append(
                _left(part, f"{place[1]} {target} has it too, and nothing better is known")
            )
    made = [
        _upgrade(place, target, group, choices, advisor, checkout)
        for target, group in groups.items()
    ]
    return made, remaining


def _attack(case: _Case) -> bool:
    return any(one.severity is Severity.MALICIOUS for one in case.findings)


def _open_ended(case: _Case) -> bool:
    """Whether an advisory names the last affected version instead of the fixed one."""
    return any(", last affected " in reason for one in case.findings for reason in one.reasons)


def _why_not(case: _Case, choice: Choice) -> str:
    if _attack(case):
        return "published as an attack: remove it, an upgrade does not undo what it did"
    return choice.reason


def _left(case: _Case, reason: str) -> Remaining:
    worst = min(case.findings, key=lambda one: one.severity.rank)
    return Remaining(
        subject=worst.subject,
        ids=tuple(sorted(one.id for one in case.findings)),
        severity=worst.severity.value,
        documents=tuple(sorted({_document(part) for part in case.components})),
        reason=reason,
    )


def _document(part: Component) -> str:
    return part.ref.partition("#")[0]


def _upgrade(
    place: tuple[str, str],
    target: str,
    cases: Sequence[_Case],
    choices: dict[str, Choice],
    advisor: Advisor,
    checkout: Callable[[str], str],
) -> Upgrade:
    leaves = advisor.of(*place, target).ids if target else frozenset()
    findings = [one for case in cases for one in case.findings if one.id not in leaves]
    ids = {one.id for one in findings}
    every = ids | {alias for one in findings for alias in one.aliases}
    worst = min(findings, key=lambda one: one.severity.rank)
    return Upgrade(
        ecosystem=place[0],
        name=place[1],
        after=target,
        fixes=tuple(sorted(ids)),
        aliases=tuple(sorted(every - ids)),
        leaves=tuple(sorted(leaves)),
        severity=worst.severity,
        score=max((one.score for one in findings if one.score is not None), default=None),
        exploited=any(one.exploited for one in findings),
        probability=max((one.epss for one in findings if one.epss is not None), default=None),
        occurrences=tuple(
            Occurrence(
                document=document,
                checkout=checkout(document),
                before=case.version,
                step=step_between(case.version, target) if target else Step.SAME,
                direct=any(
                    part.relation is Relation.DIRECT
                    for part in case.components
                    if _document(part) == document
                ),
                fallbacks=choices[case.version].fallbacks,
                paths=next((one.paths for one in case.findings if one.paths), ())[:3],
            )
            for case in sorted(cases, key=lambda one: one.version)
            for document in sorted({_document(part) for part in case.components})
        ),
    )
