"""A whole OSV record against one package: by its name, or by the commit that it is made from.

Source: OSV schema 1.7.5.  Of commits only what a range itself names is told
(see :mod:`pratique.formats.osv.commits`); the record holds no history, so that
everything between the named commits is undecided.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.formats.osv.affected import is_commit
from pratique.formats.osv.commits import State, judge_bare
from pratique.graph.osv_matching import DOES_NOT_HOLD, Verdict, judged
from pratique.model.ecosystems import GIT, base, normalise_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pratique.formats.osv import Affected, Range
    from pratique.graph.sources_of import Place
    from pratique.model.purl import Package

PSEUDO_DIGITS = 12
"""Digits of a commit that a Go pseudo-version ends in."""


def names_package(one: Affected) -> bool:
    """Whether an entry names a package, not commits alone."""
    return bool(base(one.ecosystem) and one.name)


def places_named(one: Affected) -> tuple[list[str], list[str]]:
    """Repositories and commits that the ranges of an entry name."""
    ranges = [range for range in one.ranges if range.type == "GIT"]
    repositories = dict.fromkeys(normalise_name(GIT, each.repo) for each in ranges if each.repo)
    values = (event.value for each in ranges for event in each.events)
    return list(repositories), list(dict.fromkeys(value for value in values if is_commit(value)))


def verdict_of(
    affected: Sequence[Affected], package: Package, places: Sequence[Place], id: str
) -> tuple[Verdict, list[Affected]]:
    """What a record says of a package.

    Where it states versions of the package, these decide and its commits do not.

    Args:
        affected: The record's entries.
        package: With its version.
        places: That it is said to come from.
        id: Of the record, for the reason.

    Returns:
        The verdict, and the entries that hold.
    """
    named = (one for one in affected if names_package(one))
    by_name = _told((one, judged(one, package, id)) for one in named)
    verdict, holding = _summed(by_name)
    if by_name and verdict.holds is not None:
        return verdict, holding
    by_place = _told((one, _of_place(one, each, id)) for one in affected for each in places)
    return _summed(by_place) if by_place else (verdict, holding)


def _told(
    verdicts: Iterable[tuple[Affected, Verdict | None]],
) -> list[tuple[Affected, Verdict]]:
    return [(one, verdict) for one, verdict in verdicts if verdict is not None]


def _summed(verdicts: Sequence[tuple[Affected, Verdict]]) -> tuple[Verdict, list[Affected]]:
    """Affected if any entry says so, undecided if any does not decide."""
    for holds in (True, None):
        some = [(one, verdict) for one, verdict in verdicts if verdict.holds is holds]
        if some:
            return some[0][1], [one for one, _ in some] if holds else []
    return DOES_NOT_HOLD, []


def _of_place(one: Affected, place: Place, id: str) -> Verdict | None:
    """What an entry says of a place; ``None`` where it has nothing to do with it."""
    ranges = (range for range in one.ranges if range.type == "GIT")
    told = _told((one, _of_range(range, place, id)) for range in ranges)
    if not told:
        return None
    if place.at and not place.commit and place.at in one.versions:
        return Verdict(holds=True, reason=f"tag {place.at} is listed by {id}")
    return _summed(told)[0]


def _of_range(range: Range, place: Place, id: str) -> Verdict | None:
    same = bool(range.repo) and normalise_name(GIT, range.repo) == place.repository
    values = {event.value for event in range.events}
    # The commit is the same in a fork, whatever its address.
    if not same and place.commit not in values:
        return None
    commit = place.commit or _completed(place.at, values)
    if commit:
        why = f"{id} does not name commit {commit}, and what lies between commits is not known"
    elif place.at:
        why = f"{id} names commits alone, and of {place.at} the commit is not known"
    else:
        why = f"{id} names commits alone, and which one it is made from is not stated"
    events = [(event.kind, event.value) for event in range.events]
    state, reason = judge_bare(events, commit, why)
    if state is State.CLEAR:
        return DOES_NOT_HOLD
    named = reason.startswith("is named")
    reason = f"commit {commit} {reason}" if named else reason
    holds = True if state is State.AFFECTED else None
    return Verdict(holds=holds, reason=reason.replace("{id}", id))


def _completed(start: str, commits: set[str]) -> str:
    """The commit that begins so, as Go tells one from the others of a repository."""
    if len(start) != PSEUDO_DIGITS:
        return ""
    found = [commit for commit in commits if is_commit(commit) and commit.startswith(start)]
    return found[0] if len(found) == 1 else ""
