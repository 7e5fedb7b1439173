"""The check: inventory, advisories, licences; findings, unknowns, headline."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from pratique import __version__
from pratique.advisories.exploitation import open_exploitation
from pratique.health.findings import by_package, make
from pratique.health.priority import ranked, rate
from pratique.health.remedies import choose
from pratique.inventory import Options, PathFinder, take
from pratique.licenses.service import judge
from pratique.model.advisory import Query
from pratique.model.bill import BillOfHealth, ComponentHealth, Counts, Health
from pratique.model.ecosystems import advisory_name, advisory_version, base
from pratique.model.inventory import Component, Inventory, Location, Problem, Relation, Trouble
from pratique.model.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from pratique.advisories import Index
    from pratique.advisories.exploitation import Exploitation
    from pratique.inventory.service import Progress
    from pratique.model.advisory import Answer, Match
    from pratique.model.bill import AdvisoryStatus
    from pratique.model.finding import Finding

CHECKED = "checked"
"""What a component's advisory state says where the lookup was complete."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What to check, and how."""

    subject: str
    options: Options = Options()
    sort: str = "priority"
    """One of :data:`pratique.health.priority.SORTS`."""


def check(
    request: Request,
    index: Index,
    now: datetime,
    *,
    exploitation: Exploitation | None = None,
    stdin: Callable[[], bytes] | None = None,
    progress: Progress | None = None,
) -> BillOfHealth:
    """Make the bill of health of one subject.

    Args:
        request: What to check.
        index: The advisories to match against.
        now: The time to put on the bill and to measure ages by, UTC.
        exploitation: What is exploited; the user's own data where it is not given.
        stdin: Gives the bytes of standard input, for the subject ``-``.
        progress: Told about each document before it is read.

    Raises:
        UsageError: The subject is nothing that can be checked.
        InputError: The subject is one document, and it cannot be read at all.
    """
    inventory = take(request.subject, request.options, stdin=stdin, progress=progress)
    answers = _ask(inventory.components, index)
    matches: dict[str, tuple[Match, ...]] = {
        part.ref: answers[part.ref].matches for part in inventory.components if part.ref in answers
    }
    affected = by_package(inventory.components, matches)
    choose(affected, index.match)
    direct = {
        one.subject
        for one in affected
        if any(part.relation is Relation.DIRECT for part in one.components)
    }
    rated = rate(make(affected, PathFinder(inventory)), exploitation or open_exploitation())
    findings = ranked(rated, direct, request.sort)
    known = {part.ref for one in affected for part in one.components}
    partial = frozenset(index.partial)
    health = [
        _component(part, answers, partial - _settled(part, known)) for part in inventory.components
    ]
    status = index.status(now)
    unknowns = _unknowns(inventory, health, status)
    counts = _counts(inventory, findings, health, sum(len(one.components) for one in affected))
    complete = not any(problem.trouble is not Trouble.NOTICE for problem in unknowns)
    state = _state(findings, inventory, complete=complete)
    return BillOfHealth(
        tool=f"pratique {__version__}",
        created=now,
        subject=request.subject,
        health=state,
        headline=_headline(state, counts, inventory),
        counts=counts,
        findings=tuple(findings),
        inventory=inventory,
        components=tuple(health),
        licenses=dict(sorted(Counter(one.license for one in health).items())),
        unknowns=tuple(unknowns),
        advisories=status,
        complete=complete and bool(inventory.components),
    )


def _ask(components: Sequence[Component], index: Index) -> dict[str, Answer]:
    """Answers by component reference, for the components that can be asked about."""
    asked = [
        part for part in components if part.ecosystem and (part.package.version or _commit(part))
    ]
    queries = [
        Query(
            ecosystem=part.ecosystem,
            name=advisory_name(part.package),
            version=advisory_version(part.package),
            commit=_commit(part),
        )
        for part in asked
    ]
    return {part.ref: answer for part, answer in zip(asked, index.match(queries), strict=True)}


def _commit(part: Component) -> str:
    return part.source.commit if part.source else ""


def _settled(part: Component, affected: set[str]) -> frozenset[str]:
    """Its ecosystem, if something was found: more advisories would not change the headline."""
    return frozenset({base(part.ecosystem)} if part.ref in affected else ())


