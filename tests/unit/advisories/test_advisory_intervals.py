"""Events to intervals: the schema's own examples, its ties, and its loop as the oracle."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.advisories.entries import inside
from pratique.advisories.intervals import UnorderableError, intervals, union
from pratique.formats.osv import Event


def key(text: str) -> bytes | None:
    return bytes([int(text) + 1]) if text.isdigit() else None


def bounds(*events: tuple[str, str]) -> list[bytes]:
    found = union(intervals([Event(*event) for event in events], key))
    return [bound for each in found for bound in (each.lo, each.hi) if bound is not None]


def holds(version: int, *events: tuple[str, str]) -> bool:
    return inside(bounds(*events), bytes([version + 1]))


def evaluate(version: int, events: list[tuple[str, str]]) -> bool:
    """The loop of *Evaluation*, over whole numbers."""
    limits = [int(value) for kind, value in events if kind == "limit"]
    if limits and not any(version < limit for limit in limits):
        return False
    rank = {"introduced": 0, "last_affected": 1, "fixed": 2, "limit": 3}
    vulnerable = False
    for kind, value in sorted(
        events, key=lambda e: (-1 if e == ("introduced", "0") else int(e[1]), rank[e[0]])
    ):
        at = -1 if (kind, value) == ("introduced", "0") else int(value)
        if kind == "introduced" and version >= at:
            vulnerable = True
        elif (kind == "fixed" and version >= at) or (kind == "last_affected" and version > at):
            vulnerable = False
    return vulnerable


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["introduced", "fixed", "last_affected", "limit"]),
        st.integers(0, 5).map(str),
    ),
    max_size=6,
)


@given(EVENTS)
def test_intervals_equal_the_loop__schema_evaluation(events: list[tuple[str, str]]) -> None:
    for version in range(8):
        assert holds(version, *events) == evaluate(version, events)


@given(st.lists(EVENTS, max_size=4))
def test_union_of_ranges_holds_what_any_range_holds(ranges: list[list[tuple[str, str]]]) -> None:
    together = union(
        [each for events in ranges for each in intervals([Event(*e) for e in events], key)]
    )
    flat = [bound for each in together for bound in (each.lo, each.hi) if bound is not None]
    assert flat == sorted(set(flat))
    for version in range(8):
        expected = any(evaluate(version, events) for events in ranges)
        assert inside(flat, bytes([version + 1])) == expected


def test_order_of_events_does_not_matter() -> None:
    events = [("introduced", "1"), ("fixed", "3"), ("introduced", "5"), ("last_affected", "6")]
    shuffled = list(events)
    random.Random(1).shuffle(shuffled)
    assert bounds(*events) == bounds(*shuffled)


def test_fixed_is_outside_and_last_affected_inside() -> None:
    assert not holds(3, ("introduced", "1"), ("fixed", "3"))
    assert holds(3, ("introduced", "1"), ("last_affected", "3"))
    assert not holds(4, ("introduced", "1"), ("last_affected", "3"))


def test_ties__introduced_last_affected_fixed() -> None:
    assert holds(2, ("introduced", "2"), ("last_affected", "2"))
    assert not holds(2, ("introduced", "2"), ("fixed", "2"))
    assert not holds(2, ("introduced", "0"), ("last_affected", "2"), ("fixed", "2"))


def test_several_limits_are_alternatives__schema_limit() -> None:
    events = (("introduced", "0"), ("limit", "2"), ("limit", "4"))
    assert [holds(version, *events) for version in (1, 3, 4)] == [True, True, False]


def test_event_without_order_is_told() -> None:
    with pytest.raises(UnorderableError):
        intervals([Event("introduced", "0"), Event("fixed", "abc")], key)
