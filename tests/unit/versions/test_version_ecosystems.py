"""Which ecosystem has which ordering, and what asking for it costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pratique.versions import (
    RULES,
    UNORDERED,
    ordering,
    ordering_named,
    orderings,
    semver_ordering,
)

DELEGATING = {"Root", "Echo", "TuxCare", "Docker Hardened Images"}


def test_every_ecosystem_of_the_schema_is_placed() -> None:
    assert len(set(RULES) | UNORDERED | DELEGATING) == 49  # GIT is counted, though none
    assert not set(RULES) & UNORDERED


@pytest.mark.parametrize(
    ("ecosystem", "rule"),
    [
        ("PyPI", "pep440"),
        ("npm", "semver"),
        ("Go", "semver"),
        ("crates.io", "semver"),
        ("Hex", "semver"),
        ("VSCode", "semver"),
        ("GHC", "semver"),
        ("Maven", "maven"),
        ("Maven:https://repository.example.test/", "maven"),
        ("Debian:12", "dpkg"),
        ("Ubuntu:Pro:18.04:LTS", "dpkg"),
        ("Alpine:v3.16", "apk"),
        ("BellSoft Hardened Containers:23", "apk"),
        ("Red Hat:enterprise_linux:9::appstream", "rpm"),
        ("openSUSE:Leap 15.6", "rpm"),
        ("Bioconductor", "cran"),
        ("opam", "opam"),
        ("TuxCare:PyPI", "pep440"),
        ("TuxCare:Debian:12", "dpkg"),
        ("Docker Hardened Images:Alpine:3.23", "apk"),
        ("Root:Alpine:3.18", "root:apk"),
        ("Root:Debian:12", "root:dpkg"),
        ("Root:PyPI", "root:pep440"),
        ("Root", "root:semver"),
        ("Echo", "dpkg"),
        ("Echo:PyPI", "pep440"),
        ("Echo:npm", "echo:semver"),
    ],
)
def test_ordering_of_ecosystem(ecosystem: str, rule: str) -> None:
    found = ordering(ecosystem)
    assert found is not None
    assert found.name == rule


@pytest.mark.parametrize(
    "ecosystem",
    [
        *sorted(UNORDERED),
        "Linux:Kernel",
        "pypi",
        "",
        ":",
        "Nowhere",
        "TuxCare",
        "TuxCare:TuxCare:PyPI",
        "TuxCare:" * 10_000 + "PyPI",
        "Docker Hardened Images",
        "Docker Hardened Images:GIT",
    ],
)
def test_no_ordering_where_versions_are_only_equal_or_different(ecosystem: str) -> None:
    assert ordering(ecosystem) is None


def test_semver_ordering_is_that_of_semver_ranges() -> None:
    assert semver_ordering() is ordering("npm")
    assert ordering_named("semver") is semver_ordering()
    with pytest.raises(KeyError):
        ordering_named("os")


def test_names_are_unique() -> None:
    names = [one.name for one in orderings()]
    assert len(names) == len(set(names)) == 19


def test_asking_for_one_ordering_imports_no_other() -> None:
    code = (
        "import sys; from pratique.versions import ordering; ordering('npm').key('1.0.0');"
        "print(*sorted(n for n in sys.modules if n.startswith('pratique.versions.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [
        f"pratique.versions.{name}"
        for name in ("ecosystems", "encoding", "errors", "models", "semver")
    ]
