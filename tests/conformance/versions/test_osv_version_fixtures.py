"""OSV's own version fixtures: every line, but for those listed as disputed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pratique.versions import ordering

ECOSYSTEMS = {
    "alpine": "Alpine:v3.20",
    "cran": "CRAN",
    "debian": "Debian:12",
    "hackage": "Hackage",
    "maven": "Maven",
    "nuget": "NuGet",
    "packagist": "Packagist",
    "pub": "Pub",
    "pypi": "PyPI",
    "redhat": "Red Hat",
    "rubygems": "RubyGems",
    "semver": "npm",
}

FILES = (
    "alpine-versions-generated.txt", "alpine-versions.txt", "cran-versions-generated.txt", "cran-versions.txt",
    "debian-versions-generated.txt", "debian-versions.txt", "hackage-versions.txt", "maven-versions-generated.txt",
    "maven-versions.txt", "nuget-versions.txt", "packagist-versions-generated.txt", "packagist-versions.txt",
    "pub-versions.txt", "pypi-versions-generated.txt", "pypi-versions.txt", "redhat-versions.txt",
    "rubygems-versions-generated.txt", "rubygems-versions.txt", "semver-versions.txt",
)  # fmt: skip

MAX_DISPUTED = 10
_MAVEN = (
    "contradicts the same specification, by which a prerelease is below its release and the "
    "release below the same with a qualifier or number added: no order can hold all three"
)
DISPUTED = {
    "maven-versions-generated.txt": {
        "1.0.0-gradle-rework-beta3 < 1.0.0.RC7-3": _MAVEN,
        "2.9.0-1 < 2.9.0.RC1": _MAVEN,
        "1.1.0-01-glassfish < 1.1.0.Beta1": _MAVEN,
    },
    "packagist-versions.txt": {
        "1.2.3.# = 1.2.3.1": "the same file says 1.2.3.# = 1.2.3, which is below 1.2.3.1; OSV.dev refuses '#'",
    },
}


def read(folder: Path, name: str) -> list[str]:
    lines = (folder / "semantic" / name).read_text("utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith(("#", "//"))]


def outcome(name: str, line: str) -> tuple[str, str]:
    """The relation as the comparator and as the keys give it."""
    rule = ordering(ECOSYSTEMS[name.partition("-")[0]])
    assert rule is not None
    left, _, right = line.split(" ")
    low, high = rule.key(left), rule.key(right)
    return "=><"[rule.compare(left, right)], "=><"[(low > high) - (low < high)]


@pytest.mark.parametrize("name", FILES)
def test_every_line_holds(name: str, vector_folder: Callable[[str], Path]) -> None:
    lines = read(vector_folder("osv/versions.tar.xz"), name)
    assert lines
    disputed = DISPUTED.get(name, {})
    wrong = [
        f"{line} (compare {said}, key {keyed})"
        for line in lines
        if line not in disputed
        for said, keyed in [outcome(name, line)]
        if {said, keyed} != {line.split(" ")[1]}
    ]
    assert wrong == []


def test_disputed_lines_are_few_and_still_disputed(vector_folder: Callable[[str], Path]) -> None:
    folder = vector_folder("osv/versions.tar.xz")
    assert sum(map(len, DISPUTED.values())) <= MAX_DISPUTED
    for name, lines in DISPUTED.items():
        present = read(folder, name)
        for line in lines:
            assert line in present
            said, keyed = outcome(name, line)
            assert said == keyed != line.split(" ")[1]


def test_every_file_of_the_fixtures_is_read(vector_folder: Callable[[str], Path]) -> None:
    folder = vector_folder("osv/versions.tar.xz") / "semantic"
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
