"""A record with two products, and advisories about what is in them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pratique.advisories.build import build
from pratique.advisories.inputs import Source
from pratique.surfaces.cli import main

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
NAMES = ("alpha", "beta")


def advisory(name: str, number: int) -> dict[str, Any]:
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0"}]}]
    return {
        "schema_version": "1.7.5",
        "id": f"EX-2026-{number}",
        "aliases": [f"CVE-2026-000{number}"],
        "summary": f"{name} trusts its input",
        "modified": "2026-11-20T00:00:00Z",
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
        "affected": [{"package": {"ecosystem": "PyPI", "name": name}, "ranges": ranges}],
    }


def bill(product: str, version: str, *names: str) -> dict[str, Any]:
    parts = [
        {"type": "library", "name": name, "version": "1.0", "purl": f"pkg:pypi/{name}@1.0",
         "bom-ref": name}
        for name in names
    ]  # fmt: skip
    subject = {"type": "application", "name": product, "version": version, "bom-ref": "root"}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": subject, "timestamp": "2026-11-01T00:00:00Z"},
        "components": parts,
        "dependencies": [{"ref": "root", "dependsOn": list(names)}],
    }


@pytest.fixture(scope="session")
def advisories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("advisories")
    source = folder / "records.ndjson"
    rows = [advisory(name, number) for number, name in enumerate(NAMES, 1)]
    source.write_text("\n".join(map(json.dumps, rows)))
    build(folder / "data", [Source(path=str(source), name="invented")], now=NOW)
    return folder / "data"


Run = Callable[..., tuple[int, Any]]


@pytest.fixture(scope="session")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The record with both products, made once through the command line."""
    folder = tmp_path_factory.mktemp("ingested")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRATIQUE_STORE", f"sqlite:///{folder / 'record.db'}")
        patch.setenv("PRATIQUE_DATA", str(folder / "data"))
        patch.setenv("SOURCE_DATE_EPOCH", str(int(NOW.timestamp())))
        for product, version, names in (("shop", "1.4", NAMES), ("desk", "2.0", NAMES[:1])):
            path = folder / f"{product}.json"
            path.write_text(json.dumps(bill(product, version, *names)))
            code = main(["ingest", str(path), "--product", product, "--version", version,
                         "--owner", f"{product}-team"])  # fmt: skip
            assert code == 0
    return folder


@pytest.fixture
def run(
    tmp_path: Path,
    advisories: Path,
    ingested: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    """Runs a command against a record with two products; gives exit code and JSON."""
    for path in (*ingested.glob("record.db*"), *ingested.glob("*.json")):
        shutil.copy(path, tmp_path)
    monkeypatch.setenv("PRATIQUE_STORE", f"sqlite:///{tmp_path / 'record.db'}")
    monkeypatch.setenv("PRATIQUE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(NOW.timestamp())))
    monkeypatch.delenv("PYTEST_CURRENT_TEST", raising=False)

    def go(*words: str, at: str = "") -> tuple[int, Any]:
        if at:
            moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
            monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(moment.timestamp())))
        more = ["--advisories", str(advisories)] if words[:2] == ("triage", "list") else []
        more += (
            ["--advisories", str(advisories)]
            if words[0] in {"affected", "audit"} or "vdr" in words
            else []
        )
        if words[:2] != ("triage", "export"):
            more += ["--format", "json"]
        code = main([*words, *more])
        captured = capsys.readouterr()
        text = captured.out if captured.out.strip() else captured.err
        try:
            return code, json.loads(text)
        except ValueError:
            return code, text

    return go
