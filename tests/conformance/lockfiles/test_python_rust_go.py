"""Shared table-driven cases of the Python, Rust and Go readers (osv-scalibr's tables).

Compared as multisets of (name, version); lines, commits and groups where the
table gives them.  Normalised, for all readers alike:

* names of Python projects by PEP 503 on both sides;
* the ``v`` of a Go version, which package URLs carry and the table leaves out;
* groups: the table knows ``dev``-like groups and ``optional``, and none for what
  is needed at run time; here a component keeps its document's own group names
  and has a scope.  ``groups_of`` maps the latter to the former;
* the project itself: the table lists it for ``Cargo.toml``, here it is the
  reading's subject;
* an option of the reference (``exclude_indirect``) is the relation here.

Everything else that differs is in ``EXPLAINED``.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path, PurePosixPath

import pytest

from pratique.formats import installed
from pratique.formats.base import Reader
from pratique.formats.lockfiles import golang, python, rust
from pratique.formats.lockfiles.python.requirement import normal
from pratique.formats.registry import read_function
from pratique.inventory.tree import FolderTree
from pratique.model.errors import InputError
from pratique.model.inventory import Component, Reading, Relation, Scope, Trouble

ARCHIVE = "sbom/lockfiles.tar.xz"

READERS = {
    reader.name: reader
    for room in (python, rust, golang, installed)
    for reader in room.READERS
    if reader.ecosystem in {"PyPI", "crates.io", "Go"}
}

READER_OF = {
    "language/python/requirements": "requirements.txt",
    "language/python/pylock": "pylock.toml",
    "language/python/uvlock": "uv.lock",
    "language/python/poetrylock": "poetry.lock",
    "language/python/pipfilelock": "Pipfile.lock",
    "language/python/pdmlock": "pdm.lock",
    "language/python/pyprojecttoml": "pyproject.toml",
    "language/python/wheelegg": "python-metadata",
    "language/rust/cargolock": "Cargo.lock",
    "language/rust/cargotoml": "Cargo.toml",
    "language/golang/gomod": "go.mod",
}

Row = tuple[str, str]
BOUND = "a bound pins nothing; it is kept as the requirement, the version stays empty"
LOCATED = "an address or a path is a requirement too, though the reference drops it"
BUILD = "what a project is built with is wanted too; scope build"
SOURCE = "a Git dependency without a version is kept, with its commit or reference"

EXPLAINED: dict[tuple[str, str], list[tuple[set[Row], set[Row], str]]] = {
    ("language/python/requirements", "with_version"): [
        (
            {("newspaper3k", "0.2.2"), ("combination-also-valid", "3.5"), ("pkg", "1.2.3")},
            {("newspaper3k", ""), ("combination-also-valid", ""), ("pkg", "")},
            BOUND,
        ),
    ],
    ("language/python/requirements", "pip_example"): [
        (
            {("keyring", "4.1.1"), ("mopidy-dirble", "1.1")},
            {("keyring", ""), ("mopidy-dirble", "")},
            BOUND,
        ),
        (
            set(),
            {
                ("urllib3", ""),
                ("numpy", "1.9.2"),
                ("wxpython-phoenix", "3.0.3.dev1820+49a8884"),
            },
            LOCATED,
        ),
    ],
    ("language/python/pyprojecttoml", "optional_deps"): [
        (
            {("pytest", "7.0.0"), ("aiohttp", "3.8.0")},
            {("pytest", ""), ("aiohttp", "")},
            BOUND,
        ),
        (set(), {("hatchling", "")}, BUILD),
    ],
    ("language/python/pyprojecttoml", "extras_syntax"): [
        ({("requests", "2.20.0")}, {("requests", "")}, BOUND),
    ],
    ("language/python/pyprojecttoml", "env_markers"): [
        ({("requests", "2.20.0")}, {("requests", "")}, BOUND),
    ],
    ("language/python/pyprojecttoml", "no_project_table"): [(set(), {("hatchling", "")}, BUILD)],
    ("language/python/pipfilelock", "package without version"): [
        (set(), {("markupsafe", ""), ("itsdangerous", "")}, SOURCE),
    ],
    ("language/rust/cargotoml", "git dependency with pr rev specified"): [
        (set(), {("regex", "")}, SOURCE),
    ],
    ("language/rust/cargotoml", "two dependencies"): [
        ({("futures", "0.3")}, {("futures", "")}, BOUND),
        (set(), {("regex", "")}, SOURCE),
    ],
    ("language/golang/gomod", "replacements_ local"): [
        (
            {("./fork/net", "")},
            {("golang.org/x/net", "")},
            "a folder is no name; the module that it replaces is, and the folder its address",
        ),
    ],
}
"""(folder, case) to what only the table has, what only this reader has, and why."""

GROUPED = frozenset(
    {
        "language/python/poetrylock",
        "language/python/pipfilelock",
        "language/python/pdmlock",
    }
)
"""Folders whose table states groups; elsewhere it leaves them out."""


def read_file(reader: Reader, folder: Path, path: str) -> Reading:
    return read_function(reader)((folder / path).read_bytes(), path, FolderTree(folder))


def row_of(component: Component) -> Row:
    name, version = component.package.full_name, component.package.version
    if component.ecosystem == "Go":
        return name, version.removeprefix("v")
    return name, version


def expected_row(package: dict) -> Row:
    name = normal(package["name"]) if package["purl_type"] == "pypi" else package["name"]
    return name, package.get("version", "")


def groups_of(component: Component) -> list[str]:
    if component.scope is Scope.RUNTIME:
        return []
    if component.scope is Scope.OPTIONAL:
        return ["optional"]
    return ["dev" if group == "develop" else group for group in component.groups]


CASES = tuple(READER_OF)


@pytest.mark.parametrize("folder", CASES)
def test_reference_cases(folder: str, vector_folder: Callable[[str], Path]) -> None:
    room = vector_folder(ARCHIVE) / "scalibr" / folder
    reader = READERS[READER_OF[folder]]
    cases = json.loads((room / "cases.json").read_text())
    assert cases
    for case in cases:
        check(case, folder, room, reader)


def check(case: dict, folder: str, room: Path, reader: Reader) -> None:
    label = f"{folder}: {case['name']}"
    if case.get("error"):
        assert refused(reader, room, case["input"]), label
        return
    reading = read_file(reader, room, case["input"])
    components = list(reading.components)
    if case.get("options", {}).get("exclude_indirect"):
        components = [each for each in components if each.relation is Relation.DIRECT]
    theirs = Counter(expected_row(package) for package in case["packages"])
    ours = Counter(row_of(component) for component in components)
    if folder == "language/rust/cargotoml" and reading.subject is not None:
        ours[reading.subject.full_name, reading.subject.version] += 1
    for only_theirs, only_ours, _why in EXPLAINED.get((folder, case["name"]), []):
        assert only_theirs <= set(theirs), label
        assert only_ours <= set(ours), label
        theirs -= Counter(only_theirs)
        ours -= Counter(only_ours)
    assert ours == theirs, label
    compare_details(case, folder, components, label)
    assert_whole(reading)


def refused(reader: Reader, room: Path, path: str) -> bool:
    try:
        reading = read_file(reader, room, path)
    except InputError as error:
        return bool(error.message) and "\n" not in error.message
    return any(problem.trouble is Trouble.UNREADABLE for problem in reading.problems)


def compare_details(case: dict, folder: str, components: list[Component], label: str) -> None:
    ours = {row_of(component): component for component in components}
    for package in case["packages"]:
        component = ours.get(expected_row(package))
        if component is None:
            continue
        where = (label, package["name"])
        if "commit" in package:
            assert component.source is not None, where
            assert component.source.commit == package["commit"], where
        if folder in GROUPED:
            assert groups_of(component) == sorted(package.get("groups", [])), where
        if package.get("line"):
            assert component.locations[0].line == package["line"], where
            assert component.locations[0].path == package["location"], where


def assert_whole(reading: Reading) -> None:
    """References are unique, and everything that is named exists."""
    refs = [component.ref for component in reading.components]
    assert len(refs) == len(set(refs))
    named = {
        *reading.roots,
        *reading.edges,
        *(to for each in reading.edges.values() for to in each),
    }
    assert named <= set(refs)


@pytest.mark.parametrize("folder", CASES)
def test_reference_file_names(folder: str, vector_folder: Callable[[str], Path]) -> None:
    """Names that the reference takes are taken; archives are read elsewhere, if at all."""
    table = vector_folder(ARCHIVE) / "scalibr" / folder / "file-names.json"
    reader = READERS[READER_OF[folder]]
    required = [
        row["path"]
        for row in json.loads(table.read_text())
        if row["required"] and not row["path"].endswith((".egg", ".whl"))
    ]
    assert required
    for path in required:
        assert takes(reader, path), path
    for row in json.loads(table.read_text()):
        if not row["required"] and row["path"] not in required and row["path"]:
            assert not takes(reader, row["path"]) or row["path"].endswith((".egg", ".whl")), row


def takes(reader: Reader, path: str) -> bool:
    name = PurePosixPath("/" + path.lstrip("/."))
    return any(name.match(pattern) for pattern in reader.files)


def test_every_other_shared_input_is_survived(vector_folder: Callable[[str], Path]) -> None:
    root = vector_folder(ARCHIVE)
    seen = 0
    for file in sorted(path for path in root.rglob("*") if path.is_file()):
        path = file.relative_to(root).as_posix()
        for reader in READERS.values():
            if not takes(reader, path):
                continue
            seen += 1
            with suppress(InputError):
                assert_whole(read_function(reader)(file.read_bytes(), path, FolderTree(root)))
    assert seen > 20
