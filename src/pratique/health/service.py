"""The check: inventory, advisories, licences; findings, unknowns, headline."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pratique import __version__
from pratique.advisories.exploitation import open_exploitation
from pratique.health import summary
from pratique.health.checkouts import ask_checkouts
from pratique.health.facts import CHECKED, facts_of
from pratique.health.findings import by_package, make
from pratique.health.judging import judge_all, waive
from pratique.health.priority import ranked, rate
from pratique.health.remedies import choose
from pratique.inventory import Options, PathFinder, take
from pratique.inventory.model_files import RULES as MODEL_RULES
from pratique.inventory.model_files import findings_of
from pratique.licenses.service import judge
from pratique.model.advisory import Query
from pratique.model.bill import BillOfHealth, ComponentHealth
from pratique.model.ecosystems import advisory_name, advisory_version, base
from pratique.model.inventory import Component, Inventory, Location, Problem, Relation, Trouble
from pratique.policy.waivers import Waivers
from pratique.vex import Loaded, Scene, apply, load

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from pratique.advisories import Index
    from pratique.advisories.exploitation import Exploitation
    from pratique.health.findings import Affected
    from pratique.inventory.service import Progress
    from pratique.model.advisory import Answer, Match
    from pratique.model.bill import AdvisoryStatus
    from pratique.model.vex import Statement
    from pratique.policy.service import LoadedPolicy
    from pratique.vex.loading import Verifier

NO_WAIVERS = Waivers()


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What to check, and how."""

    subject: str
    options: Options = Options()
    sort: str = "priority"
    """One of :data:`pratique.health.priority.SORTS`."""

    vex: tuple[str, ...] = ()
    """Files and folders with VEX documents to apply."""

    prefer: tuple[str, ...] = ()
    """Authors, signers, document ids or paths whose statements outweigh later ones
    of others, the strongest first."""

    products: tuple[str, ...] = ()
    """Further identifiers of what is checked, for statements about it."""


def check(
    request: Request,
    index: Index,
    now: datetime,
    *,
    exploitation: Exploitation | None = None,
    policy: LoadedPolicy | None = None,
    waivers: Waivers = NO_WAIVERS,
    statements: Sequence[Statement] = (),
    verifier: Verifier | None = None,
    stdin: Callable[[], bytes] | None = None,
    progress: Progress | None = None,
) -> BillOfHealth:
    """Make the bill of health of one subject.

    Args:
        request: What to check.
        index: The advisories to match against.
        now: The time to put on the bill and to measure ages by, UTC.
        exploitation: What is exploited; the user's own data where it is not given.
        policy: Decides on every component, if one is given.
        waivers: Of advisories and of rules.
        statements: VEX statements, besides those of the request's documents.
        verifier: Checks the signatures of those documents.
        stdin: Gives the bytes of standard input, for the subject ``-``.
        progress: Told about each document before it is read.

    Raises:
        UsageError: The subject is nothing that can be checked.
        InputError: The subject is one document, and it cannot be read at all.
    """
    options = msgspec.structs.replace(request.options, own=True)
    inventory = take(request.subject, options, stdin=stdin, progress=progress)
    inventory, answers = ask_checkouts(inventory, index)
    answers.update(_ask([part for part in inventory.components if part.ref not in answers], index))
    affected = _affected(inventory.components, answers, index)
    exploitation = exploitation or open_exploitation()
    rated = rate(make(affected, PathFinder(inventory)), exploitation)
    loaded = load(map(Path, request.vex), now, verifier) if request.vex else Loaded()
    answered = apply(
        rated,
        (*loaded.statements, *statements),
        now,
        scene=Scene.of_inventory(inventory, request.products),
        preferred=request.prefer,
    )
    findings = waive([*answered, *findings_of(inventory.suspicions)], waivers, now)
    health = _components(inventory.components, answers, index)
    status = index.status(now, {part.ecosystem for part in inventory.components if part.ecosystem})
    if policy is not None:
        advised = [one for one in findings if one.rule not in MODEL_RULES and one.status == "open"]
        facts = facts_of(
            inventory.components, health, advised, status, epss=exploitation.has_scores
        )
        findings += judge_all(policy, facts, waivers, now)
    findings = ranked(findings, _direct(affected), request.sort)
    unknowns = _unknowns(inventory, health, status, loaded.problems)
    complete = bool(inventory.components) and not any(
        problem.trouble is not Trouble.NOTICE for problem in unknowns
    )
    totals = summary.counts(inventory, findings, sum(one.advisories != CHECKED for one in health))
    state = summary.state(totals, complete=complete)
    return BillOfHealth(
        tool=f"pratique {__version__}",
        created=now,
        subject=request.subject,
        health=state,
        headline=summary.headline(state, totals),
        counts=totals,
        findings=tuple(findings),
        inventory=inventory,
        components=tuple(health),
        licenses=dict(sorted(Counter(one.license for one in health).items())),
        unknowns=tuple(unknowns),
        advisories=status,
        complete=complete,
    )


