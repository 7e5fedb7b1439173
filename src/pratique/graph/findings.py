"""What the advisories and the record's own documents say of packages, as one list.

One vulnerability of one package is one finding, however many say so and under
whichever of its names.  An advisory that is both in the index and ingested is one
record, of which the revision that was modified last counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.graph.witnesses import SCAN, Found, lowered, names_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from pratique.graph.ingested import Ingested
    from pratique.graph.witnesses import Told, Undecided
    from pratique.model.advisory import Advisory, Match


class Revisions(msgspec.Struct, frozen=True):
    """Which of the advisories that are both in the index and ingested count."""

    older: frozenset[str]
    """Ids of ingested ones of which the index has the same revision or a later one."""

    newer: frozenset[str]
    """Ids of those that were modified after what the index has."""


def revisions(ingested: Ingested, indexed: Callable[[str], Advisory | None]) -> Revisions:
    """Hold what was ingested against the index.

    Args:
        ingested: The record's own advisories.
        indexed: The index's advisory of an id, or of an alias.
    """
    older: set[str] = set()
    newer: set[str] = set()
    for id, digest in ingested.current.items():
        known = indexed(id)
        if known is None or known.id != id:
            continue
        moment = known.modified.timestamp() if known.modified else 0.0
        (newer if ingested.filed[digest].modified > moment else older).add(id)
    return Revisions(frozenset(older), frozenset(newer))


def findings(
    matches: Iterable[Match],
    told: Sequence[Told],
    undecided: Sequence[Undecided] = (),
    newer: Collection[str] = (),
) -> list[Found]:
    """The vulnerabilities of one package.

    Args:
        matches: What the index says of it.
        told: What documents of the record say.
        undecided: What they do not decide: there the index still counts.
        newer: Ids of ingested advisories that take the place of the index's.

    Returns:
        Those of the index in its order, then the others by id.
    """
    open = {id for one in undecided for id in one.ids}
    replaced = set(newer) - open
    found: list[Found] = []
    for match in matches:
        kept = tuple(each for each in match.advisories if each.id not in replaced)
        if kept == match.advisories:
            found.append(Found(match))
        elif kept:
            found.append(Found(msgspec.structs.replace(match, advisories=kept)))
    others: list[Found] = []
    for one in sorted(told, key=lambda each: (each.kind, each.match.advisories[0].id)):
        made = Found(one.match, indexed=False, witnesses=one.witnesses)
        at = next((at for at, each in enumerate(found) if _same(each, made)), None)
        if at is not None:
            found[at] = _joined(found[at], made)
            continue
        for each in [each for each in others if _same(each, made)]:
            others.remove(each)
            made = _joined(each, made)
        others.append(made)
    others.sort(key=lambda each: each.match.advisories[0].id)
    return found + others


def _same(one: Found, other: Found) -> bool:
    return not names_of(one.match).isdisjoint(names_of(other.match))


def _joined(one: Found, other: Found) -> Found:
    """A finding with another that is the same vulnerability."""
    # A scan knows nothing of a vulnerability but its names.
    scans = all(each.kind == SCAN for each in other.witnesses)
    known = names_of(one.match) if scans else lowered(each.id for each in one.match.advisories)
    first, *rest = one.match.advisories
    rest += (each for each in other.match.advisories if each.id.lower() not in known)
    known = lowered(name for each in (first, *rest) for name in (each.id, *each.aliases))
    more = dict.fromkeys(
        name
        for each in other.match.advisories
        for name in (each.id, *each.aliases)
        if name.lower() not in known
    )
    match = msgspec.structs.replace(
        one.match,
        advisories=(msgspec.structs.replace(first, aliases=(*first.aliases, *more)), *rest),
        fixed=one.match.fixed or other.match.fixed,
    )
    witnesses = tuple(sorted({*one.witnesses, *other.witnesses}))
    return msgspec.structs.replace(one, match=match, witnesses=witnesses)
