"""The tables of trivy, grype, vexctl and go-vex, and the documents of a real hub."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from pratique.formats import vex as formats
from pratique.formats.openvex.read import read
from pratique.model.finding import Finding
from pratique.model.vex import VexDocument
from pratique.vex import Scene, assess, load, merge
from pratique.vex.filtering import Policy, filter_report
from pratique.vex.generating import generate

ARCHIVE = "vex/vex.tar.xz"


@pytest.fixture(scope="module")
def folder(vector_folder: Callable[[str], Path]) -> Path:
    return vector_folder(ARCHIVE)


def _document(folder: Path, name: str) -> VexDocument:
    return formats.read((folder / name).read_bytes(), name)


def test_trivy_cases__every_path_passes_through_the_product(
    folder: Path,
    scene_of: Callable[[dict[str, Any]], Scene],
    finding_of: Callable[[dict[str, str]], Finding],
    vex_now: datetime,
) -> None:
    cases = json.loads((folder / "trivy/cases.json").read_bytes())
    assert len(cases) >= 10
    for case in cases:
        document = _document(folder / "trivy", case["document"])
        findings = [finding_of(row) for row in case["findings"]]
        outcomes = assess(findings, document.statements, vex_now, scene=scene_of(case))
        closed = {o.finding.id: o for o in outcomes if o.finding.status != "open"}
        expected = {row["id"]: row for row in case["expected"]["suppressed"]}
        assert set(closed) == set(expected), case["name"]
        assert {o.finding.id for o in outcomes} - set(closed) == set(case["expected"]["kept"])
        for id, row in expected.items():
            one = closed[id].standing.effective
            assert one is not None
            assert one.status == row["status"]
            # trivy takes a CSAF threat's text for the justification; a flag is the better one.
            assert row["justification"] in {one.justification_as_written, one.impact}, case["name"]


def test_grype_cases__status_justification_vulnerability(
    folder: Path,
    scene_of: Callable[[dict[str, Any]], Scene],
    finding_of: Callable[[dict[str, str]], Finding],
    vex_now: datetime,
) -> None:
    cases = json.loads((folder / "grype/cases.json").read_bytes())
    assert len(cases) >= 6
    for case in cases:
        document = _document(folder / "grype", case["document"])
        findings = [finding_of(row) for row in case["findings"]]
        rule = case["rule"]
        ignored = []
        for one in assess(findings, document.statements, vex_now, scene=scene_of(case)):
            statement = one.standing.effective
            if (
                statement is not None
                and statement.status == rule["status"]
                and rule.get("vulnerability", one.finding.id) == one.finding.id
                and rule.get("justification", statement.justification_as_written)
                == statement.justification_as_written
            ):
                ignored.append(one.finding.id)
        assert sorted(ignored) == sorted(case["expected"]["ignored"]), case["name"]


@pytest.mark.parametrize(
    ("document", "report", "before", "after"),
    [
        ("sample-1statement", "grype", 99, 98),
        ("sample-1statement", "trivy", 99, 98),
        ("sample-1statement", "snyk", 65, 64),
        ("sample-history", "grype", 99, 98),
        ("sample-history", "trivy", 99, 98),
        ("sample-history", "snyk", 65, 64),
        ("sample-2vulns", "grype", 99, 96),
        ("sample-2vulns", "trivy", 99, 96),
        ("sample-2vulns", "snyk", 65, 63),
    ],
)
def test_vexctl_filter__counts_of_its_fixtures(
    folder: Path, vex_now: datetime, document: str, report: str, before: int, after: int
) -> None:
    examples = folder / "vexctl/examples/sarif"
    loaded = load([examples / f"{document}.openvex.json"])
    data = (examples / f"nginx-{report}.sarif.json").read_bytes()
    result = filter_report(data, loaded.statements, Policy(now=vex_now))
    assert not result.unplaced
    assert (result.before, result.before - result.settled) == (before, after)
    assert len(json.loads(result.data)["runs"][0]["results"]) == after


def test_vexctl_filter__another_product_settles_nothing(folder: Path, vex_now: datetime) -> None:
    """vexctl ignores the product (its issue 105)."""
    examples = folder / "vexctl/examples/sarif"
    text = (examples / "sample-1statement.openvex.json").read_text()
    other = text.replace("pkg:oci/nginx", "pkg:oci/alpha")
    statements = read(other.encode(), "other.vex.json").statements
    data = (examples / "nginx-trivy.sarif.json").read_bytes()
    assert filter_report(data, statements, Policy(now=vex_now)).settled == 0
    anywhere = Policy(now=vex_now, any_product=True)
    assert filter_report(data, statements, anywhere).settled == 1


def test_vexctl_merge__id_of_its_readme(folder: Path, vex_now: datetime) -> None:
    examples = folder / "vexctl/examples/csaf"
    merged = merge(load([examples / "csaf.json"]).documents, vex_now)
    digest = "23b3bef63c834f02772204d8c823c5c7d35db12b31518b3b111752b3f991769a"
    assert merged.id == f"merged-vex-{digest}"


def test_vexctl_merge__id_order_and_dates(folder: Path, vex_now: datetime) -> None:
    examples = folder / "vexctl/examples/csaf"
    documents = load([examples / "csaf.json", examples / "openvex.json"]).documents
    merged = merge(documents, vex_now)
    joined = ":".join(sorted(one.id for one in documents))
    assert merged.id == f"merged-vex-{sha256(joined.encode()).hexdigest()}"
    assert merge(documents[::-1], vex_now).id == merged.id
    names = [one.vulnerability for one in merged.statements]
    assert names == ["CVE-2009-4487", "CVE-2014-123456"]
    assert all(one.stated_timestamp for one in merged.statements)


def test_vexctl_merge__filters_by_product_and_vulnerability(
    folder: Path, vex_now: datetime
) -> None:
    data = folder / "vexctl/pkg/ctl/testdata"
    documents = load([data / "v020-1.vex.json", data / "v020-2.vex.json"]).documents
    by_product = merge(documents, vex_now, products=["pkg:apk/wolfi/git@2.41.0-1"])
    assert [one.vulnerability for one in by_product.statements] == ["CVE-1234-5678"]
    by_name = merge(documents, vex_now, vulnerabilities=["CVE-9876-54321"])
    assert [one.products[0].part.id for one in by_name.statements] == ["pkg:apk/wolfi/bash@1.0.0"]
    assert len(merge(documents, vex_now).statements) == 2


@pytest.mark.parametrize(
    ("product", "count"),
    [
        ("pkg:oci/vexctl", 1),
        ("pkg:oci/otherimage", 0),
        (
            "pkg:oci/vexctl@sha256%3Af87abf1735e79b70407288f665316644d414dbf7bdf38c2f1c8e3a541d304d84",
            1,
        ),
    ],
)
def test_vexctl_generate__templates(
    folder: Path, vex_now: datetime, product: str, count: int
) -> None:
    loaded = load([folder / "vexctl/pkg/ctl/testdata/templates"])
    made = generate(loaded.documents, product, vex_now, id="", author="A", role="")
    assert len(made.statements) == count
    assert all(p.part.id == product for one in made.statements for p in one.products)


def test_hub__every_statement_is_read(folder: Path) -> None:
    loaded = load([folder / "vexhub/pkg"])
    assert len(loaded.documents) >= 37
    stated = 0
    for document in loaded.documents:
        raw = json.loads(Path(document.path).read_bytes())
        stated += len(raw["statements"])
        assert len(document.statements) == len(raw["statements"]), document.path
    assert stated >= 8_000
    assert not [one for one in loaded.problems if one.trouble != "notice"]


def test_older_versions_and_yaml_are_read(folder: Path) -> None:
    data = folder / "go-vex/pkg/vex/testdata"
    for name in ("v0.0.1.json", "v0.0.1-noversion.json"):
        document = _document(data, name)
        assert document.format == "OpenVEX 0.0.1"
        assert [p.part.id for p in document.statements[0].products] == [
            "pkg:apk/wolfi/git@2.39.0-r1?arch=armv7",
            "pkg:apk/wolfi/git@2.39.0-r1?arch=x86_64",
        ]
    yaml = _document(data, "vex.yaml")
    assert [one.status for one in yaml.statements] == ["not_affected", "affected"]
    assert yaml.statements[1].aliases[1] == "VU#930724"


def test_cyclonedx_use_cases__status_counts(folder: Path) -> None:
    """What the README of each of CISA's use cases says it states."""
    cases = folder / "cyclonedx-bom-examples/VEX/CISA-Use-Cases"
    counts = {
        "Case-1/vex-affected.json": {"affected": 1},
        "Case-1/vex-fixed.json": {"fixed": 1},
        "Case-1/vex-not_affected.json": {"not_affected": 1},
        "Case-1/vex-under_investigation.json": {"under_investigation": 1},
        "Case-2/vex.json": {"not_affected": 19},
        "Case-5/vex.json": {"under_investigation": 1},
        "Case-6/vex.json": {"affected": 1, "not_affected": 1},
    }
    for name, expected in counts.items():
        found: dict[str, int] = {}
        for one in _document(cases, name).statements:
            found[one.status] = found.get(one.status, 0) + 1
        assert found == expected, name
    ranged = _document(cases, "Case-4/vex.json").statements[0].products
    assert [p.part.ranges for p in ranged] == [(), (), ("vers:generic/>=2.9|<=4.1",)]
