"""A vulnerability that its own records do not rate, rated by another of its alias group."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pratique.advisories import Index
from pratique.model.advisory import Match, Query
from pratique.model.severity import Severity

ZERO = {"introduced": "0"}
HIGH = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"
LOW = "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"
Record = Callable[..., dict[str, Any]]


def rated(vector: str) -> list[dict[str, str]]:
    return [{"type": "CVSS_V3", "score": vector}]


def only(index: Index) -> Match:
    (match,) = index.match([Query(ecosystem="PyPI", name="alpha", version="1.0")])[0].matches
    return match


def test_rating_of_another_package_in_the_group(make_index: Any, record: Record) -> None:
    index = make_index(
        record("PYSEC-2026-1", "PyPI", "alpha", ZERO, aliases=["CVE-2026-1"]),
        record("BIT-alpha-2026-1", "Bitnami", "alpha", ZERO, aliases=["CVE-2026-1"],
               severity=rated(LOW)),
        record("BIT-beta-2026-1", "Bitnami", "beta", ZERO, aliases=["CVE-2026-1"],
               severity=rated(HIGH)),
    )  # fmt: skip
    match = only(index)
    assert [each.id for each in match.advisories] == ["PYSEC-2026-1"]
    assert match.advisories[0].severity is Severity.UNKNOWN
    assert (match.rated_by, match.severity, match.vector) == (
        "BIT-beta-2026-1",
        Severity.HIGH,
        HIGH,
    )
    assert match.score == 7.5


def test_own_rating_comes_first(make_index: Any, record: Record) -> None:
    index = make_index(
        record("PYSEC-2026-1", "PyPI", "alpha", ZERO, aliases=["CVE-2026-1"], severity=rated(LOW)),
        record("BIT-1", "Bitnami", "alpha", ZERO, aliases=["CVE-2026-1"], severity=rated(HIGH)),
    )
    assert only(index).rated_by == ""


def test_records_that_do_not_rate(make_index: Any, record: Record) -> None:
    """Withdrawn, malicious, unrated ones, and lists of many aliases, which are no group."""
    many = [f"CVE-2026-{n}" for n in range(1, 8)]
    index = make_index(
        record("PYSEC-2026-1", "PyPI", "alpha", ZERO, aliases=["CVE-2026-1"]),
        record("BIT-1", "Bitnami", "alpha", ZERO, aliases=["CVE-2026-1"], severity=rated(HIGH),
               withdrawn="2026-01-03T00:00:00Z"),
        record("MAL-2026-1", "npm", "alpha", ZERO, aliases=["CVE-2026-1"]),
        record("GO-2026-1", "Go", "alpha", ZERO, aliases=["CVE-2026-1"]),
        record("ALSA-2026:1", "AlmaLinux:9", "alpha", ZERO, aliases=many, severity=rated(HIGH)),
    )  # fmt: skip
    assert only(index).rated_by == ""


def test_worst_first_counts_ratings_of_the_group(make_index: Any, record: Record) -> None:
    index = make_index(
        record("PYSEC-2026-1", "PyPI", "alpha", ZERO, aliases=["CVE-2026-1"], severity=rated(LOW)),
        record("PYSEC-2026-2", "PyPI", "alpha", ZERO, aliases=["CVE-2026-2"]),
        record("BIT-2", "Bitnami", "alpha", ZERO, aliases=["CVE-2026-2"], severity=rated(HIGH)),
    )
    answer = index.match([Query(ecosystem="PyPI", name="alpha", version="1.0")])[0]
    assert [each.advisories[0].id for each in answer.matches] == ["PYSEC-2026-2", "PYSEC-2026-1"]


def test_details_are_told_of_kept_originals(make_index: Any, record: Record) -> None:
    index = make_index(
        record("PYSEC-2026-1", "PyPI", "alpha", ZERO, details="All of it."),
        record("PYSEC-2026-2", "PyPI", "beta", ZERO, details=["no text"]),
    )
    assert index.details("PYSEC-2026-1") == "All of it."
    assert index.details("PYSEC-2026-2") == ""
    assert index.details("PYSEC-2026-3") == ""
