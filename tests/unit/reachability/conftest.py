"""Invented advisories that name functions, and small projects with what they depend on."""

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
from pratique.reachability import Answer, Report
from pratique.reachability.service import Order, reach

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def record(identifier: str, ecosystem: str, name: str, specific: dict[str, Any]) -> dict[str, Any]:
    kind = "SEMVER" if ecosystem in {"Go", "crates.io"} else "ECOSYSTEM"
    ranges = [{"type": kind, "events": [{"introduced": "0"}, {"fixed": "2.0.0"}]}]
    package = {"ecosystem": ecosystem, "name": name}
    return {
        "schema_version": "1.7.5",
        "id": identifier,
        "modified": "2026-11-20T00:00:00Z",
        "affected": [{"package": package, "ranges": ranges, "ecosystem_specific": specific}],
    }


def imports(path: str, *symbols: str) -> dict[str, Any]:
    row: dict[str, Any] = {"path": path}
    return {"imports": [row | ({"symbols": list(symbols)} if symbols else {})]}


def functions(*names: str) -> dict[str, Any]:
    return {"affects": {"arch": [], "os": [], "functions": list(names)}}


RECORDS = [
    *(record(f"EX-{name}", "PyPI", name, {}) for name in ("alpha", "beta", "gamma", "delta")),
    record("EX-parse", "Go", "example.test/alpha", imports("example.test/alpha/text", "Parse")),
    record(
        "EX-method", "Go", "example.test/alpha", imports("example.test/alpha", "Reader.NextRow")
    ),
    record(
        "EX-json",
        "Go",
        "example.test/alpha",
        imports("example.test/alpha", "Document.UnmarshalJSON"),
    ),
    record("EX-init", "Go", "example.test/alpha", imports("example.test/alpha", "init", "Run")),
    record("EX-whole", "Go", "example.test/beta", imports("example.test/beta")),
    record("EX-inner", "Go", "example.test/gamma", imports("example.test/gamma", "inner")),
    record("EX-std", "Go", "stdlib", imports("net/mail", "ParseAddress")),
    record("EX-clean", "crates.io", "alpha", functions("alpha::clean")),
    record("EX-next", "crates.io", "alpha", functions("alpha::Reader::next_row")),
    record("EX-plain", "crates.io", "beta-rs", {}),
    record("EX-npm", "npm", "alpha", {}),
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


Files = dict[str, str | bytes]


@pytest.fixture
def project(tmp_path: Path) -> Callable[[Files], Path]:
    """Writes a project's files, by path; gives its folder."""

    def write(files: Files) -> Path:
        for path, text in files.items():
            target = tmp_path / "project" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text if isinstance(text, bytes) else text.encode())
        return tmp_path / "project"

    return write


@pytest.fixture
def read(index: Index, project: Callable[[Files], Path]) -> Callable[..., Report]:
    """The report of a project written from files."""

    def make(files: Files, **order: Any) -> Report:
        folder = project(files)
        report, _ = reach(Order(subject=folder, **order), index, NOW)
        return report

    return make


@pytest.fixture
def answers(read: Callable[..., Report]) -> Callable[..., dict[str, Answer]]:
    """The answers of a project written from files, by advisory."""

    def make(files: Files, **order: Any) -> dict[str, Answer]:
        return {one.id: one for one in read(files, **order).answers}

    return make


@pytest.fixture
def installed() -> Callable[..., Files]:
    """Files of a package installed into the project's ``.venv``."""

    def make(name: str, modules: Files, *, version: str = "1.0", entry_points: str = "") -> Files:
        site = ".venv/lib/python3.11/site-packages"
        info = f"{name}-{version}.dist-info"
        names = [*modules, f"{info}/METADATA", f"{info}/RECORD"]
        files: Files = {
            ".venv/pyvenv.cfg": "home = /usr/bin\n",
            f"{site}/{info}/RECORD": "".join(f"{one},,\n" for one in names),
            f"{site}/{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        }
        if entry_points:
            files[f"{site}/{info}/entry_points.txt"] = entry_points
        return files | {f"{site}/{path}": text for path, text in modules.items()}

    return make
