"""What sets a version apart from those before it: its attestation, publisher and licence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.model.facts import Known, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pratique.gate.models import Release

Truth = Known[bool] | Unknown

NOT_TOLD = Unknown("the index does not say")
UNDATED = Unknown("the index does not say which versions came before")
UNCOMPARED = Unknown("the attestations of these versions were not compared")
FIRST = Known(value=False)


class Change(msgspec.Struct, frozen=True):
    """How a version differs from the earlier ones."""

    provenance_lost: Truth = NOT_TOLD
    publisher: Truth = NOT_TOLD
    license: Truth = NOT_TOLD


def changes(releases: Iterable[Release]) -> dict[str, Change]:
    """How each version differs from those published before it, by its key."""
    dated = [one for one in releases if one.published is not None]
    dated.sort(key=lambda one: (one.published, one.key))
    found: dict[str, Change] = {}
    attested: list[Release] = []
    publishers: set[str] = set()
    license_ = ""
    for one in dated:
        found[one.key] = Change(
            _lost(one, attested),
            _publisher(one, publishers, first=not found),
            _license(one, license_, first=not found),
        )
        if one.attested:
            attested.append(one)
        if one.publisher:
            publishers.add(one.publisher)
        license_ = one.license
    undated = Change(UNDATED, UNDATED, UNDATED)
    return {one.key: found.get(one.key, undated) for one in releases}


def _lost(one: Release, before: list[Release]) -> Truth:
    """An earlier version had an attestation, and this one has none, or of another source."""
    if one.attested is None:
        return NOT_TOLD
    if not before:
        return FIRST
    if not one.attested:
        return Known(value=True)
    named = next((each.repository for each in reversed(before) if each.repository), "")
    if not one.repository or not named:
        return UNCOMPARED
    return Known(one.repository.lower() != named.lower())


def _publisher(one: Release, before: set[str], *, first: bool) -> Truth:
    if not one.publisher:
        return NOT_TOLD
    if not before:
        return FIRST if first else UNCOMPARED
    return Known(one.publisher not in before)


def _license(one: Release, before: str, *, first: bool) -> Truth:
    if first:
        return FIRST
    return Known(one.license != before) if one.license and before else NOT_TOLD
