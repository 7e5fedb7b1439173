"""What each ordering says, by the documents that it follows: ascending lists, and refusals."""

from __future__ import annotations

from itertools import combinations

import pytest

from pratique.versions import Ordering, VersionError, ordering

ASCENDING = {
    # SemVer 2.0.0, section 11.4, and OSV's leniency
    "npm": "0.0.0-0 0.0.0-x 0.0.1 1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 "
    "1.0.0-rc.1 1.0.0 1.1.3 1.1.3.4 1.1.4 1.2 2 10",
    # Go Modules Reference, "Pseudo-versions"
    "Go": "v0.0.0-20190101000000-abcdef123456 v0.0.0-20200101000000-0123456789ab v0.0.0 v1.2.3-pre "
    "v1.2.3-pre.0.20200101000000-abcdef123456 v1.2.3 v1.2.4-0.20200101000000-abcdef123456 v1.2.4 v2.0.0+incompatible",
    # PEP 440, "Summary of permitted suffixes and relative ordering"
    "PyPI": "zzz 2004d-x 0.1 1.dev0 1.0.dev456 1.0a1 1.0a2.dev456 1.0a12.dev456 1.0a12 1.0b1.dev456 1.0b2 "
    "1.0b2.post345.dev456 1.0b2.post345 1.0rc1.dev456 1.0rc1 1.0 1.0+abc.5 1.0+abc.7 1.0+5 1.0.post456.dev34 "
    "1.0.post456 1.0.15 1.1.dev1 1!0.1",
    # POM reference, "Version Order Specification"
    "Maven": "1-alpha-1 1-alpha2 1-beta1 1-m1 1-rc1 1-SNAPSHOT 1 1-sp 1-abc 1-xyz 1-1 1-2 1.0.1 1.1-rc 1.1 2",
    # Gem::Version
    "RubyGems": "0.9 1.0.a.2 1.0.b1 1.0.b10 1.0 1.0.1-rc1 1.0.1 1.2.3.4 1.10",
    # NuGet, "Package versioning"
    "NuGet": "1.0.0-Alpha 1.0.0-alpha.1 1.0.0-BETA 1.0.0 1.0.0.1-pre 1.0.0.1 1.0.1",
    # PHP, version_compare
    "Packagist": "dev-master 1.0.0-dev 1.0.0-alpha1 1.0.0-alpha2 1.0.0-beta1 1.0.0-RC1 v1.0.0 1.0.1 1.0.10",
    "Pub": "1.0.0-a 1.0.0-a+b 1.0.0-a.1 1.0.0 1.0.0+1 1.0.0+2 1.0.0+10 1.0.0+a 1.0.1",
    "CRAN": "0.9 0.10 1.0 1.0-0 1.0.1 1.2-1 1.10",
    "Hackage": "0.1 0.1.0 0.1.0.0 0.1.1 0.10 1",
    "GHC": "6.10.2-rc1 6.10.2 9.2.4 9.10.1",
    # deb-version(7)
    "Debian": "~~ ~~a ~ 1.0~~ 1.0~~a 1.0~rc1 1.0 1.0-0.1 1.0-1~bpo1 1.0-1 1.0-1+b1 1.0-2 1.0a 1.0+dfsg 1.0.1 1:0.1",
    # opam manual, "Version ordering"
    "opam": "~~ ~ ~beta2 ~beta10 0.1 1.0~beta 1.0 1.0-test 1.0.1 1.0.10 dev trunk",
    # apk-package(5); apk-tools 3
    "Alpine": "1.2_alpha 1.2_alpha2 1.2_beta 1.2_pre2 1.2_rc1 1.2 1.2-r0 1.2-r1 1.2-r10 1.2_cvs1 1.2_git20200101 1.2_p1 "
    "1.2_p1-r1 1.2a 1.2.01 1.2.1 1.10",
    # rpm-version(7)
    "Red Hat": "0.9-5 1.0~rc1 1.0~rc2-1 1.0-0.1 1.0-1.el8 1.0-1.el9 1.0-1.el9_2 1.0^20240101 1.0^20240101git1 1.0a 1.0.1 1.10 1:0.1-1",
    "Root:Debian:12": "22.12.0-2.root.io.1 22.12.0-2.root.io.10 22.12.0-2+deb12u1.root.io.5",
    "Root:PyPI": "1.0.0rc1 1.0.0 1.0.0+root.io.1 1.0.0+root.io.5 1.0.1",
    "Root:npm": "1.0.0 1.0.0.root.io.1 1.0.0.root.io.5 1.0.1",
    "Root:Alpine:3.18": "1.51.0-r1 1.51.0-r20071 1.51.0-r20072",
    "Echo:npm": "1.2.3 1.2.3+echo.1 1.2.3+echo.2 1.2.3+echo.10 1.2.4",
}

