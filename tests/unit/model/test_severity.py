from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.model.severity import Severity, from_cvss


@pytest.mark.parametrize(
    ("score", "severity"),
    [
        (0.0, "none"),
        (0.1, "low"),
        (3.9, "low"),
        (4.0, "medium"),
        (6.9, "medium"),
        (7.0, "high"),
        (8.9, "high"),
        (9.0, "critical"),
        (10.0, "critical"),
    ],
)
def test_rating_scale__cvss_v31_section_5(score: float, severity: str) -> None:
    assert from_cvss(score) == severity


@given(st.floats(0, 10), st.floats(0, 10))
def test_a_higher_score_is_never_rated_lower(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert from_cvss(high).at_least(from_cvss(low))


def test_worst_comes_first() -> None:
    ordered = sorted(Severity, key=lambda severity: severity.rank)
    assert ordered[0] is Severity.MALICIOUS
    assert ordered[-1] is Severity.NONE
    for worse, better in pairwise(ordered):
        assert worse.at_least(better)
        assert not better.at_least(worse) or worse.rank == better.rank


def test_unrated_is_worse_than_low_and_no_better_than_that() -> None:
    assert Severity.UNKNOWN.at_least(Severity.LOW)
    assert Severity.HIGH.at_least(Severity.UNKNOWN)
    assert not Severity.UNKNOWN.at_least(Severity.HIGH)
