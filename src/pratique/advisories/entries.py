"""One affected package of a record as entries of the index.

Source: OSV schema 1.7.5, ``affected[]`` and *Evaluation*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.advisories.intervals import Interval, UnorderableError, intervals, union
from pratique.advisories.layout import CommitRow, Detail, Entry, Flag, version_hash

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pratique.advisories.orders import Order, Orders
    from pratique.formats.osv import Affected, Range

VERSIONS_ONLY = ("Alpine", "Ubuntu")
"""Ecosystems whose bare name is matched by listed versions only, as OSV.dev
does: their releases are versioned independently of each other."""

_NO_DETAIL = msgspec.Raw(msgspec.msgpack.encode(Detail()))
_encode = msgspec.msgpack.Encoder().encode


def broader(ecosystem: str) -> tuple[str, ...]:
    """Names under which an ecosystem with a suffix is found as well.

    As in OSV.dev: the bare name, and for Ubuntu the release without ``Pro``
    and ``LTS``.
    """
    base, colon, _ = ecosystem.partition(":")
    if not colon:
        return ()
    if base != "Ubuntu":
        return (base,)
    release = ecosystem.replace(":Pro", "").removesuffix(":LTS")
    return (base,) if release == ecosystem else (release, base)


def entries(affected: Affected, number: int, rating: int, orders: Orders) -> list[Entry]:
    """Entries of one affected package; more than one where its ranges use two orderings.

    Args:
        affected: With an ecosystem and a name.
        number: Of the record; its group is filled in when the index is written.
        rating: Which of the record's ratings holds for the package.
        orders: The version orderings.
    """
    order = orders.of(affected.ecosystem)
    semver = orders.semver()
    own: list[Range] = []
    foreign: list[Range] = []
    for item in affected.ranges:
        if item.type == "SEMVER" and semver is not order:
            foreign.append(item)
        elif item.type != "GIT":
            own.append(item)
    flags = Flag.UNEVALUATED if affected.unreadable else Flag(0)
    if any(item.type == "GIT" for item in affected.ranges) and not (
        own or foreign or affected.versions
    ):
        flags |= Flag.COMMITS_ONLY
    if not affected.ranges and not affected.versions:
        flags |= Flag.UNEVALUATED
    made = [_entry(own, affected.versions, order, flags, (number, rating), affected.ecosystem)]
    if foreign:
        made.append(_entry(foreign, (), semver, Flag.SEMVER, (number, rating), ""))
        if made[1].flags & Flag.ALL or not (made[0].bounds or made[0].versions or made[0].flags):
            return made[1:]
    return made


def _entry(
    ranges: list[Range],
    versions: tuple[str, ...],
    order: Order,
    flags: Flag,
    ids: tuple[int, int],
    ecosystem: str,
) -> Entry:
    number, rating = ids
    found: list[Interval] = []
    fixed: dict[str, bytes] = {}
    for item in ranges:
        try:
            found += intervals(item.events, order.key)
        except UnorderableError:
            flags |= Flag.NO_ORDERING if order.ordering is None else Flag.UNEVALUATED
            continue
        for event in item.events:
            if event.kind == "fixed":
                fixed[event.value] = order.key(event.value) or b""
    found = union(found)
    bounds = [bound for each in found for bound in (each.lo, each.hi) if bound is not None]
    if bounds == [b""]:
        flags |= Flag.ALL
        versions = ()
    keep = ecosystem.partition(":")[0] in VERSIONS_ONLY and ":" in ecosystem
    listed = sorted(
        {h for v in versions if (h := _listed(v, order, bounds, keep=keep)) is not None}
    )
    detail = Detail(
        [(each.introduced, each.end, each.until) for each in found],
        sorted(fixed, key=lambda text: (fixed[text], text)),
    )
    return Entry(
        advisory=number,
        group=number,
        rating=rating,
        flags=int(flags),
        bounds=bounds,
        versions=b"".join(h.to_bytes(8, "little") for h in listed),
        detail=msgspec.Raw(_encode(detail)) if found or fixed else _NO_DETAIL,
    )


def _listed(version: str, order: Order, bounds: list[bytes], *, keep: bool) -> int | None:
    """Number of a listed version; ``None`` where the bounds hold it already."""
    key = order.key(version)
    if key is not None and not keep and inside(bounds, key):
        return None
    return version_hash(key, version)


def inside(bounds: list[bytes], key: bytes) -> bool:
    """Whether a key is affected by an entry's bounds."""
    for position, bound in enumerate(bounds):
        if key < bound:
            return position % 2 == 1
    return len(bounds) % 2 == 1


def commits(affected: Affected, number: int) -> Iterable[CommitRow]:
    """Commits that the GIT ranges of an affected entry name."""
    for item in affected.ranges:
        if item.type != "GIT":
            continue
        for event in item.events:
            if event.value != "0":
                yield CommitRow(
                    event.value,
                    number,
                    number,
                    event.kind,
                    affected.ecosystem,
                    affected.name,
                    item.repo,
                )
