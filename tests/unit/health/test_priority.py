"""What comes first, and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from pratique.advisories.exploitation import Exploitation
from pratique.health.priority import SORTS, ranked, rate
from pratique.health.verdict import Threshold
from pratique.model.errors import UsageError
from pratique.model.finding import Finding
from pratique.model.severity import Severity

EPSS = b"cve,epss,percentile\nCVE-2026-0001,0.9,0.99\nCVE-2026-0002,0.1,0.5\n"


def finding(identifier: str, severity: Severity, *aliases: str, name: str = "alpha") -> Finding:
    return Finding(
        rule="vulnerable-package",
        id=identifier,
        aliases=aliases,
        fingerprint="0" * 32,
        subject=f"pkg:npm/{name}@1.0.0",
        severity=severity,
        title=identifier,
        remedy="Upgrade.",
    )


@pytest.fixture
def rated(tmp_path: Path) -> list[Finding]:
    here = Exploitation(tmp_path)
    here.bring_epss(EPSS)
    return rate(
        [
            finding("A", Severity.CRITICAL),
            finding("B", Severity.LOW, "CVE-2021-44228"),
            finding("C", Severity.CRITICAL, "CVE-2026-0001"),
            finding("D", Severity.MALICIOUS),
            finding("E", Severity.HIGH, "CVE-2026-0002", name="aaa"),
        ],
        here,
    )


def order(findings: list[Finding], sort: str) -> str:
    return "".join(one.id for one in ranked(findings, {"pkg:npm/alpha@1.0.0"}, sort))


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("priority", "DBCAE"),
        ("severity", "DCAEB"),
        ("epss", "CEDBA"),
        ("package", "EDBCA"),
        ("path", "DBCAE"),
    ],
)
def test_orders(rated: list[Finding], sort: str, expected: str) -> None:
    assert sort in SORTS
    assert order(rated, sort) == expected
    assert order(rated[::-1], sort) == expected, "the order does not depend on the input's"


def test_reasons_are_given(rated: list[Finding]) -> None:
    reasons = {one.id: one.reasons for one in rated}
    assert reasons["B"][0].startswith("known to be exploited since 2021-12-10 (CISA KEV)")
    assert "ransomware" in reasons["B"][0]
    assert "0.900" in reasons["C"][0]
    assert "99.0%" in reasons["C"][0]
    assert reasons["A"] == ()


def test_thresholds(rated: list[Finding]) -> None:
    def failing(text: str) -> str:
        return "".join(one.id for one in rated if Threshold.parse(text).fails(one))

    assert failing("kev") == "BD"
    assert failing("epss:0.5") == "CD"
    assert failing("epss:0.1") == "CDE"
    assert failing("critical") == "ACD"


@pytest.mark.parametrize("text", ["", "worst", "epss", "epss:", "epss:2", "epss:-1", "epss:nan"])
def test_what_is_no_threshold_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not known"):
        Threshold.parse(text)
