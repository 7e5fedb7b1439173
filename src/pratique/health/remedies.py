"""What to do about a finding: the version to move to, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.model.advisory import Query
from pratique.model.ecosystems import GIT, advisory_name, base
from pratique.model.inventory import Relation
from pratique.versions import VersionError, ordering

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pratique.health.findings import Affected
    from pratique.model.advisory import Answer, Match

ROUNDS = 4
"""How often a proposed version is itself looked up before it is given up on.
Fixes that are in turn affected by later advisories come in short chains."""


def choose(affected: Sequence[Affected], ask: Callable[[list[Query]], Sequence[Answer]]) -> None:
    """Set each package's target: the lowest known version that fixes all its matches.

    A proposed version is looked up itself, and raised until nothing known
    affects it, so that advice does not lead from one vulnerability into the next.

    Args:
        affected: Changed in place.
        ask: The advisory index.
    """
    open_ones = []
    for one in affected:
        if one.components[0].ecosystem == GIT:
            continue  # commits have no order in which one is the lowest
        one.target = _highest(one, [match.fixed[0] for match in one.matches if match.fixed])
        if one.target:
            open_ones.append(one)
    for _ in range(ROUNDS):
        if not open_ones:
            return
        answers = ask([_query(one) for one in open_ones])
        raised = []
        for one, answer in zip(open_ones, answers, strict=True):
            unfixed = [match for match in answer.matches if not match.fixed]
            higher = [match.fixed[0] for match in answer.matches if match.fixed]
            if not answer.matches:
                one.target_clean = answer.unknown is None and all(m.fixed for m in one.matches)
            elif higher and not unfixed:
                one.target = _highest(one, [one.target, *higher])
                raised.append(one)
        open_ones = raised


def remedy(one: Affected, match: Match, *, malicious: bool) -> str:
    """One line that says what to do about one match."""
    package = one.components[0].package
    name = package.full_name
    if malicious:
        return (
            f"Remove {name} {package.version}; treat machines that installed it as compromised "
            "and rotate their credentials."
        )
    if not match.fixed and one.components[0].ecosystem == GIT:
        return (
            f"No commit that fixes it is known: replace {name}, or record why it does not matter."
        )
    if not match.fixed:
        return f"No fixed version of {name} is known: replace it, or record why it does not matter."
    if one.components[0].ecosystem == GIT:
        commits = " or ".join(match.fixed[:3])
        return f"Check out a commit of {name} that contains the fix: {commits}."
    target = one.target or match.fixed[0]
    others = len(one.matches) - 1
    gain = (
        ", the lowest version without a vulnerability known here"
        if one.target_clean
        else ", which fixes this one"
        if others
        else ""
    )
    if one.sampled:  # a version that is affected by what is not here must not be called clean
        gain = (
            f" or later (only a part of the advisories for {base(one.components[0].ecosystem)} is "
            "here: run 'pratique advisories update' first)"
        )
    relations = {part.relation for part in one.components}
    if relations == {Relation.TRANSITIVE}:
        return (
            f"Upgrade {name} to {target}{gain}: raise what brings it in, "
            "or pin it by an override or constraint."
        )
    return f"Upgrade {name} to {target}{gain}."


def _query(one: Affected) -> Query:
    part = one.components[0]
    return Query(ecosystem=part.ecosystem, name=advisory_name(part.package), version=one.target)


def _highest(one: Affected, versions: list[str]) -> str:
    order = ordering(one.components[0].ecosystem)
    if order is None or not versions:
        return versions[0] if versions else ""
    best = ""
    for version in versions:
        try:
            if not best or order.compare(version, best) > 0:
                best = version
        except VersionError:
            continue
    return best
