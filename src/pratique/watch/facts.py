"""What the advisories say of a package now, beside what they said before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.graph.witnesses import ADVISORY
from pratique.health.matching import rating
from pratique.watch.models import Cause, Facts, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pratique.advisories.exploitation import Exploitation
    from pratique.graph.witnesses import Found

EPSS_BANDS = (0.01, 0.1, 0.5)
"""Where a likelihood is another one.  Scores move a little every day; a change within
a band is news for nobody."""


class Difference(msgspec.Struct, frozen=True):
    """One thing that is said otherwise."""

    kind: Kind
    before: str
    after: str
    cause: Cause


class Tracked(msgspec.Struct):
    """One vulnerability of one package: what was said of it, and what is."""

    id: int
    """Of its row; negative before it has one."""

    package: int
    before: Facts | None
    after: Facts | None

    @property
    def ids(self) -> tuple[str, ...]:
        """All names that it has or had."""
        return tuple(
            name for facts in (self.after, self.before) if facts is not None for name in facts.ids
        )


def facts_of(found: Found, exploitation: Exploitation) -> Facts:
    """What is said of a finding, with what is known of its exploitation."""
    match = found.match
    ids = dict.fromkeys(each.id for each in match.advisories)
    ids |= dict.fromkeys(name for each in match.advisories for name in each.aliases)
    severity, score = rating(match)
    return rated(
        Facts(
            ids=tuple(ids),
            severity=severity,
            score=score,
            title=match.advisories[0].summary,
            fixed=match.fixed,
            malicious=any(each.malicious for each in match.advisories),
            reason=match.reason,
            rated_by=match.rated_by,
            indexed=found.indexed,
            witnesses=found.witnesses,
        ),
        exploitation,
    )


def rated(facts: Facts, exploitation: Exploitation) -> Facts:
    """The facts with what is known of exploitation now."""
    entry, likelihood = exploitation.exploited(facts.ids), exploitation.likelihood(facts.ids)
    return msgspec.structs.replace(
        facts,
        exploited=(entry.added or "yes") if entry else "",
        epss=likelihood.score if likelihood else None,
    )


def paired(known: Sequence[Tracked], found: Sequence[Facts], package: int) -> list[Tracked]:
    """What was known of a package, with what is said now; the same vulnerability by any name.

    Args:
        known: Of the package; changed in place.
        found: What is said now.
        package: Its number.

    Returns:
        What was not known.  A row whose vulnerability has become one with that of
        another row stays without ``after``; see :func:`joined`.
    """
    left = list(known)
    for one in left:
        one.after = None
    fresh = []
    for facts in found:
        names = set(facts.ids)
        same = [one for one in left if one.before and not names.isdisjoint(one.before.ids)]
        same.sort(key=lambda one: one.before is None or one.before.ids[0] != facts.ids[0])
        if same:
            same[0].after = facts
            left.remove(same[0])
        else:
            fresh.append(Tracked(0, package, None, facts))
    return fresh


def joined(one: Tracked, others: Sequence[Tracked]) -> bool:
    """Whether a vulnerability that is not there any more goes on under another's name."""
    assert one.before is not None
    names = set(one.before.ids)
    return any(each.after is not None and not names.isdisjoint(each.after.ids) for each in others)


def cause_of(facts: Facts, detail: str) -> Cause:
    """Who says what is said: the index, or the first of the record's documents."""
    if facts.indexed:
        return Cause(kind=ADVISORY, id=facts.vulnerability, detail=detail)
    first = facts.witnesses[0]
    return Cause(
        kind=first.kind,
        id=facts.vulnerability if first.kind == ADVISORY else first.document,
        detail=detail,
        document=first.document,
        collector=first.collector,
        signer=first.signer,
    )


def differences(before: Facts, after: Facts, stamps: tuple[str, str]) -> Iterator[Difference]:
    """What is news about a finding that stays.

    Args:
        before: What was said.
        after: What is said now.
        stamps: Versions of the catalogue of exploited vulnerabilities and of the scores.
    """
    advisory = cause_of(after, after.reason)
    if after.malicious and not before.malicious:
        yield Difference(Kind.MALICIOUS, "", "malicious", advisory)
    elif (before.severity, before.score) != (after.severity, after.score):
        yield Difference(Kind.SEVERITY, _severity(before), _severity(after), advisory)
    if set(after.fixed) - set(before.fixed):
        yield Difference(Kind.FIX, " ".join(before.fixed), " ".join(after.fixed), advisory)
    if bool(before.exploited) != bool(after.exploited):
        cause = Cause(kind="kev", id=stamps[0])
        yield Difference(Kind.EXPLOITED, before.exploited, after.exploited, cause)
    if _band(before.epss) != _band(after.epss):
        cause = Cause(kind="epss", id=stamps[1])
        yield Difference(Kind.LIKELIHOOD, _score(before.epss), _score(after.epss), cause)


def _severity(facts: Facts) -> str:
    return facts.severity if facts.score is None else f"{facts.severity} {facts.score:.1f}"


def _score(epss: float | None) -> str:
    return "" if epss is None else f"{epss:.3f}"


def _band(epss: float | None) -> int:
    # A score that appears for the first time in the lowest band is as good as none.
    return sum((epss or 0.0) >= floor for floor in EPSS_BANDS)
