"""Requirements of ecosystems: what they take, and how the next one is written."""

from __future__ import annotations

import pytest

from pratique.remediation.dialects import dialect, step_between
from pratique.remediation.models import Step

MATCHES = [
    # node-semver README, "Advanced Range Syntax" and "Prerelease Tags"
    ("npm", "^1.2.3", "1.9.0", True),
    ("npm", "^1.2.3", "2.0.0-rc.1", False),
    ("npm", "^0.2.3", "0.3.0", False),
    ("npm", "^0.0.3", "0.0.4", False),
    ("npm", "^0.0", "0.0.9", True),
    ("npm", "^0", "0.9.0", True),
    ("npm", "~1.2", "1.2.9", True),
    ("npm", "~1", "1.9.9", True),
    ("npm", "1.2 - 2", "2.9.9", True),
    ("npm", "1.2.3 - 2.3.4", "2.3.5", False),
    ("npm", "1.x || >=2.5.0 <3", "2.4.0", False),
    ("npm", "1.x || >=2.5.0 <3", "2.9.9", True),
    ("npm", ">1", "1.5.0", False),
    ("npm", "<=1", "1.9.0", True),
    ("npm", ">1.2.3-alpha.3", "1.2.3-alpha.7", True),
    ("npm", ">1.2.3-alpha.3", "3.4.5-alpha.9", False),
    ("npm", "", "1.0.0", True),
    ("npm", "latest", "1.0.0", True),
    ("npm", "next", "1.0.0", False),
    ("npm", "git+https://git.example.test/a", "1.0.0", False),
    ("npm", "= 1.0.0", "1.0.0", True),
    ("npm", "1.0.0", "not a version", False),
    ("PyPI", ">=1,<2", "1.9", True),
    ("PyPI", "~=1.4.2", "1.5", False),
    ("PyPI", "^1.2", "1.9", True),
    ("PyPI", "^0.2", "0.3", False),
    ("PyPI", "~1.2", "1.3", False),
    ("PyPI", "*", "1.9", True),
    ("PyPI", "1.2", "1.2.0", True),
    ("PyPI", "what?", "1.2.0", False),
    ("Maven", "1.0", "1.0.0", True),
    ("Maven", "[1.0,2.0)", "2.0", False),
    ("Maven", "(,1.0],[1.2,)", "1.1", False),
    ("Maven", "(,1.0],[1.2,)", "1.3", True),
    ("Maven", "[1.5]", "1.5", True),
    ("crates.io", "1.2", "1.9.0", True),
    ("crates.io", "=1.2.0", "1.2.1", False),
    ("crates.io", ">=1.2, <1.5", "1.5.0", False),
    ("Go", "v1.2.0", "v1.3.0", True),
    ("Go", "v1.2.0", "v1.1.0", False),
]


@pytest.mark.parametrize(("ecosystem", "requirement", "version", "fits"), MATCHES)
def test_matches(ecosystem: str, requirement: str, version: str, fits: bool) -> None:
    spoken = dialect(ecosystem)
    assert spoken is not None
    assert spoken.matches(requirement, version) is fits


PINNED = [
    ("npm", "1.0.0", "1.2.0", "1.2.0"),
    ("npm", "^1.0.0", "2.1.0", "^2.1.0"),
    ("npm", "~1.0.0", "1.2.0", "~1.2.0"),
    ("npm", ">=1.0.0", "1.2.0", ">=1.2.0"),
    ("npm", "1.x || 2.x", "2.1.0", "^2.1.0"),
    ("npm", "*", "2.1.0", "^2.1.0"),
    ("PyPI", "==1.0", "1.2", "==1.2"),
    ("PyPI", ">=1.0,<2", "3.1", ">=3.1,<4"),
    ("PyPI", "~=1.0", "1.2", ">=1.2,<2"),
    ("PyPI", ">=1.0", "1.2", ">=1.2"),
    ("PyPI", "^1.0", "1.2", "^1.2"),
    ("PyPI", "", "1.2", ">=1.2"),
    ("Maven", "1.0", "1.2", "1.2"),
    ("crates.io", "=1.0.0", "1.2.0", "=1.2.0"),
    ("crates.io", "1.0", "1.2.0", "1.2.0"),
    ("crates.io", ">=1.0, <2", "1.2.0", ">=1.2.0, <2"),
    ("Go", "v1.0.0", "1.2.0", "v1.2.0"),
]


@pytest.mark.parametrize(("ecosystem", "before", "version", "after"), PINNED)
def test_a_new_requirement_keeps_its_style_and_takes_the_version(
    ecosystem: str, before: str, version: str, after: str
) -> None:
    spoken = dialect(ecosystem)
    assert spoken is not None
    assert spoken.pinned(before, version) == after
    assert spoken.matches(after, version)


def test_steps() -> None:
    assert step_between("1.2.3", "1.2.3") is Step.SAME
    assert step_between("1.2.3", "1.2.3-rc.1") is Step.PRERELEASE
    assert step_between("1.2.3", "1.2.4") is Step.PATCH
    assert step_between("1.2", "1.3.0") is Step.MINOR
    assert step_between("v1.9", "v2") is Step.MAJOR
    assert step_between("1!1.0", "1.0") is Step.MAJOR


def test_dates_of_commons_sort_below_releases_and_guava_keeps_its_flavour() -> None:
    from pratique.remediation.dialects.maven import Maven

    maven = Maven()
    name = "commons-io:commons-io"
    assert maven.key("20040118.003354", name) < maven.key("1.4", name) < maven.key("2.11", name)
    assert maven.flavour("com.google.guava:guava", "22.0") == "jre"
    assert maven.flavour("com.google.guava:guava", "22.0-android") == "android"
    assert maven.prerelease("1.0-rc1")
    assert not maven.prerelease("4.1.94.Final")
    assert not maven.prerelease("5.13.3.202401111512-r")