def _sampled(ecosystem: str) -> str:
    return f"only a part of the advisories for {ecosystem} is here"


def _component(
    part: Component, answers: dict[str, Answer], partial: frozenset[str]
) -> ComponentHealth:
    judgement = judge(part.licenses)
    answer = answers.get(part.ref)
    if answer is not None:
        state = answer.unknown.reason if answer.unknown else CHECKED
        if state is CHECKED and base(part.ecosystem) in partial:
            state = _sampled(base(part.ecosystem))
    elif not part.ecosystem:
        state = f"no advisory database covers packages of type {part.package.type}"
    elif part.requirement:
        state = f"no version is pinned, only {part.requirement!r} is asked for"
    else:
        state = "no version is stated"
    return ComponentHealth(
        ref=part.ref,
        license=judgement.expression,
        license_reason=judgement.reason,
        advisories=state,
    )


def _unknowns(
    inventory: Inventory, health: Sequence[ComponentHealth], status: AdvisoryStatus
) -> list[Problem]:
    """What the inventory could not read, and what could not be looked up, each with its place."""
    problems = list(inventory.problems)
    sampled: Counter[str] = Counter()
    for part, one in zip(inventory.components, health, strict=True):
        if one.advisories == _sampled(base(part.ecosystem)):
            sampled[base(part.ecosystem)] += 1
        elif one.advisories != CHECKED:
            name = part.package.full_name
            version = f" {part.package.version}" if part.package.version else ""
            place = part.locations[0] if part.locations else Location(inventory.subject)
            problems.append(Problem(place, Trouble.UNKNOWN, f"{name}{version}: {one.advisories}"))
    problems.extend(
        Problem(
            Location(inventory.subject),
            Trouble.UNKNOWN,
            f"{_sampled(ecosystem)}: {number} components without a finding may still be affected; "
            "run 'pratique advisories update'",
        )
        for ecosystem, number in sampled.items()
    )
    if status.stale:
        problems.append(
            Problem(
                Location(inventory.subject),
                Trouble.NOTICE,
                f"the advisories are {status.age_days:.0f} days old; "
                "run 'pratique advisories update'",
            )
        )
    return sorted(set(problems))


def _counts(
    inventory: Inventory,
    findings: Sequence[Finding],
    health: Sequence[ComponentHealth],
    affected: int,
) -> Counts:
    tally = Counter(finding.severity for finding in findings)
    return Counts(
        documents=len(inventory.documents),
        components=len(inventory.components),
        direct=sum(part.relation is Relation.DIRECT for part in inventory.components),
        findings=len(findings),
        affected=affected,
        exploited=sum(bool(finding.exploited) for finding in findings),
        unknown=sum(one.advisories != CHECKED for one in health),
        severities={one.value: tally[one] for one in Severity if tally[one]},
    )


def _state(findings: Sequence[Finding], inventory: Inventory, *, complete: bool) -> Health:
    if findings:
        return Health.ATTENTION
    if not complete or not inventory.components:
        return Health.UNKNOWN
    return Health.HEALTHY


def _headline(state: Health, counts: Counts, inventory: Inventory) -> str:
    if state is Health.ATTENTION:
        worst = next(iter(counts.severities))
        number = counts.severities[worst]
        known = "vulnerability" if counts.findings == 1 else "vulnerabilities"
        text = (
            f"{counts.affected} of {counts.components} components have "
            f"{counts.findings} known {known}, {number} of them {worst}"
        )
        if "malicious" in counts.severities:
            text = f"{counts.severities['malicious']} malicious; {text}"
        if counts.exploited:
            text = f"{text}; {counts.exploited} known to be exploited"
        return (
            f"{text}; {counts.unknown} could not be determined." if counts.unknown else f"{text}."
        )
    if not inventory.components and not inventory.documents:
        return "Nothing was found that could be checked: no lockfile, manifest or SBOM."
    if not inventory.components:
        return "The documents name no components."
    if state is Health.UNKNOWN:
        return (
            f"No known vulnerability was found in {counts.components} components, but not "
            "everything could be determined."
        )
    return f"None of {counts.components} components has a known vulnerability."
