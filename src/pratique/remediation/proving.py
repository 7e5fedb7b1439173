"""Carrying a plan out in a copy: document by document, with fallbacks; what came of it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from pratique.remediation.advice import Advisor
from pratique.remediation.dialects import step_between
from pratique.remediation.plan import Occurrence, Plan, Remaining, Status, Upgrade
from pratique.remediation.projects.base import Target
from pratique.remediation.trying import Job, Prover, Result, Terms

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pratique.advisories import Index
    from pratique.model.advisory import Match
    from pratique.remediation.workspace import Workspace

__all__ = ["Terms", "carry_out", "subject_of"]


def carry_out(
    plan: Plan,
    work: Workspace,
    index: Index,
    terms: Terms,
    progress: Callable[[int, int, str], None] | None = None,
) -> Plan:
    """Make a plan's upgrades in a workspace, document by document.

    Args:
        plan: As made from the bill of what the workspace is a copy of.
        work: The copy; afterwards it has what held.
        index: The advisories.
        terms: What upgrades must keep to.
        progress: Told about each document before it is worked on.

    Returns:
        The plan with what came of each upgrade, what failed among what remains,
        and the files that changed.
    """
    jobs: dict[str, list[Job]] = defaultdict(list)
    for number, upgrade in enumerate(plan.upgrades):
        for place, one in enumerate(upgrade.occurrences):
            target = Target(upgrade.ecosystem, upgrade.name, one.before, upgrade.after)
            jobs[one.document].append(
                Job(target, frozenset(upgrade.fixes), number, place, one.direct)
            )
    prover = Prover(work, index, terms)
    results: dict[tuple[int, int], Result] = {}
    for number, (document, wanted) in enumerate(sorted(jobs.items())):
        if progress:
            progress(number, len(jobs), document)
        for job, result in zip(wanted, prover.document(document, wanted), strict=True):
            results[job.upgrade, job.occurrence] = result
    upgrades = [_with(one, number, results) for number, one in enumerate(plan.upgrades)]
    upgrades, lesser = _fall_back(upgrades, prover, Advisor(index))
    failures = _failures(upgrades)
    upgrades = [one for one in map(_made, upgrades) if one.occurrences]
    return msgspec.structs.replace(
        plan,
        upgrades=tuple(upgrades),
        remaining=tuple(sorted((*plan.remaining, *lesser, *failures))),
        files=tuple(work.changes()),
    )


def _with(upgrade: Upgrade, number: int, results: dict[tuple[int, int], Result]) -> Upgrade:
    occurrences: list[Occurrence] = []
    for place, one in enumerate(upgrade.occurrences):
        result = results[number, place]
        occurrences.append(
            msgspec.structs.replace(
                one, status=result.status, strategy=result.strategy, note=result.note
            )
        )
    return msgspec.structs.replace(upgrade, occurrences=tuple(occurrences))


def _fall_back(
    upgrades: Sequence[Upgrade], prover: Prover, advisor: Advisor
) -> tuple[list[Upgrade], list[Remaining]]:
    """Where an upgrade was not possible, versions that fix less, and what these leave."""
    found: list[Upgrade] = []
    remaining: list[Remaining] = []
    for upgrade in upgrades:
        kept: list[Occurrence] = []
        for one in upgrade.occurrences:
            lesser = _lesser(upgrade, one, prover, advisor) if one.status is Status.FAILED else None
            if lesser is None:
                kept.append(one)
                continue
            found.append(lesser)
            remaining.append(
                Remaining(
                    subject=subject_of(upgrade, lesser.after),
                    ids=tuple(sorted(set(upgrade.fixes) - set(lesser.fixes))),
                    severity=upgrade.severity.value,
                    documents=(one.document,),
                    reason=f"{upgrade.after} was not possible: {one.note}",
                )
            )
        if kept:
            found.append(msgspec.structs.replace(upgrade, occurrences=tuple(kept)))
    return found, remaining


def _lesser(upgrade: Upgrade, one: Occurrence, prover: Prover, advisor: Advisor) -> Upgrade | None:
    """The first fallback that holds, as an upgrade of its own."""
    known = advisor.of(upgrade.ecosystem, upgrade.name, one.before).matches
    for version in one.fallbacks:
        left = advisor.of(upgrade.ecosystem, upgrade.name, version).ids
        fixes = frozenset(upgrade.fixes) - left
        target = Target(upgrade.ecosystem, upgrade.name, one.before, version)
        job = Job(target, fixes, 0, 0, one.direct)
        result = prover.document(one.document, [job])[0] if fixes else None
        if result is not None and result.status is not Status.FAILED:
            done = msgspec.structs.replace(
                one,
                step=step_between(one.before, version),
                status=result.status,
                strategy=result.strategy,
                note=result.note,
            )
            return msgspec.structs.replace(
                upgrade,
                after=version,
                fixes=tuple(sorted(fixes)),
                aliases=_aliases(known, fixes),
                leaves=tuple(sorted(left)),
                occurrences=(done,),
            )
    return None


def _aliases(matches: Sequence[Match], ids: frozenset[str]) -> tuple[str, ...]:
    """Other ids of some vulnerabilities."""
    found = {
        name
        for match in matches
        if match.advisories[0].id in ids
        for record in match.advisories
        for name in (record.id, *record.aliases)
    }
    return tuple(sorted(found - ids))


def _made(upgrade: Upgrade) -> Upgrade:
    """Without the places in which it was not possible: they are among what remains."""
    kept = tuple(one for one in upgrade.occurrences if one.status is not Status.FAILED)
    return msgspec.structs.replace(upgrade, occurrences=kept)


def _failures(upgrades: Sequence[Upgrade]) -> list[Remaining]:
    found: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    about: dict[tuple[str, str, str], Upgrade] = {}
    for upgrade in upgrades:
        for one in upgrade.occurrences:
            if one.status is Status.FAILED:
                key = (upgrade.name, one.before, one.note)
                found[key].append(one.document)
                about[key] = upgrade
    return [
        Remaining(
            subject=subject_of(about[key], key[1]),
            ids=about[key].fixes,
            severity=about[key].severity.value,
            documents=tuple(sorted(documents)),
            reason=f"{about[key].after} was not possible: {key[2]}"
            if about[key].after
            else f"no fixed version is known, and no newer one was found: {key[2]}",
        )
        for key, documents in found.items()
    ]


def subject_of(upgrade: Upgrade, version: str) -> str:
    """Package URL of what an upgrade replaces."""
    from pratique.model.ecosystems import package_of

    package = package_of(upgrade.ecosystem, upgrade.name, version)
    return str(package) if package else f"{upgrade.name} {version}"
