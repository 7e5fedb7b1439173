from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.model.nouns import Artifact
from pratique.model.purl import Package
from pratique.model.vex import Part
from pratique.vex.matching import (
    cpe_matches,
    part_matches,
    part_tokens,
    purl_matches,
    target_tokens,
)
from pratique.vex.ranges import within
from pratique.vex.scene import Target

DIGEST = "sha256:" + "4" * 64


@pytest.mark.parametrize(
    ("stated", "found", "same"),
    [
        ("pkg:apk/x/curl@8-r0?arch=x86_64", "pkg:apk/x/curl@8-r0?arch=x86_64", True),
        ("pkg:apk/x/curl@8-r0", "pkg:rpm/x/curl@8-r0", False),
        ("pkg:apk/x/curl@8-r0", "pkg:apk/y/curl@8-r0", False),
        ("pkg:apk/x/curl@8-r0", "pkg:apk/x/bash@8-r0", False),
        ("pkg:apk/x/curl@8-r0", "pkg:apk/x/curl@8-r1", False),
        ("pkg:apk/x/curl@8-r0", "pkg:apk/x/curl@8-r0?arch=x86_64", True),
        ("pkg:apk/x/curl@8-r0?arch=x86_64", "pkg:apk/x/curl@8-r0", False),
        ("pkg:apk/x/curl?arch=x86_64", "pkg:apk/x/curl@8-r0?arch=x86_64&os=linux", True),
        ("pkg:apk/x/curl?arch=x86_64", "pkg:apk/x/curl@8-r0?arch=arm64&os=linux", False),
        ("pkg:oci/curl", f"pkg:oci/curl@{DIGEST}", True),
        (f"pkg:oci/curl@{DIGEST}", "pkg:oci/curl", False),
        ("pkg:pypi/alpha@1#a/b", "pkg:pypi/alpha@1", True),
        ("pkg:golang/example.test/a@1.0.0", "pkg:golang/example.test/a@v1.0.0", True),
        ("pkg:npm/a@1.0.0", "pkg:npm/a@v1.0.0", False),
    ],
)
def test_package_urls(stated, found, same):
    assert purl_matches(Package.parse(stated), Package.parse(found)) is same


def test_other_identifiers():
    iri = Part.of("https://example.test/doc#node")
    assert part_matches(iri, Target(ids=("https://example.test/doc#node",)))
    named = Part.of(identifiers=(("custom", "made-up-1"),))
    assert part_matches(named, Target(ids=("made-up-1",)))
    assert not part_matches(named, Target(ids=("made-up-2",)))
    sha1 = Artifact("sha1", "7" * 40)
    assert part_matches(Part.of(hashes=(sha1,)), Target(hashes=(sha1,)))
    assert not part_matches(Part.of(hashes=(sha1,)), Target(hashes=(Artifact("md5", "7" * 32),)))


def test_a_component_of_another_bill_is_not_ours():
    part = Part.of("urn:cdx:x/1#a", identifiers=(("purl", "pkg:npm/a@1"),), bom="x")
    package = (Package.parse("pkg:npm/a@1"),)
    assert part_matches(part, Target(packages=package, boms=("x",)))
    assert part_matches(part, Target(packages=package))
    assert not part_matches(part, Target(packages=package, boms=("y",)))


@pytest.mark.parametrize(
    ("stated", "found", "same"),
    [
        ("cpe:2.3:a:x:alpha:*:*:*:*:*:*:*:*", "cpe:2.3:a:x:alpha:1.0:*:*:*:*:*:*:*", True),
        ("cpe:2.3:a:x:alpha:1.0:*:*:*:*:*:*:*", "cpe:2.3:a:x:alpha:1.1:*:*:*:*:*:*:*", False),
        ("cpe:2.3:a:x:alpha:1.0:*:*:*:*:*:*:*", "cpe:2.3:a:x:alpha:*:*:*:*:*:*:*:*", False),
        ("cpe:/a:x:alpha", "cpe:2.3:a:x:alpha:1.0:*:*:*:*:*:*:*", True),
        ("nonsense", "cpe:/a:x:alpha", False),
    ],
)
def test_cpe_names(stated, found, same):
    assert cpe_matches(stated, found) is same


@pytest.mark.parametrize(
    ("version", "text", "inside"),
    [
        ("1.5", "vers:pypi/>=1.0|<2.0", True),
        ("2.0", "vers:pypi/>=1.0|<2.0", False),
        ("1.0", "vers:pypi/>=1.0|<2.0", True),
        ("0.9", "vers:pypi/<2.0", True),
        ("1.10", "vers:pypi/<1.9", False),
        ("1.5", "vers:pypi/<1.0|>=1.2|!=1.5|<2.0", False),
        ("1.1", "vers:pypi/<1.0|>=1.2|<2.0", False),
        ("3", "vers:pypi/1|3", True),
        ("2", "vers:pypi/1|3", False),
        ("2", "vers:pypi/!=3", True),
        ("anything", "vers:all/*", True),
        ("4.1", "vers:generic/>=2.9|<=4.1", True),
        ("3.0", "vers:generic/>=2.9|<=4.1", None),
        ("1.0", "prior to 2", None),
        ("", "vers:pypi/<2.0", None),
        ("1.0.0", "vers:npm/<?", None),
        ("1.0", "vers:npm/", None),
    ],
)
def test_version_ranges(version, text, inside):
    assert within(version, text) is inside


def test_what_cannot_be_ordered_does_not_match():
    part = msgspec.structs.replace(Part.of("pkg:pypi/a"), ranges=("<2",))
    assert not part_matches(part, Target.parse("pkg:pypi/a@1"))
    part = msgspec.structs.replace(part, ranges=("vers:pypi/<2",))
    assert part_matches(part, Target.parse("pkg:pypi/a@1"))
    assert not part_matches(part, Target.parse("pkg:pypi/a@2"))


_PURLS = st.sampled_from(
    [
        "pkg:npm/a@1",
        "pkg:npm/a",
        "pkg:npm/%40s/a@1",
        "pkg:pypi/a@1?x=y",
        "pkg:deb/debian/a@1",
        DIGEST,
        "cpe:2.3:a:x:a:1:*:*:*:*:*:*:*",
        "name",
    ]
)


@given(_PURLS, _PURLS)
def test_whatever_matches_shares_a_token(stated, found):
    kinds = (("cpe23", stated),) if stated.startswith("cpe") else ()
    hashes = (Artifact.parse(stated),) if stated == DIGEST else ()
    part = Part.of("" if kinds or hashes else stated, identifiers=kinds, hashes=hashes)
    target = Target.parse(found)
    if part_matches(part, target):
        assert set(part_tokens(part)) & set(target_tokens(target))
