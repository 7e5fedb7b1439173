"""VEX statements, waivers and policy over the findings of a check."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pratique.advisories import Index
from pratique.health.service import Request, check
from pratique.health.verdict import Threshold, exit_code
from pratique.model.bill import BillOfHealth, Health
from pratique.model.errors import ExitCode
from pratique.policy.files import policy, waivers

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def entry(version: str) -> dict[str, object]:
    return {"version": version, "license": "MIT"}


@pytest.fixture
def folder(project) -> Path:
    return project(["alpha"], {"alpha": entry("1.0.0")})


def statement(status: str, **more: str) -> dict[str, object]:
    return {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://example.test/vex/1",
        "author": "Example team",
        "timestamp": "2026-11-01T00:00:00Z",
        "version": 1,
        "statements": [
            {
                "vulnerability": {"name": "CVE-2026-0001"},
                "products": [{"@id": "pkg:npm/alpha@1.0.0"}],
                "status": status,
                **more,
            }
        ],
    }


def with_vex(folder: Path, index: Index, tmp: Path, document: object) -> BillOfHealth:
    path = tmp / "some.openvex.json"
    path.write_text(json.dumps(document))
    return check(Request(subject=str(folder), vex=(str(path),)), index, NOW)


def test_not_affected_closes_a_finding(
    folder: Path, index: Index, tmp_path_factory: pytest.TempPathFactory
) -> None:
    document = statement("not_affected", justification="vulnerable_code_not_present")
    bill = with_vex(folder, index, tmp_path_factory.mktemp("vex"), document)
    [finding] = bill.findings
    assert finding.status == "not_affected"
    assert any("Example team" in reason for reason in finding.reasons)
    assert bill.counts.findings == 0
    assert bill.counts.answered == 1
    assert bill.health is Health.HEALTHY
    assert exit_code(bill) is ExitCode.CLEAN
    assert "answered by VEX" in bill.headline


def test_affected_leaves_it_open(
    folder: Path, index: Index, tmp_path_factory: pytest.TempPathFactory
) -> None:
    document = statement("affected", action_statement="Upgrade.")
    bill = with_vex(folder, index, tmp_path_factory.mktemp("vex"), document)
    assert bill.findings[0].status == "open"
    assert exit_code(bill) is ExitCode.FINDINGS


def test_a_broken_vex_document_is_incomplete(
    folder: Path, index: Index, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("vex") / "broken.json"
    path.write_text('{"@context": "https://openvex.dev/ns/v0.2.0", "statements": [')
    bill = check(Request(subject=str(folder), vex=(str(path),)), index, NOW)
    assert not bill.complete
    assert bill.findings[0].status == "open"


WAIVER = """\
waivers:
  - id: w-1
    subject: "pkg:npm/alpha"
    rule: {rule}
    owner: payments
    reason: not reachable
    expires: {expires}
    approver: ciso
"""


def waived(folder: Path, index: Index, tmp: Path, rule: str, expires: str) -> BillOfHealth:
    path = tmp / "waivers.yaml"
    path.write_text(WAIVER.format(rule=rule, expires=expires))
    return check(Request(subject=str(folder)), index, NOW, waivers=waivers([str(path)]))


@pytest.mark.parametrize("rule", ["GHSA-aaaa-aaaa-aaaa", "CVE-2026-0001"])
def test_a_waiver_closes_by_id_or_alias(
    folder: Path, index: Index, tmp_path_factory: pytest.TempPathFactory, rule: str
) -> None:
    bill = waived(folder, index, tmp_path_factory.mktemp("w"), rule, "2027-01-01")
    [finding] = bill.findings
    assert finding.status == "waived by w-1"
    assert "payments" in finding.reasons[0]
    assert "ciso" in finding.reasons[0]
    assert exit_code(bill) is ExitCode.CLEAN


def test_an_expired_waiver_is_a_finding_and_closes_nothing(
    folder: Path, index: Index, tmp_path_factory: pytest.TempPathFactory
) -> None:
    bill = waived(folder, index, tmp_path_factory.mktemp("w"), "CVE-2026-0001", "2026-11-01")
    assert {finding.rule for finding in bill.findings} == {"vulnerable-package", "expired-waiver"}
    assert all(finding.status == "open" for finding in bill.findings)


@pytest.mark.parametrize(
    ("lines", "closed", "rules"),
    [
        ('id = "CVE-2026-0001"\nignoreUntil = 2027-01-01\nreason = "no"', True, set()),
        ('id = "CVE-2026-0001"\nreason = "no"', False, {"incomplete-waiver"}),
        (
            'id = "CVE-2026-0001"\nignoreUntil = 2026-01-01\nreason = "no"',
            False,
            {"incomplete-waiver"},
        ),
        ('id = "CVE-1999-0001"\nignoreUntil = 2027-01-01\nreason = "no"', False, set()),
    ],
)
def test_osv_scanners_ignore_file(
    folder: Path,
    index: Index,
    tmp_path_factory: pytest.TempPathFactory,
    lines: str,
    closed: bool,
    rules: set[str],
) -> None:
    path = tmp_path_factory.mktemp("w") / "osv-scanner.toml"
    path.write_text(f"[[IgnoredVulns]]\n{lines}\n")
    bill = check(Request(subject=str(folder)), index, NOW, waivers=waivers([str(path)]))
    [vulnerability] = [one for one in bill.findings if one.rule == "vulnerable-package"]
    assert (vulnerability.status != "open") is closed
    assert {one.rule for one in bill.findings} - {"vulnerable-package"} == rules


def test_policy_refuses_and_fails_at_any_threshold(project, index: Index) -> None:
    folder = project(["beta"], {"beta": entry("9.9.9")})
    bill = check(Request(subject=str(folder)), index, NOW, policy=policy("baseline"))
    refused = [one for one in bill.findings if one.rule == "policy-violation"]
    assert refused
    assert "critical" in refused[0].title
    assert bill.counts.refused == len(refused)
    assert bill.counts.vulnerabilities == 1
    assert exit_code(bill, Threshold.parse("kev")) is ExitCode.FINDINGS


def test_what_policy_admits_gives_no_finding(project, index: Index) -> None:
    folder = project(["alpha"], {"alpha": entry("1.3.1")})
    bill = check(Request(subject=str(folder)), index, NOW, policy=policy("observe"))
    assert not bill.findings
