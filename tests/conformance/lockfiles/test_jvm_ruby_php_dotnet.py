"""Shared table-driven cases of the JVM, Ruby, PHP, .NET, Swift, Haskell, R and Conan lockfiles (osv-scalibr's tables).

Compared as multisets of (name, version); commits and groups where the table
gives them.  Normalised, for all readers alike:

* an entry without a version is dropped by the reference unless its own table
  says otherwise; here it is kept at no version, with a problem;
* a POM's dependencies that differ only in type or classifier are one in the
  reference and several here, since their package URLs differ.

Everything else that differs is in ``EXPLAINED``.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from pathlib import Path, PurePosixPath

import pytest

from pratique.formats.base import Reader
from pratique.formats.registry import read_function
from pratique.inventory.tree import FolderTree
from pratique.model.errors import InputError
from pratique.model.inventory import Component, Reading, Trouble

ROOMS = ("jvm", "ruby", "php", "dotnet", "swift", "haskell", "r", "cpp")

ARCHIVE = "sbom/lockfiles.tar.xz"

READER_OF = {
    "language/java/pomxml": "jvm/pom.xml",
    "language/java/gradlelockfile": "jvm/gradle.lockfile",
    "language/java/gradleverificationmetadataxml": "jvm/verification-metadata.xml",
    "language/ruby/gemfilelock": "ruby/Gemfile.lock",
    "language/php/composerlock": "php/composer.lock",
    "language/dotnet/packageslockjson": "dotnet/packages.lock.json",
    "language/dotnet/projectassetsjson": "dotnet/project.assets.json",
    "language/dotnet/packagesconfig": "dotnet/packages.config",
    "language/dotnet/depsjson": "dotnet/deps.json",
    "language/dotnet/csproj": "dotnet/csproj",
    "language/dotnet/nugetcpm": "dotnet/Directory.Packages.props",
    "language/swift/packageresolved": "swift/Package.resolved",
    "language/swift/podfilelock": "swift/Podfile.lock",
    "language/haskell/stacklock": "haskell/stack.yaml.lock",
    "language/haskell/cabal": "haskell/cabal.project.freeze",
    "language/r/renvlock": "r/renv.lock",
    "language/cpp/conanlock": "cpp/conan.lock",
}

Row = tuple[str, str]

EXPLAINED: dict[tuple[str, str], tuple[set[Row], set[Row], str]] = {
    ("language/java/pomxml", "interpolation"): (
        {("org.mine:ranged-package", "9.4.35.v20201120")},
        {("org.mine:ranged-package", "")},
        "a version range pins nothing; it is kept as the requirement, not as its lower bound",
    ),
    ("language/java/pomxml", "multi version dependency"): (
        set(),
        {("abc:example.com", "1.1.1")},
        "Maven takes the last of two declarations and the reference the first; both are kept",
    ),
    ("language/java/gradleverificationmetadataxml", "missing attribute"): (
        {(":pdfbox", "2.0.17"), ("org.apache.pdfbox:", "2.0.17")},
        set(),
        "half a coordinate names no package; it is a problem with its line instead",
    ),
    ("language/dotnet/projectassetsjson", "valid_project.assets.json"): (
        set(),
        {("NuGet.Frameworks", "5.5.0")},
        "a project that is referred to stays, of no ecosystem, since edges pass through it",
    ),
    ("language/r/renvlock", "with bioconductor"): (
        set(),
        {("BSgenome", "1.60.0")},
        "packages of Bioconductor are packages too",
    ),
    ("language/r/renvlock", "without repository"): (
        set(),
        {("morning", "0.1.0")},
        "a package is installed whether or not its repository is named",
    ),
    ("language/haskell/cabal", "valid stack.yaml.lock file with package problems"): (
        set(),
        {("foo", "2.4.0.3")},
        "a constraint without a qualifier is on the project's own dependencies, and pins too",
    ),
}
"""(folder, case) to what only the reference has, what only this reader has, and why."""


def reader_named(name: str) -> Reader:
    room, _, reader = name.partition("/")
    table = import_module(f"pratique.formats.lockfiles.{room}").READERS
    return next(each for each in table if each.name == reader)


def read_file(reader: Reader, folder: Path, path: str) -> Reading:
    return read_function(reader)((folder / path).read_bytes(), path, FolderTree(folder))


def row(component: Component) -> Row:
    return component.package.full_name, component.package.version


@pytest.mark.parametrize("folder", READER_OF)
def test_reference_cases(folder: str, vector_folder: Callable[[str], Path]) -> None:
    room = vector_folder(ARCHIVE) / "scalibr" / folder
    reader = reader_named(READER_OF[folder])
    cases = json.loads((room / "cases.json").read_text())
    assert cases
    for case in cases:
        check(case, folder, room, reader)


def check(case: dict, folder: str, room: Path, reader: Reader) -> None:
    label = f"{folder}: {case['name']}"
    if case.get("error"):
        with pytest.raises(InputError) as refusal:
            read_file(reader, room, case["input"])
        assert "\n" not in refusal.value.message, label
        return
    reading = read_file(reader, room, case["input"])
    expected = Counter((p["name"], p.get("version", "")) for p in case["packages"])
    only_theirs, only_ours, _why = EXPLAINED.get((folder, case["name"]), (set(), set(), ""))
    kept = [
        component
        for component in reading.components
        if component.package.version or row(component) in expected or row(component) in only_ours
    ]
    actual = Counter(row(component) for component in kept)
    if folder == "language/java/pomxml":
        actual = Counter(set(actual))
    assert set(only_theirs) <= set(expected), label
    assert set(only_ours) <= set(actual), label
    assert actual - Counter(only_ours) == expected - Counter(only_theirs), label
    compare_details(case, reading, label)
    assert_whole(reading)


def compare_details(case: dict, reading: Reading, label: str) -> None:
    ours: dict[Row, list[Component]] = {}
    for component in reading.components:
        ours.setdefault(row(component), []).append(component)
    for package in case["packages"]:
        for component in ours.get((package["name"], package.get("version", "")), [])[:1]:
            if "commit" in package:
                assert component.source is not None, label
                assert component.source.commit == package["commit"], label
            if "groups" in package:
                assert list(component.groups) == sorted(package["groups"]), label
            if package.get("line"):
                lines = {place.line for each in ours[row(component)] for place in each.locations}
                assert package["line"] in lines, (label, package["name"], lines)


def assert_whole(reading: Reading) -> None:
    """References are unique and all that is named exists; what lacks a version is said."""
    refs = [component.ref for component in reading.components]
    assert len(refs) == len(set(refs))
    named = {
        *reading.roots,
        *reading.edges,
        *(to for each in reading.edges.values() for to in each),
    }
    assert named <= set(refs)
    for component in reading.components:
        if not component.package.version and not component.requirement:
            assert any(p.trouble is not Trouble.NOTICE for p in reading.problems), component.ref


def survive(reader: Reader, data: bytes, path: str, tree: FolderTree) -> None:
    """Read a document: it is either read whole or refused in one line."""
    refusal = ""
    try:
        assert_whole(read_function(reader)(data, path, tree))
    except InputError as error:
        refusal = error.message
    assert "\n" not in refusal


def all_readers() -> list[Reader]:
    return [
        reader
        for room in ROOMS
        for reader in import_module(f"pratique.formats.lockfiles.{room}").READERS
    ]


def takes(reader: Reader, path: str) -> bool:
    return any(PurePosixPath(path).match(pattern) for pattern in reader.files)


@pytest.mark.parametrize("folder", sorted(set(READER_OF) - {"language/r/renvlock"}))
def test_reference_file_names(folder: str, vector_folder: Callable[[str], Path]) -> None:
    room = vector_folder(ARCHIVE) / "scalibr" / folder
    reader = reader_named(READER_OF[folder])
    required: dict[str, bool] = {}
    for name in json.loads((room / "file-names.json").read_text()):
        # A path occurs again as not required where its file is over the table's size limit.
        required[name["path"]] = required.get(name["path"], False) or name["required"]
    assert {path: takes(reader, path) for path in required} == required


def test_every_document_of_a_known_name_is_survived(vector_folder: Callable[[str], Path]) -> None:
    root = vector_folder(ARCHIVE)
    seen = 0
    for file in sorted(path for path in root.rglob("*") if path.is_file()):
        path = file.relative_to(root).as_posix()
        for reader in all_readers():
            if takes(reader, path):
                seen += 1
                survive(reader, file.read_bytes(), path, FolderTree(root))
    assert seen >= 25


@pytest.mark.parametrize("folder", READER_OF)
def test_mutated_documents_are_survived(folder: str, vector_folder: Callable[[str], Path]) -> None:
    room = vector_folder(ARCHIVE) / "scalibr" / folder
    reader = reader_named(READER_OF[folder])
    chance = random.Random(folder)
    documents = [p.read_bytes() for p in sorted((room / "testdata").rglob("*")) if p.is_file()]
    tree = FolderTree(room)
    for _ in range(300):
        data = bytearray(chance.choice(documents))
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(data) + 1)
            match chance.randrange(3):
                case 0:
                    data[at:at] = chance.choice([b"null", b"\xff", b"{", b'"', b"<", b"  ", b"\0"])
                case 1:
                    del data[at : at + chance.randint(1, 40)]
                case _:
                    data[at : at + 1] = bytes([chance.randrange(256)])
        survive(reader, bytes(data), "a/document", tree)
