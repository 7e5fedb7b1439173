"""From entries that hold to matches: one for each vulnerability, worst first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pratique.advisories.errors import GenerationError
from pratique.advisories.matching import Asked, Hit, fixes, why
from pratique.formats.osv.severity import UNRATED, Rating
from pratique.model.advisory import Advisory, Match, Query
from pratique.model.finding import Reference
from pratique.model.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Callable

    from pratique.advisories.layers import Numbered
    from pratique.advisories.layout import CommitRow, Manifest

MAX_REMEMBERED = 4_096
"""Advisories kept decoded; the oldest go first."""

DISTRIBUTION_PREFIXES = (
    "ALBA-", "ALEA-", "ALPINE-", "ALSA-", "AZL-", "BELL-", "CGA-", "CLEANSTART-", "DEBIAN-",
    "DLA-", "DSA-", "DTSA-", "ECHO-", "ELA-", "FREEBSD-", "LSN-", "MGASA-", "MINI-", "OESA-",
    "PHSA-", "RHBA-", "RHEA-", "RHSA-", "RLSA-", "RXSA-", "ROOT-", "SUSE-", "openSUSE-",
    "TUXCARE-", "UBUNTU-", "USN-", "BIT-", "DHI-", "V8-",
)  # fmt: skip
"""Ids of databases of distributions and of repackagers, which come last."""

_AFFECTED_EVENTS = frozenset({"introduced", "last_affected"})


def precedence(identifier: str) -> int:
    """Rank of a database among those that speak of one vulnerability; 0 comes first.

    Malicious packages, then GitHub's, then the databases of ecosystems
    (``PYSEC``, ``RUSTSEC``, ``GO`` …), then CVE, then distributions, then an
    organisation's own.
    """
    if identifier.startswith("MAL-"):
        return 0
    if identifier.startswith("GHSA-"):
        return 1
    if identifier.startswith("CVE-"):
        return 3
    if identifier.startswith("x_"):
        return 5
    return 4 if identifier.startswith(DISTRIBUTION_PREFIXES) else 2


class Advisories:
    """Advisories by number, each decoded once.

    Args:
        records: Of the generation.
        manifest: Of the generation.
    """

    def __init__(self, records: Numbered, manifest: Manifest) -> None:
        self._records = records
        self._local = {
            number: source.name
            for number, source in enumerate(manifest.sources)
            if source.name in manifest.local
        }
        self._made: dict[tuple[int, int], Advisory] = {}

    def get(self, number: int, rating: int) -> Advisory:
        """An advisory, rated as for one of its packages.

        Raises:
            GenerationError: The index is damaged.
        """
        made = self._made.get((number, rating))
        if made is None:
            made = self._make(number, rating)
            if len(self._made) >= MAX_REMEMBERED:
                del self._made[next(iter(self._made))]
            self._made[number, rating] = made
        return made

    def _make(self, number: int, rating: int) -> Advisory:
        record = self._records[number]
        rated: Rating = UNRATED
        if record.ratings:
            if rating >= len(record.ratings):
                raise GenerationError(f"the advisories are damaged: {record.id} lacks a rating.")
            rated = record.ratings[rating]
        return Advisory(
            id=record.id,
            aliases=record.aliases,
            related=record.related,
            upstream=record.upstream,
            summary=record.summary,
            published=record.published,
            modified=record.modified,
            withdrawn=record.withdrawn,
            severity=Severity.MALICIOUS if record.malicious else rated.severity,
            score=rated.score,
            vector=rated.vector,
            references=tuple(map(Reference, record.references)),
            malicious=record.malicious,
        )

    def origin(self, number: int) -> str:
        """Where an organisation's own record is from, to be put after its id; or empty.

        Raises:
            GenerationError: The index is damaged.
        """
        if not self._local:
            return ""
        names = [self._local[n] for n in self._records[number].sources if n in self._local]
        return f" (own records: {', '.join(names)})" if names else ""

    def order(self, advisory: Advisory) -> tuple[int, str]:
        """Sorts the advisories of one match, the primary one first."""
        return precedence(advisory.id), advisory.id


def finished(made: list[Match], named: Callable[[str], Advisory | None]) -> tuple[Match, ...]:
    """Matches with the ratings of their alias groups, worst first, then by id.

    Args:
        made: One for each alias group.
        named: Gives the advisory of an id.
    """
    return tuple(sorted((_rated(match, named) for match in made), key=_worst_first))


def group_matches(
    advisories: Advisories,
    hits: list[tuple[Hit, Asked]],
    rows: list[CommitRow],
    query: Query,
    named: Callable[[str], Advisory | None],
) -> tuple[Match, ...]:
    """Matches of one query: one for each alias group, worst first, then by id.

    Args:
        advisories: Of the generation.
        hits: Entries that hold, each with the version as it was asked of them.
        rows: What advisories say of the commit asked.
        query: The query.
        named: Gives the advisory of an id.
    """
    if not hits and not rows:
        return ()
    groups: dict[int, list[tuple[Hit, Asked]]] = {}
    commits: dict[int, list[CommitRow]] = {}
    for pair in hits:
        groups.setdefault(pair[0].entry.group, []).append(pair)
    for row in rows:
        if row.event in _AFFECTED_EVENTS:
            commits.setdefault(row.group, []).append(row)
    made = [
        _rated(_match(advisories, groups.get(group, []), commits.get(group, []), query), named)
        for group in {**groups, **commits}
    ]
    if len(made) > 1:
        made.sort(key=_worst_first)
    return tuple(made)


def _match(
    advisories: Advisories,
    hits: list[tuple[Hit, Asked]],
    rows: list[CommitRow],
    query: Query,
) -> Match:
    by_id: dict[str, Any] = {}
    for hit, _ in hits:
        advisory = advisories.get(hit.entry.advisory, hit.entry.rating)
        if advisory.id not in by_id:
            named = advisory.id + advisories.origin(hit.entry.advisory)
            by_id[advisory.id] = (advisory, why(hit, named, query.version))
    for row in rows:
        advisory = advisories.get(row.advisory, 0)
        if advisory.id not in by_id:
            event = row.event.replace("_", " ")
            by_id[advisory.id] = (
                advisory,
                f"commit {query.commit.lower()} is named as {event} by {advisory.id}"
                f"{advisories.origin(row.advisory)}",
            )
    together = sorted(by_id.values(), key=lambda pair: advisories.order(pair[0]))
    fixed = fixes([hit for hit, _ in hits], hits[0][1]) if hits else ()
    # What an organisation says itself is never hidden behind a published record.
    own = [reason for each, reason in together[1:] if each.id.startswith("x_")]
    return Match(
        advisories=tuple(advisory for advisory, _ in together),
        fixed=fixed,
        reason="; also ".join([together[0][1], *own]),
    )


def _rated(match: Match, named: Callable[[str], Advisory | None]) -> Match:
    """The match with a rating of its alias group, where its own advisories have none.

    A record of the group is one that names an advisory of the match in turn:
    what lists many aliases is not joined with them.  Withdrawn records and
    reports of attacks rate nothing but themselves.
    """
    if any(each.severity != Severity.UNKNOWN for each in match.advisories):
        return match
    own = {each.id for each in match.advisories}
    others = {alias for each in match.advisories for alias in each.aliases} - own
    found = [
        other
        for alias in sorted(others)
        if (other := named(alias)) is not None
        and other.id == alias
        and other.severity not in {Severity.UNKNOWN, Severity.MALICIOUS}
        and other.withdrawn is None
        and not own.isdisjoint(other.aliases)
    ]
    if not found:
        return match
    worst = min(found, key=lambda each: (each.severity.rank, -(each.score or 0.0), each.id))
    return msgspec.structs.replace(
        match,
        rated_by=worst.id,
        severity=worst.severity,
        score=worst.score,
        vector=worst.vector,
    )


def _worst_first(match: Match) -> tuple[int, float, str]:
    rated = [each for each in match.advisories if each.severity != Severity.UNKNOWN]
    worst = min((each.severity.rank for each in rated), default=match.severity.rank)
    score = max((each.score or 0.0 for each in match.advisories), default=0.0)
    return worst, -max(score, match.score or 0.0), match.advisories[0].id
