"""What a check says about a project, from the lockfile to the bill."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pratique.advisories import Index
from pratique.health.service import Request, check
from pratique.health.verdict import Threshold, exit_code
from pratique.inventory import NothingThereError, Options
from pratique.model.bill import BillOfHealth, Health
from pratique.model.errors import ExitCode, InputError
from pratique.model.severity import Severity

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def entry(version: str, *needs: str) -> dict[str, object]:
    return {"version": version, "license": "MIT", "dependencies": dict.fromkeys(needs, "*")}


def bill_of(path: Path | str, index: Index, **options: object) -> BillOfHealth:
    return check(Request(subject=str(path), options=Options(**options)), index, NOW)


def test_a_clean_project_is_healthy(project, index: Index) -> None:
    bill = bill_of(project(["alpha"], {"alpha": entry("1.3.1")}), index)
    assert bill.health is Health.HEALTHY
    assert bill.complete
    assert not bill.findings
    assert exit_code(bill) is ExitCode.CLEAN
    assert bill.licenses == {"MIT": 1}


def test_a_transitive_vulnerability_is_explained(project, index: Index) -> None:
    folder = project(["top"], {"top": entry("1.0.0", "alpha"), "alpha": entry("1.0.0")})
    bill = bill_of(folder, index)
    [finding] = bill.findings
    assert finding.id == "GHSA-aaaa-aaaa-aaaa"
    assert finding.aliases == ("CVE-2026-0001",)
    assert finding.subject == "pkg:npm/alpha@1.0.0"
    assert finding.severity is Severity.HIGH
    assert finding.score == 7.5
    assert finding.paths == (("harbour", "top@1.0.0", "alpha@1.0.0"),)
    line = (folder / "package-lock.json").read_text().splitlines()[finding.locations[0].line - 1]
    assert "node_modules/alpha" in line
    assert bill.health is Health.ATTENTION
    assert exit_code(bill) is ExitCode.FINDINGS


def test_the_remedy_does_not_lead_into_the_next_vulnerability(project, index: Index) -> None:
    bill = bill_of(project(["alpha"], {"alpha": entry("1.0.0")}), index)
    [finding] = bill.findings
    assert finding.fixed == ("1.2.0",)
    assert "alpha to 1.3.1" in finding.remedy


def test_no_fix_is_said(project, index: Index) -> None:
    [finding] = bill_of(project(["beta"], {"beta": entry("9.9.9")}), index).findings
    assert finding.fixed == ()
    assert "No fixed version of beta is known" in finding.remedy


def test_findings_are_worst_first(project, index: Index) -> None:
    packages = {name: entry("1.0.0") for name in ("alpha", "beta", "gamma")}
    bill = bill_of(project(list(packages), packages), index)
    assert [one.severity for one in bill.findings] == [
        Severity.MALICIOUS,
        Severity.CRITICAL,
        Severity.HIGH,
    ]
    assert bill.findings[0].rule == "malicious-package"
    assert "compromised" in bill.findings[0].remedy
    assert bill.headline.startswith("1 malicious")
    assert bill.counts.severities == {"malicious": 1, "critical": 1, "high": 1}


@pytest.mark.parametrize(
    ("fail_on", "code"),
    [("none", 1), ("high", 1), ("critical", 0), ("malicious", 0)],
)
def test_fail_on(project, index: Index, fail_on: str, code: int) -> None:
    bill = bill_of(project(["alpha"], {"alpha": entry("1.0.0")}), index)
    assert exit_code(bill, Threshold.parse(fail_on)) == code


def test_an_unrated_finding_fails_at_any_threshold(project, index: Index) -> None:
    bill = bill_of(project(["alpha"], {"alpha": entry("1.2.5")}), index)
    assert bill.findings[0].severity is Severity.UNKNOWN
    assert exit_code(bill, Threshold.parse("malicious")) is ExitCode.FINDINGS


def test_an_ecosystem_without_advisories_is_unknown(tmp_path: Path, index: Index) -> None:
    (tmp_path / "Cargo.lock").write_text(
        'version = 4\n\n[[package]]\nname = "omega"\nversion = "1.0.0"\n'
        'source = "registry+https://example.test/index"\n'
    )
    bill = bill_of(tmp_path, index)
    assert bill.health is Health.UNKNOWN
    assert not bill.complete
    assert any("no advisories for ecosystem crates.io" in one.message for one in bill.unknowns)
    assert exit_code(bill) is ExitCode.INCOMPLETE


def test_an_unpinned_requirement_is_unknown(tmp_path: Path, index: Index) -> None:
    (tmp_path / "requirements.txt").write_text("delta>=1\n")
    bill = bill_of(tmp_path, index)
    assert exit_code(bill) is ExitCode.INCOMPLETE
    assert any("delta" in one.message and ">=1" in one.message for one in bill.unknowns)


def test_an_unreadable_document_costs_only_itself(project, index: Index) -> None:
    folder = project(["alpha"], {"alpha": entry("1.0.0")})
    (folder / "broken").mkdir()
    (folder / "broken/package-lock.json").write_text('{"lockfileVersion": 3, "packages": {')
    (folder / "binary").mkdir()
    (folder / "binary/poetry.lock").write_bytes(b"\x00\x01\x02")
    bill = bill_of(folder, index)
    assert len(bill.findings) == 1
    places = {one.location.path for one in bill.unknowns}
    assert places == {"broken/package-lock.json", "binary/poetry.lock"}
    assert exit_code(bill) is ExitCode.FINDINGS
    assert exit_code(bill, Threshold.parse("critical")) is ExitCode.INCOMPLETE


def test_an_empty_folder_is_unknown(tmp_path: Path, index: Index) -> None:
    bill = bill_of(tmp_path, index)
    assert bill.health is Health.UNKNOWN
    assert exit_code(bill) is ExitCode.INCOMPLETE
    assert "Nothing was found" in bill.headline


def test_a_package_url(index: Index) -> None:
    bill = bill_of("pkg:npm/alpha@1.0.0", index)
    assert [one.id for one in bill.findings] == ["GHSA-aaaa-aaaa-aaaa"]
    with pytest.raises(InputError):
        bill_of("pkg:nonsense", index)


def test_an_sbom_on_standard_input_and_its_subject(index: Index) -> None:
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {
            "component": {
                "type": "library",
                "name": "alpha",
                "version": "1.0.0",
                "purl": "pkg:npm/alpha@1.0.0",
            }
        },
        "components": [
            {"type": "library", "name": "delta", "version": "1.0", "purl": "pkg:pypi/delta@1.0"}
        ],
    }
    bill = check(Request(subject="-"), index, NOW, stdin=lambda: json.dumps(bom).encode())
    assert {one.subject for one in bill.findings} == {"pkg:npm/alpha@1.0.0", "pkg:pypi/delta@1.0"}


def test_what_is_not_there_is_wrong_usage(index: Index, tmp_path: Path) -> None:
    with pytest.raises(NothingThereError, match="there is no"):
        bill_of(tmp_path / "absent", index)


def test_old_advisories_are_a_visible_warning(project, index: Index) -> None:
    folder = project(["alpha"], {"alpha": entry("1.3.1")})
    late = NOW + timedelta(days=30)
    bill = check(Request(subject=str(folder)), index, late)
    assert bill.advisories is not None
    assert bill.advisories.stale
    assert any("days old" in one.message for one in bill.unknowns)
    assert bill.complete, "a warning, not an unknown"


def test_exclude(project, index: Index) -> None:
    folder = project(["alpha"], {"alpha": entry("1.0.0")})
    bill = bill_of(folder, index, exclude=("package-lock.json",))
    assert not bill.findings


def test_workspace_members_are_covered_by_the_lockfile_above(project, index: Index) -> None:
    folder = project(["alpha"], {"alpha": entry("1.3.1")})
    lock = json.loads((folder / "package-lock.json").read_text())
    lock["packages"]["packages/member"] = {"name": "member", "version": "1.0.0"}
    (folder / "package-lock.json").write_text(json.dumps(lock, indent=1))
    for name in ("packages/member", "elsewhere"):
        (folder / name).mkdir(parents=True)
        (folder / name / "package.json").write_text(
            json.dumps({"name": name.rpartition("/")[2], "dependencies": {"alpha": "^1.0.0"}})
        )
    bill = bill_of(folder, index)
    assert {one.path for one in bill.inventory.documents} == {
        "package-lock.json",
        "elsewhere/package.json",
    }
    assert any("belongs to the workspace" in one.message for one in bill.unknowns)


def test_the_same_input_gives_the_same_bill(project, index: Index) -> None:
    packages = {name: entry("1.0.0", "alpha") for name in ("beta", "gamma")}
    folder = project(["beta", "gamma"], {**packages, "alpha": entry("1.0.0")})
    assert bill_of(folder, index) == bill_of(folder, index)
