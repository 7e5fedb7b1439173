"""Answers of the advisory index, made into findings."""

from __future__ import annotations

from collections import defaultdict
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from pratique.health.remedies import remedy
from pratique.health.rules import MALICIOUS, VULNERABLE
from pratique.model.advisory import Match
from pratique.model.finding import Finding, Reference
from pratique.model.inventory import Component, Relation, Scope
from pratique.model.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pratique.inventory import PathFinder
    from pratique.model.advisory import Advisory


MAX_PATHS = 5
"""Paths kept in one finding, over all documents that name the package."""

MAX_REFERENCES = 20
"""References kept in one finding."""


class Affected(msgspec.Struct):
    """One package at one version, with all components that are it and all that affects it."""

    subject: str
    components: list[Component]
    matches: tuple[Match, ...]
    target: str = ""
    """The version to upgrade to, or empty where none is known."""

    target_clean: bool = False
    """Whether the target has no known vulnerability left."""

    sampled: bool = False
    """Whether only a part of the advisories of its ecosystem is here."""


def make(affected: Sequence[Affected], finder: PathFinder) -> list[Finding]:
    """Findings: one for each package version and vulnerability; not yet ranked.

    Args:
        affected: What the index matched.
        finder: Explains how the components came in.
    """
    return [
        _finding(one, match, paths)
        for one in affected
        for paths in [_paths(one, finder)]
        for match in one.matches
    ]


def by_package(
    components: Sequence[Component], matches: Mapping[str, tuple[Match, ...]]
) -> list[Affected]:
    """Group the components that have matches by their package URL.

    Args:
        components: Of the inventory.
        matches: By component reference.
    """
    groups: dict[str, list[Component]] = defaultdict(list)
    for part in components:
        if matches.get(part.ref):
            groups[str(part.package)].append(part)
    return [
        Affected(subject, parts, matches[parts[0].ref]) for subject, parts in sorted(groups.items())
    ]


def _finding(one: Affected, match: Match, paths: tuple[tuple[str, ...], ...]) -> Finding:
    first = match.advisories[0]
    ids = sorted({name for record in match.advisories for name in (record.id, *record.aliases)})
    malicious = any(record.malicious for record in match.advisories)
    rated = max(match.advisories, key=lambda record: -record.severity.rank)
    scored = next((record for record in match.advisories if record.score is not None), rated)
    best: Advisory | Match = rated if rated.score is not None else scored
    severity = Severity.MALICIOUS if malicious else rated.severity
    if match.rated_by and not malicious:
        best, severity = match, match.severity
    rule = MALICIOUS if malicious else VULNERABLE
    summary = next((record.summary for record in match.advisories if record.summary), "")
    references = {ref.url: ref for record in match.advisories for ref in record.references}
    return Finding(
        rule=rule.id,
        id=first.id,
        aliases=tuple(name for name in ids if name != first.id),
        fingerprint=sha256(f"{rule.id}|{first.id}|{one.subject}".encode()).hexdigest()[:32],
        subject=one.subject,
        severity=severity,
        score=best.score,
        vector=best.vector,
        title=summary or first.id,
        reasons=_reasons(one, match, best),
        remedy=remedy(one, match, malicious=malicious),
        fixed=match.fixed,
        paths=paths,
        locations=tuple(sorted({place for part in one.components for place in part.locations})),
        references=tuple(references.values())[:MAX_REFERENCES]
        or (Reference(f"https://osv.dev/vulnerability/{first.id}", first.id),),
    )


def _paths(one: Affected, finder: PathFinder) -> tuple[tuple[str, ...], ...]:
    found = {path for part in one.components for path in finder.to(part)}
    return tuple(sorted(found, key=lambda path: (len(path), path)))[:MAX_PATHS]


def _reasons(one: Affected, match: Match, best: Advisory | Match) -> tuple[str, ...]:
    reasons = [match.reason]
    if match.rated_by:
        reasons.append(f"rated by {match.rated_by}" + (f": {best.vector}" if best.vector else ""))
    elif best.vector:
        reasons.append(f"rated by {best.vector}")
    scopes = sorted(
        {part.scope.value for part in one.components if part.scope is not Scope.UNKNOWN}
    )
    relations = sorted(
        {part.relation.value for part in one.components if part.relation is not Relation.UNKNOWN}
    )
    if relations or scopes:
        reasons.append("needed as " + ", ".join((*relations, *scopes)))
    return tuple(reasons)
