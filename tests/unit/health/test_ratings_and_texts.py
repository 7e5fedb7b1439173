"""Whose rating a finding shows, and what ``explain`` tells of kept records."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pratique.advisories import Index
from pratique.advisories.build import build
from pratique.advisories.inputs import Source
from pratique.health.service import Request, check
from pratique.health.verdict import exit_code
from pratique.model.errors import ExitCode
from pratique.model.severity import Severity
from pratique.surfaces.cli import main

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HIGH = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"


def record(identifier: str, ecosystem: str, **more: object) -> dict[str, object]:
    return {
        "id": identifier,
        "modified": "2026-11-20T00:00:00Z",
        "aliases": ["CVE-2026-0001"],
        "affected": [
            {
                "package": {"ecosystem": ecosystem, "name": "alpha"},
                "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}],
            }
        ],
        **more,
    }


@pytest.fixture
def data(tmp_path: Path) -> Path:
    source = tmp_path / "records.ndjson"
    records = [
        record("PYSEC-2026-1", "PyPI", summary="Weak", details="At \x1b[31mlength\x1b[0m.\n\n* a"),
        record("BIT-alpha-2026-1", "Bitnami", severity=[{"type": "CVSS_V3", "score": HIGH}]),
    ]
    source.write_text("\n".join(map(json.dumps, records)))
    build(tmp_path / "data", [Source(path=str(source))], now=NOW)
    return tmp_path / "data"


def test_finding_says_who_rated_it(data: Path) -> None:
    bill = check(Request(subject="pkg:pypi/alpha@1.0"), Index.open(data), NOW)
    [finding] = bill.findings
    assert (finding.id, finding.severity, finding.score) == ("PYSEC-2026-1", Severity.HIGH, 7.5)
    assert finding.vector == HIGH
    assert f"rated by BIT-alpha-2026-1: {HIGH}" in finding.reasons
    assert exit_code(bill) is ExitCode.FINDINGS


def test_explain_tells_summary_and_details(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "CVE-2026-0001", "--advisories", str(data)]) == 0
    text = capsys.readouterr().out
    assert text.startswith("PYSEC-2026-1: Weak\n")
    assert text.endswith("At [31mlength[0m.\n\n* a\n"), "no control character reaches a terminal"
