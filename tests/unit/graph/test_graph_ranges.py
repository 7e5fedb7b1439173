"""Package URLs that mean many versions."""

from __future__ import annotations

import pytest

from pratique.graph.ranges import wanted
from pratique.model.errors import InputError, UsageError
from pratique.model.purl import Package


@pytest.mark.parametrize(
    ("question", "yes", "no"),
    [
        ("pkg:npm/alpha", ["1.0.0", "2.0.0", ""], []),
        ("pkg:npm/alpha@1.0.0", ["1.0.0"], ["1.0.1", ""]),
        ("pkg:npm/alpha@>=1.0.0,<2.0.0", ["1.0.0", "1.9.9"], ["0.9.0", "2.0.0", "3.0.0"]),
        ("pkg:npm/alpha@<2.0.0", ["0.0.1"], ["2.0.0"]),
        ("pkg:npm/alpha@>1.0.0", ["1.0.1"], ["1.0.0"]),
        ("pkg:npm/alpha@=1.0.0|=1.2.0", ["1.0.0", "1.2.0"], ["1.1.0"]),
        ("pkg:npm/alpha@!=1.0.0", ["1.1.0"], ["1.0.0"]),
        (
            "pkg:npm/alpha?vers=vers:npm/>=1.0.0|<1.5.0|>=2.0.0|<2.1.0",
            ["1.4.0", "2.0.0"],
            ["1.5.0", "2.1.0"],
        ),
        ("pkg:npm/alpha@*", ["1.0.0", ""], []),
    ],
)
def test_versions_that_are_meant(question, yes, no):
    asked = wanted(question)
    for version in yes:
        assert asked.matches(Package.of("npm", "alpha", version)) is True, version
    for version in no:
        assert asked.matches(Package.of("npm", "alpha", version)) is False, version
    assert asked.matches(Package.of("npm", "beta", "1.0.0")) is False


def test_scopes_are_no_ranges():
    assert wanted("pkg:npm/%40babel/core").package.namespace == "@babel"
    assert wanted("pkg:npm/@babel/core@>=7").constraints == ((">=", "7"),)


def test_qualifiers_of_the_question_must_be_there():
    asked = wanted("pkg:deb/debian/alpha?arch=amd64")
    found = Package.parse("pkg:deb/debian/alpha@1?arch=amd64&distro=debian-12")
    assert asked.matches(found) is True
    assert asked.matches(Package.parse("pkg:deb/debian/alpha@1?arch=arm64")) is False


def test_an_odd_version_is_unknown_not_clean():
    assert (
        wanted("pkg:npm/alpha@<2.0.0").matches(Package.of("npm", "alpha", "not a version")) is None
    )


@pytest.mark.parametrize(
    "text",
    ["pkg:npm/alpha@>=", "pkg:npm/alpha@<>1", "pkg:npm/alpha@>=1,,<=>2", "pkg:generic/alpha@<2"],
)
def test_ranges_that_are_none(text):
    with pytest.raises(UsageError):
        wanted(text)


def test_no_package_url():
    with pytest.raises(InputError):
        wanted("alpha@1")