def _affected(
    components: Sequence[Component], answers: dict[str, Answer], index: Index
) -> list[Affected]:
    """Packages that advisories speak of, each with the version that is chosen as its remedy."""
    matches: dict[str, tuple[Match, ...]] = {
        part.ref: answers[part.ref].matches for part in components if part.ref in answers
    }
    affected = by_package(components, matches)
    partial = frozenset(index.partial)
    for one in affected:
        one.sampled = base(one.components[0].ecosystem) in partial
    choose(affected, index.match)
    return affected


def _direct(affected: Sequence[Affected]) -> set[str]:
    """Those that the project asks for itself."""
    return {
        one.subject
        for one in affected
        if any(part.relation is Relation.DIRECT for part in one.components)
    }


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


def _sampled(ecosystem: str) -> str:
    return f"only a part of the advisories for {ecosystem} is here"


def _components(
    components: Sequence[Component], answers: dict[str, Answer], index: Index
) -> list[ComponentHealth]:
    """What is known of each; where only a part of the advisories is here, all may have more."""
    partial = frozenset(index.partial)
    return [
        _component(part, answers, sampled=base(part.ecosystem) in partial) for part in components
    ]


def _component(part: Component, answers: dict[str, Answer], *, sampled: bool) -> ComponentHealth:
    """What is known of a component; ``sampled`` where more advisories might still affect it."""
    judgement = judge(part.licenses)
    answer = answers.get(part.ref)
    if answer is not None:
        state = answer.unknown.reason if answer.unknown else CHECKED
        if state is CHECKED and sampled:
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


def _oldest(inventory: Inventory, status: AdvisoryStatus) -> str:
    """Ecosystems of the inventory whose advisories are as old as the oldest; empty for all."""
    asked = {base(part.ecosystem) for part in inventory.components if part.ecosystem}
    old = sorted(name for name in asked if status.ecosystem_as_of.get(name) == status.as_of)
    return f" for {', '.join(old)}" if old and len(old) < len(asked) else ""


def _unknowns(
    inventory: Inventory,
    health: Sequence[ComponentHealth],
    status: AdvisoryStatus,
    more: Sequence[Problem],
) -> list[Problem]:
    """What the inventory could not read, and what could not be looked up, each with its place."""
    problems = [*inventory.problems, *more]
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
            f"{_sampled(ecosystem)}: {number} {'component' if number == 1 else 'components'} "
            "may be affected by more than is known; run 'pratique advisories update'",
        )
        for ecosystem, number in sampled.items()
    )
    if status.stale:
        problems.append(
            Problem(
                Location(inventory.subject),
                Trouble.NOTICE,
                f"the advisories{_oldest(inventory, status)} are {status.age_days:.0f} days old; "
                "run 'pratique advisories update'",
            )
        )
    return sorted(set(problems))
