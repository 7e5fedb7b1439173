"""Laws that every ordering obeys, on random versions."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from functools import cmp_to_key
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.versions import Ordering, VersionError, orderings
from pratique.versions.encoding import MAX_VERSION_LENGTH

Make = Callable[[int, int], list[str]]
every_ordering = pytest.mark.parametrize("ordering", orderings(), ids=lambda one: one.name)


def sign(left: bytes, right: bytes) -> int:
    return (left > right) - (left < right)


def readable(ordering: Ordering, texts: list[str]) -> list[str]:
    """Those that the ordering takes; both of its functions must take the same."""
    kept = []
    for text in texts:
        try:
            ordering.key(text)
        except VersionError:
            with pytest.raises(VersionError):
                ordering.compare(text, "1")
            with pytest.raises(VersionError):
                ordering.compare("1", text)
        else:
            kept.append(text)
    return kept


def disagreements(ordering: Ordering, texts: list[str], pairs: int, seed: int) -> list[str]:
    pick = random.Random(seed)
    found = []
    keys = {text: ordering.key(text) for text in texts}
    for left, right in zip(pick.choices(texts, k=pairs), pick.choices(texts, k=pairs), strict=True):
        said, keyed = ordering.compare(left, right), sign(keys[left], keys[right])
        if said != keyed:
            found.append(f"{left} ? {right}: compare {said}, key {keyed}")
    return found


@every_ordering
def test_key_order_is_compare(ordering: Ordering, versions: Make) -> None:
    texts = readable(ordering, versions(3_000, 11))
    assert len(texts) > 200
    assert disagreements(ordering, texts, 10_000, 12) == []


@every_ordering
def test_key_order_is_compare_for_neighbours(ordering: Ordering, versions: Make) -> None:
    """Sorted by key, neighbours differ in the last place that counts: the hard pairs."""
    texts = sorted(readable(ordering, versions(3_000, 13)), key=ordering.key)
    wrong = [
        f"{left} ? {right}"
        for left, right in pairwise(texts)
        if ordering.compare(left, right) != sign(ordering.key(left), ordering.key(right))
    ]
    assert wrong == []


@pytest.mark.nightly
@every_ordering
def test_key_order_is_compare_for_a_million_pairs(ordering: Ordering, versions: Make) -> None:
    texts = readable(ordering, versions(40_000, 21))
    assert disagreements(ordering, texts, 1_000_000, 22) == []


@every_ordering
def test_compare_is_a_total_preorder(ordering: Ordering, versions: Make) -> None:
    texts = readable(ordering, versions(600, 31))
    pick = random.Random(32)
    for text in texts:
        assert ordering.compare(text, text) == 0
    for _ in range(2_000):
        a, b, c = sorted(pick.choices(texts, k=3), key=cmp_to_key(ordering.compare))
        assert ordering.compare(a, b) <= 0
        assert ordering.compare(b, a) == -ordering.compare(a, b)
        assert ordering.compare(b, c) <= 0
        assert ordering.compare(a, c) == (ordering.compare(a, b) or ordering.compare(b, c)), (
            a,
            b,
            c,
        )


@every_ordering
def test_arbitrary_text_raises_nothing_but_version_error(ordering: Ordering, noise: Make) -> None:
    texts = readable(ordering, noise(4_000, 41))
    assert disagreements(ordering, texts, 2_000, 42) == []


@every_ordering
@given(text=st.text(max_size=40))
@settings(max_examples=60, deadline=None)
def test_any_unicode_text_raises_nothing_but_version_error(ordering: Ordering, text: str) -> None:
    with suppress(VersionError):
        key = ordering.key(text)
        assert key > ordering.minimum
        assert ordering.compare(text, text) == 0


@every_ordering
def test_version_over_the_limit_raises_version_error(ordering: Ordering) -> None:
    longest = "1." * ((MAX_VERSION_LENGTH - 1) // 2) + "1"
    assert ordering.key(longest) > ordering.key("1")
    for text in ("1" * (MAX_VERSION_LENGTH + 1), "1." * MAX_VERSION_LENGTH + "1", "a" * 10_000_000):
        with pytest.raises(VersionError, match="over the limit"):
            ordering.key(text)
        with pytest.raises(VersionError, match="over the limit"):
            ordering.compare("1", text)


@every_ordering
def test_numbers_of_any_length_are_ordered_by_value(ordering: Ordering) -> None:
    numbers = [
        str(10**power + more)
        for power in (0, 1, 8, 9, 18, 27, 28, 29, 30, 64, 300)
        for more in (0, 1)
    ]
    texts = [f"1.{digits}.0" for digits in sorted(numbers, key=int)]
    keys = [ordering.key(text) for text in texts]
    assert keys == sorted(set(keys))
    assert all(ordering.compare(a, b) == -1 for a, b in pairwise(texts))


@every_ordering
def test_minimum_sorts_before_zero(ordering: Ordering) -> None:
    assert ordering.minimum < ordering.key("0")
    assert ordering.minimum < ordering.key("0.0.0")


@every_ordering
@pytest.mark.parametrize("text", ["", " ", "\t\n"])
def test_no_text_is_no_version(ordering: Ordering, text: str) -> None:
    with pytest.raises(VersionError):
        ordering.key(text)


@every_ordering
def test_no_key_is_the_beginning_of_another_but_by_a_token(
    ordering: Ordering, versions: Make
) -> None:
    """So that a key may be followed by ``00`` and another key (see ``encoding``)."""
    keys = sorted({ordering.key(text) for text in readable(ordering, versions(2_000, 51))})
    for shorter, longer in pairwise(keys):
        if longer.startswith(shorter) and not ordering.name.startswith(("root:", "echo:")):
            assert longer[len(shorter)] > 0
