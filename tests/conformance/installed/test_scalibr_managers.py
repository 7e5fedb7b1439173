"""Shared table-driven cases of further package managers (osv-scalibr's tables)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from pratique.formats.base import TreeError
from pratique.formats.registry import by_name, read_function, readers
from pratique.model.errors import InputError


class Table(NamedTuple):
    reader: str
    path: str
    """Where the input is read at; empty where the name that it has is right."""


TABLES = {
    "os/pacman": Table("pacman-desc", "var/lib/pacman/local/x-1/desc"),
    "os/portage": Table("portage", "var/db/pkg/some-category/x-1/PF"),
    "os/snap": Table("snap.yaml", "snap/x/1/meta/snap.yaml"),
    "language/python/condameta": Table("conda-meta", "conda-meta/x-1.json"),
    "language/julia/manifesttoml": Table("Manifest.toml", "Manifest.toml"),
    "language/dotnet/paketlock": Table("paket.lock", "paket.lock"),
    "misc/githubactions": Table("github-actions", ".github/workflows/x.yml"),
    "misc/wordpress/plugins": Table("wordpress-plugin", "wp-content/plugins/akismet/akismet.php"),
}

NO_VERSION = "a package without a version is kept, its version unknown; it is there"
CASE = "package URLs of the type github are in lower case"
IMAGE = "an image that a step runs in is kept as well"
Rows = set[tuple[str, str]]
EXPLAINED: dict[tuple[str, str], tuple[Rows, Rows, str]] = {
    ("os/pacman", "testdata/invalid_value_eof"): (set(), {("gawk", "")}, NO_VERSION),
    ("language/dotnet/paketlock", "testdata/paket.lock"): (
        {("fsprojects/Paket", "5.0.0"), ("fsharp/FAKE", "5.20.4")},
        {("fsprojects/paket", "5.0.0"), ("fsharp/fake", "5.20.4")},
        CASE,
    ),
    ("misc/githubactions", "testdata/edge_cases.yaml"): (set(), {("alpine", "")}, IMAGE),
}
"""What the table has and we have not, and the other way round, by table and input."""


class _Beside:
    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files

    def read(self, path: str) -> bytes:
        if path not in self._files:
            raise TreeError("no such file")
        return self._files[path]

    def is_file(self, path: str) -> bool:
        return path in self._files

    def names(self, path: str) -> tuple[str, ...]:
        return ()


@pytest.fixture(scope="session")
def tables(vector_folder: Callable[[str], Path]) -> Path:
    folder = vector_folder("sbom/lockfiles.tar.xz")
    return next(path for path in folder.rglob("scalibr") if path.is_dir())


@pytest.mark.parametrize("name", TABLES)
def test_shared_cases(tables: Path, name: str) -> None:
    table = TABLES[name]
    reader = next(one for one in readers() if one.name == table.reader)
    count = 0
    for case in json.loads((tables / name / "cases.json").read_text()):
        source = tables / name / case["input"]
        if source.is_dir():
            source /= "paket.lock"
        if not source.is_file():
            continue
        files = {}
        if "osrelease" in case.get("options", {}):
            files["etc/os-release"] = case["options"]["osrelease"].encode()
        where = (name, case["input"])
        try:
            reading = read_function(reader)(source.read_bytes(), table.path, _Beside(files))
        except InputError:
            assert case.get("error") or not case.get("packages"), where
            count += 1
            continue
        found = {
            (
                part.alias
                if part.package.type == "wordpress-plugin"
                else part.package.full_name
                if part.package.type == "github"
                else part.package.name,
                part.package.version,
            )
            for part in reading.components
        }
        if case.get("error"):
            assert reading.problems, where
        else:
            wanted = {(row["name"], row["version"]) for row in case["packages"]}
            missing, more, _ = EXPLAINED.get(where, (set(), set(), ""))
            assert (wanted - found, found - wanted) == (missing, more), where
        count += 1
    assert count


@pytest.mark.parametrize("name", TABLES)
def test_shared_names_of_files(tables: Path, name: str) -> None:
    rows = json.loads((tables / name / "file-names.json").read_text())
    checked = 0
    for row in rows:
        path = row["path"]
        if row.get("required", row.get("expected")) and "\\" not in path:
            assert TABLES[name].reader in {one.name for one in by_name(path)}, path
            checked += 1
    assert checked
