"""An advisory index of invented records, built by the real builder, and small projects."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pratique.advisories import Index
from pratique.advisories.build import build
from pratique.advisories.inputs import Source

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HIGH = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"
CRITICAL = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"


def record(identifier: str, ecosystem: str, name: str, *events: dict[str, str], **more: Any) -> Any:
    kind = "SEMVER" if ecosystem in {"npm", "Go", "crates.io"} else "ECOSYSTEM"
    package = {"ecosystem": ecosystem, "name": name}
    ranges = [{"type": kind, "events": list(events)}]
    return {
        "schema_version": "1.7.5",
        "id": identifier,
        "modified": "2026-11-20T00:00:00Z",
        "affected": [{"package": package, "ranges": ranges}],
        **more,
    }


def rated(vector: str) -> list[dict[str, str]]:
    return [{"type": "CVSS_V3", "score": vector}]


START = {"introduced": "0"}

RECORDS = [
    record(
        "EX-1",
        "PyPI",
        "alpha",
        START,
        {"fixed": "1.2"},
        aliases=["CVE-2026-0001"],
        severity=rated(HIGH),
    ),
    # The fix of the first is affected by the second: advice must not stop at 1.2.
    record("EX-2", "PyPI", "alpha", {"introduced": "1.2"}, {"fixed": "1.3"}),
    record("EX-3", "PyPI", "alpha", {"introduced": "2.0"}, {"fixed": "2.5"}),
    record("EX-4", "PyPI", "beta", START, {"fixed": "2.0"}, severity=rated(CRITICAL)),
    record("EX-5", "PyPI", "gamma", START),
    record("EX-6", "PyPI", "delta", START, {"last_affected": "1.4"}),
    record("EX-7", "PyPI", "epsilon", START, {"fixed": "1.1"}),
    # Everything from 1.1 on is an attack: no target.
    record("MAL-2026-1", "PyPI", "epsilon", {"introduced": "1.1"}),
    record("MAL-2026-2", "PyPI", "zeta", START),
    record("EX-8", "Maven", "org.example:alpha", START, {"fixed": "1.5"}, severity=rated(HIGH)),
    record(
        "EX-9",
        "npm",
        "alpha",
        START,
        {"fixed": "1.0.5"},
        {"introduced": "2.0.0"},
        {"fixed": "2.1.0"},
    ),
    record("EX-10", "Go", "example.test/alpha", START, {"fixed": "1.1.0"}),
    record("EX-11", "Go", "stdlib", START, {"fixed": "1.22.3"}),
    record("EX-12", "crates.io", "alpha", START, {"fixed": "1.2.0"}),
    record("EX-15", "crates.io", "omega", START),
    record("EX-16", "crates.io", "beta", START, {"fixed": "2.0.0"}),
    record("EX-17", "PyPI", "theta", START, {"fixed": "2.0"}, aliases=["CVE-2021-44228"]),
    record("EX-18", "crates.io", "sigma", START, {"last_affected": "1.4.0"}),
    record("EX-19", "crates.io", "gamma", START, {"fixed": "1.1.0"}),
    # Two steps: 1.5 fixes one, only 3.0 fixes both.
    record("EX-13", "PyPI", "eta", START, {"fixed": "1.5"}),
    record("EX-14", "PyPI", "eta", START, {"fixed": "3.0"}),
]


@pytest.fixture(scope="session")
def now() -> datetime:
    return NOW


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


@pytest.fixture
def tree(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """Writes files, by path; gives their folder."""

    def write(files: dict[str, str]) -> Path:
        for path, text in files.items():
            target = tmp_path / "project" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        return tmp_path / "project"

    return write