EQUAL = {
    "npm": "1 1.0 1.0.0 v1.0.0 =1.0.0 1.0.0+build 1.00.0 1.0.0.0",
    "Go": "v2.0.0 2.0.0 v2.0.0+incompatible",
    "PyPI": "1.0rc1 1.0c1 1.0.RC-1 v1.0.0-preview_1 1rc01",
    "Maven": "1 1.0 1.0.0 1.ga 1-final 1.0.RELEASE 1.0-0",
    "RubyGems": "1 1.0 1.0.0",
    "NuGet": "1.0 1.0.0.0 1.0.0+Meta",
    "Packagist": "1.0.0-beta1 v1.0.0b1 V1.0.0_b1",
    "CRAN": "1.0-1 1.0.1 01.00.01",
    "Debian": "1.0 0:1.0 1.0-0 1.0-00 1.00",
    "Alpine": "1-r 1-r0 1-r00",
    "Red Hat": "1.0 0:1.0 1_00 1.0.",
}

REFUSED = {
    "npm": ["latest", "^1.0.0", ">=1.0", "1.x", "1.x.x", "1.2.X", "1.2.*", "1.0.0 - 2.0.0", "workspace:*", "1..2", "-1", "1.0_1", "1.٣"],
    "PyPI": ["???", "*", "...", "日本"],
    "Maven": ["[1.0,2.0)", "${project.version}", "1.0 2.0", "a/b"],
    "RubyGems": ["v1", "alpha", "~> 1.0", "1.0_1", "1.0é"],
    "Packagist": ["master", "^", "1 || 2", "1.0é"],
    "CRAN": ["1.0a", "v1", "1..0"],
    "Hackage": ["1.0-1", "v1", "1.*"],
    "Debian": ["a:1", "1:", "-1", ":1", "1 2", "1é"],
    "opam": ["1 2", "1é"],
    "Red Hat": ["-1", "1:", "1:-1"],
}  # fmt: skip


def by_name(ecosystem: str) -> Ordering:
    found = ordering(ecosystem)
    assert found is not None
    return found


@pytest.mark.parametrize("ecosystem", ASCENDING)
def test_ascending(ecosystem: str) -> None:
    rule = by_name(ecosystem)
    for lower, higher in combinations(ASCENDING[ecosystem].split(), 2):
        assert rule.compare(lower, higher) == -1, (lower, higher)
        assert rule.compare(higher, lower) == 1, (lower, higher)
        assert rule.key(lower) < rule.key(higher), (lower, higher)


@pytest.mark.parametrize("ecosystem", EQUAL)
def test_equal(ecosystem: str) -> None:
    rule = by_name(ecosystem)
    for one, other in combinations(EQUAL[ecosystem].split(), 2):
        assert rule.compare(one, other) == 0, (one, other)
        assert rule.key(one) == rule.key(other), (one, other)


@pytest.mark.parametrize(
    ("ecosystem", "text"), [(name, text) for name, texts in REFUSED.items() for text in texts]
)
def test_text_without_a_place_is_refused(ecosystem: str, text: str) -> None:
    rule = by_name(ecosystem)
    with pytest.raises(VersionError):
        rule.key(text)
    with pytest.raises(VersionError):
        rule.compare(text, "1")


def test_maven_has_no_cycle_where_its_specification_has_one() -> None:
    rule = by_name("Maven")
    versions = ["1.0.rc", "1", "1-1", "1.foo", "1-alpha", "1.0.foo", "1-foo", "1.0.0.rc"]
    keys = sorted(versions, key=rule.key)
    for lower, higher in combinations(keys, 2):
        assert rule.compare(lower, higher) == -1, (lower, higher)


def test_space_around_a_version_is_of_no_account() -> None:
    assert by_name("npm").key(" 1.2.3\n") == by_name("npm").key("1.2.3")
    assert by_name("Debian").key(" 1.2-3 ") == by_name("Debian").key("1.2-3")
