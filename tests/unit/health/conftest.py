"""A small advisory index of invented records, built by the real builder."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pratique.advisories import Index
from pratique.advisories.build import build
from pratique.advisories.inputs import Source

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def record(
    identifier: str, name: str, *events: dict[str, str], **more: object
) -> dict[str, object]:
    return {
        "schema_version": "1.7.5",
        "id": identifier,
        "modified": "2026-11-20T00:00:00Z",
        "summary": f"Invented weakness of {name}",
        "affected": [
            {
                "package": {"ecosystem": more.pop("ecosystem", "npm"), "name": name},
                "ranges": [{"type": more.pop("range", "SEMVER"), "events": list(events)}],
            }
        ],
        **more,
    }


HIGH = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"
CRITICAL = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"

RECORDS = [
    record(
        "GHSA-aaaa-aaaa-aaaa",
        "alpha",
        {"introduced": "0"},
        {"fixed": "1.2.0"},
        aliases=["CVE-2026-0001"],
        severity=[{"type": "CVSS_V3", "score": HIGH}],
    ),
    record("GHSA-bbbb-bbbb-bbbb", "alpha", {"introduced": "1.2.0"}, {"fixed": "1.3.1"}),
    record(
        "GHSA-cccc-cccc-cccc",
        "beta",
        {"introduced": "0"},
        severity=[{"type": "CVSS_V3", "score": CRITICAL}],
    ),
    record("MAL-2026-1", "gamma", {"introduced": "0"}),
    record(
        "PYSEC-2026-1",
        "delta",
        {"introduced": "0"},
        {"fixed": "2.0"},
        ecosystem="PyPI",
        range="ECOSYSTEM",
    ),
]


@pytest.fixture(scope="session")
def index_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("advisories")
    source = folder / "records.ndjson"
    source.write_text("\n".join(json.dumps(one) for one in RECORDS))
    build(folder / "data", [Source(path=str(source), name="invented")], now=NOW)
    return folder / "data"


@pytest.fixture(scope="session")
def index(index_folder: Path) -> Index:
    return Index.open(index_folder)


def entry(version: str, *needs: str) -> dict[str, object]:
    return {"version": version, "license": "MIT", "dependencies": dict.fromkeys(needs, "*")}


@pytest.fixture
def project(tmp_path: Path):
    """Writes a package-lock.json of a project that needs ``top``; gives the folder."""

    def write(top: list[str], packages: dict[str, dict[str, object]]) -> Path:
        lock = {
            "name": "harbour",
            "version": "1.0.0",
            "lockfileVersion": 3,
            "packages": {
                "": {"name": "harbour", "dependencies": dict.fromkeys(top, "*")},
                **{f"node_modules/{name}": one for name, one in packages.items()},
            },
        }
        (tmp_path / "package-lock.json").write_text(json.dumps(lock, indent=1))
        return tmp_path

    return write
