"""Events of a range to intervals of keys.

Source: OSV schema 1.7.5, *Evaluation*.  The algorithm there walks the sorted
events for every version asked; here it is walked once, and what remains are
the keys at which the answer changes.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pratique.formats.osv import Event

_RANK = {"introduced": 0, "last_affected": 1, "fixed": 2}


class Interval(msgspec.Struct, frozen=True, order=True):
    """Affected keys from ``lo`` (inside) to ``hi`` (outside)."""

    lo: bytes
    hi: bytes | None
    """``None`` where it never ends.  An inclusive end is its key and a zero
    byte: no key lies between the two."""

    introduced: str = ""
    end: str = ""
    """Kind of the event that ends it, or empty."""

    until: str = ""
    """That event as written."""


class UnorderableError(ValueError):
    """An event's version has no key; its text is the argument."""


def intervals(events: Iterable[Event], key: Callable[[str], bytes | None]) -> list[Interval]:
    """Intervals in which the evaluation of the schema answers *affected*, ascending.

    Args:
        events: Of one range, in any order.
        key: Memcomparable key of a version, or ``None``.

    Raises:
        UnorderableError: An event cannot be ordered.
    """
    limits: list[tuple[bytes, str]] = []
    points: list[tuple[bytes, int, str, str]] = []
    for event in events:
        if event.kind == "introduced" and event.value == "0":
            points.append((b"", 0, "introduced", "0"))
            continue
        at = key(event.value)
        if at is None:
            raise UnorderableError(event.value)
        if event.kind == "limit":
            limits.append((at, event.value))
        else:
            points.append((at, _RANK[event.kind], event.kind, event.value))
    points.sort(key=lambda point: point[:2])
    found = _walk(points)
    return _before(found, *max(limits)) if limits else found


def _walk(points: list[tuple[bytes, int, str, str]]) -> list[Interval]:
    """Follow the state of the schema's loop over its sorted events, key by key."""
    found: list[Interval] = []
    start: tuple[bytes, str] | None = None
    for at, group in groupby(points, key=lambda point: point[0]):
        texts = {kind: text for _, _, kind, text in group}
        if start is None and "introduced" in texts:
            start = (at, texts["introduced"])
        if start is None:
            continue
        # fixed takes its own version out; last_affected keeps it inside.
        if "fixed" in texts:
            if start[0] < at:
                found.append(Interval(start[0], at, start[1], "fixed", texts["fixed"]))
            start = None
        elif "last_affected" in texts:
            last = texts["last_affected"]
            found.append(Interval(start[0], at + b"\0", start[1], "last_affected", last))
            start = None
    if start is not None:
        found.append(Interval(start[0], None, start[1]))
    return found


def _before(found: list[Interval], limit: bytes, text: str) -> list[Interval]:
    """Only what lies before the greatest of the limits, which are alternatives."""
    kept = []
    for item in found:
        if item.lo >= limit:
            continue
        if item.hi is None or item.hi > limit:
            kept.append(Interval(item.lo, limit, item.introduced, "limit", text))
        else:
            kept.append(item)
    return kept


def union(found: list[Interval]) -> list[Interval]:
    """Ascending intervals that neither touch nor overlap, with the same keys inside."""
    merged: list[Interval] = []
    for item in sorted(found, key=lambda each: (each.lo, each.hi is None, each.hi or b"")):
        last = merged[-1] if merged else None
        if last is None or (last.hi is not None and last.hi < item.lo):
            merged.append(item)
        elif last.hi is not None and (item.hi is None or item.hi > last.hi):
            merged[-1] = Interval(last.lo, item.hi, last.introduced, item.end, item.until)
    return merged
