"""``triage list`` with advisories that were ingested and scans of others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

COMMIT = "1" * 40


@pytest.fixture
def ingest(run, tmp_path: Path):
    """Ingests a document into the record of a test."""

    def go(document: Any, *words: str) -> None:
        path = tmp_path / "document.json"
        path.write_text(json.dumps(document))
        assert run("ingest", str(path), *words)[0] == 0

    return go


def osv(id: str, name: str, modified: str = "2026-11-21T00:00:00Z", **more: Any) -> dict[str, Any]:
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.0"}]}]
    return {
        "schema_version": "1.7.5",
        "id": id,
        "summary": "reads what it should not",
        "modified": modified,
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"}],
        "affected": [{"package": {"ecosystem": "PyPI", "name": name}, "ranges": ranges}],
        **more,
    }


def scan(purl: str, *ids: str) -> dict[str, Any]:
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "predicateType": "https://in-toto.io/attestation/vulns/v0.2",
        "subject": [{"uri": purl}],
        "predicate": {"scanner": {"uri": "scan", "result": [{"id": one} for one in ids]}},
    }


def listed(run, *words: str) -> dict[tuple[str, str], Any]:
    code, answer = run("triage", "list", *words)
    assert code == 1, answer
    return {(row["product"], row["vulnerability"]): row for row in answer["findings"]}


def test_an_ingested_advisory_is_listed_until_it_is_withdrawn(run, ingest):
    before = listed(run)
    ingest(osv("OWN-1", "beta"))
    rows = listed(run)
    assert rows.keys() - before.keys() == {("shop", "OWN-1")}
    row = rows["shop", "OWN-1"]
    assert (row["severity"], row["title"], row["package"]) == (
        "low",
        "reads what it should not",
        "pkg:pypi/beta@1.0",
    )
    assert row["indexed"] is False
    [witness] = row["witnesses"]
    assert (witness["kind"], witness["collector"]) == ("advisory", "pratique ingest")
    assert witness["document"].startswith("sha256:")
    assert run("triage", "set", "OWN-1", "-p", "shop", "-s", "exploitable")[0] == 0
    assert listed(run)["shop", "OWN-1"]["state"] == "exploitable"
    ingest(osv("OWN-1", "beta", "2026-11-22T00:00:00Z", withdrawn="2026-11-22T00:00:00Z"))
    assert listed(run).keys() == before.keys()


def test_an_advisory_that_the_index_has_is_listed_once(run, ingest):
    before = listed(run)
    ingest(osv("EX-2026-2", "beta", "2026-11-20T00:00:00Z", aliases=["CVE-2026-0002"]))
    ingest(osv("OWN-2", "beta", aliases=["CVE-2026-0002"]))
    rows = listed(run)
    assert rows.keys() == before.keys()
    row = rows["shop", "EX-2026-2"]
    assert row["indexed"] is True
    assert set(row["aliases"]) == {"CVE-2026-0002", "OWN-2"}
    assert row["severity"] == "critical"


def test_a_scan_is_listed_and_joined_with_what_the_index_has(run, ingest):
    ingest(scan("pkg:pypi/alpha@1.0", "CVE-2026-0001", "CVE-2026-0999"))
    rows = listed(run)
    assert rows["shop", "EX-2026-1"]["witnesses"][0]["kind"] == "scan"
    assert ("shop", "CVE-2026-0001") not in rows
    fresh = rows["desk", "CVE-2026-0999"]
    assert (fresh["indexed"], fresh["severity"]) == (False, "unknown")


def test_another_tenant_has_nothing_of_it(run, ingest, ingested):
    bills = [str(path) for path in sorted(ingested.glob("shop.json"))]
    assert run("ingest", *bills, "--product", "shop", "--tenant", "other")[0] == 0
    before = listed(run, "--tenant", "other")
    ingest(osv("OWN-1", "beta"))
    ingest(scan("pkg:pypi/alpha@1.0", "CVE-2026-0999"))
    assert listed(run, "--tenant", "other").keys() == before.keys()
    ingest(osv("OWN-1", "beta"), "--tenant", "other")
    assert ("shop", "OWN-1") in listed(run, "--tenant", "other")


def test_what_an_ingested_advisory_leaves_open_is_said(run, ingest):
    commits = {"type": "GIT", "repo": "https://example.test/g", "events": [{"introduced": COMMIT}]}
    entry = {"package": {"ecosystem": "PyPI", "name": "beta"}, "ranges": [commits]}
    ingest(osv("OWN-3", "beta", affected=[entry, {"ranges": [commits]}]))
    _, answer = run("triage", "list")
    assert answer["undetermined"] == ["pkg:pypi/beta@1.0: OWN-3 names commits alone (ingested)"]
    [line] = answer["problems"]
    assert "names commits of example.test/g and no package" in line
