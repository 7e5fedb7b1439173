"""``check --fail-on``: exit codes for what is exploited, likely, severe or malicious."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pratique.advisories.build import build
from pratique.advisories.inputs import Source
from pratique.surfaces.cli import main

ZERO = {"introduced": "0"}
MEDIUM = "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N"
HIGH = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"
CRITICAL = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
SCORES = (
    "#model_version:v2026.01.01,score_date:2026-11-20T00:00:00+0000\n"
    "cve,epss,percentile\n"
    "CVE-2026-0001,0.94,0.99\n"
    "CVE-2026-0002,0.004,0.08\n"
)
CATALOGUE = {
    "catalogVersion": "2026.11.20",
    "dateReleased": "2026-11-20T00:00:00Z",
    "vulnerabilities": [{"cveID": "CVE-2026-0001", "dateAdded": "2026-11-01"}],
}
PACKAGES = ("exploited", "severe", "unscored", "unrated", "malicious")


@pytest.fixture
def check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record: Any, source: Callable[..., Path]
) -> Callable[..., int]:
    """``check(package, threshold)``: exit code for a lockfile with one affected package."""

    def rated(identifier: str, name: str, vector: str, *aliases: str) -> dict[str, Any]:
        severity = [{"type": "CVSS_V3", "score": vector}]
        return record(identifier, "npm", name, ZERO, aliases=list(aliases), severity=severity)

    monkeypatch.setenv("PRATIQUE_DATA", str(tmp_path / "data"))
    records = source(
        rated("GHSA-1", "exploited", MEDIUM, "CVE-2026-0001"),
        rated("GHSA-2", "severe", CRITICAL, "CVE-2026-0002"),
        rated("GHSA-3", "unscored", HIGH, "CVE-2026-0003"),
        record("GHSA-4", "npm", "unrated", ZERO, aliases=["CVE-2026-0002"]),
        record("MAL-2026-1", "npm", "malicious", ZERO),
    )
    now = datetime.now(UTC)
    named = Source(path=str(records), name="npm", as_of=now)
    build(tmp_path / "data" / "advisories", [named], now=now)
    (tmp_path / "epss.csv").write_text(SCORES)
    (tmp_path / "kev.json").write_text(json.dumps(CATALOGUE))
    brought = ["--epss", str(tmp_path / "epss.csv"), "--kev", str(tmp_path / "kev.json")]
    assert main(["advisories", "exploitation", *brought]) == 0

    def run(package: str, *threshold: str) -> int:
        folder = tmp_path / package
        folder.mkdir(exist_ok=True)
        entry = {f"node_modules/{package}": {"version": "1.0.0"}}
        lock = {"name": "x", "version": "1.0.0", "lockfileVersion": 3}
        root = {"": {"name": "x", "version": "1.0.0", "dependencies": {package: "1.0.0"}}}
        (folder / "package-lock.json").write_text(json.dumps(lock | {"packages": root | entry}))
        words = [f"--fail-on={each}" for each in threshold]
        return main(["check", str(folder), "--offline", *words])

    return run


@pytest.mark.parametrize(
    ("threshold", "codes"),
    [
        ("kev", (1, 0, 0, 0, 1)),
        ("epss:0.5", (1, 0, 3, 0, 1)),
        ("epss:0.001", (1, 1, 3, 1, 1)),
        ("critical", (0, 1, 0, 1, 1)),
        ("high", (0, 1, 1, 1, 1)),
        ("malicious", (0, 0, 0, 0, 1)),
    ],
)
def test_exit_code(check: Callable[..., int], threshold: str, codes: tuple[int, ...]) -> None:
    """What is not rated counts at any severity, what has no score is unknown (3)."""
    assert tuple(check(package, threshold) for package in PACKAGES) == codes


def test_every_finding_fails_where_no_threshold_is_given(check: Callable[..., int]) -> None:
    assert {check(package) for package in PACKAGES} == {1}
    assert check("without-advisories") == 0


@pytest.mark.parametrize("threshold", ["epss", "epss:", "epss:2", "epss:x", "KEVS", "-1"])
def test_threshold_that_is_none_is_wrong_use(check: Callable[..., int], threshold: str) -> None:
    assert check("severe", threshold) == 2
