"""Shared table-driven cases of the JavaScript, Dart and Elixir lockfiles (osv-scalibr's tables).

Compared as multisets of name and version, of commits, and of lines and groups
for the tables that state them.  Normalised, for all readers alike:

* a shortened commit hash is the reference of a source here, since its commit is
  a whole hash; both are compared as the table's commit;
* the tables of yarn, pnpm and bun never state groups, so groups are compared for
  ``package-lock.json`` and ``pubspec.lock`` only;
* the tables of mix give a Hex package's inner checksum as its commit, which it is
  not; commits are compared for git entries only;
* a manifest's own package is a reading's subject here and a package there, and
  its ranges are requirements here and their lower bounds there: see
  ``test_package_json_cases``.

Everything else that differs is in ``EXPLAINED``.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from pratique.formats.base import Reader
from pratique.formats.registry import read_function
from pratique.inventory.tree import FolderTree
from pratique.model.errors import InputError
from pratique.model.inventory import Component, Reading, Trouble

ARCHIVE = "sbom/lockfiles.tar.xz"

READER_OF = {
    "language/javascript/packagelockjson": "javascript/package-lock.json",
    "language/javascript/yarnlock": "javascript/yarn.lock",
    "language/javascript/pnpmlock": "javascript/pnpm-lock.yaml",
    "language/javascript/bunlock": "javascript/bun.lock",
    "language/dart/pubspec": "dart/pubspec.lock",
    "language/elixir/mixlock": "elixir/mix.lock",
    "language/erlang/mixlock": "elixir/mix.lock",
}

WITH_GROUPS = {"language/javascript/packagelockjson", "language/dart/pubspec"}

Row = tuple[str, str, str]
"""Name, version, commit."""

EXPLAINED: dict[tuple[str, str], tuple[list[Row], list[Row], str]] = {
    ("language/javascript/packagelockjson", "files.v2.json"): (
        [("etag", "1.8.0", "")],
        [],
        "a folder outside node_modules is the project's own, and its needs are direct",
    ),
    (
        "language/javascript/packagelockjson",
        "both/package-lock.json",
    ): (
        [],
        [("wrappy", "1.0.2", ""), ("supports-color", "5.5.0", "")],
        "which of two lockfiles counts is decided by Reader.supersedes, not while reading one",
    ),
    ("language/javascript/yarnlock", "with-build-string.v1.lock"): (
        [("domino", "2.1.6+git", "")],
        [("domino", "2.1.6+git", "f2435fe1f9f7c91ade0bd472c4723e5eacd7d19a")],
        "the commit stands in the descriptor although the resolved address leaves it out",
    ),
    ("language/javascript/yarnlock", "files.v1.lock"): (
        [("etag", "1.8.0", "")],
        [],
        "a link is the project's own folder",
    ),
    ("language/javascript/yarnlock", "exclude-root.v2.lock"): (
        [("@ws/ansi-regex", "0.0.0-use.local", "")],
        [],
        "a member of the workspace is the project's own, like its root",
    ),
    ("language/dart/pubspec", "source-path.lock"): (
        [("maa_core", "0.0.1", "")],
        [],
        "a path is the project's own folder",
    ),
}
"""(folder, input) to what only the reference has, what only this reader has, and why."""


def reader_named(name: str) -> Reader:
    room, _, reader = name.partition("/")
    table = import_module(f"pratique.formats.lockfiles.{room}").READERS
    return next(each for each in table if each.name == reader)


def read_file(reader: Reader, folder: Path, path: str) -> Reading:
    return read_function(reader)((folder / path).read_bytes(), path, FolderTree(folder))


def cases_of(vector_folder: Callable[[str], Path], extractor: str) -> tuple[Path, list[dict]]:
    folder = vector_folder(ARCHIVE) / "scalibr" / extractor
    cases = json.loads((folder / "cases.json").read_text())
    return folder, cases if isinstance(cases, list) else cases["cases"]


def commit_of(component: Component) -> str:
    source = component.source
    return (source.commit or source.reference) if source else ""


def explained(extractor: str, case: dict) -> tuple[list[Row], list[Row], str]:
    return EXPLAINED.get((extractor, case["input"].removeprefix("testdata/")), ([], [], ""))


def rows_of(reading: Reading) -> Counter[Row]:
    return Counter(
        (part.package.full_name, part.package.version, commit_of(part))
        for part in reading.components
    )


def expected_rows(extractor: str, packages: list[dict]) -> Counter[Row]:
    return Counter(
        (
            package["name"],
            package["version"],
            # See the module's docstring: the checksum of a Hex package is no commit.
            ""
            if extractor.endswith("mixlock") and package["version"]
            else package.get("commit", ""),
        )
        for package in packages
    )


@pytest.mark.parametrize("extractor", READER_OF)
def test_cases(extractor: str, vector_folder: Callable[[str], Path]) -> None:
    folder, cases = cases_of(vector_folder, extractor)
    reader = reader_named(READER_OF[extractor])
    differing = []
    for case in cases:
        try:
            reading = read_file(reader, folder, case["input"])
        except InputError as error:
            if not case.get("error"):
                differing.append((case["name"], str(error)))
            continue
        if case.get("error") and all(
            problem.trouble is not Trouble.UNREADABLE for problem in reading.problems
        ):
            differing.append((case["name"], "is not said to be unreadable"))
        expected, found = expected_rows(extractor, case.get("packages", [])), rows_of(reading)
        missing, added, _ = explained(extractor, case)
        if expected - found != Counter(missing) or found - expected != Counter(added):
            differing.append((case["name"], expected - found, found - expected))
    assert not differing
    assert len(cases) >= 3


@pytest.mark.parametrize("extractor", sorted(WITH_GROUPS))
def test_groups(extractor: str, vector_folder: Callable[[str], Path]) -> None:
    folder, cases = cases_of(vector_folder, extractor)
    reader = reader_named(READER_OF[extractor])
    compared = 0
    for case in cases:
        if case.get("error"):
            continue
        own = {row[:2] for row in explained(extractor, case)[0]}
        expected = Counter(
            (package["name"], package["version"], tuple(package["groups"]))
            for package in case["packages"]
            if package.get("groups") and (package["name"], package["version"]) not in own
        )
        found = Counter(
            (part.package.full_name, part.package.version, part.groups)
            for part in read_file(reader, folder, case["input"]).components
            if part.groups
        )
        assert found == expected, case["name"]
        compared += len(expected)
    assert compared


@pytest.mark.parametrize(
    "extractor",
    [
        "language/javascript/packagelockjson",
        "language/javascript/yarnlock",
        "language/javascript/pnpmlock",
    ],
)
def test_lines(extractor: str, vector_folder: Callable[[str], Path]) -> None:
    folder, cases = cases_of(vector_folder, extractor)
    reader = reader_named(READER_OF[extractor])
    compared = 0
    for case in cases:
        expected = {
            (package["name"], package["version"], package["line"])
            for package in case.get("packages", [])
            if package.get("line")
        }
        if not expected:
            continue
        own = {row[:2] for row in explained(extractor, case)[0]}
        own = {row for row in own if row[0] != "domino"}
        found = {
            (part.package.full_name, part.package.version, place.line)
            for part in read_file(reader, folder, case["input"]).components
            for place in part.locations
        }
        assert {row for row in expected if row[:2] not in own} <= found, case["name"]
        compared += len(expected)
    assert compared > 5


def test_package_json_cases(vector_folder: Callable[[str], Path]) -> None:
    folder, cases = cases_of(vector_folder, "language/javascript/packagejson")
    reader = reader_named("javascript/package.json")
    pinned_here = 0
    for case in cases:
        if case.get("error"):
            with pytest.raises(InputError):
                read_file(reader, folder, case["input"])
            continue
        reading = read_file(reader, folder, case["input"])
        if not case["packages"]:
            # Extensions of VS Code and packages of Unity are none of npm's there.  An
            # extension's dependencies are npm's, though, and of its own name only the
            # subject is made, which is not looked up.
            assert not reading.components
            continue
        own, *needs = case["packages"]
        assert reading.subject is not None
        assert (reading.subject.full_name, reading.subject.version) == (
            own["name"],
            own["version"],
        )
        parts = {part.package.full_name: part for part in reading.components}
        for need in needs:
            part = parts[need["name"]]
            assert part.locations[0].line == need["line"]
            if part.requirement == need["version"]:
                assert part.package.version == need["version"]
                pinned_here += 1
            else:
                assert part.package.version == ""
                assert part.requirement
    assert pinned_here >= 2


def test_other_inputs_are_survived(vector_folder: Callable[[str], Path]) -> None:
    """Every input of both tools that a reader's patterns or folder could lead to it."""
    top = vector_folder(ARCHIVE)
    readers = [
        reader
        for room in ("javascript", "dart", "elixir")
        for reader in import_module(f"pratique.formats.lockfiles.{room}").READERS
    ]
    readers += [
        reader
        for reader in import_module("pratique.formats.installed").READERS
        if reader.name == "node_modules"
    ]
    files = [
        path
        for path in sorted(top.rglob("*"))
        if path.is_file()
        and (
            any(path.match(pattern) for reader in readers for pattern in reader.files)
            or {"javascript", "dart", "elixir", "erlang"} & set(path.parts)
        )
    ]
    outcomes: Counter[str] = Counter()
    for path in files:
        data, name = path.read_bytes(), path.relative_to(top).as_posix()
        for reader in readers:
            try:
                reading = read_function(reader)(data, name, FolderTree(top))
            except InputError:
                outcomes["refused"] += 1
                continue
            outcomes["read"] += 1
            refs = [part.ref for part in reading.components]
            assert len(set(refs)) == len(refs)
            named = {ref for targets in reading.edges.values() for ref in targets}
            assert named | set(reading.edges) | set(reading.roots) <= set(refs)
    assert outcomes["read"] > 100
    assert outcomes["refused"] > 100
