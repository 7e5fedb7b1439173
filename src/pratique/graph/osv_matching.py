"""One entry of an OSV record against one package: whether it holds, why, and what fixes it.

Source: OSV schema 1.7.5, *Evaluation*.  The index answers the same from prepared
tables; here a record is read from its document, as one question needs it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.model.ecosystems import (
    advisory_name,
    advisory_version,
    base,
    ecosystem_of,
    normalise_name,
    suffix,
)
from pratique.versions import VersionError, ordering, semver_ordering

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pratique.formats.osv import Affected, Range
    from pratique.model.purl import Package
    from pratique.versions import Ordering

_RANK = {"introduced": 0, "last_affected": 1, "fixed": 2}


class Verdict(msgspec.Struct, frozen=True):
    """What an entry says of a package."""

    holds: bool | None
    """``None``: it does not decide."""

    reason: str = ""
    """Why it holds, or why it does not decide; empty where it does not hold."""


DOES_NOT_HOLD = Verdict(holds=False)


def judged(one: Affected, package: Package, id: str) -> Verdict | None:
    """Whether an entry of ``affected`` that names a package holds for one.

    Args:
        one: Of an OSV record.
        package: With its version.
        id: Of the record, for the reason.

    Returns:
        ``None`` where it is about another package, or another release of a distribution.
    """
    ecosystem = ecosystem_of(package)
    name = advisory_name(package)
    if base(ecosystem) != base(one.ecosystem) or (
        normalise_name(ecosystem, name) != normalise_name(one.ecosystem, one.name)
    ):
        return None
    releases = suffix(ecosystem), suffix(one.ecosystem)
    if all(releases) and releases[0] != releases[1]:
        return None
    version = advisory_version(package)
    if not version:
        return Verdict(holds=None, reason=f"{id} does not decide a package without version")
    verdict = _of_version(one, version, id)
    if verdict.holds and releases[1] and not releases[0]:
        return Verdict(
            holds=None, reason=f"{id} is about {one.ecosystem}, and its release is not stated"
        )
    return verdict


def _of_version(one: Affected, version: str, id: str) -> Verdict:
    if version in one.versions:
        return Verdict(holds=True, reason=f"version {version} is listed by {id}")
    if not one.ranges and not one.versions and not one.unreadable:
        return Verdict(holds=True, reason=f"all versions are affected according to {id}")
    unsure = f"a range or version of {id} cannot be read" if one.unreadable else ""
    for range in one.ranges:
        found = _inside(range, one.ecosystem, version, id)
        if found.holds:
            return found
        # Commits decide nothing where versions are stated beside them.
        if found.holds is None and not (range.type == "GIT" and _states_versions(one)):
            unsure = unsure or found.reason
    return Verdict(holds=None, reason=unsure) if unsure else DOES_NOT_HOLD


def _states_versions(one: Affected) -> bool:
    return bool(one.versions) or any(range.type != "GIT" for range in one.ranges)


def _order_of(range: Range, ecosystem: str) -> Ordering | None:
    if range.type == "GIT":
        return None
    return semver_ordering() if range.type == "SEMVER" else ordering(ecosystem)


def _inside(range: Range, ecosystem: str, version: str, id: str) -> Verdict:
    if range.type == "GIT":
        return Verdict(holds=None, reason=f"{id} names commits alone")
    order = _order_of(range, ecosystem)
    if order is None:
        return Verdict(
            holds=None, reason=f"versions of {ecosystem} have no order that is known, for {id}"
        )
    try:
        span = _span(range, order, version)
    except VersionError:
        return Verdict(
            holds=None, reason=f"version {version[:80]!r} or one of {id} cannot be ordered"
        )
    if span is None:
        return DOES_NOT_HOLD
    introduced, end = span
    return Verdict(
        holds=True, reason=f"in range introduced {introduced}{end or ', not fixed'} of {id}"
    )


def _span(range: Range, order: Ordering, version: str) -> tuple[str, str] | None:
    """Where the part of a range begins and ends that a version is in; ``None``: in none.

    It is the schema's loop over the sorted events.

    Raises:
        VersionError: A version cannot be ordered.
    """
    at = order.key(version)
    points, limits = [], []
    for event in range.events:
        first = event.kind == "introduced" and event.value == "0"
        key = b"" if first else order.key(event.value)
        if event.kind == "limit":
            limits.append(key)
        else:
            points.append((key, _RANK[event.kind], event))
    if limits and not any(at < limit for limit in limits):
        return None
    begin, end = "", ""
    for key, rank, event in sorted(points, key=lambda point: point[:2]):
        passed = at > key if event.kind == "last_affected" else at >= key
        if rank == _RANK["introduced"]:
            begin = event.value if passed and not begin else begin
        elif passed:
            begin = ""
        else:
            end = end or f", {event.kind.replace('_', ' ')} {event.value}"
    return (begin, end) if begin else None


def fixes(entries: Sequence[Affected], package: Package) -> tuple[str, ...]:
    """Versions after a package's own that leave what some entries say is affected.

    Args:
        entries: Of one record, that hold for the package.
        package: With its version.

    Returns:
        As written, the lowest first.
    """
    version = advisory_version(package)
    found: dict[str, bytes] = {}
    for one in entries:
        for range in one.ranges:
            order = _order_of(range, one.ecosystem)
            if order is not None:
                found.update(_later(order, range, version))
    outside = (text for text in found if not any(_of_version(e, text, "").holds for e in entries))
    return tuple(sorted(outside, key=found.__getitem__))


def _later(order: Ordering, range: Range, version: str) -> Iterable[tuple[str, bytes]]:
    for event in range.events:
        if event.kind != "fixed":
            continue
        try:
            key = order.key(event.value)
            later = key > order.key(version)
        except VersionError:
            continue
        if later:
            yield event.value, key
